/* SPDX-License-Identifier: GPL-2.0-only */
/* The generic netlink family: translates and validates, no more. */
#ifndef BRAID_NETLINK_H
#define BRAID_NETLINK_H

#include <linux/skbuff.h>
#include <net/net_namespace.h>

void *braid_nl_put(struct sk_buff *skb, u32 portid, u32 seq, int flags, u8 cmd);
bool braid_nl_drops_wanted(struct net *net);
int braid_nl_drops_send(struct net *net, struct sk_buff *skb);
int braid_nl_init(void);
void braid_nl_exit(void);

#endif
