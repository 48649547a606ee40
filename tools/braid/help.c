// SPDX-License-Identifier: GPL-2.0-only
/* Help, made from the same tables that parse and print. */
#include "change.h"
#include "cmd.h"
#include "error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longest line of help, and where a wrapped synopsis goes on. */
#define WIDTH 78
#define INDENT 10

bool is_help(const char *word)
{
	return !strcmp(word, "help") || !strcmp(word, "-h") ||
	       !strcmp(word, "--help");
}

void help_short(void)
{
	fputs("Usage: braid [-j] [-p] [-n NETNS] OBJECT COMMAND [KEY] "
	      "[WORD VALUE]...\n"
	      "       braid [-n NETNS] -b FILE\n"
	      "       braid help\n",
	      stderr);
}

int cmd_help(const struct options *options, int argc, char **argv)
{
	const struct object *object;
	size_t i;

	(void)options;
	if (argc) {
		object = object_find(argv[0]);
		if (object && argc == 1) {
			help_object(object, NULL);
			return EXIT_DONE;
		}
		error("%s: no such help (try: braid OBJECT help)", argv[0]);
		return EXIT_USAGE;
	}
	puts("Usage: braid [-j] [-p] [-n NETNS] OBJECT COMMAND [KEY] "
	     "[WORD VALUE]...\n"
	     "       braid [-n NETNS] -b FILE\n"
	     "\n"
	     "Options:\n"
	     "  -j         print JSON, an array of objects\n"
	     "  -p         print JSON on many lines\n"
	     "  -b FILE    make the changes of FILE (- is standard input), one "
	     "a line,\n"
	     "             as one transaction: all of them or none\n"
	     "  -n NETNS   work in this named network namespace\n"
	     "  -h         this help\n"
	     "\n"
	     "Objects (commands: add, set, del, show, flush):");
	for (i = 0; i < objects_count; i++)
		printf("  %-10s %s\n", objects[i].name, objects[i].help);
	puts("\n"
	     "Others:\n"
	     "  stats      show or reset the counters\n"
	     "  monitor    watch packets being dropped\n"
	     "  save       print the configuration as a batch\n"
	     "  version    print the versions of tool and module\n"
	     "  help       this help\n"
	     "\n"
	     "More:      braid OBJECT help, braid OBJECT COMMAND help, "
	     "braid(8)\n"
	     "\n"
	     "Examples:\n"
	     "  braid identity add 300 label app=web\n"
	     "  braid endpoint add veth-web identity 300 address 10.1.0.2\n"
	     "  braid -j endpoint show\n"
	     "  braid -b node1.braid\n"
	     "\n"
	     "Exit status: 0 done, 1 usage, 2 refused by the kernel.");
	return EXIT_DONE;
}

/* ---- synopsis ---- */

/* A line that is wrapped between words. */
struct line {
	size_t column;
};

static void put_item(struct line *line, const char *item)
{
	size_t len = strlen(item);

	if (line->column + 1 + len > WIDTH) {
		printf("\n%*s", INDENT, "");
		line->column = INDENT;
	} else if (line->column) {
		putchar(' ');
		line->column++;
	}
	fputs(item, stdout);
	line->column += len;
}

/* VALUE or VALUE[,VALUE]... */
static void put_value(FILE *out, const struct word *word)
{
	if (!word->value)
		return;
	fputs(word->value, out);
	if (word->list)
		fprintf(out, "[,%s]...", word->value);
}

static void put_word(FILE *out, const struct word *word)
{
	const struct word *variant;

	if (!word->bare)
		fprintf(out, "%s ", word->name);
	if (!word->variants)
		put_value(out, word);
	for (variant = word->variants; variant && variant->name; variant++) {
		fprintf(out, "%s%s%s", variant == word->variants ? "" : " | ",
			variant->name, variant->value ? " " : "");
		put_value(out, variant);
	}
}

static void word_usage(const struct word *word, bool optional,
		       struct line *line)
{
	char *item;
	size_t size;
	FILE *out = must(open_memstream(&item, &size));

	if (optional)
		fputc('[', out);
	put_word(out, word);
	if (optional)
		fputc(']', out);
	fclose(out);
	put_item(line, must(item));
	free(item);
}

static void command_usage(const struct object *object, enum command command)
{
	const struct word *word;
	struct line line = { 0 };
	bool optional;

	printf("  ");
	line.column = 2;
	printf("braid %s %s", object->name, command_name(command));
	line.column += strlen("braid ") + strlen(object->name) + 1 +
		       strlen(command_name(command));
	for (word = object->words; word->name; word++) {
		if (command == COMMAND_FLUSH)
			break;
		if (!word->key &&
		    (command == COMMAND_DEL || command == COMMAND_SHOW))
			continue;
		optional = command == COMMAND_SHOW ||
			   (command == COMMAND_SET && !word->key) ||
			   word->optional;
		word_usage(word, optional, &line);
	}
	putchar('\n');
}

/* ---- words ---- */

static void describe(const char *indent, const struct word *word)
{
	const char *help = word->help;
	char *head;
	size_t size;
	FILE *out = must(open_memstream(&head, &size));

	fputs(indent, out);
	if (!word->bare)
		fprintf(out, "%s ", word->name);
	put_value(out, word);
	fclose(out);
	must(head);
	printf("  %-26s ", head);
	free(head);
	for (; *help; help++) {
		putchar(*help);
		if (*help == '\n')
			printf("%29s", "");
	}
	putchar('\n');
}

static void word_help(const struct word *word)
{
	const struct word *variant;

	describe("", word);
	for (variant = word->variants; variant && variant->name; variant++)
		describe("  ", variant);
}

static const char *const commands_help[] = {
	[COMMAND_ADD] = "creates one",
	[COMMAND_SET] =
		"changes what is given of one; a list is replaced whole",
	[COMMAND_DEL] = "removes one",
	[COMMAND_FLUSH] = "removes all of them",
	[COMMAND_SHOW] = "prints all of them, or those of a key",
};

/* Those of the command; show and flush need no more than their own words. */
static void examples(const struct object *object, const char *command)
{
	const char *const *example;
	char words[64];

	snprintf(words, sizeof(words), "%s %s", object->name, command ?: "");
	puts("\nExamples:");
	for (example = object->examples; *example; example++) {
		if (strstr(*example, words))
			printf("  %s\n", *example);
	}
	if (!command || !strcmp(command, "show"))
		printf("  braid %s show\n", object->name);
	if (!command || !strcmp(command, "flush"))
		printf("  braid %s flush\n", object->name);
}

void help_object(const struct object *object, const char *command)
{
	static const enum command order[] = { COMMAND_ADD, COMMAND_SET,
					      COMMAND_DEL, COMMAND_SHOW,
					      COMMAND_FLUSH };
	const struct word *word;
	bool all = !command;
	size_t i;

	if (all)
		printf("%s: %s\n\n", object->name, object->help);
	puts("Usage:");
	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (command_find(object, command_name(order[i])) < 0 ||
		    (command && strcmp(command, command_name(order[i]))))
			continue;
		command_usage(object, order[i]);
		if (!all)
			printf("\n%s %s\n", command, commands_help[order[i]]);
	}
	if (all || strcmp(command, "flush")) {
		puts("\nWords:");
		for (word = object->words; word->name; word++) {
			if (all || word->key || !strcmp(command, "add") ||
			    !strcmp(command, "set"))
				word_help(word);
		}
	}
	if (object->notes)
		printf("\n%s\n", object->notes);
	examples(object, command);
}
