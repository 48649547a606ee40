/* SPDX-License-Identifier: GPL-2.0-only */
/* The generic netlink family without its operations: messages and events. */
#ifndef BRAID_FAMILY_H
#define BRAID_FAMILY_H

#include <linux/skbuff.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>

extern struct genl_family braid_net_family;

void *braid_net_family_put(struct sk_buff *skb, u32 portid, u32 seq, int flags, u8 cmd);
bool braid_net_family_drops_wanted(struct net *net);
int braid_net_family_drops_send(struct net *net, struct sk_buff *skb);

#endif
