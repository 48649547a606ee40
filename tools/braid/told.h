/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_TOLD_H
#define BRAID_TOLD_H

#include "row.h"

/*
 * Packets and connections in text. A row and the table that its words are
 * looked up in; what the row lacks is left out.
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

/* ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT, behind a text; the port may be NULL. */
void told_put_end(const struct told *told, const char *before,
		  const char *address, const char *port);

/* Its ports are the type and the identifier. */
bool told_is_icmp(const struct told *told);

#endif
