// SPDX-License-Identifier: GPL-2.0-only
#include "row.h"

#include "error.h"
#include "colour.h"
#include "json.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>

struct row row_copy(const struct nlattr *nest)
{
	struct row row = { .len = nla_len(nest) };

	row.attrs = must(malloc(row.len ? (size_t)row.len : 1));
	memcpy(row.attrs, nla_data(nest), (size_t)row.len);
	return row;
}

void row_free(struct row *row)
{
	free(row->attrs);
	row->attrs = NULL;
}

/* ---- finding ---- */

static const struct word *word_of(const struct word *words, int attr)
{
	const struct word *word;

	for (; words->name; words++) {
		if (words->variants) {
			word = word_of(words->variants, attr);
			if (word)
				return word;
		} else if (words->attr == attr ||
			   (words->attr_max && words->attr_max == attr)) {
			return words;
		}
	}
	return NULL;
}

static bool attr_get(const struct row *row, const struct word *word, int attr,
		     struct value *value)
{
	struct nlattr *found = nla_find(row->attrs, row->len, attr);

	memset(value, 0, sizeof(*value));
	return found && word->type->get(found, value);
}

bool row_get(const struct row *row, const struct word *word,
	     struct value *value)
{
	return attr_get(row, word, word->attr, value);
}

bool row_has(const struct row *row, const struct word *word)
{
	const struct word *variant;

	if (!word->variants)
		return nla_find(row->attrs, row->len, word->attr);
	for (variant = word->variants; variant->name; variant++) {
		if (row_has(row, variant))
			return true;
	}
	return false;
}

bool row_valid(const struct row *row, const struct word *words)
{
	const struct word *word;
	struct nlattr *attr;
	struct value value;
	int rest;

	nla_for_each_attr(attr, row->attrs, row->len, rest) {
		word = word_of(words, nla_type(attr));
		memset(&value, 0, sizeof(value));
		if (word && !word->type->get(attr, &value))
			return false;
	}
	for (word = words; word->name; word++) {
		if (word->key && !row_has(row, word))
			return false;
	}
	return true;
}

int row_compare(const struct row *a, const struct row *b,
		const struct word *words)
{
	struct value va, vb;
	int order;

	for (; words->name; words++) {
		if (!words->key)
			continue;
		row_get(a, words, &va);
		row_get(b, words, &vb);
		order = value_compare(&va, &vb);
		if (order)
			return order;
	}
	return 0;
}

static bool is_default(const struct row *row, const struct word *word)
{
	struct value value;

	if (word->derived)
		return true;
	return word->has_standard && row_get(row, word, &value) &&
	       value.number == word->standard;
}

static bool is_shown(const struct row *row, const struct word *word,
		     unsigned int shown)
{
	if (!row_has(row, word))
		return false;
	if (word->statistic)
		return shown & SHOW_STATISTICS;
	if (word->told)
		return shown & SHOW_TOLD;
	return shown & SHOW_DEFAULTS || !is_default(row, word);
}

/* ---- text ---- */

static enum colour value_colour(const struct word *word,
				const struct value *value)
{
	const struct choice *choice;

	if (word->type == &type_address || word->type == &type_cidr)
		return value->len == 4 ? COLOUR_INET : COLOUR_INET6;
	if (word->type == &type_mac)
		return COLOUR_MAC;
	for (choice = word->choices; choice && choice->name; choice++) {
		if (choice->number == value->number)
			return choice->colour;
	}
	return word->colour;
}

static void value_text(const struct word *word, const struct value *value,
		       FILE *out)
{
	enum colour colour = value_colour(word, value);
	char buffer[TYPE_BUFFER];

	colour_begin(out, colour);
	text_put(out, word->type->format(word->choices, value, buffer));
	colour_end(out, colour);
}

static void list_text(const struct row *row, const struct word *word, FILE *out)
{
	const char *separator = "";
	struct nlattr *attr;
	struct value value;
	int rest;

	nla_for_each_attr(attr, row->attrs, row->len, rest) {
		if (nla_type(attr) != word->attr)
			continue;
		memset(&value, 0, sizeof(value));
		if (!word->type->get(attr, &value))
			continue;
		fputs(separator, out);
		value_text(word, &value, out);
		separator = ",";
	}
}

void row_word_text(const struct row *row, const struct word *word, FILE *out)
{
	struct value low, high;

	if (word->list) {
		list_text(row, word, out);
		return;
	}
	if (!row_get(row, word, &low))
		return;
	value_text(word, &low, out);
	if (word->attr_max && attr_get(row, word, word->attr_max, &high) &&
	    value_compare(&low, &high)) {
		fputc('-', out);
		value_text(word, &high, out);
	}
}

static void variants_text(const struct row *row, const struct word *word,
			  FILE *out)
{
	const struct word *variant;

	for (variant = word->variants; variant->name; variant++) {
		if (!row_has(row, variant))
			continue;
		fputs(variant->name, out);
		if (!variant->value)
			continue;
		fputc(' ', out);
		row_word_text(row, variant, out);
	}
}

void row_text(const struct row *row, const struct word *words,
	      unsigned int shown, FILE *out)
{
	const struct word *word;

	for (word = words; word->name; word++) {
		if (!is_shown(row, word, shown))
			continue;
		if (word->type == &type_flag) {
			fprintf(out, " %s", word->name);
			continue;
		}
		if (!word->bare)
			fprintf(out, " %s ", word->name);
		if (word->variants)
			variants_text(row, word, out);
		else
			row_word_text(row, word, out);
	}
}

/* ---- JSON ---- */

static void value_json(const struct word *word, const struct value *value,
		       struct json *json)
{
	char buffer[TYPE_BUFFER];

	if (word->type == &type_flag)
		json_true(json);
	else if (word->type->number)
		json_number(json, value->number);
	else
		json_string(json,
			    word->type->format(word->choices, value, buffer));
}

static void list_json(const struct row *row, const struct word *word,
		      struct json *json)
{
	struct nlattr *attr;
	struct value value;
	int rest;

	json_open(json, '[');
	nla_for_each_attr(attr, row->attrs, row->len, rest) {
		memset(&value, 0, sizeof(value));
		if (nla_type(attr) == word->attr &&
		    word->type->get(attr, &value))
			value_json(word, &value, json);
	}
	json_close(json, ']');
}

/* A single port is a number, a range is text. */
static void range_json(const struct row *row, const struct word *word,
		       const struct value *low, struct json *json)
{
	char text[2 * TYPE_BUFFER], buffer[TYPE_BUFFER];
	struct value high;

	if (!attr_get(row, word, word->attr_max, &high) ||
	    !value_compare(low, &high)) {
		value_json(word, low, json);
		return;
	}
	snprintf(text, sizeof(text), "%s-",
		 word->type->format(word->choices, low, buffer));
	strncat(text, word->type->format(word->choices, &high, buffer),
		sizeof(text) - strlen(text) - 1);
	json_string(json, text);
}

void row_json(const struct row *row, const struct word *words,
	      unsigned int shown, struct json *json)
{
	const struct word *word;
	struct value value;

	for (word = words; word->name; word++) {
		if (!is_shown(row, word, shown))
			continue;
		json_key(json, word->name);
		if (word->variants) {
			json_open(json, '{');
			row_json(row, word->variants, shown, json);
			json_close(json, '}');
		} else if (word->list) {
			list_json(row, word, json);
		} else if (!row_get(row, word, &value)) {
			json_string(json, "");
		} else if (word->attr_max) {
			range_json(row, word, &value, json);
		} else {
			value_json(word, &value, json);
		}
	}
}

/* ---- batches ---- */

const char *row_unwritable(const struct row *row, const struct word *words)
{
	const struct word *word;
	struct nlattr *attr;
	struct value value;
	int rest;

	nla_for_each_attr(attr, row->attrs, row->len, rest) {
		word = word_of(words, nla_type(attr));
		if (!word || word->type != &type_string)
			continue;
		memset(&value, 0, sizeof(value));
		if (word->type->get(attr, &value) &&
		    !text_is_item(value.text, word->list))
			return value.text;
	}
	return NULL;
}
