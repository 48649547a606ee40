// SPDX-License-Identifier: GPL-2.0-only
/* stats show|reset */
#include "cmd.h"
#include "error.h"
#include "json.h"
#include "kernel.h"
#include "row.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/braid_net.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

static void text(const struct row *totals)
{
	const struct word *word;
	struct nlattr *attr;
	struct value packets;
	struct row drop;
	int rest;

	for (word = total_words; word->name; word++) {
		printf("%s ", word->name);
		row_word_text(totals, word, stdout);
		putchar('\n');
	}
	nla_for_each_attr(attr, totals->attrs, totals->len, rest) {
		if (nla_type(attr) != BRAID_NET_A_DROP)
			continue;
		drop = (struct row){ nla_data(attr), nla_len(attr) };
		row_get(&drop, word_find(drop_words, "packets"), &packets);
		if (!packets.number)
			continue;
		fputs("drop ", stdout);
		row_text(&drop, drop_words, SHOW_DEFAULTS, stdout);
		putchar('\n');
	}
}

static void json(const struct row *totals, bool pretty)
{
	struct json out = { .out = stdout, .pretty = pretty };
	const struct word *word;
	struct nlattr *attr;
	struct value value;
	struct row drop;
	int rest;

	json_open(&out, '[');
	json_open(&out, '{');
	for (word = total_words; word->name; word++) {
		if (!row_get(totals, word, &value))
			continue;
		json_key(&out, word->name);
		json_number(&out, value.number);
	}
	json_key(&out, "drop");
	json_open(&out, '[');
	nla_for_each_attr(attr, totals->attrs, totals->len, rest) {
		if (nla_type(attr) != BRAID_NET_A_DROP)
			continue;
		drop = (struct row){ nla_data(attr), nla_len(attr) };
		json_open(&out, '{');
		row_json(&drop, drop_words, SHOW_DEFAULTS, &out);
		json_close(&out, '}');
	}
	json_close(&out, ']');
	json_close(&out, '}');
	json_close(&out, ']');
	json_end(&out);
}

static bool valid(const struct row *totals)
{
	struct nlattr *attr;
	struct row drop;
	int rest;

	if (!row_valid(totals, total_words))
		return false;
	nla_for_each_attr(attr, totals->attrs, totals->len, rest) {
		drop = (struct row){ nla_data(attr), nla_len(attr) };
		if (nla_type(attr) == BRAID_NET_A_DROP &&
		    !row_valid(&drop, drop_words))
			return false;
	}
	return true;
}

static int show_reply(struct nlmsghdr *header, void *arg)
{
	const struct options *options = arg;
	struct row totals = {
		.attrs = nlmsg_attrdata(header, GENL_HDRLEN),
		.len = nlmsg_attrlen(header, GENL_HDRLEN),
	};

	if (!valid(&totals))
		return -EBADMSG;
	if (options->json)
		json(&totals, options->pretty);
	else
		text(&totals);
	return 0;
}

static void usage(void)
{
	puts("Usage: braid stats show      packets forwarded, and dropped by reason\n"
	     "       braid stats reset     set all counters to zero\n"
	     "\n"
	     "Text has a line for each reason and direction that dropped a\n"
	     "packet, JSON has all of them. 'lost' counts events that did not\n"
	     "reach a monitor.\n"
	     "\n"
	     "Examples:\n"
	     "  braid stats show\n"
	     "  braid -j stats show");
}

int cmd_stats(const struct options *options, int argc, char **argv)
{
	const char *command = argc ? argv[0] : "show";
	struct fault fault;
	struct nl_msg *msg;
	struct kernel kernel;
	bool reset;
	int result;

	if (argc && is_help(argv[argc - 1])) {
		usage();
		return EXIT_DONE;
	}
	reset = !strcmp(command, "reset");
	if (!reset && strcmp(command, "show")) {
		error("%s: unknown command of stats (braid stats help)",
		      command);
		return EXIT_USAGE;
	}
	if (argc > 1) {
		error("%s: unknown word for 'stats %s'", argv[1], command);
		return EXIT_USAGE;
	}
	if (reset && options->dry_run) {
		error("--dry-run: 'stats reset' cannot be tried");
		return EXIT_USAGE;
	}
	result = kernel_open(&kernel, BRAID_NET_GENL_NAME);
	if (result)
		return result;
	msg = kernel_message(reset ? BRAID_NET_CMD_STATS_RESET
				   : BRAID_NET_CMD_STATS_GET,
			     64);
	result = kernel_request(&kernel, msg, reset ? NULL : show_reply,
				(void *)(uintptr_t)options, &fault);
	nlmsg_free(msg);
	kernel_close(&kernel);
	return result ? kernel_failed(result, &fault) : EXIT_DONE;
}
