/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_NOUN_H
#define BRAID_NOUN_H

#include "object.h"

struct asked;
struct options;

/*
 * A replica, target or volume. Unlike objects, nouns are no part of the
 * configuration that is committed: each has commands of its own, which take
 * effect at once.
 */

/* A command of a noun. */
struct deed {
	const char *name;
	const char *help;
	const struct word *words; /* what may be typed, the bare key first */
	uint8_t cmd;
	bool reads; /* changes nothing, so --dry-run is accepted */
	bool key_optional;
	/* prints warnings about the words, or NULL */
	void (*warn)(const struct asked *asked);
	int (*run)(const struct options *options, const struct asked *asked);
};

struct noun {
	const char *name;
	const char *help;
	const struct deed *deeds; /* ends with no name */
	const struct word *told; /* what `show` prints, the bare key first */
	uint16_t voters; /* the attribute that holds a voter, or 0 */
	const char *const *examples;
	const char *notes;
};

extern const struct noun *const nouns[];
extern const size_t nouns_count;

extern const struct noun noun_replica;

/* Words of a voter, of an event, and of a check. */
extern const struct word voter_words[], volume_event_words[], check_words[];

const struct noun *noun_find(const char *name);
const struct deed *deed_find(const struct noun *noun, const char *name);

#endif
