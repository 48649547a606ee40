/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_CHANGE_H
#define BRAID_CHANGE_H

#include "object.h"

struct fault;
struct nl_msg;
struct nlmsghdr;

/* Most words of an object, a variant counted with its word. */
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

/* OBJECT COMMAND [KEY] [WORD VALUE]..., understood but not yet encoded. */
struct change {
	const struct object *object;
	enum command command;
	size_t count;
	struct given given[GIVEN_MAX];
};

/* -1: there is no such command, or the object has no use for it. */
int command_find(const struct object *object, const char *name);
const char *command_name(enum command command);
/* Does the object have it? */
bool command_allowed(const struct object *object, enum command command);
/* May the word be typed in it? */
bool command_takes(enum command command, const struct word *word);

/*
 * Understand the words that follow OBJECT COMMAND. What is wrong is printed;
 * whether the values make sense together is the kernel's to say.
 */
bool change_parse(struct change *change, const struct object *object,
		  enum command command, int argc, char *const *argv);

/* The message for the kernel, or NULL with the culprit printed. */
struct nl_msg *change_encode(const struct change *change);

/* The words of the key, as values in the table's order; true if all are there. */
bool change_key(const struct change *change, struct value *values,
		const struct word **words, size_t *count);

/* Print why the kernel refused, with the word and value that it points at. */
void change_refused(const struct change *change, const struct nlmsghdr *sent,
		    const struct fault *fault);

#endif
