/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_READ_H
#define BRAID_BLK_READ_H

#include <linux/types.h>

#include "io/io_set.h"
#include "io/range.h"
#include "store/request.h"

#define BRAID_READ_INLINE	4

/**
 * struct braid_read - a read in flight
 * @set: whose
 * @bio: whom it is for; NULL: it has its data, only repair is left
 * @started: of the accounting
 * @begun: boottime ns when it was sent to the present member; volume->lock
 * @node: of set->reads while it is sent, of set->repairs later; volume->lock
 * @unreadable: members that could not read it
 * @refused: members that would not
 * @slot: whom it was sent to
 * @session: of the slot when it was sent
 * @range: its blocks, shared; while it is repaired, exclusive
 * @ready: its turn
 * @few: pieces of the bio when they are not its own array
 * @table: the same when they are many, or NULL
 * @request: what is asked
 *
 * It has one owner at a time: its maker, the range lock it waits in, the
 * request that is out, the ready list or the list of repairs.  A read that is
 * out is never ended by anybody but its answer, even when everything fails: the
 * carrier writes to the pages of the bio until then.
 */
struct braid_read {
	struct braid_io_set *set;
	struct bio *bio;
	unsigned long started;
	u64 begun;
	struct list_head node;
	u64 unreadable;
	u64 refused;
	struct braid_io_slot *slot;
	u32 session;
	struct braid_range range;
	struct braid_ready ready;
	struct bio_vec few[BRAID_READ_INLINE];
	struct bio_vec *table;
	struct braid_request request;
};

/*
 * Begins a read.  @wait: for memory, in set->punt only.
 * Return: false: no memory; always true with @wait.
 */
bool braid_read_begin(struct braid_io_set *set, struct bio *bio, bool wait);

/* Its range is not held: ends the bio it may still have; frees it. Context: any. */
void braid_read_finish(struct braid_read *read, int error);

#endif /* BRAID_BLK_READ_H */
