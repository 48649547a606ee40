/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_TRACKER_H
#define BRAID_BLK_TRACKER_H

#include <linux/list.h>
#include <linux/types.h>

/*
 * For regions that were written to: the highest write counter and how many
 * writes are in flight, so that a clear can be judged (C1, C2).  The owner
 * serialises all calls.
 *
 * Memory is bounded: what cannot be tracked is counted for the map as a whole,
 * and clears are refused that would not have to be.
 */

#define BRAID_TRACKERS_MAX	131072u	/* twice what a writer leaves dirty */

/**
 * struct braid_trackers - the regions of one map
 * @bucket: hash table of struct tracker by region
 * @mask: number of buckets less 1
 * @count: trackers
 * @max: at most so many
 * @untracked: writes in flight that have no tracker
 * @untracked_n: highest counter of a write that had none
 */
struct braid_trackers {
	struct hlist_head *bucket;
	u32 mask;
	u32 count;
	u32 max;
	u32 untracked;
	u64 untracked_n;
};

int braid_trackers_init(struct braid_trackers *trackers, u32 regions);
void braid_trackers_destroy(struct braid_trackers *trackers);

/*
 * Write @n begins in regions @first to @last.  Allocates without sleeping.
 * Return: what braid_trackers_end() wants to know: has it trackers of its own?
 */
bool braid_trackers_begin(struct braid_trackers *trackers, u32 first, u32 last,
			  u64 n);

/*
 * It ended.  A tracker without writes in flight is kept as long as its region is
 * dirty: @entry is the map's.
 */
void braid_trackers_end(struct braid_trackers *trackers, u32 first, u32 last,
			bool tracked, const u32 *entry);

/* No write in flight there, and none later than @n was received (C1, C2)? */
bool braid_trackers_quiet(const struct braid_trackers *trackers, u32 region,
			  u64 n);

/* A quiet region was cleared: its counter has no meaning any more. */
void braid_trackers_forget(struct braid_trackers *trackers, u32 region);

/* A new writer counts from the beginning; nothing is in flight. */
void braid_trackers_renew(struct braid_trackers *trackers);

#endif /* BRAID_BLK_TRACKER_H */
