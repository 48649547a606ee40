/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_SETTLE_H
#define BRAID_BLK_SETTLE_H

#include <linux/types.h>

struct braid_volume;
struct netlink_ext_ack;

/*
 * braid_settle() - step 4 of attach, as far as the control part does it
 * @clean: the record said closed: there is nothing to list
 * @prefer: whom to copy from if it is a member still
 * @dirty: on return what is to be made equal, kvmalloc'ed, or NULL
 * @source: whom to copy from
 * @kept: members whose store is the same as in the previous attachment; they have
 *	what was acknowledged and not flushed
 *
 * Waits until every member has a session or is out, collects the dirty regions
 * of all of them, and has them flush: what was found must be durable before it
 * is read.
 *
 * Context: may sleep, interruptible. Return: 0 or a negative errno, @extack told.
 */
int braid_settle(struct braid_volume *volume, bool clean, u8 prefer,
		 unsigned long **dirty, u8 *source, u64 *kept,
		 struct netlink_ext_ack *extack);

#endif /* BRAID_BLK_SETTLE_H */
