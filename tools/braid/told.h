/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_TOLD_H
#define BRAID_TOLD_H

#include "row.h"

/*
 * Events and connections in text: a row and the table of its words. Words that
 * the row lacks are left out.
 */
struct told {
	const struct row *row;
	const struct word *words;
};

bool told_get(const struct told *told, const char *name, struct value *value);
bool told_has(const struct told *told, const char *name);

/* Print the value of a word between two texts. */
void told_put(const struct told *told, const char *name, const char *before,
	      const char *after);

/* Print a text, then ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT; NULL: no port. */
void told_put_end(const struct told *told, const char *before,
		  const char *address, const char *port);

/* True for ICMP, whose ports are the type and the identifier. */
bool told_is_icmp(const struct told *told);

#endif
