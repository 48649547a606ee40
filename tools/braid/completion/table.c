// SPDX-License-Identifier: GPL-2.0-only
/* Prints the table of completion/braid.bash from the tables of words. */
#include "../change.h"
#include "../noun.h"
#include "../verb.h"

#include <stdio.h>
#include <string.h>

static void entry(const char *object, const char *rest)
{
	printf("\t['%s%s']='", object, rest);
}

static void entry_end(void)
{
	puts("'");
}

/* Literal values, or what the value names. */
static void values(const struct word *word)
{
	const struct choice *choice;
	const char *separator = "";

	if (word->refers)
		printf("@%s", word->refers);
	for (choice = word->choices; choice && choice->name; choice++) {
		printf("%s%s", separator, choice->name);
		separator = " ";
	}
}

static void variants(const char *object, const struct word *word)
{
	const struct word *variant;
	char rest[128];

	snprintf(rest, sizeof(rest), ":%s|", word->name);
	entry(object, rest);
	for (variant = word->variants; variant->name; variant++)
		printf("%s%s", variant == word->variants ? "" : " ",
		       variant->name);
	entry_end();
	for (variant = word->variants; variant->name; variant++) {
		snprintf(rest, sizeof(rest), ":%s %s", word->name,
			 variant->name);
		entry(object, rest);
		if (!variant->value)
			putchar('-');
		values(variant);
		entry_end();
	}
}

static void word_entries(const char *object, const struct word *word)
{
	char rest[128];

	if (word->variants) {
		variants(object, word);
		return;
	}
	snprintf(rest, sizeof(rest), ":%s", word->bare ? "" : word->name);
	entry(object, rest);
	values(word);
	entry_end();
}

static void command_entry(const struct object *object, enum command command)
{
	const struct word *word;
	const char *separator = "";
	char rest[64];

	snprintf(rest, sizeof(rest), " %s", command_name(command));
	entry(object->name, rest);
	for (word = object->words; word->name; word++) {
		if (word->bare || !command_takes(command, word))
			continue;
		printf("%s%s", separator, word->name);
		separator = " ";
	}
	entry_end();
}

static void object_entries(const struct object *object)
{
	const struct word *word;
	int command;

	entry(object->name, "");
	for (command = 0; command < COMMAND_COUNT; command++) {
		if (command_allowed(object, command))
			printf("%s ", command_name(command));
	}
	fputs("help", stdout);
	entry_end();
	for (command = 0; command < COMMAND_COUNT; command++) {
		if (command_allowed(object, command))
			command_entry(object, command);
	}
	for (word = object->words; word->name; word++) {
		if (!word->told)
			word_entries(object->name, word);
	}
}

/* `-` if no value follows the word, `+` if several may. */
static void value_entry(const struct noun *noun, const struct word *word)
{
	char rest[128];

	snprintf(rest, sizeof(rest), ":%s", word->name);
	entry(noun->name, rest);
	if (word->type == &type_flag)
		putchar('-');
	else if (word->many)
		putchar('+');
	values(word);
	entry_end();
}

static void deed_entries(const struct noun *noun, const struct deed *deed)
{
	const struct word *word;
	const char *separator = "";
	char rest[64];

	snprintf(rest, sizeof(rest), " %s", deed->name);
	entry(noun->name, rest);
	for (word = deed->words; word->name; word++) {
		if (word->bare)
			continue;
		printf("%s%s", separator, word->name);
		separator = " ";
	}
	entry_end();
	snprintf(rest, sizeof(rest), " %s:", deed->name);
	entry(noun->name, rest);
	if (deed->words->name)
		values(deed->words);
	entry_end();
	for (word = deed->words; word->name; word++) {
		if (!word->bare)
			value_entry(noun, word);
	}
}

static void noun_entries(const struct noun *noun)
{
	const struct deed *deed;

	entry(noun->name, "");
	for (deed = noun->deeds; deed->name; deed++)
		printf("%s ", deed->name);
	fputs("help", stdout);
	entry_end();
	for (deed = noun->deeds; deed->name; deed++)
		deed_entries(noun, deed);
}

int main(void)
{
	size_t i;

	puts("# SPDX-License-Identifier: GPL-2.0-only\n"
	     "# shellcheck shell=bash\n"
	     "declare -gA _braid_table=(");
	entry("", "-");
	fputs("-j -p -s -d -c -c=always -c=auto -c=never -b -n -h --dry-run "
	      "--color --help",
	      stdout);
	entry_end();
	entry("braid", "");
	for (i = 0; i < objects_count; i++)
		printf("%s ", objects[i]->name);
	for (i = 0; i < nouns_count; i++)
		printf("%s ", nouns[i]->name);
	for (i = 0; i < verbs_count; i++)
		printf("%s%s", i ? " " : "", verbs[i].name);
	entry_end();
	for (i = 0; i < objects_count; i++)
		object_entries(objects[i]);
	for (i = 0; i < nouns_count; i++)
		noun_entries(nouns[i]);
	for (i = 0; i < verbs_count; i++) {
		entry(verbs[i].name, "");
		fputs(verbs[i].commands, stdout);
		entry_end();
	}
	puts(")");
	return 0;
}
