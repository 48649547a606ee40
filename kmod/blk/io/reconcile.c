// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attach 4: regions that a writer left dirty are made equal on every member
 * before anybody reads or writes them, so that what was read once cannot vanish.
 */
#include "io/reconcile.h"

#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "io/copy.h"
#include "io/flush.h"
#include "io/io.h"
#include "io/io_set.h"

#define NO_REGION		U32_MAX
#define RECONCILE_AGAIN_MS	200

/**
 * struct braid_reconciler - one who makes regions equal
 * @set: whose
 * @copier: its own; NULL: it is done
 * @region: at work on, or NO_REGION; reconcile.lock
 * @flushed: what the members held when it began is durable on them
 * @work: on set->slow
 * @granted: of the range it waits for
 * @range: the blocks of the region
 */
struct braid_reconciler {
	struct braid_io_set *set;
	struct braid_copier *copier;
	u32 region;
	bool flushed;
	struct delayed_work work;
	struct completion granted;
	struct braid_range range;
};

void braid_reconcile_init(struct braid_io_set *set, u32 regions)
{
	struct braid_reconcile *all = &set->reconcile;

	spin_lock_init(&all->lock);
	all->regions = regions;
	bio_list_init(&all->parked);
}

static u32 bio_first_region(const struct braid_io_set *set,
			    const struct bio *bio)
{
	return braid_bio_offset(bio) >> set->region_shift;
}

static u32 bio_last_region(const struct braid_io_set *set,
			   const struct bio *bio)
{
	return (braid_bio_offset(bio) + bio->bi_iter.bi_size - 1) >>
	       set->region_shift;
}

/* A region that the bio touches and that is left, or NO_REGION. */
static u32 bio_waits_for(struct braid_io_set *set, const struct bio *bio,
			 u32 from)
{
	struct braid_reconcile *all = &set->reconcile;
	u32 region, last = bio_last_region(set, bio);

	lockdep_assert_held(&all->lock);
	if (!all->left)
		return NO_REGION;
	from = max(from, bio_first_region(set, bio));
	region = find_next_bit(all->unequal, all->regions, from);
	return region <= last ? region : NO_REGION;
}

bool braid_reconcile_park(struct braid_io_set *set, struct bio *bio)
{
	struct braid_reconcile *all = &set->reconcile;
	unsigned long flags;
	bool parked;

	if (likely(!READ_ONCE(all->left)) || !bio->bi_iter.bi_size)
		return false;
	spin_lock_irqsave(&all->lock, flags);
	/* Once everything failed nobody looks at those parked. */
	parked = !READ_ONCE(set->dead) &&
		 bio_waits_for(set, bio, 0) != NO_REGION;
	if (parked)
		bio_list_add(&all->parked, bio);
	spin_unlock_irqrestore(&all->lock, flags);
	return parked;
}

void braid_reconcile_fail(struct braid_io_set *set, struct bio_list *parked)
{
	struct braid_reconcile *all = &set->reconcile;
	unsigned long flags;

	spin_lock_irqsave(&all->lock, flags);
	bio_list_merge(parked, &all->parked);
	bio_list_init(&all->parked);
	spin_unlock_irqrestore(&all->lock, flags);
}

bool braid_reconcile_is_left(struct braid_io_set *set, u32 region)
{
	struct braid_reconcile *all = &set->reconcile;
	unsigned long flags;
	bool left;

	if (!READ_ONCE(all->left))
		return false;
	spin_lock_irqsave(&all->lock, flags);
	left = all->left && test_bit(region, all->unequal);
	spin_unlock_irqrestore(&all->lock, flags);
	return left;
}

u32 braid_io_unreconciled(struct braid_volume *volume)
{
	return READ_ONCE(volume->io->reconcile.left);
}

static bool is_worked_on(const struct braid_reconcile *all, u32 region)
{
	unsigned int i;

	for (i = 0; i < BRAID_RECONCILERS; i++)
		if (all->worker[i] && all->worker[i]->region == region)
			return true;
	return false;
}

/* First what somebody waits for, then the background pass. */
static u32 reconcile_pick(struct braid_reconciler *worker)
{
	struct braid_io_set *set = worker->set;
	struct braid_reconcile *all = &set->reconcile;
	u32 region = NO_REGION, turns;
	struct bio *bio;

	spin_lock_irq(&all->lock);
	bio_list_for_each(bio, &all->parked) {
		region = bio_waits_for(set, bio, 0);
		while (region != NO_REGION && is_worked_on(all, region))
			region = bio_waits_for(set, bio, region + 1);
		if (region != NO_REGION)
			goto out;
	}
	/* Those worked on are at most the others, so this ends. */
	for (turns = 0; all->left && turns <= BRAID_RECONCILERS; turns++) {
		region = find_next_bit(all->unequal, all->regions, all->cursor);
		if (region >= all->regions)
			region = find_first_bit(all->unequal, all->regions);
		all->cursor = region + 1 < all->regions ? region + 1 : 0;
		if (!is_worked_on(all, region))
			goto out;
		region = NO_REGION;
	}
out:
	worker->region = region;
	spin_unlock_irq(&all->lock);
	return region;
}

/* It is equal: those who waited for nothing else are begun anew. */
static void reconcile_done(struct braid_reconciler *worker, bool equal)
{
	struct braid_io_set *set = worker->set;
	struct braid_reconcile *all = &set->reconcile;
	struct bio_list free, rest;
	bool last = false;
	struct bio *bio;

	bio_list_init(&free);
	bio_list_init(&rest);
	spin_lock_irq(&all->lock);
	if (equal) {
		__clear_bit(worker->region, all->unequal);
		WRITE_ONCE(all->left, all->left - 1);
		last = !all->left;
		while ((bio = bio_list_pop(&all->parked)))
			bio_list_add(bio_waits_for(set, bio, 0) == NO_REGION ?
					     &free : &rest, bio);
		bio_list_merge(&all->parked, &rest);
	}
	worker->region = NO_REGION;
	spin_unlock_irq(&all->lock);
	if (last)
		braid_volume_equal(set->volume);
	braid_io_enqueue(set, &free);
}

static void reconcile_granted(struct braid_range *range)
{
	complete(&container_of(range, struct braid_reconciler, range)->granted);
}

/*
 * What somebody reads must not go with the power of a member, whose disk may hold
 * another value under its cache, nor with that of all: it is durable on each
 * member before it is served, what was found there as well as what was copied
 * (attach 4, I8, I9).
 */
static int reconcile_flush(struct braid_io_set *set)
{
	struct braid_volume *volume = set->volume;
	u64 flushed, n, members;
	int err;

	err = braid_flush_wait(set, &flushed, &n);
	if (err)
		return err;
	spin_lock_irq(&volume->lock);
	members = volume->isr;
	spin_unlock_irq(&volume->lock);
	return members & ~flushed ? -EAGAIN : 0;
}

/*
 * Whoever touches it is parked, so the range is held against repairs only. What
 * was copied, or was equal but dirty, is dirty in this attachment too, until a
 * flush and a clear.
 */
static int reconcile_region(struct braid_reconciler *worker, u32 region)
{
	struct braid_io_set *set = worker->set;
	u64 offset = (u64)region << set->region_shift;
	u64 length = min_t(u64, 1ULL << set->region_shift, set->size - offset);
	struct braid_range *range = &worker->range;
	u64 n;
	int err;

	range->first = offset >> BRAID_BLOCK_SHIFT;
	range->last = (offset + length - 1) >> BRAID_BLOCK_SHIFT;
	range->exclusive = true;
	range->granted = reconcile_granted;
	reinit_completion(&worker->granted);
	if (!braid_range_lock(&set->ranges, range))
		wait_for_completion(&worker->granted);
	braid_dirty_hold(&set->dirty, region, region, GFP_NOIO);
	err = braid_copier_equalise(worker->copier, offset, length,
				    set->reconcile.source,
				    set->reconcile.kept);
	if (!err && worker->copier->copied)
		err = reconcile_flush(set);
	spin_lock_irq(&set->volume->lock);
	n = ++set->n;
	spin_unlock_irq(&set->volume->lock);
	/*
	 * C2: not to be cleared before it is done, though some of it may have been
	 * written: braid_reconcile_is_left().
	 */
	braid_dirty_release(&set->dirty, region, region, n,
			    ktime_get_boottime_ns());
	braid_range_unlock(&set->ranges, range);
	return err;
}

static void reconcile_work(struct work_struct *work)
{
	struct braid_reconciler *worker = container_of(to_delayed_work(work),
						       struct braid_reconciler,
						       work);
	struct braid_io_set *set = worker->set;
	u32 region;
	int err;

	while (!READ_ONCE(set->dead)) {
		region = reconcile_pick(worker);
		if (region == NO_REGION)
			break;
		err = worker->flushed ? 0 : reconcile_flush(set);
		worker->flushed = !err;
		if (!err)
			err = reconcile_region(worker, region);
		reconcile_done(worker, !err);
		if (err) {
			/* Somebody was not reached, and comes back or goes. */
			queue_delayed_work(set->slow, &worker->work,
					   msecs_to_jiffies(RECONCILE_AGAIN_MS));
			return;
		}
	}
	/* Nothing is left but what others are at work on. */
	braid_copier_free(worker->copier);
	worker->copier = NULL;
}

static struct braid_reconciler *reconciler_new(struct braid_io_set *set,
					       gfp_t gfp)
{
	struct braid_reconciler *worker = kzalloc(sizeof(*worker), gfp);

	if (!worker)
		return NULL;
	worker->set = set;
	worker->region = NO_REGION;
	worker->copier = braid_copier_new(set, BRAID_PAYLOAD_MAX, gfp);
	if (!worker->copier) {
		kfree(worker);
		return NULL;
	}
	init_completion(&worker->granted);
	INIT_DELAYED_WORK(&worker->work, reconcile_work);
	return worker;
}

void braid_io_reconcile(struct braid_volume *volume, unsigned long *dirty,
			u8 source, u64 kept)
{
	struct braid_io_set *set = volume->io;
	struct braid_reconcile *all = &set->reconcile;
	u32 left = bitmap_weight(dirty, all->regions);
	unsigned int i;

	might_sleep();
	if (!left || WARN_ON_ONCE(all->unequal)) {
		kvfree(dirty);
		if (!left)
			braid_volume_equal(volume);
		return;
	}
	/* One has to be; more are faster. */
	for (i = 0; i < BRAID_RECONCILERS; i++) {
		do
			all->worker[i] = reconciler_new(set, GFP_KERNEL);
		while (!i && !all->worker[i] &&
		       !schedule_timeout_uninterruptible(HZ / 10));
	}
	spin_lock_irq(&all->lock);
	all->unequal = dirty;
	all->source = source ? BRAID_VOTER_BIT(source) : 0;
	all->kept = kept;
	all->cursor = 0;
	WRITE_ONCE(all->left, left);
	spin_unlock_irq(&all->lock);
	for (i = 0; i < BRAID_RECONCILERS; i++)
		if (all->worker[i])
			queue_delayed_work(set->slow, &all->worker[i]->work, 0);
}

void braid_reconcile_exit(struct braid_io_set *set)
{
	struct braid_reconcile *all = &set->reconcile;
	unsigned int i;

	for (i = 0; i < BRAID_RECONCILERS; i++) {
		if (!all->worker[i])
			continue;
		cancel_delayed_work_sync(&all->worker[i]->work);
		braid_copier_free(all->worker[i]->copier);
		kfree(all->worker[i]);
		all->worker[i] = NULL;
	}
	kvfree(all->unequal);
	all->unequal = NULL;
}
