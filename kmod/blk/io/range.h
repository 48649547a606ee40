/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_RANGE_H
#define BRAID_BLK_RANGE_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/*
 * Range locks: who comes later and overlaps waits, in the order of arrival.
 * Shared ones (reads) do not wait for each other.  Pure but for a spinlock.
 */

struct braid_ranges {
	spinlock_t lock;	/* protects all below and the ranges in it */
	struct rb_root_cached tree;
	u64 arrivals;
};

/**
 * struct braid_range - one lock, held or waited for
 * @first: first block
 * @last: last block, inclusive
 * @exclusive: conflicts with every other, else with exclusive ones only
 * @granted: called once when it had to wait and has its turn; not under the lock
 * @rb: of the tree
 * @__subtree_last: of the tree
 * @arrival: order
 * @blockers: those it waits for
 * @node: used while turns are given
 */
struct braid_range {
	u64 first;
	u64 last;
	bool exclusive;
	void (*granted)(struct braid_range *range);

	struct rb_node rb;
	u64 __subtree_last;
	u64 arrival;
	unsigned int blockers;
	struct list_head node;
};

void braid_ranges_init(struct braid_ranges *ranges);

/* Context: any. Return: true if it is held now, false if granted() will come. */
bool braid_range_lock(struct braid_ranges *ranges, struct braid_range *range);
/* Calls granted() of those whose turn it is. Context: any. */
void braid_range_unlock(struct braid_ranges *ranges, struct braid_range *range);

#endif /* BRAID_BLK_RANGE_H */
