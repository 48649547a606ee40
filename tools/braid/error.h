/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_ERROR_H
#define BRAID_ERROR_H

/* What the tool ends with; part of its interface. */
enum {
	EXIT_DONE = 0,
	EXIT_USAGE = 1,
	EXIT_REFUSED = 2,
};

/* From now on messages speak of this line of a batch; no file: of argv. */
void error_set_line(const char *file, unsigned int line);

/* One message to stderr, "braid: [FILE:LINE: ]text". */
void error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Out of memory has no better answer in a tool that owns nothing. */
void *must(void *memory);

#endif
