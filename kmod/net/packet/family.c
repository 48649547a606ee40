// SPDX-License-Identifier: GPL-2.0-only
#include "packet/family.h"

#include <linux/module.h>
#include <uapi/linux/braid_net.h>

enum braid_net_group {
	BRAID_NET_GROUP_DROPS,
};

static const struct genl_multicast_group family_groups[] = {
	[BRAID_NET_GROUP_DROPS] = {
		.name = BRAID_NET_MCGRP_DROPS,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
};

/*
 * The family has no policy: netlink.c parses the attributes. If generic netlink
 * refused a malformed change, netlink.c could not mark its transaction as failed.
 * braid_net_nl_init() adds the operations, which are in a folder above.
 */
struct genl_family braid_net_family __ro_after_init = {
	.name = BRAID_NET_GENL_NAME,
	.version = BRAID_NET_GENL_VERSION,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.resv_start_op = BRAID_NET_CMD_MAX + 1,
	.mcgrps = family_groups,
	.n_mcgrps = ARRAY_SIZE(family_groups),
};

/**
 * braid_net_family_put() - begins a message of the family
 * @skb: message
 * @portid: port of the receiving socket
 * @seq: sequence number
 * @flags: NLM_F_*
 * @cmd: BRAID_NET_CMD_*
 *
 * Context: any.
 * Return: the header for genlmsg_end(), or NULL if @skb has no room.
 */
void *braid_net_family_put(struct sk_buff *skb, u32 portid, u32 seq, int flags, u8 cmd)
{
	return genlmsg_put(skb, portid, seq, &braid_net_family, flags, cmd);
}

/* Return: true if a socket listens to drops. Context: any. */
bool braid_net_family_drops_wanted(struct net *net)
{
	return genl_has_listeners(&braid_net_family, net, BRAID_NET_GROUP_DROPS);
}

/**
 * braid_net_family_drops_send() - sends an event to the listeners of drops
 * @net: the namespace
 * @skb: message; consumed
 *
 * Context: any.
 * Return: 0, or a negative errno if no socket got it.
 */
int braid_net_family_drops_send(struct net *net, struct sk_buff *skb)
{
	return genlmsg_multicast_netns(&braid_net_family, net, skb, 0,
				       BRAID_NET_GROUP_DROPS, GFP_ATOMIC);
}
