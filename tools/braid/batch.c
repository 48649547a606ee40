// SPDX-License-Identifier: GPL-2.0-only
/* -b FILE: all lines are one transaction. */
#include "change.h"
#include "cmd.h"
#include "error.h"
#include "kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/braid_net.h>
#include <netlink/msg.h>

/* Of the words of one line: more than the longest correct one has. */
#define WORDS_MAX 64
/* How much is sent at once; far below what a socket takes. */
#define CHUNK (64 * 1024)
/* How often the whole is tried again when others commit in between. */
#define TRIES 4

/* A change and where it came from. */
struct line {
	unsigned int number;
	char *text;
	size_t offset; /* of its message in the buffer */
};

struct batch {
	const char *name;
	char *text;
	struct line *lines;
	size_t count;
	size_t room;
	char *messages;
	size_t used;
	size_t size;
	uint32_t first_seq; /* of the first line, the others follow */
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
		error("%s: not a text file", path);
		ok = false;
	}
	return ok;
}

/* ---- lines to messages ---- */

/* The words of a line; they live in the copy. */
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

static void *grow(void *memory, size_t *room, size_t need, size_t item)
{
	if (need <= *room)
		return memory;
	*room = need > 2 * *room ? need : 2 * *room;
	return must(reallocarray(memory, *room, item));
}

static void batch_append(struct batch *batch, const struct line *line,
			 struct nl_msg *msg)
{
	const struct nlmsghdr *header = nlmsg_hdr(msg);
	size_t len = NLMSG_ALIGN(header->nlmsg_len);

	batch->lines = grow(batch->lines, &batch->room, batch->count + 1,
			    sizeof(*batch->lines));
	batch->messages =
		grow(batch->messages, &batch->size, batch->used + len, 1);
	batch->lines[batch->count] = *line;
	batch->lines[batch->count++].offset = batch->used;
	memset(batch->messages + batch->used, 0, len);
	memcpy(batch->messages + batch->used, header, header->nlmsg_len);
	batch->used += len;
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

/* ---- the transaction ---- */

static struct nlmsghdr *batch_message(const struct batch *batch, size_t i)
{
	return (struct nlmsghdr *)(batch->messages + batch->lines[i].offset);
}

/* The message of a line was refused, now or at the commit. */
static void batch_refused(const struct batch *batch, uint32_t seq,
			  const struct fault *fault)
{
	size_t i = seq - batch->first_seq;
	struct change change;
	struct words words;

	if (i >= batch->count) {
		error("%s", fault_text(fault));
		return;
	}
	error_set_line(batch->name, batch->lines[i].number);
	if (words_split(&words, batch->lines[i].text) &&
	    words_parse(&words, &change))
		change_refused(&change, batch_message(batch, i), fault);
	free(words.copy);
}

/* Changes are only answered when they are refused; the first one counts. */
static int keep_first(struct nlmsghdr *header, void *arg)
{
	struct fault *first = arg, fault;

	if (header->nlmsg_type != NLMSG_ERROR || first->error)
		return 0;
	if (!fault_read(header, &fault))
		return -EBADMSG;
	if (fault.error)
		*first = fault;
	return 0;
}

static int read_refusals(struct kernel *kernel, struct fault *fault)
{
	int result;

	do
		result =
			kernel_receive(kernel, MSG_DONTWAIT, keep_first, fault);
	/* no room for more answers: those that had are the earlier ones */
	while (result > 0 || result == -ENOBUFS || result == -EINTR);
	return result;
}

static size_t chunk_end(const struct batch *batch, size_t from)
{
	size_t start = batch->lines[from].offset, i = from + 1;

	while (i < batch->count &&
	       batch->lines[i].offset + batch_message(batch, i)->nlmsg_len -
			       start <=
		       CHUNK)
		i++;
	return i;
}

static int send_changes(struct batch *batch, struct kernel *kernel,
			struct fault *fault)
{
	size_t i, from, to, start, end;
	int result = 0;

	memset(fault, 0, sizeof(*fault));
	batch->first_seq = kernel->seq;
	for (i = 0; i < batch->count; i++)
		kernel_stamp(kernel, batch_message(batch, i), 0);
	for (from = 0; from < batch->count; from = to) {
		to = chunk_end(batch, from);
		start = batch->lines[from].offset;
		end = to < batch->count ? batch->lines[to].offset : batch->used;
		result = kernel_send(kernel, batch->messages + start,
				     end - start);
		if (!result)
			result = read_refusals(kernel, fault);
		if (result || fault->error)
			break;
	}
	return result;
}

static int command(struct kernel *kernel, uint8_t cmd, struct fault *fault)
{
	struct nl_msg *msg = kernel_message(cmd, 64);
	int result = kernel_request(kernel, msg, NULL, NULL, fault);

	nlmsg_free(msg);
	return result;
}

/* 0, an exit status with the reason printed, or -EAGAIN. */
static int batch_try(struct batch *batch, struct kernel *kernel)
{
	struct fault fault;
	int result;

	result = command(kernel, BRAID_NET_CMD_BEGIN, &fault);
	if (result)
		return kernel_failed(result, &fault);
	result = send_changes(batch, kernel, &fault);
	if (fault.error) {
		batch_refused(batch, fault.seq, &fault);
		return EXIT_REFUSED;
	}
	if (result)
		return kernel_failed(result, NULL);
	result = command(kernel, BRAID_NET_CMD_COMMIT, &fault);
	if (result == -EAGAIN)
		return result;
	if (fault.error && fault.has_cookie) {
		batch_refused(batch, fault.cookie_seq, &fault);
		return EXIT_REFUSED;
	}
	return result ? kernel_failed(result, &fault) : EXIT_DONE;
}

static int batch_commit(struct batch *batch)
{
	struct kernel kernel;
	int result, tries;

	result = kernel_open(&kernel);
	if (result)
		return result;
	for (tries = 0; tries < TRIES; tries++) {
		result = batch_try(batch, &kernel);
		if (result != -EAGAIN)
			break;
	}
	if (result == -EAGAIN) {
		error("another commit came between, %d times; nothing changed",
		      TRIES);
		result = EXIT_REFUSED;
	}
	kernel_close(&kernel);
	return result;
}

int cmd_batch(const struct options *options)
{
	struct batch batch = { 0 };
	int result = EXIT_USAGE;

	if (batch_read(&batch, options->batch) && batch_parse(&batch))
		result = batch.count ? batch_commit(&batch) : EXIT_DONE;
	free(batch.messages);
	free(batch.lines);
	free(batch.text);
	return result;
}
