/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_FAMILY_H
#define BRAID_BLK_FAMILY_H

#include <linux/types.h>
#include <net/genetlink.h>

struct net;
struct sk_buff;

/* The generic netlink family without its operations: messages and events of it. */

extern struct genl_family braid_blk_family;

/* Begins a message of the family; the header for genlmsg_end(), NULL: no room. */
void *braid_nl_put(struct sk_buff *skb, u32 portid, u32 seq, int flags, u8 cmd);
/*
 * Returns whether events of volumes in a namespace have listeners.  False for a
 * namespace of another user namespace, whose root may join the group.  Context: any.
 */
bool braid_nl_events_wanted(struct net *net);
/* @skb: consumed.  Context: process. */
void braid_nl_event_send(struct net *net, struct sk_buff *skb);
/* Tells listeners that they missed some.  Context: process. */
void braid_nl_event_lost(struct net *net);

#endif /* BRAID_BLK_FAMILY_H */
