// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clearing.  What makes a CLEAR of (region, n) right is decided in this order:
 *
 * 1. Nothing is in flight in the region, so every member of the ISR and of any
 *    membership being proposed acknowledged all writes there, the last being n.
 * 2. A flush that begins after that ends well on all of them.
 * 3. Under volume->lock: nothing is proposed (C2), nobody is in the ISR who did
 *    not flush; whether a data replica is outside (C3) and the generation (G3)
 *    are looked at in the same moment.
 * 4. The region is still as in 1.; it is reconciled. So no write there has a
 *    counter between n and that of the flush, and the clear names the latter: a
 *    replica that does not know of each region may compare with all its writes.
 *
 * What happens after 3. does no harm: a write has a greater n, and a replica that
 * received it ignores the clear, or the write sets the bit again (C1). A member
 * that is ejected has everything the clear is about; a joiner is not asked.
 */
#include "io/clear.h"

#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "io/copy.h"
#include "io/flush.h"
#include "io/io_set.h"

#define CLEAR_IDLE_NS		(5 * NSEC_PER_SEC)
#define CLEAR_EVERY_MS		2500
#define CLEAR_DIRTY_MAX		65536u
/* Beyond the maximum so many are cleared at once, not one after each write. */
#define CLEAR_DIRTY_KEEP	(CLEAR_DIRTY_MAX - CLEAR_DIRTY_MAX / 8)
#define CLEAR_BATCH		(BRAID_BODY_MAX / sizeof(struct braid_clear))

/**
 * struct braid_clearing - who clears
 * @set: whose
 * @copier: asks the members
 * @body: regions to be cleared, CLEAR_BATCH of them
 * @work: on set->slow
 */
struct braid_clearing {
	struct braid_io_set *set;
	struct braid_copier *copier;
	struct braid_clear *body;
	struct delayed_work work;
};

/* Rule 3. Return: members to be asked, empty: not now. */
static u64 clear_members(struct braid_io_set *set, u64 flushed, bool *stamp)
{
	struct braid_volume *volume = set->volume;
	u64 members = 0, data;

	spin_lock_irq(&volume->lock);
	data = braid_voters_data(&volume->record.voters) |
	       braid_voters_data(&volume->record.next);
	if (!volume->proposed && !(volume->isr & ~flushed) && !set->dead)
		members = volume->isr;
	*stamp = data & ~members;
	spin_unlock_irq(&volume->lock);
	return members;
}

/* Rule 4. */
static u32 clear_still(struct braid_clearing *clearing, u32 count, u64 n)
{
	struct braid_io_set *set = clearing->set;
	struct braid_clear *body = clearing->body;
	u32 i, left = 0;

	for (i = 0; i < count; i++)
		if (!braid_reconcile_is_left(set, le32_to_cpu(body[i].region)))
			body[left++] = body[i];
	left = braid_dirty_unchanged(&set->dirty, body, left);
	for (i = 0; i < left; i++)
		body[i].n = cpu_to_le64(n);
	return left;
}

/*
 * Clears @count regions of the body, after the flush @n of @flushed.
 * Return: 0; -EAGAIN: not now.
 */
static int clear_flushed(struct braid_clearing *clearing, u32 count,
			 u64 flushed, u64 n)
{
	struct braid_io_set *set = clearing->set;
	struct braid_copier *copier = clearing->copier;
	u64 members;
	bool stamp;

	count = clear_still(clearing, count, n);
	if (!count)
		return 0;
	members = clear_members(set, flushed, &stamp);
	if (!members)
		return -EAGAIN;
	copier->ask = (struct braid_request) {
		.op = BRAID_OP_CLEAR,
		.flags = stamp ? BRAID_REQ_STAMP : 0,
		.body = clearing->body,
		.body_len = count * sizeof(*clearing->body),
	};
	if (!braid_copier_ask(copier, members))
		return -EAGAIN;
	braid_dirty_cleared(&set->dirty, clearing->body, count);
	return 0;
}

/* Return: 0; -EAGAIN: not now; others: the volume is dead. */
static int clear_batch(struct braid_clearing *clearing, u32 count)
{
	u64 flushed, n;
	int err;

	err = braid_flush_wait(clearing->set, &flushed, &n);
	return err ?: clear_flushed(clearing, count, flushed, n);
}

/* A flush with which no write was in flight when it began. */
static int flush_alone(struct braid_io_set *set, u64 *flushed, u64 *n)
{
	u64 before;
	bool alone;
	int err;

	spin_lock_irq(&set->volume->lock);
	alone = !set->writes;
	before = set->n;
	spin_unlock_irq(&set->volume->lock);
	if (!alone)
		return -EAGAIN;
	err = braid_flush_wait(set, flushed, n);
	return err ?: *n == before + 1 ? 0 : -EAGAIN;
}

/*
 * Which regions are dirty was forgotten: any may be, so all are cleared.  What is
 * in flight in one of them was taken down again, 1. and 4. hold for the others.
 */
static int clear_forgotten(struct braid_clearing *clearing)
{
	struct braid_io_set *set = clearing->set;
	const u32 regions = set->reconcile.regions;
	u32 region, count, i;
	u64 flushed, n;
	int err;

	if (!braid_dirty_recall(&set->dirty))
		return -EAGAIN;
	err = READ_ONCE(set->reconcile.left) ? -EAGAIN :
	      flush_alone(set, &flushed, &n);
	for (region = 0; !err && region < regions; region += count) {
		/* Once more, by what the flush may not have seen. */
		if (READ_ONCE(set->dirty.forgotten)) {
			err = -EAGAIN;
			break;
		}
		count = min_t(u32, regions - region, CLEAR_BATCH);
		for (i = 0; i < count; i++)
			clearing->body[i] = (struct braid_clear) {
				.region = cpu_to_le32(region + i),
				.n = cpu_to_le64(n),
			};
		err = clear_flushed(clearing, count, flushed, n);
	}
	if (err)
		braid_dirty_forget(&set->dirty);
	return err;
}

/* Clears what was not written since @before, and what is more than @keep. */
static int clear_some(struct braid_clearing *clearing, u64 before, u32 keep)
{
	struct braid_io_set *set = clearing->set;
	u32 count;
	int err = 0;

	if (READ_ONCE(set->dirty.forgotten))
		err = clear_forgotten(clearing);
	while (!err && !READ_ONCE(set->dead)) {
		count = braid_dirty_idle(&set->dirty, before, keep,
					 clearing->body, CLEAR_BATCH);
		if (!count)
			break;
		err = clear_batch(clearing, count);
		if (count < CLEAR_BATCH)
			break;
	}
	return err;
}

static bool may_clear(struct braid_io_set *set)
{
	struct braid_volume *volume = set->volume;
	bool may;

	spin_lock_irq(&volume->lock);
	may = !volume->held && !volume->proposed && !set->dead &&
	      volume->state == BRAID_VOLUME_ACTIVE;
	spin_unlock_irq(&volume->lock);
	return may;
}

static void clear_work(struct work_struct *work)
{
	struct braid_clearing *clearing = container_of(to_delayed_work(work),
						       struct braid_clearing,
						       work);
	u64 now = ktime_get_boottime_ns();
	u32 keep = U32_MAX;

	if (READ_ONCE(clearing->set->dead))
		return;
	if (READ_ONCE(clearing->set->dirty.count) > CLEAR_DIRTY_MAX)
		keep = CLEAR_DIRTY_KEEP;
	if (may_clear(clearing->set))
		clear_some(clearing,
			   now > CLEAR_IDLE_NS ? now - CLEAR_IDLE_NS : 0, keep);
	queue_delayed_work(clearing->set->slow, &clearing->work,
			   msecs_to_jiffies(CLEAR_EVERY_MS));
}

int braid_clear_all(struct braid_io_set *set)
{
	struct braid_clearing *clearing = set->clearing;
	u64 flushed, n;
	int err;

	/* What it clears with is ours meanwhile. */
	cancel_delayed_work_sync(&clearing->work);
	err = clear_some(clearing, U64_MAX, 0);
	/* Without a dirty region there was no flush yet. */
	if (!err)
		err = braid_flush_wait(set, &flushed, &n);
	queue_delayed_work(set->slow, &clearing->work,
			   msecs_to_jiffies(CLEAR_EVERY_MS));
	if (err)
		return err == -EAGAIN ? err : -EIO;
	return READ_ONCE(set->dirty.count) ||
	       READ_ONCE(set->dirty.forgotten) ? -EIO : 0;
}

int braid_clear_init(struct braid_io_set *set)
{
	struct braid_clearing *clearing;

	clearing = kzalloc(sizeof(*clearing), GFP_KERNEL);
	if (!clearing)
		return -ENOMEM;
	clearing->set = set;
	clearing->copier = braid_copier_new(set, 0, GFP_KERNEL);
	/* On its way it is looked at page by page: not vmalloc'ed. */
	clearing->body = kmalloc_array(CLEAR_BATCH, sizeof(*clearing->body),
				       GFP_KERNEL);
	if (!clearing->copier || !clearing->body) {
		braid_copier_free(clearing->copier);
		kfree(clearing->body);
		kfree(clearing);
		return -ENOMEM;
	}
	INIT_DELAYED_WORK(&clearing->work, clear_work);
	set->clearing = clearing;
	queue_delayed_work(set->slow, &clearing->work,
			   msecs_to_jiffies(CLEAR_EVERY_MS));
	return 0;
}

void braid_clear_exit(struct braid_io_set *set)
{
	struct braid_clearing *clearing = set->clearing;

	if (!clearing)
		return;
	cancel_delayed_work_sync(&clearing->work);
	braid_copier_free(clearing->copier);
	kfree(clearing->body);
	kfree(clearing);
	set->clearing = NULL;
}
