/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_VERB_H
#define BRAID_VERB_H

#include <stddef.h>

struct options;

/* A command that has no objects. `commands` are separated by blanks. */
struct verb {
	const char *name;
	const char *help;
	const char *commands;
	int (*run)(const struct options *options, int argc, char **argv);
};

extern const struct verb verbs[];
extern const size_t verbs_count;

#endif
