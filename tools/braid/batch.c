// SPDX-License-Identifier: GPL-2.0-only
/* -b FILE: all lines are one transaction. */
#include "change.h"
#include "cmd.h"
#include "error.h"
#include "noun.h"
#include "transaction.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/msg.h>

/* Maximum of words in a line; more than the longest correct line has. */
#define WORDS_MAX 64

/* A change and its line. */
struct line {
	unsigned int number;
	char *text;
};

struct batch {
	const char *name;
	char *text;
	struct line *lines; /* one for each change of the transaction */
	size_t count;
	size_t room;
	struct transaction transaction;
};

/* ---- the file ---- */

static char *read_all(FILE *file, size_t *len)
{
	size_t size = 64 * 1024, got;
	char *text = must(malloc(size));

	*len = 0;
	while ((got = fread(text + *len, 1, size - *len - 1, file))) {
		*len += got;
		if (size - *len < 2) {
			size *= 2;
			text = must(realloc(text, size));
		}
	}
	text[*len] = '\0';
	return text;
}

/* A NUL character, which no text file has. */
static void not_text(const struct batch *batch)
{
	unsigned int number = 1;
	const char *c;

	for (c = batch->text; *c; c++)
		number += *c == '\n';
	error_set_line(batch->name, number);
	error("a NUL character: not a text file");
}

static bool batch_read(struct batch *batch, const char *path)
{
	bool standard = !strcmp(path, "-");
	FILE *file = standard ? stdin : fopen(path, "re");
	size_t len;
	bool ok;

	batch->name = standard ? "stdin" : path;
	if (!file) {
		error("%s: %s", path, strerror(errno));
		return false;
	}
	batch->text = read_all(file, &len);
	ok = !ferror(file);
	if (!ok)
		error("%s: %s", path, strerror(errno));
	if (!standard)
		fclose(file);
	if (ok && strlen(batch->text) != len) {
		not_text(batch);
		ok = false;
	}
	return ok;
}

/* ---- lines to changes ---- */

/* The words of a line, which point into the copy of it. */
struct words {
	char *copy;
	char *argv[WORDS_MAX];
	int argc;
};

static bool words_split(struct words *words, const char *text)
{
	const char *blanks = " \t\r\v\f";
	char *rest, *word;

	words->argc = 0;
	words->copy = must(strdup(text));
	for (word = strtok_r(words->copy, blanks, &rest); word && *word != '#';
	     word = strtok_r(NULL, blanks, &rest)) {
		if (words->argc == WORDS_MAX) {
			error("%s: too many words", word);
			return false;
		}
		words->argv[words->argc++] = word;
	}
	return true;
}

static bool words_parse(const struct words *words, struct change *change)
{
	const struct object *object = object_find(words->argv[0]);
	int command;

	if (!object && noun_find(words->argv[0])) {
		error("%s: a batch is a transaction of the network, and "
		      "volumes have none",
		      words->argv[0]);
		return false;
	}
	if (!object) {
		error("%s: unknown object", words->argv[0]);
		return false;
	}
	if (words->argc < 2) {
		error("%s: command missing", object->name);
		return false;
	}
	command = command_find(object, words->argv[1]);
	if (command < 0) {
		error("%s: unknown command of %s", words->argv[1],
		      object->name);
		return false;
	}
	if (command == COMMAND_SHOW) {
		error("show: a batch holds changes only");
		return false;
	}
	return change_parse(change, object, (enum command)command,
			    words->argc - 2, words->argv + 2);
}

static void batch_append(struct batch *batch, const struct line *line,
			 struct nl_msg *msg)
{
	if (batch->count == batch->room) {
		batch->room = batch->room ? 2 * batch->room : 64;
		batch->lines = must(reallocarray(batch->lines, batch->room,
						 sizeof(*batch->lines)));
	}
	batch->lines[batch->count++] = *line;
	transaction_add(&batch->transaction, msg);
}

static bool batch_line(struct batch *batch, const struct line *line)
{
	struct change change;
	struct nl_msg *msg;
	struct words words;
	bool ok = words_split(&words, line->text);

	if (ok && words.argc) {
		ok = words_parse(&words, &change);
		msg = ok ? change_encode(&change) : NULL;
		ok = msg;
		if (msg) {
			batch_append(batch, line, msg);
			nlmsg_free(msg);
		}
	}
	free(words.copy);
	return ok;
}

static bool batch_parse(struct batch *batch)
{
	struct line line = { 0 };
	char *rest = batch->text;
	bool ok = true;

	while (ok && (line.text = strsep(&rest, "\n"))) {
		line.number++;
		error_set_line(batch->name, line.number);
		ok = batch_line(batch, &line);
	}
	error_set_line(batch->name, 0);
	return ok;
}

/* Parse the line again, since its words were not kept. */
static void batch_refused(size_t number, const struct nlmsghdr *sent,
			  const struct fault *fault, void *arg)
{
	const struct batch *batch = arg;
	struct change change;
	struct words words;

	error_set_line(batch->name, batch->lines[number].number);
	if (words_split(&words, batch->lines[number].text) &&
	    words_parse(&words, &change))
		change_refused(&change, sent, fault);
	free(words.copy);
}

int cmd_batch(const struct options *options)
{
	struct batch batch = { 0 };
	int result = EXIT_USAGE;

	if (batch_read(&batch, options->batch) && batch_parse(&batch))
		result = batch.count ? transaction_run(&batch.transaction,
						       options->dry_run,
						       batch_refused, &batch)
				     : EXIT_DONE;
	transaction_free(&batch.transaction);
	free(batch.lines);
	free(batch.text);
	return result;
}
