// SPDX-License-Identifier: GPL-2.0-only
#include "store/journal.h"

#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/build_bug.h>
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/sched/mm.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "proto/invariant.h"
#include "store/journal_state.h"
#include "store/layout.h"
#include "proto/map.h"
#include "store/store.h"
#include "store/tracker.h"

static_assert(!(BRAID_RING_RECORDS & (BRAID_RING_RECORDS - 1)));

/* From so many records on pages go home. */
#define RING_HALF	(BRAID_RING_RECORDS / 2)
/* At most so many have changes that are not home, see braid_ring_replay(). */
#define RING_MOST	(BRAID_RING_RECORDS - 1)

/* Regions looked at in one go for what is dirty. */
#define LOOK_AT_ONCE	262144u

/* A call of braid_journal_clear(). */
struct clear_job {
	const struct braid_journal_clear *clear;
	u32 count;
	u32 next;
	u32 generation;
	bool stamp;
	int error;
	struct completion done;
	struct list_head node;
};

/* Pages */

static u64 record_at(u64 sequence)
{
	return BRAID_AT_RING +
	       (sequence % BRAID_RING_RECORDS) * BRAID_MAP_PAGE;
}

static void fail(struct braid_journal *journal, const char *what, int error)
{
	unsigned long flags;

	pr_err("replica %s: %s cannot be written (%pe)\n", journal->store->path,
	       what, ERR_PTR(error));
	spin_lock_irqsave(&journal->lock, flags);
	WRITE_ONCE(journal->failed, true);
	spin_unlock_irqrestore(&journal->lock, flags);
}

/*
 * Writes the pages from @from on that lie next to each other.  A bit goes before
 * its page is looked at, so that it comes back with a change made meanwhile.
 */
static int write_run(struct braid_journal *journal, u32 from)
{
	const u32 pages = braid_map_pages(journal->map.regions);
	u32 count = 0;

	while (count < BRAID_JOURNAL_PAGES && from + count < pages &&
	       test_and_clear_bit(from + count, journal->away)) {
		braid_map_encode_page(&journal->map, from + count,
				      journal->pages + count * BRAID_MAP_PAGE);
		count++;
	}
	return braid_store_meta_write(journal->store,
				      braid_journal_page_at(from),
				      journal->pages, count * BRAID_MAP_PAGE,
				      false);
}

int braid_journal_write_pages(struct braid_journal *journal)
{
	const u32 pages = braid_map_pages(journal->map.regions);
	u32 page = 0;
	int error;

	for (;;) {
		page = find_next_bit(journal->away, pages, page);
		if (page >= pages)
			return braid_store_flush(journal->store);
		error = write_run(journal, page);
		if (error)
			return error;
	}
}

/*
 * Makes everything durable in its page that was durable in the ring when this
 * began, and gives that part of the ring free.
 */
void braid_journal_write_back(struct braid_journal *journal)
{
	unsigned long flags;
	u64 head;
	int error;

	spin_lock_irqsave(&journal->lock, flags);
	head = journal->head;
	spin_unlock_irqrestore(&journal->lock, flags);

	error = braid_journal_write_pages(journal);
	if (error) {
		fail(journal, "region map", error);
		return;
	}
	spin_lock_irqsave(&journal->lock, flags);
	journal->tail = head;
	spin_unlock_irqrestore(&journal->lock, flags);
}

static u64 ring_used(struct braid_journal *journal)
{
	unsigned long flags;
	u64 used;

	spin_lock_irqsave(&journal->lock, flags);
	used = journal->head - journal->tail;
	spin_unlock_irqrestore(&journal->lock, flags);
	return used;
}

void braid_journal_home_work(struct work_struct *work)
{
	struct braid_journal *journal =
		container_of(work, struct braid_journal, home_work);
	unsigned int noio = memalloc_noio_save();

	if (!braid_journal_failed(journal) && ring_used(journal) >= RING_HALF)
		braid_journal_write_back(journal);
	memalloc_noio_restore(noio);
	/* It may wait for room; or for being told that there will be none. */
	queue_work(journal->workqueue, &journal->ring_work);
}

/* Ring */

/* With the lock held, so that no write begins in between. */
static void set_entry(struct braid_journal *journal, u32 region, u32 entry)
{
	u32 *place = &journal->map.entry[region];

	lockdep_assert_held(&journal->lock);
	braid_invariant("I6", braid_map_generation(entry) >=
			braid_map_generation(*place));
	if (*place & BRAID_MAP_DIRTY)
		WRITE_ONCE(journal->dirty, journal->dirty - 1);
	if (entry & BRAID_MAP_DIRTY)
		WRITE_ONCE(journal->dirty, journal->dirty + 1);
	WRITE_ONCE(*place, entry);
	/* Who takes the bit sees the entry, see write_run(). */
	smp_mb__before_atomic();
	set_bit(region / BRAID_MAP_PER_PAGE, journal->away);
}

/* Makes the changes durable and then visible: what is hot is durable. */
int braid_journal_write_record(struct braid_journal *journal)
{
	unsigned long flags;
	bool half;
	int error;
	u32 i;

	braid_ring_encode(journal->record, journal->map.map_id, journal->head,
			  journal->change, journal->changes);
	error = braid_store_meta_write(journal->store,
				       record_at(journal->head),
				       journal->record, BRAID_MAP_PAGE, true);
	if (error) {
		fail(journal, "ring of the region map", error);
		return error;
	}
	spin_lock_irqsave(&journal->lock, flags);
	for (i = 0; i < journal->changes; i++)
		set_entry(journal, journal->change[i].region,
			  journal->change[i].entry);
	journal->head++;
	half = journal->head - journal->tail >= RING_HALF;
	spin_unlock_irqrestore(&journal->lock, flags);
	journal->changes = 0;
	if (half)
		queue_work(journal->workqueue, &journal->home_work);
	return 0;
}

void braid_journal_add_change(struct braid_journal *journal, u32 region,
			      u32 entry)
{
	journal->change[journal->changes++] = (struct braid_change){
		.region = region,
		.entry = entry,
	};
}

static bool is_last_change(const struct braid_journal *journal, u32 region)
{
	return journal->changes &&
	       journal->change[journal->changes - 1].region == region;
}

/* Changes for what is left of a stamp; false: the record is full. */
static bool collect_stamp(struct braid_journal *journal,
			  struct braid_stamp *stamp)
{
	for (; stamp->next <= stamp->last; stamp->next++) {
		const u32 old = journal->map.entry[stamp->next];

		if (braid_map_is_hot(old, stamp->generation) ||
		    is_last_change(journal, stamp->next))
			continue;
		if (journal->changes == BRAID_RING_PER_RECORD)
			return false;
		braid_journal_add_change(journal, stamp->next,
					 braid_map_stamped(old,
							   stamp->generation));
	}
	return true;
}

static void finish_stamps(struct list_head *stamps, int error)
{
	struct braid_stamp *stamp, *next;

	list_for_each_entry_safe(stamp, next, stamps, node) {
		list_del(&stamp->node);
		stamp->done(stamp, error);
	}
}

/* One record for the stamps that were taken, as many as fit. */
static void write_stamps(struct braid_journal *journal)
{
	struct braid_stamp *stamp, *next;
	u32 generation;
	LIST_HEAD(seen);
	int error = 0;

	if (list_empty(&journal->taken))
		return;
	generation = list_first_entry(&journal->taken, struct braid_stamp,
				      node)->generation;
	list_for_each_entry_safe(stamp, next, &journal->taken, node) {
		if (stamp->generation != generation ||
		    !collect_stamp(journal, stamp))
			break;
		list_move_tail(&stamp->node, &seen);
	}
	if (journal->changes)
		error = braid_journal_write_record(journal);
	finish_stamps(&seen, error);
}

/*
 * Changes for a clear.  They are visible before they are durable: a write that
 * comes now stamps again and its stamp is written after them (C1).
 */
static void collect_clear(struct braid_journal *journal, struct clear_job *job)
{
	lockdep_assert_held(&journal->lock);
	for (; job->next < job->count; job->next++) {
		const struct braid_journal_clear *clear = &job->clear[job->next];
		const u32 old = journal->map.entry[clear->region];
		const u32 new = braid_map_cleared(old, job->generation,
						  job->stamp);

		if (journal->changes == BRAID_RING_PER_RECORD)
			return;
		if (old == new || !braid_trackers_quiet(&journal->trackers,
							clear->region, clear->n))
			continue;
		braid_journal_add_change(journal, clear->region, new);
		set_entry(journal, clear->region, new);
		braid_trackers_forget(&journal->trackers, clear->region);
	}
}

/* One record for the oldest clear; answers it when it is through. */
static void write_clear(struct braid_journal *journal)
{
	struct clear_job *job;
	unsigned long flags;
	int error = 0;

	spin_lock_irqsave(&journal->lock, flags);
	job = list_first_entry_or_null(&journal->clears, struct clear_job, node);
	if (job)
		collect_clear(journal, job);
	spin_unlock_irqrestore(&journal->lock, flags);
	if (!job)
		return;
	if (journal->changes)
		error = braid_journal_write_record(journal);
	if (!error && job->next < job->count)
		return;
	spin_lock_irqsave(&journal->lock, flags);
	list_del(&job->node);
	spin_unlock_irqrestore(&journal->lock, flags);
	job->error = error;
	complete(&job->done);
}

static void fail_all(struct braid_journal *journal)
{
	struct clear_job *job, *next;
	unsigned long flags;
	LIST_HEAD(clears);

	spin_lock_irqsave(&journal->lock, flags);
	list_splice_tail_init(&journal->stamps, &journal->taken);
	list_splice_init(&journal->clears, &clears);
	spin_unlock_irqrestore(&journal->lock, flags);
	finish_stamps(&journal->taken, -EIO);
	list_for_each_entry_safe(job, next, &clears, node) {
		list_del(&job->node);
		job->error = -EIO;
		complete(&job->done);
	}
}

/* Takes what waits.  False: nothing does, or nothing can be done about it now. */
static bool take(struct braid_journal *journal)
{
	bool any, room;

	spin_lock_irq(&journal->lock);
	list_splice_tail_init(&journal->stamps, &journal->taken);
	any = !list_empty(&journal->taken) || !list_empty(&journal->clears);
	room = journal->head - journal->tail < RING_MOST - 1;
	spin_unlock_irq(&journal->lock);
	if (any && !room)
		queue_work(journal->workqueue, &journal->home_work);
	return any && room;
}

void braid_journal_ring_work(struct work_struct *work)
{
	struct braid_journal *journal =
		container_of(work, struct braid_journal, ring_work);
	unsigned int noio = memalloc_noio_save();

	while (!braid_journal_failed(journal) && take(journal)) {
		write_stamps(journal);
		if (!braid_journal_failed(journal))
			write_clear(journal);
	}
	if (braid_journal_failed(journal))
		fail_all(journal);
	memalloc_noio_restore(noio);
}

bool braid_journal_failed(const struct braid_journal *journal)
{
	return READ_ONCE(journal->failed);
}

void braid_journal_renew(struct braid_journal *journal)
{
	unsigned long flags;

	spin_lock_irqsave(&journal->lock, flags);
	braid_trackers_renew(&journal->trackers);
	spin_unlock_irqrestore(&journal->lock, flags);
}

/* Writes */

static bool is_hot(const struct braid_journal *journal,
		   const struct braid_stamp *stamp)
{
	u32 region;

	for (region = stamp->first; region <= stamp->last; region++)
		if (!braid_map_is_hot(journal->map.entry[region],
				      stamp->generation))
			return false;
	return true;
}

bool braid_journal_begin(struct braid_journal *journal,
			 struct braid_stamp *stamp, u64 n)
{
	unsigned long flags;
	bool hot;

	spin_lock_irqsave(&journal->lock, flags);
	stamp->tracked = braid_trackers_begin(&journal->trackers, stamp->first,
					      stamp->last, n);
	hot = !journal->failed && is_hot(journal, stamp);
	if (!hot) {
		stamp->next = stamp->first;
		list_add_tail(&stamp->node, &journal->stamps);
		/*
		 * Not after the lock: once the stamp can be found its write may
		 * end, and the journal be closed.
		 */
		queue_work(journal->workqueue, &journal->ring_work);
	}
	spin_unlock_irqrestore(&journal->lock, flags);
	return hot;
}

void braid_journal_end(struct braid_journal *journal,
		       const struct braid_stamp *stamp)
{
	unsigned long flags;

	spin_lock_irqsave(&journal->lock, flags);
	braid_trackers_end(&journal->trackers, stamp->first, stamp->last,
			   stamp->tracked, journal->map.entry);
	spin_unlock_irqrestore(&journal->lock, flags);
}

int braid_journal_clear(struct braid_journal *journal,
			const struct braid_journal_clear *clear, u32 count,
			u32 generation, bool stamp)
{
	struct clear_job job = {
		.clear = clear,
		.count = count,
		.generation = generation,
		.stamp = stamp,
	};
	unsigned long flags;

	init_completion(&job.done);
	spin_lock_irqsave(&journal->lock, flags);
	list_add_tail(&job.node, &journal->clears);
	spin_unlock_irqrestore(&journal->lock, flags);
	queue_work(journal->workqueue, &journal->ring_work);
	wait_for_completion(&job.done);
	return job.error;
}

/* Looks */

u32 braid_journal_dirty(struct braid_journal *journal, u32 *from, __le32 *out,
			u32 max)
{
	const u32 regions = journal->map.regions;
	const u32 end = *from + min(regions - min(*from, regions), LOOK_AT_ONCE);
	u32 region = *from;
	u32 count = 0;

	for (; region < end && count < max; region++)
		if (braid_journal_entry(journal, region) & BRAID_MAP_DIRTY)
			out[count++] = cpu_to_le32(region);
	*from = region;
	return count;
}

u32 braid_journal_entry(struct braid_journal *journal, u32 region)
{
	return READ_ONCE(journal->map.entry[region]);
}

u32 braid_journal_dirty_count(struct braid_journal *journal)
{
	return READ_ONCE(journal->dirty);
}
