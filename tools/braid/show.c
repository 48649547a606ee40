// SPDX-License-Identifier: GPL-2.0-only
/* OBJECT show [KEY]: all objects of a kind, or those with the key. */
#include "show.h"

#include "cmd.h"
#include "error.h"
#include "json.h"
#include "kernel.h"
#include "link.h"
#include "list.h"

#include <inttypes.h>
#include <stdio.h>

#include <linux/braid_net.h>
#include <netlink/socket.h>

/* The words of a key, or of its first part. */
struct key {
	struct value values[GIVEN_MAX];
	const struct word *words[GIVEN_MAX];
	size_t count;
	bool whole;
};

static bool matches(const struct row *row, const struct key *key)
{
	struct value value;
	size_t i;

	for (i = 0; i < key->count; i++) {
		if (!row_get(row, key->words[i], &value) ||
		    value_compare(&value, &key->values[i]))
			return false;
	}
	return true;
}

/* ---- counters of the device that an object is ---- */

/* Returns 0 if the object is no device, or without -s. */
static size_t counters_of(const struct row *row, const struct word *words,
			  struct nl_sock *links,
			  struct link_counter counters[LINK_COUNTERS])
{
	const struct word *word = word_find(words, "ifindex");
	struct value ifindex;

	if (!links || !word || !row_get(row, word, &ifindex))
		return 0;
	return link_read(links, (uint32_t)ifindex.number, counters)
		       ? LINK_COUNTERS
		       : 0;
}

static void row_print(const struct row *row, const struct word *words,
		      unsigned int shown, struct nl_sock *links)
{
	struct link_counter counters[LINK_COUNTERS];
	size_t i, count = counters_of(row, words, links, counters);

	row_text(row, words, shown, stdout);
	for (i = 0; i < count; i++)
		printf(" %s %" PRIu64, counters[i].name, counters[i].value);
	putchar('\n');
}

static void row_print_json(const struct row *row, const struct word *words,
			   unsigned int shown, struct nl_sock *links,
			   struct json *json)
{
	struct link_counter counters[LINK_COUNTERS];
	size_t i, count = counters_of(row, words, links, counters);

	json_open(json, '{');
	/* programs get default values, too */
	row_json(row, words, shown | SHOW_DEFAULTS, json);
	for (i = 0; i < count; i++) {
		json_key(json, counters[i].name);
		json_number(json, counters[i].value);
	}
	json_close(json, '}');
}

/* ---- the list ---- */

static void print(const struct options *options, const struct list *list,
		  const struct key *key, struct nl_sock *links)
{
	const struct word *words = list->object->words;
	struct json json = { .out = stdout, .pretty = options->pretty };
	unsigned int shown = show_flags(options);
	size_t i;

	if (options->json)
		json_open(&json, '[');
	for (i = 0; i < list->count; i++) {
		if (!matches(&list->rows[i], key))
			continue;
		if (options->json)
			row_print_json(&list->rows[i], words, shown, links,
				       &json);
		else
			row_print(&list->rows[i], words, shown, links);
	}
	if (options->json) {
		json_close(&json, ']');
		json_end(&json);
	}
}

unsigned int show_flags(const struct options *options)
{
	return (options->details ? SHOW_DEFAULTS | SHOW_TOLD : 0) |
	       (options->statistics ? SHOW_STATISTICS : 0);
}

/* A complete key names one object, which must exist. */
static bool found(const struct list *list, const struct key *key)
{
	size_t i;

	if (!key->whole)
		return true;
	for (i = 0; i < list->count; i++) {
		if (matches(&list->rows[i], key))
			return true;
	}
	return false;
}

static int print_list(const struct options *options, const struct list *list,
		      const struct key *key)
{
	struct nl_sock *links = NULL;

	if (options->statistics) {
		links = link_open();
		if (!links)
			return EXIT_REFUSED;
	}
	print(options, list, key, links);
	nl_socket_free(links);
	return EXIT_DONE;
}

int show(const struct options *options, const struct change *change)
{
	struct key key = { .count = 0 };
	struct list list;
	struct kernel kernel;
	int result;

	key.whole = change_key(change, key.values, key.words, &key.count);
	if (key.count != change->count)
		return EXIT_USAGE;
	result = kernel_open(&kernel, BRAID_NET_GENL_NAME);
	if (result)
		return result;
	result = list_read(&list, change->object, &kernel);
	kernel_close(&kernel);
	if (result)
		return result;
	if (found(&list, &key)) {
		result = print_list(options, &list, &key);
	} else {
		error("%s %s: not there", change->object->name,
		      change->given[0].value);
		result = EXIT_REFUSED;
	}
	list_free(&list);
	return result;
}
