/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_TRACKER_H
#define BRAID_BLK_TRACKER_H

#include <linux/list.h>
#include <linux/types.h>

/*
 * For each region that was written to: the highest write counter and the number
 * of writes in flight, on which the decision about a clear depends (C1, C2).
 * The owner serialises all calls.
 *
 * Memory is bounded: writes that cannot be tracked are counted for the map as a
 * whole, and some clears are refused without need.
 */

#define BRAID_TRACKERS_MAX	131072u	/* twice the number of regions that a writer leaves dirty */

/**
 * struct braid_trackers - trackers of the regions of one map
 * @bucket: hash table of struct tracker by region
 * @mask: number of buckets minus 1
 * @count: number of trackers
 * @max: upper limit of @count
 * @untracked: number of writes in flight without trackers
 * @untracked_n: highest write counter of a write without trackers
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

bool braid_trackers_begin(struct braid_trackers *trackers, u32 first, u32 last,
			  u64 n);

void braid_trackers_end(struct braid_trackers *trackers, u32 first, u32 last,
			bool tracked, const u32 *entry);

bool braid_trackers_quiet(const struct braid_trackers *trackers, u32 region,
			  u64 n);

void braid_trackers_forget(struct braid_trackers *trackers, u32 region);

void braid_trackers_renew(struct braid_trackers *trackers);

#endif /* BRAID_BLK_TRACKER_H */
