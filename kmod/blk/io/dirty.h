/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_DIRTY_H
#define BRAID_BLK_DIRTY_H

#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct braid_clear;

/*
 * The regions that are dirty on the replicas by what this attachment did, and
 * how far it is with them.  Pure but for a spinlock: time is an argument.
 */

/**
 * struct braid_dirty - the dirty regions
 * @lock: protects all below
 * @bucket: regions by number
 * @bits: log2 of the number of buckets
 * @lru: regions, those written longest ago first
 * @count: of regions
 * @held: regions of writes in flight, those that were forgotten too
 * @forgotten: for want of memory one was not taken down: none is cleared, which is
 *	safe, until braid_dirty_recall()
 */
struct braid_dirty {
	spinlock_t lock; /* protects all below */
	struct hlist_head *bucket;
	unsigned int bits;
	struct list_head lru;
	u32 count;
	u64 held;
	bool forgotten;
};

/* Context: may sleep. Return: 0 or -ENOMEM. */
int braid_dirty_init(struct braid_dirty *dirty, u32 regions);
void braid_dirty_destroy(struct braid_dirty *dirty);

/**
 * braid_dirty_hold() - a write into regions is about to begin
 * @dirty: the dirty regions
 * @first: first region
 * @last: last region, inclusive
 * @gfp: for what is taken down of a new one
 *
 * None of them is cleared until braid_dirty_release().  With a @gfp that may
 * sleep it does not fail, see @forgotten.
 * Context: as @gfp says.  Return: false: no memory, nothing is held.
 */
bool braid_dirty_hold(struct braid_dirty *dirty, u32 first, u32 last, gfp_t gfp);

/**
 * braid_dirty_release() - that write ended
 * @dirty: the dirty regions
 * @first: first region
 * @last: last region, inclusive
 * @n: its counter; 0: it never began
 * @now: boottime, ns
 *
 * Context: any.
 */
void braid_dirty_release(struct braid_dirty *dirty, u32 first, u32 last, u64 n,
			 u64 now);

/**
 * braid_dirty_idle() - which regions may be cleared, as far as writes go
 * @dirty: the dirty regions
 * @before: boottime, ns: those not written since then
 * @keep: beyond so many the oldest are taken, whenever they were written
 * @out: regions and counters
 * @max: how many @out has room for
 *
 * None with a write in flight (C2).  Context: any.  Return: how many.
 */
u32 braid_dirty_idle(struct braid_dirty *dirty, u64 before, u32 keep,
		     struct braid_clear *out, u32 max);

/*
 * Which regions are dirty is not known, but what is written from here on is: if
 * nothing is held.  Who calls it clears every region, or calls braid_dirty_forget().
 * Return: false: something is held.  Context: any.
 */
bool braid_dirty_recall(struct braid_dirty *dirty);
void braid_dirty_forget(struct braid_dirty *dirty);

/*
 * Takes those out of @list that were written since; one that is not known was not.
 * Return: how many are left.
 */
u32 braid_dirty_unchanged(struct braid_dirty *dirty, struct braid_clear *list,
			  u32 count);

/* Those of @list that were not written since are no longer dirty. */
void braid_dirty_cleared(struct braid_dirty *dirty,
			 const struct braid_clear *list, u32 count);

#endif /* BRAID_BLK_DIRTY_H */
