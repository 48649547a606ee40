/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_CHANGE_H
#define BRAID_CHANGE_H

#include "object.h"

struct fault;
struct nl_msg;
struct nlmsghdr;

/* Maximum of words of an object; a variant and its word count as one. */
#define GIVEN_MAX 16

enum command {
	COMMAND_ADD,
	COMMAND_SET,
	COMMAND_DEL,
	COMMAND_FLUSH,
	COMMAND_SHOW,
	COMMAND_COUNT,
};

/* A word as it was typed; all strings are the caller's. */
struct given {
	const struct word *word;
	const struct word *variant;
	const char *value;
};

/* OBJECT COMMAND [KEY] [WORD VALUE]..., parsed and not yet encoded. */
struct change {
	const struct object *object;
	enum command command;
	size_t count;
	struct given given[GIVEN_MAX];
};

/* Returns -1 if there is no such command, or not for this object. */
int command_find(const struct object *object, const char *name);
const char *command_name(enum command command);
/* True if the object has the command. */
bool command_allowed(const struct object *object, enum command command);
/* True if the word may be typed in the command. */
bool command_takes(enum command command, const struct word *word);

/*
 * Parse the words that follow OBJECT COMMAND. False with the error printed; the
 * kernel checks whether the values make sense together.
 */
bool change_parse(struct change *change, const struct object *object,
		  enum command command, int argc, char *const *argv);

/* The message for the kernel, or NULL with the error printed. */
struct nl_msg *change_encode(const struct change *change);

/* The words of the key and their values; true if the key is complete. */
bool change_key(const struct change *change, struct value *values,
		const struct word **words, size_t *count);

/* Print the kernel's refusal, with the word and value at fault. */
void change_refused(const struct change *change, const struct nlmsghdr *sent,
		    const struct fault *fault);

#endif
