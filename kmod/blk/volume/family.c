// SPDX-License-Identifier: GPL-2.0-only
#include "volume/family.h"

#include <linux/module.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>
#include <uapi/linux/braid_blk.h>

enum {
	GROUP_VOLUME,
};

static const struct genl_multicast_group groups[] = {
	[GROUP_VOLUME] = {
		.name = BRAID_BLK_MCGRP_VOLUME,
		.flags = GENL_MCAST_CAP_SYS_ADMIN,
	},
};

/*
 * Requests run in parallel, since an attach may wait for a lease to run out.
 * braid_nl_init() adds the operations, which stand above.
 */
struct genl_family braid_blk_family __ro_after_init = {
	.name = BRAID_BLK_GENL_NAME,
	.version = BRAID_BLK_GENL_VERSION,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

void *braid_nl_put(struct sk_buff *skb, u32 portid, u32 seq, int flags, u8 cmd)
{
	return genlmsg_put(skb, portid, seq, &braid_blk_family, flags, cmd);
}

bool braid_nl_events_wanted(struct net *net)
{
	return net->user_ns == &init_user_ns &&
	       genl_has_listeners(&braid_blk_family, net, GROUP_VOLUME);
}

void braid_nl_event_send(struct net *net, struct sk_buff *skb)
{
	/* Nobody left to hear it is no error. */
	genlmsg_multicast_netns(&braid_blk_family, net, skb, 0, GROUP_VOLUME,
				GFP_KERNEL);
}

void braid_nl_event_lost(struct net *net)
{
	genl_set_err(&braid_blk_family, net, 0, GROUP_VOLUME, -ENOBUFS);
}
