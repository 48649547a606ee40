// SPDX-License-Identifier: GPL-2.0-only
#include "store/tracker.h"

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "proto/map.h"

#define BUCKETS_MIN	64u
#define BUCKETS_MAX	32768u

struct tracker {
	struct hlist_node node;
	u32 region;
	u32 writes;
	u64 n;
};

/**
 * braid_trackers_init() - allocate the hash table
 * @trackers: the trackers
 * @regions: number of regions of the map
 *
 * Context: Process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int braid_trackers_init(struct braid_trackers *trackers, u32 regions)
{
	const u32 buckets = clamp(regions / 4, BUCKETS_MIN, BUCKETS_MAX);

	*trackers = (struct braid_trackers){
		.mask = roundup_pow_of_two(buckets) - 1,
		.max = BRAID_TRACKERS_MAX,
	};
	trackers->bucket = kvcalloc(trackers->mask + 1,
				    sizeof(*trackers->bucket), GFP_KERNEL);
	return trackers->bucket ? 0 : -ENOMEM;
}

/**
 * braid_trackers_destroy() - free all trackers
 * @trackers: the trackers; may be all zero
 */
void braid_trackers_destroy(struct braid_trackers *trackers)
{
	struct hlist_node *next;
	struct tracker *tracker;
	u32 i;

	if (!trackers->bucket)
		return;
	for (i = 0; i <= trackers->mask; i++)
		hlist_for_each_entry_safe(tracker, next, &trackers->bucket[i],
					  node)
			kfree(tracker);
	kvfree(trackers->bucket);
	trackers->bucket = NULL;
}

static struct hlist_head *bucket_of(const struct braid_trackers *trackers,
				    u32 region)
{
	/*
	 * Neighbouring regions are written together, so each gets its own
	 * bucket.
	 */
	return &trackers->bucket[region & trackers->mask];
}

static struct tracker *tracker_find(const struct braid_trackers *trackers,
				    u32 region)
{
	struct tracker *tracker;

	hlist_for_each_entry(tracker, bucket_of(trackers, region), node)
		if (tracker->region == region)
			return tracker;
	return NULL;
}

static struct tracker *tracker_add(struct braid_trackers *trackers, u32 region)
{
	struct tracker *tracker;

	if (trackers->count >= trackers->max)
		return NULL;
	tracker = kzalloc(sizeof(*tracker), GFP_NOWAIT | __GFP_NOWARN);
	if (!tracker)
		return NULL;
	tracker->region = region;
	hlist_add_head(&tracker->node, bucket_of(trackers, region));
	trackers->count++;
	return tracker;
}

static void tracker_drop(struct braid_trackers *trackers,
			 struct tracker *tracker)
{
	hlist_del(&tracker->node);
	kfree(tracker);
	trackers->count--;
}

/*
 * Takes back the counts of a write that cannot be tracked completely. An idle
 * tracker with the counter of this write is dropped: untracked_n covers it.
 */
static void tracker_undo(struct braid_trackers *trackers, u32 first, u32 end,
			 u64 n)
{
	struct tracker *tracker;
	u32 region;

	for (region = first; region < end; region++) {
		tracker = tracker_find(trackers, region);
		if (!--tracker->writes && tracker->n == n)
			tracker_drop(trackers, tracker);
	}
}

/**
 * braid_trackers_begin() - count a write that begins
 * @trackers: the trackers
 * @first: first region
 * @last: last region, inclusive
 * @n: write counter of the write
 *
 * Allocates without sleeping.
 *
 * Return: true if the write has trackers; to be passed to braid_trackers_end().
 */
bool braid_trackers_begin(struct braid_trackers *trackers, u32 first, u32 last,
			  u64 n)
{
	struct tracker *tracker;
	u32 region;

	for (region = first; region <= last; region++) {
		tracker = tracker_find(trackers, region) ?:
			  tracker_add(trackers, region);
		if (!tracker)
			goto untracked;
		tracker->writes++;
		tracker->n = max(tracker->n, n);
	}
	return true;

untracked:
	tracker_undo(trackers, first, region, n);
	trackers->untracked++;
	trackers->untracked_n = max(trackers->untracked_n, n);
	return false;
}

/**
 * braid_trackers_end() - count a write that ended
 * @trackers: the trackers
 * @first: first region
 * @last: last region, inclusive
 * @tracked: as returned by braid_trackers_begin()
 * @entry: entries of the region map
 *
 * A tracker without writes in flight is kept as long as its region is dirty.
 */
void braid_trackers_end(struct braid_trackers *trackers, u32 first, u32 last,
			bool tracked, const u32 *entry)
{
	struct tracker *tracker;
	u32 region;

	if (!tracked) {
		trackers->untracked--;
		return;
	}
	for (region = first; region <= last; region++) {
		tracker = tracker_find(trackers, region);
		if (!--tracker->writes &&
		    !(READ_ONCE(entry[region]) & BRAID_MAP_DIRTY))
			tracker_drop(trackers, tracker);
	}
}

/**
 * braid_trackers_quiet() - check whether a region may be cleared (C1, C2)
 * @trackers: the trackers
 * @region: the region
 * @n: write counter of the clear
 *
 * Return: true if no write is in flight and none later than @n was received.
 */
bool braid_trackers_quiet(const struct braid_trackers *trackers, u32 region,
			  u64 n)
{
	const struct tracker *tracker = tracker_find(trackers, region);

	if (trackers->untracked || trackers->untracked_n > n)
		return false;
	return !tracker || (!tracker->writes && tracker->n <= n);
}

/**
 * braid_trackers_forget() - drop the tracker of a region
 * @trackers: the trackers
 * @region: a quiet region that was cleared
 */
void braid_trackers_forget(struct braid_trackers *trackers, u32 region)
{
	struct tracker *tracker = tracker_find(trackers, region);

	if (tracker)
		tracker_drop(trackers, tracker);
}

/**
 * braid_trackers_renew() - forget all write counters
 * @trackers: the trackers; no write may be in flight
 *
 * A new writer counts its writes from the beginning.
 */
void braid_trackers_renew(struct braid_trackers *trackers)
{
	struct tracker *tracker;
	u32 i;

	trackers->untracked_n = 0;
	for (i = 0; i <= trackers->mask; i++)
		hlist_for_each_entry(tracker, &trackers->bucket[i], node)
			tracker->n = 0;
}
