// SPDX-License-Identifier: GPL-2.0-only
/* The regions that this attachment made dirty. */
#include "io/dirty.h"

#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "store/request.h"

#define DIRTY_BITS_MAX	14

/**
 * struct dirty_region - one dirty region
 * @hash: of its bucket
 * @lru: of braid_dirty.lru
 * @region: its number
 * @writes: writes in flight there, and those about to begin
 * @n: counter of the last write that ended there; 0: none began
 * @touched: when that was, boottime ns
 *
 * Protected by braid_dirty.lock.
 */
struct dirty_region {
	struct hlist_node hash;
	struct list_head lru;
	u32 region;
	u32 writes;
	u64 n;
	u64 touched;
};

int braid_dirty_init(struct braid_dirty *dirty, u32 regions)
{
	spin_lock_init(&dirty->lock);
	dirty->bits = clamp_t(unsigned int, ilog2(regions | 1), 1,
			      DIRTY_BITS_MAX);
	INIT_LIST_HEAD(&dirty->lru);
	dirty->count = 0;
	dirty->forgotten = false;
	/* All zero is an empty bucket. */
	dirty->bucket = kvcalloc(1u << dirty->bits, sizeof(*dirty->bucket),
				 GFP_KERNEL);
	return dirty->bucket ? 0 : -ENOMEM;
}

void braid_dirty_destroy(struct braid_dirty *dirty)
{
	struct dirty_region *one, *next;

	list_for_each_entry_safe(one, next, &dirty->lru, lru)
		kfree(one);
	INIT_LIST_HEAD(&dirty->lru);
	kvfree(dirty->bucket);
	dirty->bucket = NULL;
}

static struct hlist_head *bucket_of(struct braid_dirty *dirty, u32 region)
{
	return &dirty->bucket[hash_32(region, dirty->bits)];
}

static struct dirty_region *dirty_find(struct braid_dirty *dirty, u32 region)
{
	struct dirty_region *one;

	lockdep_assert_held(&dirty->lock);
	hlist_for_each_entry(one, bucket_of(dirty, region), hash)
		if (one->region == region)
			return one;
	return NULL;
}

static void dirty_drop(struct braid_dirty *dirty, struct dirty_region *one)
{
	lockdep_assert_held(&dirty->lock);
	hlist_del(&one->hash);
	list_del(&one->lru);
	dirty->count--;
	kfree(one);
}

static bool dirty_hold_known(struct braid_dirty *dirty, u32 region)
{
	struct dirty_region *one;
	unsigned long flags;

	spin_lock_irqsave(&dirty->lock, flags);
	one = dirty_find(dirty, region);
	if (one) {
		one->writes++;
		dirty->held++;
	}
	spin_unlock_irqrestore(&dirty->lock, flags);
	return one;
}

static bool dirty_hold_new(struct braid_dirty *dirty, u32 region, gfp_t gfp)
{
	struct dirty_region *new, *one;
	unsigned long flags;

	/* Else it would be waited for until there is some: perhaps by this write. */
	if (gfpflags_allow_blocking(gfp))
		gfp |= __GFP_RETRY_MAYFAIL;
	new = kzalloc(sizeof(*new), gfp | __GFP_NOWARN);
	if (!new && !gfpflags_allow_blocking(gfp))
		return false;
	if (new) {
		new->region = region;
		new->writes = 1;
	}
	spin_lock_irqsave(&dirty->lock, flags);
	dirty->held++;
	one = dirty_find(dirty, region);
	if (one) {
		one->writes++;
	} else if (!new) {
		WRITE_ONCE(dirty->forgotten, true);
	} else {
		hlist_add_head(&new->hash, bucket_of(dirty, region));
		list_add_tail(&new->lru, &dirty->lru);
		dirty->count++;
	}
	spin_unlock_irqrestore(&dirty->lock, flags);
	if (one)
		kfree(new);
	return true;
}

bool braid_dirty_hold(struct braid_dirty *dirty, u32 first, u32 last, gfp_t gfp)
{
	u32 region;

	for (region = first; region <= last; region++) {
		if (dirty_hold_known(dirty, region) ||
		    dirty_hold_new(dirty, region, gfp))
			continue;
		if (region > first)
			braid_dirty_release(dirty, first, region - 1, 0, 0);
		return false;
	}
	return true;
}

void braid_dirty_release(struct braid_dirty *dirty, u32 first, u32 last, u64 n,
			 u64 now)
{
	struct dirty_region *one;
	unsigned long flags;
	u32 region;

	spin_lock_irqsave(&dirty->lock, flags);
	dirty->held -= last - first + 1;
	for (region = first; region <= last; region++) {
		one = dirty_find(dirty, region);
		/* It was not taken down for want of memory. */
		if (!one || !one->writes)
			continue;
		one->writes--;
		if (n) {
			one->n = max(one->n, n);
			one->touched = now;
			list_move_tail(&one->lru, &dirty->lru);
		} else if (!one->n && !one->writes) {
			dirty_drop(dirty, one);
		}
	}
	spin_unlock_irqrestore(&dirty->lock, flags);
}

u32 braid_dirty_idle(struct braid_dirty *dirty, u64 before, u32 keep,
		     struct braid_clear *out, u32 max)
{
	struct dirty_region *one;
	unsigned long flags;
	u32 count = 0, over;

	/* Some count of writes in flight may be too low then. */
	if (READ_ONCE(dirty->forgotten))
		return 0;
	spin_lock_irqsave(&dirty->lock, flags);
	over = dirty->count > keep ? dirty->count - keep : 0;
	list_for_each_entry(one, &dirty->lru, lru) {
		if (count == max)
			break;
		if (one->writes || !one->n)
			continue;
		if (one->touched >= before && count >= over)
			break;
		out[count].region = cpu_to_le32(one->region);
		out[count].reserved = 0;
		out[count].n = cpu_to_le64(one->n);
		count++;
	}
	spin_unlock_irqrestore(&dirty->lock, flags);
	return count;
}

bool braid_dirty_recall(struct braid_dirty *dirty)
{
	unsigned long flags;
	bool known;

	spin_lock_irqsave(&dirty->lock, flags);
	known = !dirty->held;
	if (known)
		WRITE_ONCE(dirty->forgotten, false);
	spin_unlock_irqrestore(&dirty->lock, flags);
	return known;
}

void braid_dirty_forget(struct braid_dirty *dirty)
{
	unsigned long flags;

	spin_lock_irqsave(&dirty->lock, flags);
	WRITE_ONCE(dirty->forgotten, true);
	spin_unlock_irqrestore(&dirty->lock, flags);
}

/* Was the region written since?  @one: it, or NULL if it is not known */
static bool dirty_written(const struct dirty_region *one,
			  const struct braid_clear *clear)
{
	return one && (one->writes || one->n > le64_to_cpu(clear->n));
}

u32 braid_dirty_unchanged(struct braid_dirty *dirty, struct braid_clear *list,
			  u32 count)
{
	unsigned long flags;
	u32 i, left = 0;

	spin_lock_irqsave(&dirty->lock, flags);
	for (i = 0; i < count; i++)
		if (!dirty_written(dirty_find(dirty,
					      le32_to_cpu(list[i].region)),
				   &list[i]))
			list[left++] = list[i];
	spin_unlock_irqrestore(&dirty->lock, flags);
	return left;
}

void braid_dirty_cleared(struct braid_dirty *dirty,
			 const struct braid_clear *list, u32 count)
{
	struct dirty_region *one;
	unsigned long flags;
	u32 i;

	spin_lock_irqsave(&dirty->lock, flags);
	for (i = 0; i < count; i++) {
		one = dirty_find(dirty, le32_to_cpu(list[i].region));
		if (one && !dirty_written(one, &list[i]))
			dirty_drop(dirty, one);
	}
	spin_unlock_irqrestore(&dirty->lock, flags);
}
