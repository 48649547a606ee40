/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_EVENT_H
#define BRAID_BLK_EVENT_H

#include <linux/types.h>

struct braid_blk_node;

/* What `monitor volumes` hears.  @what and @why: static text, lower case. */

/*
 * @voter: 0 or whom it is about.  @why: may be NULL.  Context: any, also with
 * locks held and interrupts off: it is sent later, in order.
 */
void braid_event_volume(struct braid_blk_node *node, const char *volume,
			const char *what, u8 voter, const char *why);

/* Before the first event of a node. */
void braid_event_begin(struct braid_blk_node *node);

/* The family's: events are taken from the one to the other. May sleep. */
int braid_event_start(void);
void braid_event_stop(void);

#endif /* BRAID_BLK_EVENT_H */
