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
 * @store: the store; owned by the caller
 * @map: the region map; @ring_work changes entries, under @lock
 * @workqueue: runs the two works, neither of which waits for the other
 * @ring_work: writes the ring, alone: all waiting changes, record by record
 * @home_work: writes the pages, alone
 * @lock: protects the fields up to @failed
 * @trackers: writes in flight and write counters
 * @stamps: struct braid_stamp that @ring_work has not taken yet
 * @clears: struct clear_job; the first one may be partly done
 * @dirty: number of dirty regions; also read without the lock
 * @head: sequence of the next ring record
 * @tail: sequence of the oldest record with a change that is not in its page
 * @failed: a write failed; never cleared; also read without the lock
 * @away: a bit for each page with changes that are only in the ring
 * @taken: private to @ring_work: stamps taken that have regions left
 * @change: private to @ring_work: changes of the next record, all of one
 *	generation, so that a region listed twice has the same entry both times
 * @changes: private to @ring_work: number of @change
 * @record: private to @ring_work: the record in its form on disk
 * @pages: private to @home_work: BRAID_JOURNAL_PAGES pages in their form on disk
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
