// SPDX-License-Identifier: GPL-2.0-only
/* Help, made from the tables that the parser and the printer use. */
#include "change.h"
#include "cmd.h"
#include "error.h"
#include "noun.h"
#include "verb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longest line of help, and where a wrapped synopsis or explanation goes on. */
#define WIDTH 78
#define USAGE_INDENT 10
#define HELP_INDENT 29

#define USAGE                                                             \
	"Usage: braid [OPTION]... OBJECT COMMAND [KEY] [WORD VALUE]...\n" \
	"       braid [-n NETNS] [--dry-run] -b FILE\n"

bool is_help(const char *word)
{
	return !strcmp(word, "help") || !strcmp(word, "-h") ||
	       !strcmp(word, "--help");
}

void help_short(void)
{
	fputs(USAGE "       braid help [OBJECT]\n", stderr);
}

/* Help of one object or other command, as OBJECT help prints it. */
static int help_of(const struct options *options, char *name)
{
	const struct object *object = object_find(name);
	const struct noun *noun = noun_find(name);
	char word[] = "help", *words[] = { word, NULL };
	size_t i;

	if (object) {
		help_object(object, NULL);
		return EXIT_DONE;
	}
	if (noun) {
		help_noun(noun, NULL);
		return EXIT_DONE;
	}
	for (i = 0; i < verbs_count; i++) {
		if (!strcmp(verbs[i].name, name))
			return verbs[i].run(options, 1, words);
	}
	error("%s: no such help (braid help lists all)", name);
	return EXIT_USAGE;
}

int cmd_help(const struct options *options, int argc, char **argv)
{
	size_t i;

	if (argc > 1) {
		error("%s: unknown word for 'help'", argv[1]);
		return EXIT_USAGE;
	}
	if (argc && !is_help(argv[0]))
		return help_of(options, argv[0]);
	fputs(USAGE
	      "\n"
	      "Options:\n"
	      "  -j         print JSON, an array of objects\n"
	      "  -p         print JSON on many lines\n"
	      "  -s         print counters, too\n"
	      "  -d         print details: defaults, and what only the kernel knows\n"
	      "  -c[=WHEN]  colours: always, never, or auto (the default): on a\n"
	      "             terminal, unless NO_COLOR is in the environment\n"
	      "  -b FILE    make the changes of FILE (- is standard input), one "
	      "a line,\n"
	      "             as one transaction: all of them or none\n"
	      "  --dry-run  let the kernel check a change, and change nothing\n"
	      "  -n NETNS   work in this named network namespace\n"
	      "  -h         this help\n"
	      "\n"
	      "Objects (commands: add, set, del, show, flush):\n",
	      stdout);
	for (i = 0; i < objects_count; i++)
		printf("  %-10s %s\n", objects[i]->name, objects[i]->help);
	puts("\nVolumes:");
	for (i = 0; i < nouns_count; i++)
		printf("  %-10s %s\n", nouns[i]->name, nouns[i]->help);
	puts("\nOthers:");
	for (i = 0; i < verbs_count; i++)
		printf("  %-10s %s\n", verbs[i].name, verbs[i].help);
	puts("\n"
	     "More:      braid OBJECT help, braid OBJECT COMMAND help, "
	     "braid(8)\n"
	     "\n"
	     "Examples:\n"
	     "  braid identity add 300 label app=web\n"
	     "  braid endpoint add veth-web identity 300 address 10.1.0.2\n"
	     "  braid -j endpoint show\n"
	     "  braid -b node1.braid\n"
	     "  braid volume attach db from 192.0.2.1:7000 secret-file "
	     "/etc/braid/secret\n"
	     "\n"
	     "Exit status: 0 done, 1 usage, 2 refused by the kernel.");
	return EXIT_DONE;
}

/* ---- synopsis ---- */

/* A line that is wrapped between words. */
struct line {
	size_t column;
	int indent; /* of what follows the first line */
};

static void put_item(struct line *line, const char *item)
{
	size_t len = strlen(item);

	if (line->column + 1 + len > WIDTH) {
		printf("\n%*s", line->indent, "");
		line->column = (size_t)line->indent;
	} else if (line->column) {
		putchar(' ');
		line->column++;
	}
	fputs(item, stdout);
	line->column += len;
}

static void put_text(struct line *line, const char *text)
{
	char *words = must(strdup(text)), *rest = words, *word;

	while ((word = strsep(&rest, " ")))
		put_item(line, word);
	free(words);
	putchar('\n');
}

/* VALUE or VALUE[,VALUE]... or VALUE... */
static void put_value(FILE *out, const struct word *word)
{
	if (!word->value)
		return;
	fputs(word->value, out);
	if (word->many)
		fputs("...", out);
	if (word->list)
		fprintf(out, "[,%s]...", word->value);
}

static void put_word(FILE *out, const struct word *word)
{
	const struct word *variant;

	if (!word->bare)
		fprintf(out, "%s%s", word->name,
			word->value || word->variants ? " " : "");
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
	/* a word that may only follow this one */
	if (word->name && word[1].behind)
		fprintf(out, " [%s]", word[1].name);
	if (optional)
		fputc(']', out);
	fclose(out);
	put_item(line, must(item));
	free(item);
}

/* A synopsis up to the command. */
static struct line usage_line(const char *name, const char *command)
{
	return (struct line){
		.column = (size_t)printf("  braid %s %s", name, command),
		.indent = USAGE_INDENT,
	};
}

static void command_usage(const struct object *object, enum command command)
{
	struct line line = usage_line(object->name, command_name(command));
	const struct word *word;
	bool optional;

	for (word = object->words; word->name; word++) {
		if (!command_takes(command, word))
			continue;
		optional = command == COMMAND_SHOW ||
			   (command == COMMAND_SET && !word->key) ||
			   word->optional;
		word_usage(word, optional, &line);
	}
	putchar('\n');
}

/* ---- words ---- */

/* A head and its meaning. */
static void explain(const char *head, const char *help)
{
	struct line line = {
		.column = (size_t)printf("  %-*s", HELP_INDENT - 3, head),
		.indent = HELP_INDENT,
	};

	put_text(&line, help);
}

static void explain_command(const char *name, const char *help)
{
	struct line line = { .indent = 2 };

	putchar('\n');
	line.column = (size_t)printf("%s:", name);
	put_text(&line, help);
}

static void describe(const char *indent, const struct word *word)
{
	char *head;
	size_t size;
	FILE *out = must(open_memstream(&head, &size));

	fputs(indent, out);
	if (!word->bare)
		fprintf(out, "%s%s", word->name, word->value ? " " : "");
	put_value(out, word);
	fclose(out);
	explain(must(head), word->help);
	free(head);
}

static void word_help(const struct word *word)
{
	const struct word *variant;

	describe("", word);
	for (variant = word->variants; variant && variant->name; variant++)
		describe("  ", variant);
}

static const char *const commands_help[] = {
	[COMMAND_ADD] = "create an object",
	[COMMAND_SET] =
		"change the words that are given; a list is replaced whole",
	[COMMAND_DEL] = "remove an object",
	[COMMAND_FLUSH] = "remove all objects of the kind",
	[COMMAND_SHOW] = "print all objects of the kind, or those with the key",
};

/* Examples of the command; those of show and flush are made here. */
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
			explain_command(command, commands_help[order[i]]);
	}
	if (all || strcmp(command, "flush")) {
		puts("\nWords:");
		for (word = object->words; word->name; word++) {
			if (word->told)
				continue;
			if (all || word->key || !strcmp(command, "add") ||
			    !strcmp(command, "set"))
				word_help(word);
		}
	}
	if (object->notes)
		printf("\n%s\n", object->notes);
	examples(object, command);
}

/* ---- nouns ---- */

static void deed_usage(const struct noun *noun, const struct deed *deed)
{
	struct line line = usage_line(noun->name, deed->name);
	const struct word *word;

	for (word = deed->words; word->name; word++) {
		if (!word->behind)
			word_usage(word,
				   word->optional ||
					   (word->bare && deed->key_optional),
				   &line);
	}
	putchar('\n');
}

/* A word of several commands is explained with the first of them. */
static bool is_explained(const struct noun *noun, const struct deed *until,
			 const char *name)
{
	const struct deed *deed;

	for (deed = noun->deeds; deed != until; deed++) {
		if (word_find(deed->words, name))
			return true;
	}
	return false;
}

static void noun_examples(const struct noun *noun, const char *name)
{
	const char *const *example;
	char words[64];

	snprintf(words, sizeof(words), "%s %s", noun->name, name ?: "");
	puts("\nExamples:");
	for (example = noun->examples; *example; example++) {
		if (strstr(*example, words))
			printf("  %s\n", *example);
	}
}

static void deed_words(const struct noun *noun, const char *name)
{
	const struct deed *deed;
	const struct word *word;

	puts("\nWords:");
	for (deed = noun->deeds; deed->name; deed++) {
		if (name && strcmp(name, deed->name))
			continue;
		for (word = deed->words; word->name; word++) {
			if (name || !is_explained(noun, deed, word->name))
				word_help(word);
		}
	}
}

void help_noun(const struct noun *noun, const char *name)
{
	const struct deed *deed;

	if (!name)
		printf("%s: %s\n\n", noun->name, noun->help);
	puts("Usage:");
	for (deed = noun->deeds; deed->name; deed++) {
		if (name && strcmp(name, deed->name))
			continue;
		deed_usage(noun, deed);
		if (name)
			explain_command(name, deed->help);
	}
	if (!name) {
		puts("\nCommands:");
		for (deed = noun->deeds; deed->name; deed++)
			explain(deed->name, deed->help);
	}
	if (!name || deed_find(noun, name)->words->name)
		deed_words(noun, name);
	if (noun->notes)
		printf("\n%s\n", noun->notes);
	noun_examples(noun, name);
}
