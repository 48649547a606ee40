// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

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

/* Number of records from which on pages are written. */
#define RING_HALF	(BRAID_RING_RECORDS / 2)
/*
 * Limit of records with changes that are not in their pages, see
 * braid_ring_replay().
 */
#define RING_MOST	(BRAID_RING_RECORDS - 1)

/* Regions examined in one call for dirty ones. */
#define LOOK_AT_ONCE	262144u

/* One call of braid_journal_clear(). */
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

static void journal_fail(struct braid_journal *journal, const char *what,
			 int error)
{
	unsigned long flags;

	pr_err("replica %s: %s cannot be written (%pe)\n", journal->store->path,
	       what, ERR_PTR(error));
	spin_lock_irqsave(&journal->lock, flags);
	WRITE_ONCE(journal->failed, true);
	spin_unlock_irqrestore(&journal->lock, flags);
}

/*
 * Writes consecutive pages from @from on. The bit of a page is cleared before
 * its entries are read, so that a later change sets it again.
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

/**
 * braid_journal_write_pages() - write all pages with changes durably
 * @journal: the journal
 *
 * Context: Process, may sleep; called by @home_work, or while nothing else
 * runs.
 * Return: 0 or a negative errno.
 */
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

/**
 * braid_journal_write_back() - write the pages and free the ring
 * @journal: the journal
 *
 * Writes all pages whose changes were durable in the ring when this function
 * began, and frees that part of the ring.
 *
 * Context: Process, may sleep; called by @home_work, or while nothing else
 * runs.
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
		journal_fail(journal, "region map", error);
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

/**
 * braid_journal_home_work() - write the pages when the ring is half full
 * @work: home_work of a journal
 */
void braid_journal_home_work(struct work_struct *work)
{
	struct braid_journal *journal =
		container_of(work, struct braid_journal, home_work);
	unsigned int noio = memalloc_noio_save();

	if (!braid_journal_failed(journal) && ring_used(journal) >= RING_HALF)
		braid_journal_write_back(journal);
	memalloc_noio_restore(noio);
	/* ring_work may be waiting for room, or must find out that it failed. */
	queue_work(journal->workqueue, &journal->ring_work);
}

/* Ring */

/* Changes an entry, under the lock so that no write begins in between. */
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
	/*
	 * Pairs with test_and_clear_bit() in write_run(), which must see the
	 * entry.
	 */
	smp_mb__before_atomic();
	set_bit(region / BRAID_MAP_PER_PAGE, journal->away);
}

/**
 * braid_journal_write_record() - write one ring record with the collected changes
 * @journal: the journal
 *
 * Makes the changes durable first and visible afterwards: a region that counts
 * as hot is durably dirty.
 *
 * Context: Process, may sleep; called by @ring_work, or while nothing else
 * runs.
 * Return: 0 or a negative errno, after which the journal has failed.
 */
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
		journal_fail(journal, "ring of the region map", error);
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

/**
 * braid_journal_add_change() - add a change to the next ring record
 * @journal: the journal
 * @region: the region
 * @entry: its new entry
 */
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

/*
 * Collects the remaining changes of a stamp. Return: false if the record is
 * full.
 */
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

/* Writes one record for the stamps taken, as many as fit. */
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
 * Collects changes of a clear. They become visible before they are durable: a
 * write that begins now stamps its regions again, and that stamp is written
 * after them (C1).
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

/*
 * Writes one record for the oldest clear, and answers it after the last record.
 */
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

/*
 * Takes the waiting stamps. Return: true if there is anything to write and room
 * in the ring.
 */
static bool journal_take(struct braid_journal *journal)
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

/**
 * braid_journal_ring_work() - write the waiting stamps and clears to the ring
 * @work: ring_work of a journal
 */
void braid_journal_ring_work(struct work_struct *work)
{
	struct braid_journal *journal =
		container_of(work, struct braid_journal, ring_work);
	unsigned int noio = memalloc_noio_save();

	while (!braid_journal_failed(journal) && journal_take(journal)) {
		write_stamps(journal);
		if (!braid_journal_failed(journal))
			write_clear(journal);
	}
	if (braid_journal_failed(journal))
		fail_all(journal);
	memalloc_noio_restore(noio);
}

/**
 * braid_journal_failed() - check for a failed write
 * @journal: the journal
 *
 * After a failed write every stamp and clear fails for good: a repeated write
 * that succeeds would prove nothing.
 *
 * Context: Any.
 * Return: true if a write has failed.
 */
bool braid_journal_failed(const struct braid_journal *journal)
{
	return READ_ONCE(journal->failed);
}

/**
 * braid_journal_renew() - prepare for the write counters of a new writer
 * @journal: the journal; all writes of the previous writer have ended
 *
 * Context: Any.
 */
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

/**
 * braid_journal_begin() - announce a write to the store
 * @journal: the journal
 * @stamp: range and generation of the write
 * @n: write counter of the write
 *
 * Remembers @n for the regions (C1) and counts the write as in flight there.
 * Every call needs a call of braid_journal_end() later, also if @stamp->done
 * reports an error and the write is not done. A write that meets a clear which
 * is being written waits for it and stamps its regions again (C1).
 *
 * Context: Any except hard interrupt; does not sleep.
 * Return: true if the write may begin now, because all regions are dirty, of at
 * least that generation; false if @stamp->done will be called.
 */
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
		 * Queue the work under the lock: once the stamp can be found,
		 * its write may end and the journal may be closed.
		 */
		queue_work(journal->workqueue, &journal->ring_work);
	}
	spin_unlock_irqrestore(&journal->lock, flags);
	return hot;
}

/**
 * braid_journal_end() - announce the end of a write
 * @journal: the journal
 * @stamp: as given to braid_journal_begin()
 *
 * Context: Any.
 */
void braid_journal_end(struct braid_journal *journal,
		       const struct braid_stamp *stamp)
{
	unsigned long flags;

	spin_lock_irqsave(&journal->lock, flags);
	braid_trackers_end(&journal->trackers, stamp->first, stamp->last,
			   stamp->tracked, journal->map.entry);
	spin_unlock_irqrestore(&journal->lock, flags);
}

/**
 * braid_journal_clear() - clear dirty bits durably
 * @journal: the journal
 * @clear: regions, each with the write counter up to which it is clean
 * @count: number of @clear
 * @generation: generation of the request
 * @stamp: stamp @generation on the regions as well (C3)
 *
 * Leaves out regions with a later write or with one in flight (C1, C2). A write
 * that has no trackers counts as a write to every region.
 *
 * Context: Process, may sleep.
 * Return: 0 or a negative errno.
 */
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

/* Queries */

/**
 * braid_journal_dirty() - list dirty regions
 * @journal: the journal
 * @from: first region to examine; set to the region to continue with, which is
 *	the number of regions at the end
 * @out: receives the regions
 * @max: number of regions that fit into @out
 *
 * Examines a limited number of regions, so it may list none before the end.
 *
 * Context: Any.
 * Return: the number of regions in @out.
 */
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

/**
 * braid_journal_entry() - read the entry of a region
 * @journal: the journal
 * @region: the region
 *
 * Context: Any.
 * Return: the entry, see BRAID_MAP_DIRTY.
 */
u32 braid_journal_entry(struct braid_journal *journal, u32 region)
{
	return READ_ONCE(journal->map.entry[region]);
}

/**
 * braid_journal_dirty_count() - count dirty regions
 * @journal: the journal
 *
 * Context: Any.
 * Return: the number of dirty regions.
 */
u32 braid_journal_dirty_count(struct braid_journal *journal)
{
	return READ_ONCE(journal->dirty);
}
