// SPDX-License-Identifier: GPL-2.0-only
/* What the parts of the I/O part do to the bios and members that they share. */
#include "io/io_set.h"

#include <linux/blkdev.h>
#include <linux/math64.h>
#include <linux/rcupdate.h>
#include <linux/timekeeping.h>
#include <linux/time64.h>

/* A member may take its time again for so many bytes. */
#define PATIENCE_BYTES		(16ULL << 20)

void braid_io_ready(struct braid_io_set *set, struct braid_ready *ready)
{
	if (llist_add(&ready->node, &set->ready))
		queue_work(set->fast, &set->ready_work);
}

void braid_io_ready_work(struct work_struct *work)
{
	struct braid_io_set *set =
		container_of(work, struct braid_io_set, ready_work);
	struct llist_node *list = llist_reverse_order(llist_del_all(&set->ready));
	struct braid_ready *ready, *next;

	llist_for_each_entry_safe(ready, next, list, node)
		ready->run(ready);
}

/* exit waits for a grace period after the last one, so @set stays meanwhile. */
static void set_dec(struct braid_io_set *set, atomic_t *count)
{
	rcu_read_lock();
	if (atomic_dec_and_test(count) && wq_has_sleeper(&set->idle))
		wake_up_all(&set->idle);
	rcu_read_unlock();
}

void braid_io_freed(struct braid_io_set *set)
{
	set_dec(set, &set->alive);
}

void braid_io_end_bio(struct braid_io_set *set, struct bio *bio, int error)
{
	if (unlikely(error))
		bio->bi_status = errno_to_blk_status(error);
	bio_endio(bio);
	set_dec(set, &set->busy);
}

static void queue_add(struct braid_io_queue *queue, struct bio *bio, bool first)
{
	lockdep_assert_held(&queue->set->volume->lock);
	if (first)
		bio_list_add_head(&queue->bios, bio);
	else
		bio_list_add(&queue->bios, bio);
	WRITE_ONCE(queue->count, queue->count + 1);
	queue_work(queue->set->punt, &queue->work);
}

void braid_io_requeue(struct braid_io_set *set, struct bio *bio)
{
	unsigned long flags;

	spin_lock_irqsave(&set->volume->lock, flags);
	queue_add(&set->queue[braid_queue_of(bio)], bio, true);
	spin_unlock_irqrestore(&set->volume->lock, flags);
}

void braid_io_enqueue(struct braid_io_set *set, struct bio_list *bios)
{
	unsigned long flags;
	struct bio *bio;

	spin_lock_irqsave(&set->volume->lock, flags);
	while ((bio = bio_list_pop(bios)))
		queue_add(&set->queue[braid_queue_of(bio)], bio, false);
	spin_unlock_irqrestore(&set->volume->lock, flags);
}

void braid_io_stall(struct braid_io_set *set, struct bio *bio)
{
	unsigned long flags;

	spin_lock_irqsave(&set->volume->lock, flags);
	/* Nobody looks at those that stalled once everything failed. */
	if (set->dead)
		queue_add(&set->queue[braid_queue_of(bio)], bio, false);
	else
		bio_list_add(&set->stalled, bio);
	spin_unlock_irqrestore(&set->volume->lock, flags);
}

void braid_io_unstall(struct braid_io_set *set)
{
	struct bio_list bios;
	unsigned long flags;

	spin_lock_irqsave(&set->volume->lock, flags);
	bios = set->stalled;
	bio_list_init(&set->stalled);
	spin_unlock_irqrestore(&set->volume->lock, flags);
	braid_io_enqueue(set, &bios);
}

struct braid_io_slot *braid_io_slot(struct braid_io_set *set, u64 bit)
{
	unsigned int i;

	for (i = 0; i < set->nslots; i++)
		if (set->slot[i].bit == bit)
			return &set->slot[i];
	return NULL;
}

void braid_io_kick(struct braid_io_slot *slot)
{
	lockdep_assert_held(&slot->set->volume->lock);
	if (slot->broken || slot->resending)
		return;
	slot->resending = true;
	queue_work(slot->set->fast, &slot->work);
}

bool braid_io_lost(struct braid_io_slot *slot, u32 session)
{
	lockdep_assert_held(&slot->set->volume->lock);
	if (session != slot->session)
		return true;
	slot->broken = true;
	return false;
}

bool braid_io_may_tell(const struct braid_io_set *set)
{
	const struct braid_volume *volume = set->volume;

	lockdep_assert_held(&volume->lock);
	return !set->dead && volume->state != BRAID_VOLUME_DEAD &&
	       !(volume->held & (BRAID_HELD_LEASE | BRAID_HELD_REFUSED)) &&
	       ktime_get_boottime_ns() < READ_ONCE(volume->lease_until);
}

u64 braid_io_patience(const struct braid_volume *volume, u64 length)
{
	u64 once = (u64)volume->member_timeout_ms * NSEC_PER_MSEC;

	return once + div64_u64(length * volume->member_timeout_ms,
				PATIENCE_BYTES) * NSEC_PER_MSEC;
}
