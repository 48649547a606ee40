/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_NETLINK_H
#define BRAID_BLK_NETLINK_H

#include <linux/types.h>

struct sk_buff;

/* The generic netlink family: translates and validates, no more. */

/*
 * The last step of the module's beginning and the first of its end: on return
 * of the second no request is under way and no event is to come.
 * Context: process, may sleep.
 */
int braid_nl_init(void);
void braid_nl_exit(void);

/* Begins a message of the family; the header for genlmsg_end(), NULL: no room. */
void *braid_nl_put(struct sk_buff *skb, u32 portid, u32 seq, int flags, u8 cmd);

/* One up whenever something that is listed has come or gone. Context: any. */
u32 braid_nl_changes(void);

/* Does anybody listen to events of volumes?  Context: any. */
bool braid_nl_events_wanted(void);
/* @skb: consumed.  Context: process. */
void braid_nl_event_send(struct sk_buff *skb);
/* Tells listeners that they missed some.  Context: process. */
void braid_nl_event_lost(void);

#endif /* BRAID_BLK_NETLINK_H */
