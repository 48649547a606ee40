/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_ASK_H
#define BRAID_ASK_H

#include "noun.h"

struct fault;
struct kernel;
struct nl_msg;

/* Maximum of values of a command; more cannot be right. */
#define ASKED_MAX 32

/* A value as it was typed, and its place in the message. */
struct item {
	const struct word *word;
	const char *value; /* the caller's; NULL for a flag */
	uint32_t start, end; /* offsets in the message */
};

/* NOUN DEED [KEY] [WORD VALUE]..., parsed and not yet encoded. */
struct asked {
	const struct noun *noun;
	const struct deed *deed;
	size_t count;
	struct item items[ASKED_MAX];
};

/*
 * Parse the words that follow NOUN DEED; the kernel checks whether they make
 * sense together. False with the reason printed.
 */
bool ask_parse(struct asked *asked, const struct noun *noun,
	       const struct deed *deed, int argc, char *const *argv);

/* The key, or NULL. */
const char *ask_key(const struct asked *asked);

/* Name of a word in messages: the key of a volume is "volume". */
const char *ask_label(const struct asked *asked, const struct word *word);

/*
 * The message for the kernel, or NULL with the reason printed. It can have a
 * secret: ask_done() wipes and frees it.
 */
struct nl_msg *ask_encode(struct asked *asked);
void ask_done(struct nl_msg *msg);

/* Print the kernel's refusal, with the word and value at fault. */
void ask_refused(const struct asked *asked, const struct fault *fault);

/* Warn if the number of voters is even: one fewer survives as many failures. */
void ask_warn_voters(const struct asked *asked);

/* Send the request of a deed that prints nothing. Returns an exit status. */
int ask_send(const struct options *options, const struct asked *asked);

#endif
