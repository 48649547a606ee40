// SPDX-License-Identifier: GPL-2.0-only
#include "change.h"

#include "error.h"
#include "kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/braid_net.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

/* An attribute has 16 bits for its length. */
#define MESSAGE_MAX (64 * 1024)

static const struct {
	const char *name;
	uint8_t cmd;
} commands[] = {
	[COMMAND_ADD] = { "add", BRAID_NET_CMD_ADD },
	[COMMAND_SET] = { "set", BRAID_NET_CMD_SET },
	[COMMAND_DEL] = { "del", BRAID_NET_CMD_DEL },
	[COMMAND_FLUSH] = { "flush", BRAID_NET_CMD_FLUSH },
	[COMMAND_SHOW] = { "show", BRAID_NET_CMD_GET },
};

int command_find(const struct object *object, const char *name)
{
	int i;

	for (i = 0; i < (int)(sizeof(commands) / sizeof(commands[0])); i++) {
		if (strcmp(commands[i].name, name))
			continue;
		return command_allowed(object, (enum command)i) ? i : -1;
	}
	return -1;
}

bool command_allowed(const struct object *object, enum command command)
{
	return command != COMMAND_SET || object_settable(object);
}

const char *command_name(enum command command)
{
	return commands[command].name;
}

/* ---- from words to a change ---- */

/* The remaining words. */
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

bool command_takes(enum command command, const struct word *word)
{
	if (word->told || command == COMMAND_FLUSH)
		return false;
	return command == COMMAND_ADD || command == COMMAND_SET || word->key;
}

static bool parse_variant(struct given *given, struct reader *reader)
{
	const struct word *word = given->word;
	const char *name = next(reader);

	if (!name) {
		error("%s: value missing", word->name);
		return false;
	}
	given->variant = word_find(word->variants, name);
	if (!given->variant) {
		error("%s %s: unknown word", word->name, name);
		return false;
	}
	if (!given->variant->value)
		return true;
	given->value = next(reader);
	if (!given->value) {
		error("%s %s: value missing", word->name, name);
		return false;
	}
	return true;
}

static bool parse_word(struct change *change, const char *name,
		       struct reader *reader)
{
	const struct word *word = word_find(change->object->words, name);
	struct given *given = &change->given[change->count];
	size_t i;

	if (!word || word->bare || !command_takes(change->command, word)) {
		error("%s: unknown word for '%s %s'", name,
		      change->object->name, command_name(change->command));
		return false;
	}
	for (i = 0; i < change->count; i++) {
		if (change->given[i].word == word) {
			error("%s: given twice", name);
			return false;
		}
	}
	given->word = word;
	change->count++;
	if (word->variants)
		return parse_variant(given, reader);
	given->value = next(reader);
	if (!given->value) {
		error("%s: value missing", name);
		return false;
	}
	return true;
}

bool change_parse(struct change *change, const struct object *object,
		  enum command command, int argc, char *const *argv)
{
	struct reader reader = { argc, argv };
	const char *name;

	memset(change, 0, sizeof(*change));
	change->object = object;
	change->command = command;
	if (command == COMMAND_FLUSH && argc) {
		error("%s: '%s flush' takes no words", argv[0], object->name);
		return false;
	}
	if (command == COMMAND_FLUSH || (command == COMMAND_SHOW && !argc))
		return true;
	if (!argc) {
		error("%s %s: %s missing", object->name, command_name(command),
		      object->words->value);
		return false;
	}
	change->given[change->count].word = object->words;
	change->given[change->count++].value = next(&reader);
	while ((name = next(&reader))) {
		if (!parse_word(change, name, &reader))
			return false;
	}
	return true;
}

/* ---- from a change to a message ---- */

/* Name of a word in messages: the key of a rule is "rule", not "name". */
static void word_label(const struct change *change, const struct word *word,
		       const struct word *variant, char *buffer, size_t size)
{
	if (word->bare)
		snprintf(buffer, size, "%s", change->object->name);
	else if (variant)
		snprintf(buffer, size, "%s %s", word->name, variant->name);
	else
		snprintf(buffer, size, "%s", word->name);
}

static void bad_value(const struct change *change, const struct given *given,
		      const struct word *word, const char *text)
{
	const struct choice *choice;
	char label[64], list[128] = "";
	size_t len = 0;

	word_label(change, given->word, given->variant, label, sizeof(label));
	if (!*text)
		text = "''";
	if (!word->choices) {
		error("%s %s: not %s", label, text, word->type->expects);
		return;
	}
	for (choice = word->choices; choice->name; choice++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
					len ? ", " : "", choice->name);
	error("%s %s: not one of: %s", label, text, list);
}

static bool value_parse(const struct change *change, const struct given *given,
			const struct word *word, const char *text,
			struct value *value)
{
	memset(value, 0, sizeof(*value));
	if (word->type->parse(word->type, word->choices, text, value))
		return true;
	bad_value(change, given, word, text);
	return false;
}

enum encoded {
	ENCODED,
	ENCODED_BAD, /* printed */
	ENCODED_FULL, /* does not fit into the message */
};

static enum encoded encode_range(const struct change *change,
				 const struct given *given, struct nl_msg *msg)
{
	const struct word *word = given->word;
	char *text = must(strdup(given->value));
	char *dash = strchr(text, '-');
	enum encoded result = ENCODED_BAD;
	struct value low, high;

	if (dash)
		*dash = '\0';
	if (!word->type->parse(word->type, NULL, text, &low) ||
	    (dash && !word->type->parse(word->type, NULL, dash + 1, &high)))
		bad_value(change, given, word, given->value);
	else if (word->type->put(msg, word->attr, &low) ||
		 (dash && word->type->put(msg, word->attr_max, &high)))
		result = ENCODED_FULL;
	else
		result = ENCODED;
	free(text);
	return result;
}

static enum encoded encode_list(const struct change *change,
				const struct given *given,
				const struct word *word, struct nl_msg *msg)
{
	char *text = must(strdup(given->value));
	char *rest = text, *item;
	enum encoded result = ENCODED;
	struct value value;

	while (result == ENCODED && (item = strsep(&rest, ","))) {
		if (!value_parse(change, given, word, item, &value))
			result = ENCODED_BAD;
		else if (word->type->put(msg, word->attr, &value))
			result = ENCODED_FULL;
	}
	free(text);
	return result;
}

static enum encoded encode_given(const struct change *change,
				 const struct given *given, struct nl_msg *msg)
{
	const struct word *word = given->variant ?: given->word;
	struct value value;

	if (word->attr_max)
		return encode_range(change, given, msg);
	if (word->list)
		return encode_list(change, given, word, msg);
	if (!value_parse(change, given, word, given->value, &value))
		return ENCODED_BAD;
	return word->type->put(msg, word->attr, &value) ? ENCODED_FULL
							: ENCODED;
}

static enum encoded encode_object(const struct change *change,
				  struct nl_msg *msg)
{
	enum encoded result;
	struct nlattr *nest;
	size_t i;

	if (change->command == COMMAND_FLUSH || change->command == COMMAND_SHOW)
		return nla_put_u32(msg, BRAID_NET_A_OBJECT,
				   change->object->kind)
			       ? ENCODED_FULL
			       : ENCODED;
	nest = nla_nest_start(msg, change->object->attr | NLA_F_NESTED);
	if (!nest)
		return ENCODED_FULL;
	for (i = 0; i < change->count; i++) {
		result = encode_given(change, &change->given[i], msg);
		if (result != ENCODED)
			return result;
	}
	nla_nest_end(msg, nest);
	return ENCODED;
}

struct nl_msg *change_encode(const struct change *change)
{
	/* most messages are small, and a batch has many */
	size_t sizes[] = { 1024, MESSAGE_MAX };
	enum encoded result;
	struct nl_msg *msg;
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		msg = kernel_message(commands[change->command].cmd, sizes[i]);
		result = encode_object(change, msg);
		if (result == ENCODED)
			return msg;
		nlmsg_free(msg);
		if (result == ENCODED_BAD)
			return NULL;
	}
	error("too many values for one message");
	return NULL;
}

bool change_key(const struct change *change, struct value *values,
		const struct word **words, size_t *count)
{
	const struct word *word;
	size_t i, keys = 0;

	for (word = change->object->words; word->name; word++)
		keys += word->key;
	*count = 0;
	for (i = 0; i < change->count; i++) {
		const struct given *given = &change->given[i];

		if (!value_parse(change, given, given->word, given->value,
				 &values[i]))
			return false;
		words[i] = given->word;
		(*count)++;
	}
	return *count == keys;
}

/* ---- from a refusal to words ---- */

/* The attribute of the object at fault, and which one of a list. */
struct culprit {
	int attr; /* 0: none */
	int nth; /* -1: unknown */
};

static int nth_of_type(const struct nlattr *nest, const struct nlattr *attr)
{
	struct nlattr *other;
	int rest, nth = 0;

	nla_for_each_nested(other, nest, rest) {
		if (other == attr)
			break;
		nth += nla_type(other) == nla_type(attr);
	}
	return nth;
}

static struct culprit culprit_at(const struct nlattr *nest, const char *target)
{
	struct culprit culprit = { 0, -1 };
	struct nlattr *attr;
	int rest;

	nla_for_each_nested(attr, nest, rest) {
		const char *start = (const char *)attr;

		if (target < start ||
		    target >= start + nla_total_size(nla_len(attr)))
			continue;
		culprit.attr = nla_type(attr);
		culprit.nth = nth_of_type(nest, attr);
		break;
	}
	return culprit;
}

static struct culprit culprit_find(const struct change *change,
				   const struct nlmsghdr *sent,
				   const struct fault *fault)
{
	struct culprit culprit = { 0, -1 };
	const struct nlattr *nest;

	if (fault->has_cookie) {
		culprit.attr = fault->cookie_attr;
		culprit.nth = fault->cookie_nth;
		return culprit;
	}
	nest = nlmsg_find_attr((struct nlmsghdr *)(uintptr_t)sent, GENL_HDRLEN,
			       change->object->attr);
	if (!nest)
		return culprit;
	if (fault->miss_type &&
	    fault->miss_nest == (const char *)nest - (const char *)sent)
		culprit.attr = (int)fault->miss_type;
	else if (fault->offset)
		culprit = culprit_at(nest, (const char *)sent + fault->offset);
	return culprit;
}

/* The nth item of a list, or the whole list. */
static char *list_item(const char *list, int nth)
{
	const char *comma;

	if (nth < 0)
		return must(strdup(list));
	while (nth-- > 0 && (comma = strchr(list, ',')))
		list = comma + 1;
	return must(strndup(list, strcspn(list, ",")));
}

static bool word_has(const struct word *word, int attr)
{
	return word->attr == attr || (word->attr_max && word->attr_max == attr);
}

static bool refused_given(const struct change *change,
			  const struct culprit *culprit, const char *text)
{
	const struct given *given;
	const struct word *word;
	char label[64], *value;
	size_t i;

	for (i = 0; i < change->count; i++) {
		given = &change->given[i];
		word = given->variant ?: given->word;
		if (!word_has(word, culprit->attr))
			continue;
		word_label(change, given->word, given->variant, label,
			   sizeof(label));
		if (given->value) {
			value = list_item(given->value,
					  word->list ? culprit->nth : -1);
			error("%s %s: %s", label, value, text);
			free(value);
		} else {
			error("%s: %s", label, text);
		}
		return true;
	}
	return false;
}

/* A word that was not typed and that the kernel requires. */
static bool refused_absent(const struct change *change, int attr,
			   const char *text)
{
	const struct word *word, *variant;

	for (word = change->object->words; word->name; word++) {
		if (!word->variants && word_has(word, attr)) {
			error("%s: %s", word->name, text);
			return true;
		}
		for (variant = word->variants; variant && variant->name;
		     variant++) {
			if (variant->attr != attr)
				continue;
			error("%s: %s", word->name, text);
			return true;
		}
	}
	return false;
}

void change_refused(const struct change *change, const struct nlmsghdr *sent,
		    const struct fault *fault)
{
	struct culprit culprit = culprit_find(change, sent, fault);
	const char *text = fault_text(fault);

	if (culprit.attr && (refused_given(change, &culprit, text) ||
			     refused_absent(change, culprit.attr, text)))
		return;
	error("%s", text);
}
