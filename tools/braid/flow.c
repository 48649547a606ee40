// SPDX-License-Identifier: GPL-2.0-only
/* flow show|count|flush: connections, and what the policy decides on them */
#include "cmd.h"
#include "error.h"
#include "json.h"
#include "kernel.h"
#include "show.h"
#include "told.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <linux/braid_net.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

/* ---- show ---- */

struct listing {
	const struct options *options;
	struct json json;
};

static void verdict_text(const struct told *told)
{
	struct value verdict;
	enum colour colour;

	if (!told_get(told, "verdict", &verdict))
		return;
	colour = strcmp(verdict.text, "allow") ? COLOUR_BAD : COLOUR_GOOD;
	fputs(" verdict ", stdout);
	colour_begin(stdout, colour);
	told_put(told, "verdict", "", "");
	colour_end(stdout, colour);
}

static void flow_text(const struct told *told, bool statistics)
{
	bool icmp = told_is_icmp(told);

	told_put(told, "protocol", "", "");
	if (icmp) {
		told_put(told, "destination-port", " type ", "");
		told_put(told, "source-port", " id ", "");
	}
	told_put_end(told, " ", "source", icmp ? NULL : "source-port");
	told_put(told, "source-identity", " identity ", "");
	fputs(" ->", stdout);
	told_put_end(told, " ", "destination",
		     icmp ? NULL : "destination-port");
	told_put(told, "destination-identity", " identity ", "");
	told_put(told, "service", " service ", "");
	told_put_end(told, " backend ", "backend", "backend-port");
	told_put(told, "rule", " rule ", "");
	told_put(told, "state", " state ", "");
	verdict_text(told);
	if (statistics) {
		told_put(told, "packets", " packets ", "");
		told_put(told, "bytes", " bytes ", "");
	}
	putchar('\n');
}

static int flow_reply(struct nlmsghdr *header, void *arg)
{
	struct listing *listing = arg;
	struct nlattr *nest;
	struct row row;

	nest = nlmsg_find_attr(header, GENL_HDRLEN, BRAID_NET_A_FLOW);
	if (!nest)
		return -EBADMSG;
	row = (struct row){ nla_data(nest), nla_len(nest) };
	if (!row_valid(&row, flow_words))
		return -EBADMSG;
	if (!listing->options->json) {
		flow_text(&(struct told){ &row, flow_words },
			  listing->options->statistics);
		return 0;
	}
	json_open(&listing->json, '{');
	row_json(&row, flow_words, SHOW_DEFAULTS | show_flags(listing->options),
		 &listing->json);
	json_close(&listing->json, '}');
	return 0;
}

/* Print each flow when it arrives: there may be very many. */
static int flow_show(const struct options *options, struct kernel *kernel)
{
	struct listing listing = {
		.options = options,
		.json = { .out = stdout, .pretty = options->pretty },
	};
	struct nl_msg *msg = kernel_message(BRAID_NET_CMD_FLOW_GET, 64);
	struct fault fault;
	int result;

	if (options->json)
		json_open(&listing.json, '[');
	result = kernel_dump(kernel, msg, flow_reply, &listing, &fault);
	nlmsg_free(msg);
	if (options->json) {
		json_close(&listing.json, ']');
		json_end(&listing.json);
	}
	/* connections change meanwhile, and no retry would avoid that */
	if (!result || result == -EINTR)
		return EXIT_DONE;
	return kernel_failed(result, &fault);
}

/* ---- count, flush ---- */

struct number {
	uint64_t flows;
	bool there;
};

static int number_reply(struct nlmsghdr *header, void *arg)
{
	struct row row = {
		.attrs = nlmsg_attrdata(header, GENL_HDRLEN),
		.len = nlmsg_attrlen(header, GENL_HDRLEN),
	};
	struct number *number = arg;
	struct value value;

	if (!row_valid(&row, flows_words) ||
	    !row_get(&row, flows_words, &value))
		return -EBADMSG;
	number->flows = value.number;
	number->there = true;
	return 0;
}

static void number_print(const struct options *options, uint64_t flows)
{
	struct json json = { .out = stdout, .pretty = options->pretty };

	if (!options->json) {
		printf("%" PRIu64 "\n", flows);
		return;
	}
	json_open(&json, '[');
	json_open(&json, '{');
	json_key(&json, "flows");
	json_number(&json, flows);
	json_close(&json, '}');
	json_close(&json, ']');
	json_end(&json);
}

static int flow_number(const struct options *options, struct kernel *kernel,
		       uint8_t cmd)
{
	struct nl_msg *msg = kernel_message(cmd, 64);
	struct number number = { .there = false };
	struct fault fault;
	int result;

	result = kernel_request(kernel, msg, number_reply, &number, &fault);
	nlmsg_free(msg);
	if (result)
		return kernel_failed(result, &fault);
	/* a flush prints the number only with -s */
	if (cmd == BRAID_NET_CMD_FLOW_FLUSH && !options->statistics)
		return EXIT_DONE;
	if (!number.there)
		return kernel_failed(-EBADMSG, NULL);
	number_print(options, number.flows);
	return EXIT_DONE;
}

static void usage(void)
{
	puts("Usage: braid flow [show]    connections, a line each\n"
	     "       braid flow count     the number of connections\n"
	     "       braid flow flush     remove all of them\n"
	     "\n"
	     "A line has the protocol, both sides with identities, the service and\n"
	     "the backend that it chose, the rules that decide (egress first), the\n"
	     "state, and the verdict: allow, or why the next packet is dropped.\n"
	     "-s adds packets and bytes of both directions, which nf_conntrack\n"
	     "counts if net.netfilter.nf_conntrack_acct is 1, and makes flush print\n"
	     "the number of connections that it removed.\n"
	     "\n"
	     "Examples:\n"
	     "  braid flow show\n"
	     "  braid -j -s flow show\n"
	     "  braid flow count\n"
	     "  braid -s flow flush");
}

int cmd_flow(const struct options *options, int argc, char **argv)
{
	const char *command = argc ? argv[0] : "show";
	bool count = !strcmp(command, "count");
	bool flush = !strcmp(command, "flush");
	struct kernel kernel;
	int result;

	if (argc && is_help(argv[argc - 1])) {
		usage();
		return EXIT_DONE;
	}
	if (!count && !flush && strcmp(command, "show")) {
		error("%s: unknown command of flow (braid flow help)", command);
		return EXIT_USAGE;
	}
	if (argc > 1) {
		error("%s: unknown word for 'flow %s'", argv[1], command);
		return EXIT_USAGE;
	}
	if (flush && options->dry_run) {
		error("--dry-run: 'flow flush' cannot be tried");
		return EXIT_USAGE;
	}
	result = kernel_open(&kernel, BRAID_NET_GENL_NAME);
	if (result)
		return result;
	if (count || flush)
		result = flow_number(options, &kernel,
				     count ? BRAID_NET_CMD_FLOW_COUNT
					   : BRAID_NET_CMD_FLOW_FLUSH);
	else
		result = flow_show(options, &kernel);
	kernel_close(&kernel);
	return result;
}
