// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters of a device, from rtnetlink: sysfs shows the devices of the
 * namespace that mounted it, which -n does not change.
 */
#include "link.h"

#include "error.h"

#include <errno.h>
#include <string.h>

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/handlers.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

struct answer {
	struct rtnl_link_stats64 stats;
	bool there;
};

struct nl_sock *link_open(void)
{
	struct nl_sock *sock = must(nl_socket_alloc());
	int result = nl_connect(sock, NETLINK_ROUTE);

	if (result < 0) {
		error("no netlink socket: %s", nl_geterror(result));
		nl_socket_free(sock);
		return NULL;
	}
	nl_socket_disable_auto_ack(sock);
	return sock;
}

static int received(struct nl_msg *msg, void *arg)
{
	struct answer *answer = arg;
	struct nlattr *attr = nlmsg_find_attr(
		nlmsg_hdr(msg), sizeof(struct ifinfomsg), IFLA_STATS64);
	size_t len = sizeof(answer->stats);

	/* newer kernels have more counters, older kernels fewer */
	if (attr && nlmsg_hdr(msg)->nlmsg_type == RTM_NEWLINK) {
		if ((size_t)nla_len(attr) < len)
			len = (size_t)nla_len(attr);
		memcpy(&answer->stats, nla_data(attr), len);
		answer->there = true;
	}
	return NL_STOP;
}

static bool ask(struct nl_sock *sock, uint32_t ifindex, struct answer *answer)
{
	struct ifinfomsg info = { .ifi_index = (int)ifindex };
	struct nl_msg *msg = must(nlmsg_alloc_simple(RTM_GETLINK, 0));
	bool sent;

	nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO);
	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, received, answer);
	sent = nl_send_auto(sock, msg) >= 0;
	nlmsg_free(msg);
	return sent && nl_recvmsgs_default(sock) >= 0 && answer->there;
}

bool link_read(struct nl_sock *sock, uint32_t ifindex,
	       struct link_counter counters[LINK_COUNTERS])
{
	struct answer answer = { .there = false };
	const struct rtnl_link_stats64 *stats = &answer.stats;

	if (!ask(sock, ifindex, &answer))
		return false;
	memcpy(counters,
	       (const struct link_counter[LINK_COUNTERS]){
		       { "rx-packets", stats->rx_packets },
		       { "rx-bytes", stats->rx_bytes },
		       { "rx-errors", stats->rx_errors },
		       { "rx-dropped", stats->rx_dropped },
		       { "tx-packets", stats->tx_packets },
		       { "tx-bytes", stats->tx_bytes },
		       { "tx-errors", stats->tx_errors },
		       { "tx-dropped", stats->tx_dropped },
	       },
	       LINK_COUNTERS * sizeof(*counters));
	return true;
}
