// SPDX-License-Identifier: GPL-2.0-only
/* OBJECT COMMAND [KEY] [WORD VALUE]... */
#include "change.h"
#include "cmd.h"
#include "error.h"
#include "kernel.h"
#include "show.h"
#include "transaction.h"

#include <linux/braid_net.h>
#include <netlink/msg.h>

static int apply(const struct change *change, struct nl_msg *msg)
{
	struct fault fault;
	struct kernel kernel;
	int result;

	result = kernel_open(&kernel, BRAID_NET_GENL_NAME);
	if (result)
		return result;
	result = kernel_request(&kernel, msg, NULL, NULL, &fault);
	if (fault.error)
		change_refused(change, nlmsg_hdr(msg), &fault);
	else if (result)
		kernel_failed(result, NULL);
	kernel_close(&kernel);
	return result ? EXIT_REFUSED : EXIT_DONE;
}

static void refused(size_t number, const struct nlmsghdr *sent,
		    const struct fault *fault, void *arg)
{
	change_refused(arg, sent, fault);
}

/* Only a commit has a dry run, so send a transaction with one change. */
static int attempt(struct change *change, struct nl_msg *msg)
{
	struct transaction transaction = { .count = 0 };
	int result;

	transaction_add(&transaction, msg);
	result = transaction_run(&transaction, true, refused, change);
	transaction_free(&transaction);
	return result;
}

static int make(const struct options *options, struct change *change)
{
	struct nl_msg *msg = change_encode(change);
	int result;

	if (!msg)
		return EXIT_USAGE;
	result = options->dry_run ? attempt(change, msg) : apply(change, msg);
	nlmsg_free(msg);
	return result;
}

int cmd_object(const struct options *options, const struct object *object,
	       int argc, char **argv)
{
	struct change change;
	int command = COMMAND_SHOW;

	if (argc && is_help(argv[0])) {
		help_object(object, NULL);
		return EXIT_DONE;
	}
	if (argc) {
		command = command_find(object, argv[0]);
		if (command < 0) {
			error("%s: unknown command of %s (braid %s help)",
			      argv[0], object->name, object->name);
			return EXIT_USAGE;
		}
		argc--;
		argv++;
	}
	if (argc == 1 && is_help(argv[0])) {
		help_object(object, command_name((enum command)command));
		return EXIT_DONE;
	}
	if (!change_parse(&change, object, (enum command)command, argc, argv))
		return EXIT_USAGE;
	if (command == COMMAND_SHOW)
		return show(options, &change);
	return make(options, &change);
}
