/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_JOURNAL_H
#define BRAID_BLK_JOURNAL_H

#include <linux/list.h>
#include <linux/types.h>

struct braid_store;
struct braid_journal;
struct netlink_ext_ack;

/*
 * Makes changes of the region map durable: all that wait go into one ring
 * record with one FUA write; pages go home later, and a ring record is used
 * again only when they are durable.
 */

/**
 * struct braid_stamp - one wait for (generation, dirty) to be durable (G2)
 * @first: first region
 * @last: last region, inclusive
 * @generation: of the write (G3)
 * @done: called once with 0 or a negative errno, unless braid_journal_begin() said
 *	that the write may go on at once; in process context, by the one that
 *	writes the ring: it may start I/O but must not wait for another stamp
 * @node: the journal's
 * @next: the journal's: first region not seen to
 * @tracked: the journal's: are its regions tracked one by one?
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

/* One region to be cleared, as asked by the writer. */
struct braid_journal_clear {
	u32 region;
	u64 n;
};

/*
 * Could something not be written?  Then every write and clear fails for good:
 * nothing is tried again and trusted.  Context: any.
 */
bool braid_journal_failed(const struct braid_journal *journal);

/*
 * Another writer was promised, which counts its writes from the beginning; those
 * of the one before have ended.  Context: any.
 */
void braid_journal_renew(struct braid_journal *journal);

/*
 * braid_journal_begin() - a write is about to be submitted to the store
 *
 * Remembers write counter @n for the regions (C1) and counts the write as in
 * flight there, until braid_journal_end().  A write that meets a clear being
 * written waits for it and stamps again (C1).
 * Once it began, braid_journal_end() is owed, also if @stamp->done said that the
 * write must not be.
 * Context: any but hard interrupt; does not sleep.
 * Return: true if the write may go on at once (every region is dirty at that
 * generation), false if @stamp->done will be called.
 */
bool braid_journal_begin(struct braid_journal *journal,
			 struct braid_stamp *stamp, u64 n);
/* The write ended, whether well or not.  Context: any. */
void braid_journal_end(struct braid_journal *journal,
		       const struct braid_stamp *stamp);

/*
 * braid_journal_clear() - clear dirty bits, durable on return
 * @clear: regions with the write counter up to which they are clean
 * @stamp: stamp @generation on them as well (C3)
 *
 * A region with a later write, or one in flight, is left out (C1, C2).  A
 * write whose n could not be remembered counts as one in every region.
 * Context: may sleep. Return: 0 or a negative errno.
 */
int braid_journal_clear(struct braid_journal *journal,
			const struct braid_journal_clear *clear, u32 count,
			u32 generation, bool stamp);

/*
 * braid_journal_dirty() - list dirty regions
 * @from: first region to look at, on return the one to go on with; the number of
 *	regions at the end
 * @out: room for @max
 *
 * Looks at a limited number of regions: it may list none and not be at the end.
 * Context: any. Return: how many were written to @out.
 */
u32 braid_journal_dirty(struct braid_journal *journal, u32 *from, __le32 *out,
			u32 max);

/* The entry of a region: generation and BRAID_MAP_DIRTY.  Context: any. */
u32 braid_journal_entry(struct braid_journal *journal, u32 region);

/* How many regions are dirty.  Context: any. */
u32 braid_journal_dirty_count(struct braid_journal *journal);

#endif /* BRAID_BLK_JOURNAL_H */
