/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_CMD_H
#define BRAID_CMD_H

#include <stdbool.h>

struct noun;
struct object;

struct options {
	bool json;
	bool pretty;
	bool details;
	bool statistics;
	bool dry_run;
	const char *batch;
	const char *netns;
};

/* A command takes the words after its own and returns an exit status. */
int cmd_object(const struct options *options, const struct object *object,
	       int argc, char **argv);
int cmd_noun(const struct options *options, const struct noun *noun, int argc,
	     char **argv);
int cmd_flow(const struct options *options, int argc, char **argv);
int cmd_stats(const struct options *options, int argc, char **argv);
int cmd_monitor(const struct options *options, int argc, char **argv);
int cmd_save(const struct options *options, int argc, char **argv);
int cmd_version(const struct options *options, int argc, char **argv);
int cmd_help(const struct options *options, int argc, char **argv);
int cmd_batch(const struct options *options);

/* help.c */
bool is_help(const char *word);
/* Help of a command, or of all if it is NULL. */
void help_object(const struct object *object, const char *command);
/* Likewise. */
void help_noun(const struct noun *noun, const char *deed);
void help_short(void);

#endif
