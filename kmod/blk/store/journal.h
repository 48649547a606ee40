/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_JOURNAL_H
#define BRAID_BLK_JOURNAL_H

#include <linux/list.h>
#include <linux/types.h>

struct braid_store;
struct braid_journal;
struct netlink_ext_ack;

/*
 * Makes changes of the region map durable. All changes that wait go into one
 * ring record, with one FUA write. The map pages are written later, and a ring
 * record is overwritten only when they are durable.
 */

/**
 * struct braid_stamp - wait for (generation, dirty) of a range to be durable (G2)
 * @first: first region
 * @last: last region, inclusive
 * @generation: generation of the write (G3)
 * @done: called once, with 0 or a negative errno, unless braid_journal_begin()
 *	returned true; called in process context by the work that writes the
 *	ring, so it may start I/O but must not wait for another stamp
 * @node: private to the journal
 * @next: private to the journal: first region without a change in the ring yet
 * @tracked: private to the journal: the write has trackers
 */
struct braid_stamp {
	u32 first;
	u32 last;
	u32 generation;
	void (*done)(struct braid_stamp *stamp, int error);
	struct list_head node;
	u32 next;
	bool tracked;
};

/* One region of a clear, as requested by the writer. */
struct braid_journal_clear {
	u32 region;
	u64 n;
};

bool braid_journal_failed(const struct braid_journal *journal);

void braid_journal_renew(struct braid_journal *journal);

bool braid_journal_begin(struct braid_journal *journal,
			 struct braid_stamp *stamp, u64 n);
void braid_journal_end(struct braid_journal *journal,
		       const struct braid_stamp *stamp);

int braid_journal_clear(struct braid_journal *journal,
			const struct braid_journal_clear *clear, u32 count,
			u32 generation, bool stamp);

u32 braid_journal_dirty(struct braid_journal *journal, u32 *from, __le32 *out,
			u32 max);

u32 braid_journal_entry(struct braid_journal *journal, u32 region);

u32 braid_journal_dirty_count(struct braid_journal *journal);

#endif /* BRAID_BLK_JOURNAL_H */
