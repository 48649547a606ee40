// SPDX-License-Identifier: GPL-2.0-only
/*
 * The door of the I/O part: takes bios, holds them while the gate is shut, and
 * does what the control part tells.
 *
 * A bio that waits, for the gate, for memory, for a region to be reconciled or
 * for a member, is a bio in a list: nothing else is held for it. It becomes a
 * struct braid_io or braid_read when it can go on, and a bio again if it cannot
 * after all.
 *
 * Who submits a bio never waits for memory: what would free it may be I/O that
 * stands behind this bio on the submitter's own list. set->punt waits instead.
 */
#include "io/io.h"

#include <linux/blkdev.h>
#include <linux/delay.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "io/clear.h"
#include "io/flush.h"
#include "io/io_set.h"
#include "io/read.h"
#include "io/repair.h"
#include "io/write.h"
#include "volume/failure.h"

#define POOL_IOS		16
#define POOL_READS		16
#define TICK_MS_MIN		50
/* Detach: how long reconciling may make no progress. */
#define RECONCILE_STUCK_MS	30000

static void set_end_bios(struct braid_io_set *set, struct bio_list *bios,
			 int error)
{
	struct bio *bio;

	while ((bio = bio_list_pop(bios)))
		braid_io_end_bio(set, bio, error);
}

/* Return: false: no memory, and it was not @wait. */
static bool bio_begin(struct braid_io_set *set, struct bio *bio, bool wait)
{
	if (!(bio->bi_opf & REQ_PREFLUSH) && braid_reconcile_park(set, bio))
		return true;
	if (bio_op(bio) == REQ_OP_READ)
		return braid_read_begin(set, bio, wait);
	if (bio->bi_opf & REQ_PREFLUSH)
		return braid_flush_begin(set, bio, wait);
	return braid_write_begin(set, bio, wait);
}

static void queue_work_fn(struct work_struct *work)
{
	struct braid_io_queue *queue =
		container_of(work, struct braid_io_queue, work);
	struct braid_io_set *set = queue->set;
	struct braid_volume *volume = set->volume;
	enum braid_gate gate;
	struct bio *bio;

	for (;;) {
		bio = NULL;
		spin_lock_irq(&volume->lock);
		gate = braid_gate(set, queue - set->queue);
		if (gate != BRAID_GATE_SHUT)
			bio = bio_list_pop(&queue->bios);
		if (bio)
			WRITE_ONCE(queue->count, queue->count - 1);
		spin_unlock_irq(&volume->lock);
		if (!bio)
			return;
		if (gate == BRAID_GATE_DEAD)
			braid_io_end_bio(set, bio, -EIO);
		else
			bio_begin(set, bio, true);
	}
}

/* What no bio of this device should be. */
static int bio_refuse(struct braid_io_set *set, const struct bio *bio)
{
	u64 length = bio->bi_iter.bi_size;

	switch (bio_op(bio)) {
	case REQ_OP_READ:
		if (bio->bi_opf & REQ_PREFLUSH)
			return -EOPNOTSUPP;
		fallthrough;
	case REQ_OP_WRITE:
		if (length > BRAID_PAYLOAD_MAX)
			return -EIO;
		break;
	case REQ_OP_WRITE_ZEROES:
		if (length > BRAID_ZERO_MAX)
			return -EIO;
		break;
	case REQ_OP_DISCARD:
		if (!set->unmap)
			return -EOPNOTSUPP;
		if (length > BRAID_ZERO_MAX)
			return -EIO;
		break;
	default:
		return -EOPNOTSUPP;
	}
	if ((length | braid_bio_offset(bio)) & (BRAID_BLOCK - 1))
		return -EINVAL;
	return 0;
}

void braid_io_submit(struct braid_volume *volume, struct bio *bio)
{
	struct braid_io_set *set = volume->io;
	unsigned int which = braid_queue_of(bio);
	struct braid_io_queue *queue = &set->queue[which];
	struct bio_list list;
	int error;

	error = bio_refuse(set, bio);
	/* Draining: who is let in now would never see it end. */
	if (!error && READ_ONCE(volume->state) == BRAID_VOLUME_DETACHING)
		error = -EIO;
	if (unlikely(error ||
		     (!bio->bi_iter.bi_size && !(bio->bi_opf & REQ_PREFLUSH)))) {
		bio->bi_status = errno_to_blk_status(error);
		bio_endio(bio);
		return;
	}
	atomic_inc(&set->busy);
	/* Who waits already goes first. */
	if (likely(!READ_ONCE(queue->count) &&
		   braid_gate(set, which) == BRAID_GATE_OPEN) &&
	    bio_begin(set, bio, false))
		return;
	bio_list_init(&list);
	bio_list_add(&list, bio);
	braid_io_enqueue(set, &list);
}

void braid_io_membership(struct braid_volume *volume)
{
	braid_write_review(volume->io);
	braid_io_unstall(volume->io);
}

void braid_io_gate(struct braid_volume *volume)
{
	struct braid_io_set *set = volume->io;
	unsigned int i;

	/* What S4 did not let be acknowledged may be now. */
	braid_write_review(set);
	braid_io_unstall(set);
	for (i = 0; i < BRAID_QUEUES; i++)
		queue_work(set->punt, &set->queue[i].work);
}

void braid_io_resend(struct braid_volume *volume, struct braid_peer *peer)
{
	struct braid_io_slot *slot = braid_io_slot(volume->io, peer->bit);

	if (!slot)
		return;
	spin_lock_irq(&volume->lock);
	slot->session++;
	slot->broken = false;
	slot->resumed = ktime_get_boottime_ns();
	braid_io_kick(slot);
	spin_unlock_irq(&volume->lock);
	braid_io_unstall(volume->io);
}

void braid_io_fail(struct braid_volume *volume, int error)
{
	struct braid_io_set *set = volume->io;
	struct bio_list bios;
	unsigned int i;

	bio_list_init(&bios);
	spin_lock_irq(&volume->lock);
	if (!set->dead)
		WRITE_ONCE(set->dead, error);
	bio_list_merge(&bios, &set->stalled);
	bio_list_init(&set->stalled);
	for (i = 0; i < BRAID_QUEUES; i++) {
		bio_list_merge(&bios, &set->queue[i].bios);
		bio_list_init(&set->queue[i].bios);
		WRITE_ONCE(set->queue[i].count, 0);
	}
	spin_unlock_irq(&volume->lock);
	/* Who waits for a range gets it as these end, and fails at its start. */
	braid_write_review(set);
	braid_reconcile_fail(set, &bios);
	set_end_bios(set, &bios, error);
	queue_work(set->slow, &set->repair_work);
}

/* Members that @node's I/O waits for and that had their time. */
static u64 late_of(const struct braid_io_set *set, u64 waits, u64 begun,
		   u64 length, u64 now)
{
	u64 late = 0, patience = braid_io_patience(set->volume, length);
	const struct braid_io_slot *slot;
	unsigned int i;

	for (i = 0; waits && i < set->nslots; i++) {
		slot = &set->slot[i];
		if ((waits & slot->bit) &&
		    now > max(begun, slot->resumed) + patience)
			late |= slot->bit;
	}
	return late;
}

static void tick_work(struct work_struct *work)
{
	struct braid_io_set *set = container_of(to_delayed_work(work),
						struct braid_io_set, tick);
	struct braid_volume *volume = set->volume;
	u64 now = ktime_get_boottime_ns(), late = 0;
	struct braid_read *read;
	struct braid_io *io;
	unsigned int i;

	/* Who was kept from running inside a plug makes nobody late. */
	for (i = 0; i < set->nslots; i++)
		braid_peer_push(set->slot[i].peer);
	spin_lock_irq(&volume->lock);
	list_for_each_entry(io, &set->ios, node)
		late |= late_of(set, braid_write_waits_for(io) & ~late,
				io->begun, io->length, now);
	list_for_each_entry(read, &set->reads, node)
		late |= late_of(set, read->slot->bit & ~late, read->begun,
				read->request.length, now);
	spin_unlock_irq(&volume->lock);

	for (i = 0; i < set->nslots; i++)
		if (late & set->slot[i].bit)
			braid_volume_member_failed(volume, set->slot[i].peer,
						   -ETIMEDOUT, false);
	braid_io_unstall(set);
	if (!READ_ONCE(set->dead))
		queue_delayed_work(set->fast, &set->tick,
				   msecs_to_jiffies(max(volume->member_timeout_ms / 4,
							(u32)TICK_MS_MIN)));
}

int braid_io_drain(struct braid_volume *volume, unsigned int timeout_ms)
{
	struct braid_io_set *set = volume->io;

	return wait_event_timeout(set->idle, !atomic_read(&set->busy),
				  msecs_to_jiffies(timeout_ms)) ?
		       0 : -ETIMEDOUT;
}

/* The background pass always finishes, while members answer. */
static int wait_reconciled(struct braid_io_set *set)
{
	unsigned int stuck = 0;
	u32 left, before = U32_MAX;

	while ((left = READ_ONCE(set->reconcile.left))) {
		if (READ_ONCE(set->dead))
			return -EIO;
		if (left < before)
			stuck = 0;
		if (stuck > RECONCILE_STUCK_MS)
			return -ETIMEDOUT;
		before = left;
		stuck += 50;
		msleep(50);
	}
	return 0;
}

int braid_io_flush_and_clear(struct braid_volume *volume)
{
	struct braid_io_set *set = volume->io;
	unsigned int tries;
	int err;

	err = wait_reconciled(set);
	/* What was read may still have to be repaired, which is a write. */
	flush_work(&set->repair_work);
	/* A membership being proposed is decided soon; a member comes back or goes. */
	for (tries = 0; !err && tries < 50; tries++) {
		err = braid_clear_all(set);
		if (err != -EAGAIN)
			return err;
		err = 0;
		msleep(200);
	}
	return err ? err : -ETIMEDOUT;
}

void braid_io_info(struct braid_volume *volume, struct braid_io_info *info)
{
	struct braid_io_set *set = volume->io;
	struct braid_io *first;
	struct bio *bio;
	unsigned int i;

	memset(info, 0, sizeof(*info));
	spin_lock_irq(&volume->lock);
	info->writes = set->writes;
	info->reads = set->nreads;
	for (i = 0; i < BRAID_QUEUES; i++)
		info->held += set->queue[i].count;
	bio_list_for_each(bio, &set->stalled)
		info->held++;
	first = list_first_entry_or_null(&set->ios, struct braid_io, node);
	if (first) {
		info->waits_for = braid_write_waits_for(first);
		info->oldest_ns = ktime_get_boottime_ns() - first->begun;
	}
	info->repaired = set->repaired;
	spin_unlock_irq(&volume->lock);
	info->dirty = READ_ONCE(set->dirty.count);
	info->unreconciled = READ_ONCE(set->reconcile.left);
}

u64 braid_io_waits_since(const struct braid_volume *volume, u64 now)
{
	struct braid_io_set *set = volume->io;
	const struct braid_io_slot *slot;
	const struct braid_read *read;
	const struct braid_io *io;
	u64 since = 0, late;

	lockdep_assert_held(&volume->lock);
	io = list_first_entry_or_null(&set->ios, struct braid_io, node);
	read = list_first_entry_or_null(&set->reads, struct braid_read, node);
	if (io)
		since = io->begun;
	if (read)
		since = min_not_zero(since, read->begun);
	slot = braid_io_slot(set, volume->isr);
	if (!since || !slot)
		return 0;
	/* It may have taken its time for what came after the oldest as well. */
	late = max(since, slot->resumed) + braid_io_patience(volume, set->bytes);
	return now > late ? late : 0;
}

/* The data replicas; the one in this kernel last. */
static void init_slots(struct braid_io_set *set)
{
	struct braid_volume *volume = set->volume;
	struct braid_io_slot *slot;
	struct braid_peer *peer;
	unsigned int i, pass;

	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < volume->npeers; i++) {
			peer = &volume->peers[i];
			if (peer->voter.witness ||
			    (peer == volume->local ? 1 : 0) != pass)
				continue;
			slot = &set->slot[set->nslots++];
			slot->set = set;
			slot->peer = peer;
			slot->bit = peer->bit;
			INIT_WORK(&slot->work, braid_write_resend);
		}
	}
}

static int init_queues(struct braid_io_set *set)
{
	unsigned int flags = WQ_MEM_RECLAIM | WQ_UNBOUND, i;
	const char *name = set->volume->name;

	for (i = 0; i < BRAID_QUEUES; i++) {
		set->queue[i].set = set;
		bio_list_init(&set->queue[i].bios);
		INIT_WORK(&set->queue[i].work, queue_work_fn);
	}
	set->fast = alloc_workqueue("braid-io-%s", flags | WQ_HIGHPRI, 0, name);
	set->punt = alloc_workqueue("braid-mem-%s", flags, 0, name);
	set->slow = alloc_workqueue("braid-bg-%s", flags, 0, name);
	return set->fast && set->punt && set->slow ? 0 : -ENOMEM;
}

static void construct(void *object)
{
}

static void *object_alloc(gfp_t gfp, void *cache)
{
	return kmem_cache_alloc(cache, gfp);
}

static void object_free(void *object, void *cache)
{
	kmem_cache_free(cache, object);
}

/*
 * What has a constructor keeps what is in it while it is free: else the allocator
 * would fill each object with zeroes, most of which nobody looks at.
 */
static int init_pool(mempool_t *pool, int min, struct kmem_cache **cache,
		     const char *kind, size_t size)
{
	static atomic_t made = ATOMIC_INIT(0);
	char name[32];

	snprintf(name, sizeof(name), "braid-%s-%d", kind,
		 atomic_inc_return(&made));
	*cache = kmem_cache_create(name, size, 0, 0, construct);
	if (!*cache)
		return -ENOMEM;
	return mempool_init(pool, min, object_alloc, object_free, *cache);
}

static int init_pools(struct braid_io_set *set)
{
	struct braid_io *io;
	int err;

	err = init_pool(&set->ios_pool, POOL_IOS, &set->ios_cache, "io",
			struct_size(io, leg, set->nslots));
	if (!err)
		err = init_pool(&set->reads_pool, POOL_READS, &set->reads_cache,
				"read", sizeof(struct braid_read));
	if (!err)
		err = braid_payload_reserve(&set->pages);
	return err;
}

/* Frees what init made, all or in part. */
static void set_free(struct braid_io_set *set)
{
	braid_clear_exit(set);
	if (set->slow)
		destroy_workqueue(set->slow);
	if (set->punt)
		destroy_workqueue(set->punt);
	if (set->fast)
		destroy_workqueue(set->fast);
	mempool_exit(&set->ios_pool);
	mempool_exit(&set->reads_pool);
	mempool_exit(&set->pages);
	kmem_cache_destroy(set->ios_cache);
	kmem_cache_destroy(set->reads_cache);
	if (set->dirty.bucket)
		braid_dirty_destroy(&set->dirty);
	kfree(set);
}

int braid_io_init(struct braid_volume *volume)
{
	const struct braid_record *record = &volume->record;
	u32 regions = braid_record_regions(record->size, record->region_shift);
	struct braid_io_set *set;
	int err;

	set = kzalloc(sizeof(*set), GFP_KERNEL);
	if (!set)
		return -ENOMEM;
	set->volume = volume;
	set->region_shift = record->region_shift;
	set->unmap = record->flags & BRAID_RECORD_DISCARD;
	set->size = record->size;
	braid_ranges_init(&set->ranges);
	braid_reconcile_init(set, regions);
	init_waitqueue_head(&set->idle);
	init_llist_head(&set->ready);
	INIT_WORK(&set->ready_work, braid_io_ready_work);
	INIT_WORK(&set->repair_work, braid_repair_work);
	INIT_DELAYED_WORK(&set->tick, tick_work);
	INIT_LIST_HEAD(&set->ios);
	INIT_LIST_HEAD(&set->reads);
	INIT_LIST_HEAD(&set->repairs);
	bio_list_init(&set->stalled);
	init_slots(set);
	err = set->nslots ? init_queues(set) : -EINVAL;
	if (!err)
		err = init_pools(set);
	if (!err)
		err = braid_dirty_init(&set->dirty, regions);
	if (!err)
		err = braid_clear_init(set);
	if (err) {
		set_free(set);
		return err;
	}
	volume->io = set;
	queue_delayed_work(set->fast, &set->tick, 0);
	return 0;
}

/*
 * No bio comes any more, and every request is answered or will be. What is
 * still held fails; then the last object is waited for, and those who looked at
 * the set in freeing it.
 */
void braid_io_exit(struct braid_volume *volume)
{
	struct braid_io_set *set = volume->io;

	if (!set)
		return;
	braid_io_fail(volume, -EIO);
	braid_reconcile_exit(set);
	braid_clear_exit(set);
	wait_event(set->idle,
		   !atomic_read(&set->busy) && !atomic_read(&set->alive));
	synchronize_rcu();
	cancel_delayed_work_sync(&set->tick);
	volume->io = NULL;
	set_free(set);
}
