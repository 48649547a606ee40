/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_ROW_H
#define BRAID_ROW_H

#include "object.h"

#include <stdio.h>

struct json;
struct nlattr;

/* Attributes of a message or nest, which a table of words interprets. */
struct row {
	struct nlattr *attrs;
	int len;
};

/* A copy of the attributes of a nest; row_free() frees it. */
struct row row_copy(const struct nlattr *nest);
void row_free(struct row *row);

/* True if all attributes that have a word are well formed, and the key is there. */
bool row_valid(const struct row *row, const struct word *words);

/* The value of a word that is no list; false if it is absent. */
bool row_get(const struct row *row, const struct word *word,
	     struct value *value);

/* Order by key. */
int row_compare(const struct row *a, const struct row *b,
		const struct word *words);

/* Which words of a row are shown. */
enum {
	SHOW_DEFAULTS = 1, /* also default and derived values */
	SHOW_TOLD = 2, /* also words that cannot be typed */
	SHOW_STATISTICS = 4, /* also counters */
};

/* KEY WORD VALUE..., as `add` takes it. */
void row_text(const struct row *row, const struct word *words,
	      unsigned int shown, FILE *out);
/* The members of an object that the caller has opened. */
void row_json(const struct row *row, const struct word *words,
	      unsigned int shown, struct json *json);

/* One word's value, its list separated by commas; nothing if it has none. */
void row_word_text(const struct row *row, const struct word *word, FILE *out);
bool row_has(const struct row *row, const struct word *word);

/* A text of the row that a batch cannot contain, or NULL. */
const char *row_unwritable(const struct row *row, const struct word *words);

#endif
