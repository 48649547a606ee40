/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_IO_SET_H
#define BRAID_BLK_IO_SET_H

#include <linux/atomic.h>
#include <linux/bio.h>
#include <linux/gfp.h>
#include <linux/llist.h>
#include <linux/mempool.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "io/dirty.h"
#include "io/range.h"
#include "io/reconcile.h"
#include "proto/record.h"
#include "store/request.h"
#include "volume/volume.h"

/*
 * What the files of the I/O part share: the state of everything in flight.
 * They are io.c (door, gate, what the control part tells), io_set.c, write.c (what every
 * member does: writes and flushes), read.c, repair.c, reconcile.c and clear.c
 * over copy.c (asking several members and waiting).
 */

struct braid_clearing;
struct braid_io_set;

/*
 * Of who submits a bio and may not wait. If it does so in order to free memory, what
 * is kept for that is for what travels, without which nothing is ever freed; not for
 * copies of all that is to be written, which have a reserve of their own.
 */
#define BRAID_GFP_AT_ONCE	(GFP_NOWAIT | __GFP_NOMEMALLOC)

/*
 * Something that has its turn and goes on where a request may be submitted.
 * @run: called once from a workqueue; may not wait
 */
struct braid_ready {
	struct llist_node node;
	void (*run)(struct braid_ready *ready);
};

/* Bios that wait: for the gate, or for memory. */
enum braid_io_queues {
	BRAID_QUEUE_WRITES,	/* what S4 holds: whatever carries data */
	BRAID_QUEUE_OTHERS,	/* reads and flushes */
	BRAID_QUEUES
};

/**
 * struct braid_io_queue - bios that wait, in the order of arrival
 * @bios: volume->lock
 * @count: of them; READ_ONCE without the lock for a look
 * @work: begins them; alone in waiting for memory of its kind
 * @set: whose
 */
struct braid_io_queue {
	struct bio_list bios;
	u32 count;
	struct work_struct work;
	struct braid_io_set *set;
};

/**
 * struct braid_io_slot - a data replica, as the I/O part sees it
 * @set: whose
 * @peer: the voter
 * @bit: of its id
 * @session: counts braid_io_resend(); a request that was lost knows by it
 *	whether it went out before or after
 * @broken: a request was lost in this session: nothing is sent until it is resumed
 * @resending: @work sends what it did not get, in order; new writes wait for it
 * @resumed: boottime ns of the last resume
 * @work: sends what was not sent
 *
 * Protected by volume->lock.
 */
struct braid_io_slot {
	struct braid_io_set *set;
	struct braid_peer *peer;
	u64 bit;
	u32 session;
	bool broken;
	bool resending;
	u64 resumed;
	struct work_struct work;
};

/**
 * struct braid_io_set - everything in flight on a volume
 * @volume: whose
 * @ranges: blocks being read or written
 * @dirty: regions this attachment made dirty
 * @reconcile: regions not made equal yet
 * @fast: workqueue on which nothing waits for I/O or memory
 * @punt: workqueue on which bios wait for memory; apart from @fast, which frees it
 * @slow: workqueue of what waits for answers: reconcile, repair, clear
 * @ready: what has its turn, for @ready_work on @fast
 * @ready_work: see @ready
 * @tick: looks for members that do not answer; on @fast
 * @clearing: clears regions; on @slow
 * @repair_work: repairs what could not be read; on @slow
 * @ios_cache: of struct braid_io
 * @reads_cache: of struct braid_read
 * @ios_pool: of struct braid_io
 * @reads_pool: of struct braid_read
 * @pages: reserve of payload
 * @busy: bios taken and not ended
 * @alive: struct braid_io and struct braid_read not freed
 * @idle: woken when @busy or @alive becomes 0
 * @region_shift: log2 of the region size
 * @unmap: zeroes may be written by unmapping
 * @size: of the volume, bytes
 * @nslots: data replicas; the one in this kernel is the last
 * @slot: the data replicas
 * @n: the write counter; volume->lock for all from here on
 * @dead: errno with which everything fails, or 0
 * @ios: writes and flushes in flight, in the order of their counter
 * @writes: how many
 * @reads: reads sent and not answered
 * @nreads: how many
 * @bytes: of @ios and @reads
 * @stalled: bios of reads that no member can serve now, or that came too late for
 *	the lease
 * @rotor: where to look for the next member to read from
 * @repairs: reads that found unreadable blocks
 * @nrepairs: how many
 * @repaired: blocks written anew because they were unreadable
 * @queue: bios that wait
 */
struct braid_io_set {
	struct braid_volume *volume;
	struct braid_ranges ranges;
	struct braid_dirty dirty;
	struct braid_reconcile reconcile;

	struct workqueue_struct *fast;
	struct workqueue_struct *punt;
	struct workqueue_struct *slow;
	struct llist_head ready;
	struct work_struct ready_work;
	struct delayed_work tick;
	struct braid_clearing *clearing;
	struct work_struct repair_work;

	struct kmem_cache *ios_cache;
	struct kmem_cache *reads_cache;
	mempool_t ios_pool;
	mempool_t reads_pool;
	mempool_t pages;
	atomic_t busy;
	atomic_t alive;
	wait_queue_head_t idle;

	u8 region_shift;
	bool unmap;
	u64 size;
	unsigned int nslots;
	struct braid_io_slot slot[BRAID_VOTERS_MAX];

	u64 n;
	int dead;
	struct list_head ios;
	u32 writes;
	struct list_head reads;
	u32 nreads;
	u64 bytes;
	struct bio_list stalled;
	unsigned int rotor;
	struct list_head repairs;
	u32 nrepairs;
	u64 repaired;
	struct braid_io_queue queue[BRAID_QUEUES];
};

enum braid_gate {
	BRAID_GATE_OPEN,
	BRAID_GATE_SHUT,	/* wait */
	BRAID_GATE_DEAD,	/* fail */
};

/* A look without volume->lock; with it, the truth. @queue: enum braid_io_queues */
static inline enum braid_gate braid_gate(const struct braid_io_set *set,
					 unsigned int queue)
{
	const struct braid_volume *volume = set->volume;
	enum braid_volume_state state = READ_ONCE(volume->state);
	u32 held = READ_ONCE(volume->held);

	if (READ_ONCE(set->dead) || state == BRAID_VOLUME_DEAD)
		return BRAID_GATE_DEAD;
	if (state == BRAID_VOLUME_ATTACHING)
		return BRAID_GATE_SHUT;
	if (queue == BRAID_QUEUE_OTHERS)
		held &= ~BRAID_HELD_MIN_ISR;
	return held ? BRAID_GATE_SHUT : BRAID_GATE_OPEN;
}

/* Which queue a bio waits in. */
static inline unsigned int braid_queue_of(const struct bio *bio)
{
	return op_is_write(bio_op(bio)) && bio->bi_iter.bi_size ?
		       BRAID_QUEUE_WRITES : BRAID_QUEUE_OTHERS;
}

static inline u64 braid_bio_offset(const struct bio *bio)
{
	return (u64)bio->bi_iter.bi_sector << SECTOR_SHIFT;
}

/* Was the request lost on the way, so that it may be sent again later? */
static inline bool braid_is_lost(int error)
{
	return error == -ENOTCONN || error == -ESHUTDOWN || error == -ESTALE;
}

/* Is it what a disk says of blocks that it cannot read? */
static inline bool braid_is_unreadable(int error)
{
	return error == -EIO || error == -ENODATA || error == -EILSEQ;
}

/* Lets @ready run soon where requests may be submitted. Context: any. */
void braid_io_ready(struct braid_io_set *set, struct braid_ready *ready);
/* Runs what is ready; set->ready_work. */
void braid_io_ready_work(struct work_struct *work);

/* A bio goes back to wait, before all others; it is begun anew. Context: any. */
void braid_io_requeue(struct braid_io_set *set, struct bio *bio);
/* The same behind all others; for many. Context: any. */
void braid_io_enqueue(struct braid_io_set *set, struct bio_list *bios);
/* A read waits until a member or the lease comes back. Context: any. */
void braid_io_stall(struct braid_io_set *set, struct bio *bio);
/* Reads that stalled may try again. Context: any. */
void braid_io_unstall(struct braid_io_set *set);
/* Ends a bio. Context: any. */
void braid_io_end_bio(struct braid_io_set *set, struct bio *bio, int error);
/* An object of ios_pool or reads_pool was freed. Context: any. */
void braid_io_freed(struct braid_io_set *set);

/* The slot of a voter, or NULL. Context: any. */
struct braid_io_slot *braid_io_slot(struct braid_io_set *set, u64 bit);
/*
 * A request sent in @session was lost.  Return: true if the session was resumed
 * meanwhile, so that it is worth trying again now.  volume->lock held.
 */
bool braid_io_lost(struct braid_io_slot *slot, u32 session);
/* Has it sent what it did not get. volume->lock held. */
void braid_io_kick(struct braid_io_slot *slot);

/*
 * Was it asked under the epoch of now?  What one of before is answered says
 * nothing of this one.  volume->lock held.
 */
static inline bool braid_io_is_of_now(const struct braid_io_set *set,
				      const struct braid_request *request)
{
	lockdep_assert_held(&set->volume->lock);
	return !braid_epoch_cmp(&request->epoch, &set->volume->epoch);
}

/* How long a member may take for so many bytes, ns. Context: any. */
u64 braid_io_patience(const struct braid_volume *volume, u64 length);

/* Does the lease hold now, so that what was read is true? volume->lock held. */
bool braid_io_may_tell(const struct braid_io_set *set);

#endif /* BRAID_BLK_IO_SET_H */
