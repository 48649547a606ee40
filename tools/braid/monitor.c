// SPDX-License-Identifier: GPL-2.0-only
/* monitor drops|volumes: a line for each event, as it happens */
#include "cmd.h"
#include "error.h"
#include "json.h"
#include "kernel.h"
#include "noun.h"
#include "told.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/braid_blk.h>
#include <linux/braid_net.h>
#include <linux/genetlink.h>
#include <linux/sock_diag.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

/* A kind of events. */
struct stream {
	const char *name;
	const char *family;
	const char *group;
	const struct word *words;
	void (*text)(const struct row *row);
	uint16_t nest; /* attribute of an event; 0: the message is the event */
	uint8_t cmd;
	uint8_t list; /* a listing that needs the same privilege, or 0 */
};

struct monitor {
	const struct options *options;
	const struct stream *stream;
	struct kernel kernel;
	uint32_t lost; /* lost events that were printed */
};

static volatile sig_atomic_t stopped;

static void stop(int number)
{
	stopped = 1;
}

/* ---- one event ---- */

static void drop_text(const struct row *row)
{
	const struct told event = { row, event_words };
	bool icmp = told_is_icmp(&event);

	told_put(&event, "time", "", " ");
	told_put(&event, "reason", "", " ");
	told_put(&event, "direction", "", " ");
	told_put(&event, "protocol", "", "");
	if (icmp)
		told_put(&event, "destination-port", " type ", "");
	told_put_end(&event, " ", "source", icmp ? NULL : "source-port");
	told_put(&event, "source-identity", " identity ", "");
	told_put(&event, "source-label", " (", ")");
	fputs(" ->", stdout);
	told_put_end(&event, " ", "destination",
		     icmp ? NULL : "destination-port");
	told_put(&event, "destination-identity", " identity ", "");
	told_put(&event, "destination-label", " (", ")");
	told_put(&event, "device", " device ", "");
	putchar('\n');
}

static void volume_text(const struct row *row)
{
	const struct told event = { row, volume_event_words };

	told_put(&event, "time", "", " ");
	told_put(&event, "volume", "", " ");
	told_put(&event, "what", "", "");
	told_put(&event, "voter", " voter ", "");
	told_put(&event, "why", " (", ")");
	putchar('\n');
}

static const struct stream streams[] = {
	{
		.name = "drops",
		.family = BRAID_NET_GENL_NAME,
		.group = BRAID_NET_MCGRP_DROPS,
		.words = event_words,
		.text = drop_text,
		.nest = BRAID_NET_A_EVENT,
		.cmd = BRAID_NET_CMD_DROP_NTF,
	},
	{
		.name = "volumes",
		.family = BRAID_BLK_GENL_NAME,
		.group = BRAID_BLK_MCGRP_VOLUME,
		.words = volume_event_words,
		.text = volume_text,
		.cmd = BRAID_BLK_CMD_VOLUME_EVENT,
		.list = BRAID_BLK_CMD_VOLUME_GET,
	},
	{ 0 },
};

static void event_json(const struct stream *stream, const struct row *row)
{
	/* one line an event even with -p: programs read the stream by line */
	struct json json = { .out = stdout };

	json_open(&json, '{');
	row_json(row, stream->words, SHOW_DEFAULTS, &json);
	json_close(&json, '}');
	json_end(&json);
}

static int event(const struct monitor *monitor, struct nlmsghdr *header)
{
	const struct stream *stream = monitor->stream;
	struct row row = {
		.attrs = nlmsg_attrdata(header, GENL_HDRLEN),
		.len = nlmsg_attrlen(header, GENL_HDRLEN),
	};
	struct nlattr *nest;

	if (stream->nest) {
		nest = nla_find(row.attrs, row.len, stream->nest);
		if (!nest)
			return -EBADMSG;
		row = (struct row){ nla_data(nest), nla_len(nest) };
	}
	if (!row_valid(&row, stream->words))
		return -EBADMSG;
	if (monitor->options->json)
		event_json(stream, &row);
	else
		stream->text(&row);
	/* the reader of a pipe waits for this line */
	return fflush(stdout) ? -EPIPE : 0;
}

/* After that no message would reach this socket. */
static bool module_left(const struct monitor *monitor, struct nlmsghdr *header)
{
	struct nlattr *family;

	family = nlmsg_find_attr(header, GENL_HDRLEN, CTRL_ATTR_FAMILY_ID);
	return family && nla_len(family) == sizeof(uint16_t) &&
	       nla_get_u16(family) == monitor->kernel.family;
}

static int message(struct nlmsghdr *header, void *arg)
{
	const struct monitor *monitor = arg;
	const struct genlmsghdr *genl = nlmsg_data(header);

	if (header->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN)
		return 0;
	if (header->nlmsg_type == monitor->kernel.family &&
	    genl->cmd == monitor->stream->cmd)
		return event(monitor, header);
	if (header->nlmsg_type == GENL_ID_CTRL &&
	    genl->cmd == CTRL_CMD_DELFAMILY && module_left(monitor, header))
		return -ESHUTDOWN;
	return 0;
}

/* ---- lost events ---- */

static int tell_lost(struct monitor *monitor)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);
	struct json json = { .out = stdout };
	uint32_t lost;

	if (getsockopt(monitor->kernel.fd, SOL_SOCKET, SO_MEMINFO, info, &len))
		return -errno;
	lost = info[SK_MEMINFO_DROPS] - monitor->lost;
	monitor->lost += lost;
	if (monitor->options->json) {
		json_open(&json, '{');
		json_key(&json, "lost");
		json_number(&json, lost);
		json_close(&json, '}');
		json_end(&json);
	} else if (lost) {
		printf("lost %u events\n", lost);
	} else {
		/* events were lost before they reached the socket */
		puts("lost events");
	}
	return fflush(stdout) ? -EPIPE : 0;
}

/* ---- the stream ---- */

/*
 * In a wrong namespace joining the group succeeds, but no event would arrive. A
 * listing is refused there with a text.
 */
static int may_watch(struct monitor *monitor)
{
	struct fault fault;
	struct nl_msg *msg;
	int result;

	if (!monitor->stream->list)
		return EXIT_DONE;
	msg = kernel_message(monitor->stream->list, 64);
	result = kernel_dump(&monitor->kernel, msg, NULL, NULL, &fault);
	nlmsg_free(msg);
	if (!result || result == -EINTR)
		return EXIT_DONE;
	return kernel_failed(result, &fault);
}

static int join(struct monitor *monitor)
{
	const struct stream *stream = monitor->stream;

	return kernel_join(&monitor->kernel, "nlctrl", "notify")
		       ?: kernel_join(&monitor->kernel, stream->family,
				      stream->group);
}

static int drain(struct monitor *monitor)
{
	int result;

	do {
		result = kernel_receive(&monitor->kernel, MSG_DONTWAIT, message,
					monitor);
		if (result == -ENOBUFS)
			result = tell_lost(monitor) ?: 1;
	} while (result > 0 && !stopped);
	return result;
}

static int watch(struct monitor *monitor, const sigset_t *waiting)
{
	struct pollfd fds[] = {
		{ .fd = monitor->kernel.fd, .events = POLLIN },
		/* POLLERR: the reader of the pipe has gone */
		{ .fd = fileno(stdout) },
	};
	int result = 0;

	while (!stopped && result >= 0) {
		if (ppoll(fds, 2, NULL, waiting) < 0)
			result = errno == EINTR ? 0 : -errno;
		else if (fds[1].revents & (POLLERR | POLLNVAL))
			break;
		else
			result = drain(monitor);
	}
	return result == -EPIPE || result == -EINTR ? 0 : result;
}

/*
 * SIGINT and SIGTERM are blocked except during ppoll(), so none is missed
 * between the test of `stopped` and the wait.
 */
static void prepare_signals(sigset_t *waiting)
{
	struct sigaction action = { .sa_handler = stop };
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, waiting);
	sigdelset(waiting, SIGINT);
	sigdelset(waiting, SIGTERM);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}

static void usage(void)
{
	puts("Usage: braid monitor [drops]\n"
	     "       braid monitor volumes\n"
	     "\n"
	     "Prints a line for each event until it is interrupted.\n"
	     "\n"
	     "drops    dropped packets: time, reason, direction, protocol, both\n"
	     "         sides with identity and labels, and the device\n"
	     "volumes  events of attached volumes: time, volume, event, the voter\n"
	     "         concerned, and the reason\n"
	     "\n"
	     "With -j a line is a JSON object (the output is a stream of objects,\n"
	     "not an array). 'lost N events' means that N events did not fit into\n"
	     "the socket's buffer.\n"
	     "\n"
	     "Examples:\n"
	     "  braid monitor drops\n"
	     "  braid monitor volumes\n"
	     "  braid -j monitor drops | jq .source_identity");
}

static const struct stream *stream_find(const char *name)
{
	const struct stream *stream;

	for (stream = streams; stream->name; stream++) {
		if (!strcmp(stream->name, name))
			return stream;
	}
	return NULL;
}

static int monitor_run(struct monitor *monitor)
{
	sigset_t waiting;
	int result;

	prepare_signals(&waiting);
	result = kernel_open(&monitor->kernel, monitor->stream->family);
	if (result)
		return result;
	result = may_watch(monitor);
	if (result) {
		kernel_close(&monitor->kernel);
		return result;
	}
	result = join(monitor);
	if (!result)
		result = watch(monitor, &waiting);
	kernel_close(&monitor->kernel);
	if (result == -ESHUTDOWN) {
		error("the module was unloaded");
		return EXIT_REFUSED;
	}
	return result ? kernel_failed(result, NULL) : EXIT_DONE;
}

int cmd_monitor(const struct options *options, int argc, char **argv)
{
	struct monitor monitor = { .options = options, .stream = streams };

	if (argc && is_help(argv[argc - 1])) {
		usage();
		return EXIT_DONE;
	}
	if (argc) {
		monitor.stream = stream_find(argv[0]);
		if (!monitor.stream) {
			error("%s: unknown word for 'monitor' (braid monitor "
			      "help)",
			      argv[0]);
			return EXIT_USAGE;
		}
	}
	if (argc > 1) {
		error("%s: unknown word for 'monitor %s'", argv[1], argv[0]);
		return EXIT_USAGE;
	}
	return monitor_run(&monitor);
}
