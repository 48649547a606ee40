/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_OBJECT_H
#define BRAID_OBJECT_H

#include "colour.h"
#include "type.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A word of the grammar and its attribute. All that the tool knows of a word is
 * here: parser, printer, JSON, save, help and the naming of a refused attribute
 * read it from the same entry. The tables are in words-gen.c, made from the
 * netlink specifications and words.yaml.
 */
struct word {
	const char *name; /* as typed, and the key in JSON */
	const char *value; /* how help writes the value */
	const char *help;
	const struct type *type;
	const struct choice *choices;
	/* the next word chooses a variant, which has a value of its own */
	const struct word *variants;
	const char *refers; /* what the value names: an object, device or file */
	uint64_t standard; /* the value that is taken if the word is left out */
	uint16_t attr;
	uint16_t attr_max; /* attribute of B if the value is A[-B], or 0 */
	bool list; /* separated by commas, one attribute each */
	bool many; /* one or more words, and more than once */
	const char *behind; /* only after this other word */
	bool key; /* names the object */
	bool bare; /* comes first and is typed without its name */
	bool optional;
	bool has_standard;
	bool derived; /* the kernel derives it; printed with -d only */
	bool told; /* printed, never typed */
	bool statistic; /* a counter; printed with -s only */
	enum colour colour;
};

/* A kind of object of the configuration. */
struct object {
	const char *name;
	const char *help;
	const struct word *words; /* ends with no name, the bare key first */
	uint32_t kind; /* enum braid_net_object */
	uint16_t attr; /* its nest at the top level */
	const char *const *examples;
	const char *notes;
};

/* Each kind stands behind the kinds that it can refer to. */
extern const struct object *const objects[];
extern const size_t objects_count;

/*
 * Words that are only printed: of a dropped packet, a connection, the number of
 * connections, the module, and its counters.
 */
extern const struct word event_words[], flow_words[], flows_words[];
extern const struct word status_words[], total_words[], drop_words[];

const struct object *object_find(const char *name);
/* True if `set` can change anything. */
bool object_settable(const struct object *object);
const struct word *word_find(const struct word *words, const char *name);

#endif
