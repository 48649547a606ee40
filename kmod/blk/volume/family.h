/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_FAMILY_H
#define BRAID_BLK_FAMILY_H

#include <linux/types.h>
#include <net/genetlink.h>

struct sk_buff;

/* The generic netlink family without its operations: messages and events of it. */

extern struct genl_family braid_blk_family;

/* One up whenever something that is listed has come or gone. Context: any. */
u32 braid_nl_changes(void);
/* Something that is listed has changed.  Context: any. */
void braid_nl_changed(void);

/* Begins a message of the family; the header for genlmsg_end(), NULL: no room. */
void *braid_nl_put(struct sk_buff *skb, u32 portid, u32 seq, int flags, u8 cmd);
/* Does anybody listen to events of volumes?  Context: any. */
bool braid_nl_events_wanted(void);
/* @skb: consumed.  Context: process. */
void braid_nl_event_send(struct sk_buff *skb);
/* Tells listeners that they missed some.  Context: process. */
void braid_nl_event_lost(void);

#endif /* BRAID_BLK_FAMILY_H */
