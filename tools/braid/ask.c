// SPDX-License-Identifier: GPL-2.0-only
#include "ask.h"

#include "error.h"
#include "kernel.h"
#include "secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/braid_blk.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

/* Enough for a path, or for seven voters. */
#define MESSAGE_SIZE 8192

/* ---- words ---- */

struct reader {
	int argc;
	char *const *argv;
};

static const char *next(struct reader *reader)
{
	if (!reader->argc)
		return NULL;
	reader->argc--;
	return *reader->argv++;
}

static bool is_given(const struct asked *asked, const struct word *word)
{
	size_t i;

	for (i = 0; i < asked->count; i++) {
		if (asked->items[i].word == word)
			return true;
	}
	return false;
}

static bool add(struct asked *asked, const struct word *word, const char *value)
{
	if (asked->count == ASKED_MAX) {
		error("%s: too many words", value ?: word->name);
		return false;
	}
	asked->items[asked->count++] = (struct item){
		.word = word,
		.value = value,
	};
	return true;
}

/* Values up to the next known word. */
static bool parse_many(struct asked *asked, const struct word *word,
		       struct reader *reader)
{
	while (reader->argc) {
		if (word_find(asked->deed->words, *reader->argv))
			break;
		if (!add(asked, word, next(reader)))
			return false;
	}
	return true;
}

static bool parse_word(struct asked *asked, const char *name,
		       struct reader *reader)
{
	const struct word *word = word_find(asked->deed->words, name);
	const char *value;

	if (!word || word->bare) {
		error("%s: unknown word for '%s %s'", name, asked->noun->name,
		      asked->deed->name);
		return false;
	}
	if (!word->many && is_given(asked, word)) {
		error("%s: given twice", name);
		return false;
	}
	if (word->behind &&
	    !is_given(asked, word_find(asked->deed->words, word->behind))) {
		error("%s: only behind '%s'", name, word->behind);
		return false;
	}
	if (word->type == &type_flag)
		return add(asked, word, NULL);
	value = next(reader);
	if (!value) {
		error("%s: value missing", name);
		return false;
	}
	return add(asked, word, value) &&
	       (!word->many || parse_many(asked, word, reader));
}

bool ask_parse(struct asked *asked, const struct noun *noun,
	       const struct deed *deed, int argc, char *const *argv)
{
	struct reader reader = { argc, argv };
	const struct word *key = deed->words;
	const char *name;

	memset(asked, 0, sizeof(*asked));
	asked->noun = noun;
	asked->deed = deed;
	if (key->name && key->bare) {
		name = next(&reader);
		if (!name && !deed->key_optional) {
			error("%s %s: %s missing", noun->name, deed->name,
			      key->value);
			return false;
		}
		if (name && !add(asked, key, name))
			return false;
	}
	while ((name = next(&reader))) {
		if (!parse_word(asked, name, &reader))
			return false;
	}
	return true;
}

const char *ask_key(const struct asked *asked)
{
	return asked->count && asked->items[0].word->bare
		       ? asked->items[0].value
		       : NULL;
}

const char *ask_label(const struct asked *asked, const struct word *word)
{
	return word->bare ? asked->noun->name : word->name;
}

/* ---- a message ---- */

static bool bad_value(const struct asked *asked, const struct item *item,
		      const char *text)
{
	error("%s %s: not %s", ask_label(asked, item->word),
	      *text ? text : "''", item->word->type->expects);
	return false;
}

static bool full(void)
{
	error("too many values for one message");
	return false;
}

static bool encode_value(const struct asked *asked, const struct item *item,
			 const char *text, struct nl_msg *msg)
{
	const struct word *word = item->word;
	struct value value = { .text = NULL };

	if (!word->type->parse(word->type, word->choices, text, &value))
		return bad_value(asked, item, text);
	return !word->type->put(msg, word->attr, &value) || full();
}

static bool encode_list(const struct asked *asked, const struct item *item,
			struct nl_msg *msg)
{
	char *text = must(strdup(item->value));
	char *rest = text, *one;
	bool ok = true;

	while (ok && (one = strsep(&rest, ",")))
		ok = encode_value(asked, item, one, msg);
	free(text);
	return ok;
}

static bool encode_secret(const struct item *item, struct nl_msg *msg)
{
	struct secrets secrets;
	bool ok = secret_read(&secrets, item->value);
	size_t i;

	for (i = 0; ok && i < secrets.count; i++)
		ok = !nla_put(msg, item->word->attr, (int)secrets.len[i],
			      secrets.bytes[i]) ||
		     full();
	secret_wipe(&secrets);
	return ok;
}

static bool encode_item(const struct asked *asked, const struct item *item,
			struct nl_msg *msg)
{
	if (item->word->type == &type_secret) {
		if (*item->value)
			return encode_secret(item, msg);
		return bad_value(asked, item, item->value);
	}
	if (item->word->list)
		return encode_list(asked, item, msg);
	return encode_value(asked, item, item->value ?: "", msg);
}

struct nl_msg *ask_encode(struct asked *asked)
{
	struct nl_msg *msg = kernel_message(asked->deed->cmd, MESSAGE_SIZE);
	struct item *item;
	size_t i;

	for (i = 0; i < asked->count; i++) {
		item = &asked->items[i];
		item->start = nlmsg_hdr(msg)->nlmsg_len;
		if (!encode_item(asked, item, msg)) {
			ask_done(msg);
			return NULL;
		}
		item->end = nlmsg_hdr(msg)->nlmsg_len;
	}
	return msg;
}

void ask_done(struct nl_msg *msg)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);

	explicit_bzero(nlmsg_data(header), (size_t)nlmsg_datalen(header));
	nlmsg_free(msg);
}

/* ---- from a refusal to words ---- */

/* The item of a list at an offset; the attributes of a list have one size. */
static char *list_item(const struct item *item, uint32_t offset)
{
	size_t count = 1, nth;
	const char *text = item->value, *c;

	for (c = text; *c; c++)
		count += *c == ',';
	nth = (offset - item->start) / ((item->end - item->start) / count);
	while (nth-- && (c = strchr(text, ',')))
		text = c + 1;
	return must(strndup(text, strcspn(text, ",")));
}

static void refused_item(const struct asked *asked, const struct item *item,
			 uint32_t offset, const char *text)
{
	const char *label = ask_label(asked, item->word);
	char *value;

	if (!item->value) {
		error("%s: %s", label, text);
	} else if (item->word->list) {
		value = list_item(item, offset);
		error("%s %s: %s", label, value, text);
		free(value);
	} else {
		error("%s %s: %s", label, item->value, text);
	}
}

/* A word that was not typed and that the kernel requires. */
static bool refused_absent(const struct asked *asked, uint32_t attr,
			   const char *text)
{
	const struct word *word;

	for (word = asked->deed->words; word->name; word++) {
		if (word->attr == attr) {
			error("%s: %s", ask_label(asked, word), text);
			return true;
		}
	}
	return false;
}

/* True if the text has the key as a word of its own. */
static bool names(const char *text, const char *key)
{
	static const char inside[] = "abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	const char *at = text;
	size_t len = strlen(key);

	while ((at = strstr(at, key))) {
		if ((at == text || !strchr(inside, at[-1])) &&
		    (!at[len] || !strchr(inside, at[len])))
			return true;
		at++;
	}
	return false;
}

void ask_refused(const struct asked *asked, const struct fault *fault)
{
	const char *text = fault_text(fault), *key = ask_key(asked);
	const struct item *item;
	size_t i;

	for (i = 0; i < asked->count && fault->offset; i++) {
		item = &asked->items[i];
		if (fault->offset >= item->start && fault->offset < item->end) {
			refused_item(asked, item, fault->offset, text);
			return;
		}
	}
	if (fault->miss_type && !fault->miss_nest &&
	    refused_absent(asked, fault->miss_type, text))
		return;
	/* a lack of privilege is not about this object */
	if (!key || fault->error == EPERM)
		error("%s", text);
	else if (!names(text, key))
		error("%s %s: %s", asked->noun->name, key, text);
	else if (!strncmp(text, key, strlen(key)))
		error("%s %s", asked->noun->name, text);
	else
		error("%s", text);
}

void ask_warn_voters(const struct asked *asked)
{
	size_t i, voters = 0;

	for (i = 0; i < asked->count; i++)
		voters += asked->items[i].word->type == &type_voter;
	if (!voters || voters % 2)
		return;
	if (voters == 2)
		error("warning: two voters survive no failure; a third, which "
		      "may be a witness, would let them survive one");
	else
		error("warning: %zu voters survive %zu failure%s, no more than "
		      "%zu do",
		      voters, (voters - 1) / 2, voters > 4 ? "s" : "",
		      voters - 1);
}

int ask_send(const struct options *options, const struct asked *asked)
{
	struct asked sent = *asked;
	struct kernel kernel;
	struct fault fault;
	struct nl_msg *msg;
	int result;

	msg = ask_encode(&sent);
	if (!msg)
		return EXIT_USAGE;
	result = kernel_open(&kernel, BRAID_BLK_GENL_NAME);
	if (result) {
		ask_done(msg);
		return result;
	}
	if (sent.deed->warn)
		sent.deed->warn(&sent);
	result = kernel_request(&kernel, msg, NULL, NULL, &fault);
	if (fault.error)
		ask_refused(&sent, &fault);
	else if (result)
		kernel_failed(result, NULL);
	ask_done(msg);
	kernel_close(&kernel);
	return result ? EXIT_REFUSED : EXIT_DONE;
}
