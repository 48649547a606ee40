// SPDX-License-Identifier: GPL-2.0-only
/* OBJECT COMMAND [KEY] [WORD VALUE]... */
#include "change.h"
#include "cmd.h"
#include "error.h"
#include "json.h"
#include "list.h"
#include "kernel.h"

#include <stdio.h>
#include <string.h>

#include <netlink/msg.h>

static int apply(const struct change *change)
{
	struct nl_msg *msg = change_encode(change);
	struct fault fault;
	struct kernel kernel;
	int result;

	if (!msg)
		return EXIT_USAGE;
	result = kernel_open(&kernel);
	if (!result) {
		result = kernel_request(&kernel, msg, NULL, NULL, &fault);
		if (fault.error)
			change_refused(change, nlmsg_hdr(msg), &fault);
		else if (result)
			kernel_failed(result, NULL);
		if (result)
			result = EXIT_REFUSED;
		kernel_close(&kernel);
	}
	nlmsg_free(msg);
	return result;
}

/* The words of a key, or of its beginning. */
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

static void print(const struct options *options, const struct list *list,
		  const struct key *key)
{
	const struct word *words = list->object->words;
	struct json json = { .out = stdout, .pretty = options->pretty };
	size_t i;

	if (options->json)
		json_open(&json, '[');
	for (i = 0; i < list->count; i++) {
		if (!matches(&list->rows[i], key))
			continue;
		if (options->json) {
			row_json(&list->rows[i], words, &json);
			continue;
		}
		row_text(&list->rows[i], words, stdout);
		fputc('\n', stdout);
	}
	if (options->json) {
		json_close(&json, ']');
		json_end(&json);
	}
}

/* A whole key names one object, which must be there to be shown. */
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

static int show(const struct options *options, const struct change *change)
{
	struct key key = { .count = 0 };
	struct list list;
	struct kernel kernel;
	size_t given = change->count;
	int result;

	key.whole = change_key(change, key.values, key.words, &key.count);
	if (key.count != given)
		return EXIT_USAGE;
	result = kernel_open(&kernel);
	if (result)
		return result;
	result = list_read(&list, change->object, &kernel);
	kernel_close(&kernel);
	if (result)
		return result;
	if (found(&list, &key)) {
		print(options, &list, &key);
	} else {
		error("%s %s: not there", change->object->name,
		      change->given[0].value);
		result = EXIT_REFUSED;
	}
	list_free(&list);
	return result;
}

int cmd_object(const struct options *options, const struct object *object,
	       int argc, char **argv)
{
	struct change change;
	int command = COMMAND_SHOW;

	if (argc && is_help(argv[0])) {
		help_object(object, NULL);
		return EXIT_DONE;
	}
	if (argc) {
		command = command_find(object, argv[0]);
		if (command < 0) {
			error("%s: unknown command of %s (braid %s help)",
			      argv[0], object->name, object->name);
			return EXIT_USAGE;
		}
		argc--;
		argv++;
	}
	if (argc && is_help(argv[argc - 1])) {
		help_object(object, command_name((enum command)command));
		return EXIT_DONE;
	}
	if (!change_parse(&change, object, (enum command)command, argc, argv))
		return EXIT_USAGE;
	if (command == COMMAND_SHOW)
		return show(options, &change);
	return apply(&change);
}
