/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_JOURNAL_STATE_H
#define BRAID_BLK_JOURNAL_STATE_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "proto/map.h"
#include "store/layout.h"
#include "store/tracker.h"

struct braid_change;
struct braid_store;

/* Shared by journal.c and journal_open.c. */

/* Pages read or written at once. */
#define BRAID_JOURNAL_PAGES	16u

/**
 * struct braid_journal - region map, ring and pages of an open store
 * @store: not ours
 * @map: its entries are changed by @ring_work with @lock held
 * @workqueue: of the two works; neither waits for the other
 * @ring_work: alone writes the ring: all that waits, one record after the other
 * @home_work: alone writes pages
 * @lock: protects the fields up to @failed
 * @trackers: writes in flight and write counters
 * @stamps: struct braid_stamp, waiting to be taken by @ring_work
 * @clears: struct clear_job, the first one perhaps half done
 * @dirty: number of dirty regions
 * @head: sequence of the next ring record
 * @tail: the oldest one of which a change is not home
 * @failed: something could not be written; never taken back; looked at without
 *	the lock too
 * @away: a bit for each page that has changes which are not home
 * @taken: @ring_work's: stamps that were taken and have regions left
 * @change: @ring_work's: changes of the record it makes; all of one generation, so
 *	that a region named twice has the same entry both times
 * @changes: @ring_work's: number of @change
 * @record: @ring_work's: the record in its form on disk
 * @pages: @home_work's: BRAID_JOURNAL_PAGES pages in their form on disk
 */
struct braid_journal {
	struct braid_store *store;
	struct braid_map map;
	struct workqueue_struct *workqueue;
	struct work_struct ring_work;
	struct work_struct home_work;

	spinlock_t lock; /* up to failed */
	struct braid_trackers trackers;
	struct list_head stamps;
	struct list_head clears;
	u32 dirty;
	u64 head;
	u64 tail;
	bool failed;

	unsigned long *away;
	struct list_head taken;
	struct braid_change *change;
	u32 changes;
	void *record;
	void *pages;
};

static inline u64 braid_journal_page_at(u32 page)
{
	return BRAID_AT_MAP + (u64)page * BRAID_MAP_PAGE;
}

int braid_journal_write_pages(struct braid_journal *journal);
int braid_journal_write_record(struct braid_journal *journal);
void braid_journal_write_back(struct braid_journal *journal);
void braid_journal_add_change(struct braid_journal *journal, u32 region,
			      u32 entry);
void braid_journal_ring_work(struct work_struct *work);
void braid_journal_home_work(struct work_struct *work);

#endif /* BRAID_BLK_JOURNAL_STATE_H */
