/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_ERROR_H
#define BRAID_ERROR_H

/* Exit status of the tool; part of its interface. */
enum {
	EXIT_DONE = 0,
	EXIT_USAGE = 1,
	EXIT_REFUSED = 2,
};

/* Prefix messages with this line of a batch; without a file, with nothing. */
void error_set_line(const char *file, unsigned int line);

/* One message to stderr, "braid: [FILE:LINE: ]text". */
void error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Exit if the pointer is NULL: the tool has nothing to clean up. */
void *must(void *memory);

#endif
