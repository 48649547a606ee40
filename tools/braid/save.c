// SPDX-License-Identifier: GPL-2.0-only
/* save: the configuration as a batch */
#include "cmd.h"
#include "error.h"
#include "json.h"
#include "list.h"
#include "kernel.h"
#include "status.h"

#include <stdio.h>
#include <stdlib.h>

#include <linux/braid_net.h>

#define TRIES 20

static int read_lists(struct kernel *kernel, struct list *lists)
{
	size_t i;
	int result;

	for (i = 0; i < objects_count; i++) {
		result = list_read(&lists[i], objects[i], kernel);
		if (result)
			return result;
	}
	return 0;
}

static void free_lists(struct list *lists)
{
	size_t i;

	for (i = 0; i < objects_count; i++)
		list_free(&lists[i]);
}

/*
 * Each kind is listed by a dump of its own; the lists are of one state only if
 * no commit happened between the first and the last.
 */
static int read_state(struct kernel *kernel, struct list *lists)
{
	struct status before, after;
	int result, tries;

	for (tries = 0; tries < TRIES; tries++) {
		result = status_read(kernel, &before);
		if (!result)
			result = read_lists(kernel, lists);
		if (!result)
			result = status_read(kernel, &after);
		if (result)
			return result;
		if (before.generation == after.generation)
			return 0;
		free_lists(lists);
	}
	error("the configuration changes faster than it can be read");
	return EXIT_REFUSED;
}

static bool writable(const struct list *lists)
{
	const char *text;
	size_t i, j;

	for (i = 0; i < objects_count; i++) {
		for (j = 0; j < lists[i].count; j++) {
			text = row_unwritable(&lists[i].rows[j],
					      lists[i].object->words);
			if (!text)
				continue;
			error("%s: no batch can hold '%s'",
			      lists[i].object->name, text);
			return false;
		}
	}
	return true;
}

static void save_text(const struct list *lists)
{
	size_t i, j;

	for (i = 0; i < objects_count; i++) {
		for (j = 0; j < lists[i].count; j++) {
			printf("%s add ", lists[i].object->name);
			row_text(&lists[i].rows[j], lists[i].object->words,
				 SHOW_DEFAULTS, stdout);
			putchar('\n');
		}
	}
}

/* One object whose keys are the kinds. */
static void save_json(const struct list *lists, bool pretty)
{
	struct json out = { .out = stdout, .pretty = pretty };
	size_t i, j;

	json_open(&out, '[');
	json_open(&out, '{');
	for (i = 0; i < objects_count; i++) {
		json_key(&out, lists[i].object->name);
		json_open(&out, '[');
		for (j = 0; j < lists[i].count; j++) {
			json_open(&out, '{');
			row_json(&lists[i].rows[j], lists[i].object->words,
				 SHOW_DEFAULTS, &out);
			json_close(&out, '}');
		}
		json_close(&out, ']');
	}
	json_close(&out, '}');
	json_close(&out, ']');
	json_end(&out);
}

static int save(const struct options *options, const struct list *lists)
{
	if (options->json) {
		save_json(lists, options->pretty);
		return EXIT_DONE;
	}
	if (!writable(lists))
		return EXIT_REFUSED;
	colour_off();
	save_text(lists);
	return EXIT_DONE;
}

static void usage(void)
{
	puts("Usage: braid save\n"
	     "\n"
	     "Prints the whole configuration as a batch, for 'braid -b'; with\n"
	     "-j, as one object that has the objects of each kind.\n"
	     "\n"
	     "Examples:\n"
	     "  braid save > node1.braid\n"
	     "  braid -b node1.braid");
}

int cmd_save(const struct options *options, int argc, char **argv)
{
	struct list *lists;
	struct kernel kernel;
	int result;

	if (argc && is_help(argv[0])) {
		usage();
		return EXIT_DONE;
	}
	if (argc) {
		error("%s: unknown word for 'save'", argv[0]);
		return EXIT_USAGE;
	}
	result = kernel_open(&kernel, BRAID_NET_GENL_NAME);
	if (result)
		return result;
	lists = must(calloc(objects_count, sizeof(*lists)));
	result = read_state(&kernel, lists);
	if (!result)
		result = save(options, lists);
	free_lists(lists);
	free(lists);
	kernel_close(&kernel);
	return result;
}
