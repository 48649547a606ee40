/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_WRITE_H
#define BRAID_BLK_WRITE_H

#include <linux/refcount.h>
#include <linux/types.h>

#include "io/io_set.h"
#include "io/payload.h"
#include "io/range.h"
#include "store/request.h"

/* What every member of the ISR does: writes, zeroes, discards and flushes. */

/**
 * struct braid_leg - the request of an I/O to one member
 * @io: whose
 * @session: of the slot when it was sent; volume->lock
 * @request: what is asked
 */
struct braid_leg {
	struct braid_io *io;
	u32 session;
	struct braid_request request;
};

/**
 * struct braid_io - a write, zeroes, a discard or a flush in flight
 * @set: whose
 * @refs: one until it ended, one for each request that is out; see write.c
 * @bio: whom it is for, or NULL
 * @finish: called instead when there is no bio; any context; the I/O stays until
 *	it returns
 * @private: of who gave @finish
 * @started: of the accounting
 * @op: what
 * @flags: BRAID_REQ_*
 * @offset: bytes
 * @length: bytes; 0: a flush
 * @n: its counter
 * @begun: boottime ns when it was sent first
 * @node: of set->ios until it ended; volume->lock, as for the next six
 * @acked: members that did it
 * @sent: members that have a request which is not answered
 * @failed: members that answered with an error
 * @ended: its end is decided, and @result
 * @error: of the last member that failed
 * @result: 0 or an errno
 * @range: its blocks, held until it ended
 * @ready: its turn
 * @payload: of a write
 * @leg: one a slot
 */
struct braid_io {
	struct braid_io_set *set;
	refcount_t refs;
	struct bio *bio;
	void (*finish)(struct braid_io *io);
	void *private;
	unsigned long started;
	enum braid_op op;
	u32 flags;
	u64 offset;
	u64 length;

	u64 n;
	u64 begun;
	struct list_head node;
	u64 acked;
	u64 sent;
	u64 failed;
	bool ended;
	int error;
	int result;

	struct braid_range range;
	struct braid_ready ready;
	struct braid_payload payload;
	struct braid_leg leg[];
};

/*
 * Begin a bio.  @wait: for memory, in set->punt only.
 * Return: false: no memory; always true with @wait.
 */
bool braid_write_begin(struct braid_io_set *set, struct bio *bio, bool wait);

/* Starts an I/O: the gate is looked at for the last time. May not wait. */
void braid_io_start(struct braid_io *io);
/* An I/O of @set, all zero but for what is the same for all; or NULL. */
struct braid_io *braid_io_alloc(struct braid_io_set *set, gfp_t gfp);

/*
 * The membership changed, or all must fail (set->dead): ends what can be ended,
 * sends what new members do not have.  Context: any.
 */
void braid_write_review(struct braid_io_set *set);
/* Work of a slot: sends what it did not get, in the order of n. */
void braid_write_resend(struct work_struct *work);
/* Members that @io waits for. volume->lock held. */
u64 braid_write_waits_for(const struct braid_io *io);

#endif /* BRAID_BLK_WRITE_H */
