/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_ASK_H
#define BRAID_ASK_H

#include "noun.h"

struct fault;
struct kernel;
struct nl_msg;

/* Most values that a command is given; more cannot be right. */
#define ASKED_MAX 32

/* One value as it was typed, and where it stands in the message. */
struct item {
	const struct word *word;
	const char *value; /* the caller's; NULL for a flag */
	uint32_t start, end; /* offsets in the message */
};

/* NOUN DEED [KEY] [WORD VALUE]..., understood but not yet encoded. */
struct asked {
	const struct noun *noun;
	const struct deed *deed;
	size_t count;
	struct item items[ASKED_MAX];
};

/*
 * Understand the words that follow NOUN DEED; whether they make sense together
 * is the kernel's to say. False with the reason printed.
 */
bool ask_parse(struct asked *asked, const struct noun *noun,
	       const struct deed *deed, int argc, char *const *argv);

/* The key, or NULL. */
const char *ask_key(const struct asked *asked);

/* How messages call a word: the key of a volume is "volume". */
const char *ask_label(const struct asked *asked, const struct word *word);

/*
 * The message for the kernel, or NULL with the reason printed. What it holds is
 * to be wiped, ask_done() does.
 */
struct nl_msg *ask_encode(struct asked *asked);
void ask_done(struct nl_msg *msg);

/* Print why the kernel refused, with the word and value that it points at. */
void ask_refused(const struct asked *asked, const struct fault *fault);

/* Warn of a number of voters that survives no more failures than one fewer. */
void ask_warn_voters(const struct asked *asked);

/* What a deed runs: send it, with nothing to print. An exit status. */
int ask_send(const struct options *options, const struct asked *asked);

#endif
