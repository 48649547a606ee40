// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "store/journal_open.h"

#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include "proto/map.h"
#include "store/journal.h"
#include "store/journal_state.h"
#include "store/layout.h"
#include "store/store.h"
#include "store/tracker.h"

#define RING_BYTES	(BRAID_RING_RECORDS * BRAID_MAP_PAGE)

static void journal_destroy(struct braid_journal *journal)
{
	if (journal->workqueue)
		destroy_workqueue(journal->workqueue);
	braid_trackers_destroy(&journal->trackers);
	braid_map_destroy(&journal->map);
	bitmap_free(journal->away);
	kfree(journal->change);
	kfree(journal->record);
	kvfree(journal->pages);
	kfree(journal);
}

static struct braid_journal *journal_create(struct braid_store *store,
					    u64 map_id, u32 regions)
{
	struct braid_journal *journal = kzalloc(sizeof(*journal), GFP_KERNEL);

	if (!journal)
		return NULL;
	journal->store = store;
	spin_lock_init(&journal->lock);
	INIT_LIST_HEAD(&journal->stamps);
	INIT_LIST_HEAD(&journal->clears);
	INIT_LIST_HEAD(&journal->taken);
	INIT_WORK(&journal->ring_work, braid_journal_ring_work);
	INIT_WORK(&journal->home_work, braid_journal_home_work);
	if (braid_map_init(&journal->map, map_id, regions) ||
	    braid_trackers_init(&journal->trackers, regions))
		goto err_destroy;
	journal->away = bitmap_zalloc(braid_map_pages(regions), GFP_KERNEL);
	journal->change = kcalloc(BRAID_RING_PER_RECORD,
				  sizeof(*journal->change), GFP_KERNEL);
	journal->record = kmalloc(BRAID_MAP_PAGE, GFP_KERNEL);
	journal->pages = kvmalloc(BRAID_JOURNAL_PAGES * BRAID_MAP_PAGE,
				  GFP_KERNEL);
	/*
	 * A limit of 2 for two works would not do: a work that is queued again
	 * while it runs counts twice, and the ring would wait for the pages.
	 */
	journal->workqueue = alloc_workqueue("braid_journal",
					     WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (journal->away && journal->change && journal->record &&
	    journal->pages && journal->workqueue)
		return journal;

err_destroy:
	journal_destroy(journal);
	return NULL;
}

static int load_pages(struct braid_journal *journal, u32 now)
{
	const u32 pages = braid_map_pages(journal->map.regions);
	const char *wrong;
	u32 page, at, count;
	int error;

	for (page = 0; page < pages; page += count) {
		count = min(pages - page, BRAID_JOURNAL_PAGES);
		error = braid_store_meta_read(journal->store, braid_journal_page_at(page),
					      journal->pages,
					      count * BRAID_MAP_PAGE);
		if (error) {
			pr_err("replica %s: pages %u to %u of the region map cannot be read (%pe)\n",
			       journal->store->path, page, page + count - 1,
			       ERR_PTR(error));
			return error;
		}
		for (at = 0; at < count; at++) {
			wrong = braid_map_decode_page(&journal->map, page + at,
						      journal->pages +
						      at * BRAID_MAP_PAGE, now);
			if (!wrong)
				continue;
			pr_warn("replica %s: page %u of the region map: %s; its regions are dirty\n",
				journal->store->path, page + at, wrong);
			set_bit(page + at, journal->away);
		}
		cond_resched();
	}
	return 0;
}

/*
 * Overwrites every slot of a ring that has a hole with records that change
 * nothing, in the order of their sequence. If this is interrupted, the next
 * opening finds a hole again and makes the whole map dirty again, so a region
 * is never less dirty than it must be: the records behind a hole stay complete.
 */
static int mend_ring(struct braid_journal *journal)
{
	u32 i;
	int error;

	for (i = 0; i < BRAID_RING_RECORDS; i++) {
		braid_journal_add_change(journal, 0, journal->map.entry[0]);
		error = braid_journal_write_record(journal);
		if (error)
			return error;
		journal->tail = journal->head;
	}
	return 0;
}

/*
 * Applies the ring and writes all pages; afterwards no change is only in the
 * ring.
 */
static int load_ring(struct braid_journal *journal, u32 now)
{
	const char *wrong;
	void *ring;
	int error;

	ring = kvmalloc(RING_BYTES, GFP_KERNEL);
	if (!ring)
		return -ENOMEM;
	error = braid_store_meta_read(journal->store, BRAID_AT_RING, ring,
				      RING_BYTES);
	if (error) {
		pr_err("replica %s: ring of the region map cannot be read (%pe)\n",
		       journal->store->path, ERR_PTR(error));
		goto out;
	}
	wrong = braid_ring_replay(&journal->map, ring, BRAID_RING_RECORDS, now,
				  &journal->head);
	journal->tail = journal->head;
	if (wrong) {
		pr_warn("replica %s: ring of the region map: %s; every region is dirty\n",
			journal->store->path, wrong);
		bitmap_fill(journal->away,
			    braid_map_pages(journal->map.regions));
	} else {
		braid_ring_touched(&journal->map, ring, BRAID_RING_RECORDS,
				   journal->away);
	}
	error = braid_journal_write_pages(journal);
	if (!error && wrong)
		error = mend_ring(journal);
	if (error)
		pr_err("replica %s: region map cannot be written (%pe)\n",
		       journal->store->path, ERR_PTR(error));
out:
	kvfree(ring);
	return error;
}

static bool has_room(const struct braid_store *store, u32 regions)
{
	return store->meta_size >= braid_journal_page_at(braid_map_pages(regions));
}

/**
 * braid_journal_open() - load the region map of a store
 * @store: the store
 * @map_id: identifier in the header of each page
 * @regions: number of regions
 * @now: generation of the record
 * @out: set to the journal
 * @extack: receives the reason for a failure
 *
 * Bad pages and ring records are no errors: their regions become dirty, and a
 * warning is logged.
 *
 * Context: Process, may sleep.
 * Return: 0 or a negative errno.
 */
int braid_journal_open(struct braid_store *store, u64 map_id, u32 regions,
		       u32 now, struct braid_journal **out,
		       struct netlink_ext_ack *extack)
{
	struct braid_journal *journal;
	int error;
	u32 i;

	if (!has_room(store, regions)) {
		NL_SET_ERR_MSG(extack,
			       "store has no room for its region map");
		return -EINVAL;
	}
	journal = journal_create(store, map_id, regions);
	if (!journal)
		return -ENOMEM;
	error = load_pages(journal, now) ?: load_ring(journal, now);
	if (error) {
		NL_SET_ERR_MSG(extack,
			       "region map cannot be read or brought up to date, see the kernel's log");
		journal_destroy(journal);
		return error;
	}
	for (i = 0; i < regions; i++)
		journal->dirty += !!(journal->map.entry[i] & BRAID_MAP_DIRTY);
	*out = journal;
	return 0;
}

/**
 * braid_journal_format() - write the empty region map of a new store durably
 * @store: the store
 * @map_id: identifier for the header of each page
 * @regions: number of regions
 *
 * Context: Process, may sleep long.
 * Return: 0 or a negative errno.
 */
int braid_journal_format(struct braid_store *store, u64 map_id, u32 regions)
{
	struct braid_journal *journal;
	void *ring;
	int error;

	if (!has_room(store, regions))
		return -ENOSPC;
	journal = journal_create(store, map_id, regions);
	ring = kvzalloc(RING_BYTES, GFP_KERNEL);
	error = -ENOMEM;
	if (!journal || !ring)
		goto out;
	error = braid_store_meta_write(store, BRAID_AT_RING, ring, RING_BYTES,
				       false);
	bitmap_fill(journal->away, braid_map_pages(regions));
	if (!error)
		error = braid_journal_write_pages(journal);
out:
	kvfree(ring);
	if (journal)
		journal_destroy(journal);
	return error;
}

/**
 * braid_journal_close() - write all pages and free the journal
 * @journal: the journal; no stamp and no clear may be waiting
 *
 * Context: Process, may sleep.
 */
void braid_journal_close(struct braid_journal *journal)
{
	drain_workqueue(journal->workqueue);
	WARN_ON_ONCE(!list_empty(&journal->stamps) ||
		     !list_empty(&journal->clears));
	if (!braid_journal_failed(journal))
		braid_journal_write_back(journal);
	journal_destroy(journal);
}
