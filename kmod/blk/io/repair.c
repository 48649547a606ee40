// SPDX-License-Identifier: GPL-2.0-only
/* Blocks that one member cannot read are written anew with what another has. */
#include "io/repair.h"

#include <linux/completion.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "io/account.h"
#include "io/copy.h"
#include "io/read.h"

static struct braid_read *repair_next(struct braid_io_set *set)
{
	struct braid_read *read;

	spin_lock_irq(&set->volume->lock);
	read = list_first_entry_or_null(&set->repairs, struct braid_read, node);
	if (read) {
		list_del_init(&read->node);
		set->nrepairs--;
	}
	spin_unlock_irq(&set->volume->lock);
	return read;
}

/*
 * Members that could not read are asked first: so it is known which of the
 * blocks are bad.  Return: 0, -EIO, -EAGAIN.
 */
static int repair_block(struct braid_copier *copier, struct braid_read *read,
			u32 at)
{
	struct braid_io_set *set = read->set;
	u64 offset = read->request.offset + at, members, first, from = 0;
	u64 suspects, bad = 0;
	int err;

	spin_lock_irq(&set->volume->lock);
	members = set->volume->isr;
	spin_unlock_irq(&set->volume->lock);
	for (suspects = read->unreadable & members; suspects;
	     suspects &= ~first) {
		first = BIT_ULL(__ffs64(suspects));
		if (first & bad)
			continue;
		err = braid_copier_read(copier, offset, BRAID_BLOCK,
					members & ~bad, first, &bad, &from);
		if (err)
			return err;
	}
	/* All of the suspects left the ISR; if the bio waits, it needs the data. */
	if (!from && read->bio) {
		err = braid_copier_read(copier, offset, BRAID_BLOCK, members, 0,
					&bad, &from);
		if (err)
			return err;
	}
	if (read->bio)
		braid_payload_drain(&copier->buffer, read->bio, at,
				    BRAID_BLOCK);
	if (!bad || braid_copier_write(copier, offset, BRAID_BLOCK, bad))
		return 0;
	spin_lock_irq(&set->volume->lock);
	set->repaired++;
	spin_unlock_irq(&set->volume->lock);
	return 0;
}

struct repair_turn {
	struct braid_range range;
	struct completion granted;
};

static void repair_granted(struct braid_range *range)
{
	complete(&container_of(range, struct repair_turn, range)->granted);
}

/* Its blocks are held exclusively: what is written is what is there. */
static int repair_blocks(struct braid_copier *copier, struct braid_read *read)
{
	struct braid_io_set *set = read->set;
	u32 first = read->request.offset >> set->region_shift;
	u32 last = (read->request.offset + read->request.length - 1) >>
		   set->region_shift;
	struct repair_turn turn = {
		.range.first = read->range.first,
		.range.last = read->range.last,
		.range.exclusive = true,
		.range.granted = repair_granted,
	};
	u64 n;
	u32 at;
	int err = 0;

	init_completion(&turn.granted);
	if (!braid_range_lock(&set->ranges, &turn.range))
		wait_for_completion(&turn.granted);
	braid_dirty_hold(&set->dirty, first, last, GFP_NOIO);
	for (at = 0; !err && at < read->request.length; at += BRAID_BLOCK) {
		err = repair_block(copier, read, at);
		if (READ_ONCE(set->dead))
			err = -EIO;
	}
	spin_lock_irq(&set->volume->lock);
	n = ++set->n;
	spin_unlock_irq(&set->volume->lock);
	braid_dirty_release(&set->dirty, first, last, n,
			    ktime_get_boottime_ns());
	braid_range_unlock(&set->ranges, &turn.range);
	return err;
}

/* What cannot be done now is done when something changed. */
static void repair_again(struct braid_read *read)
{
	struct bio *bio = read->bio;

	if (bio) {
		read->bio = NULL;
		braid_account_end(bio, read->started);
		braid_io_stall(read->set, bio);
	}
	braid_read_finish(read, 0);
}

static void repair_one(struct braid_copier *copier, struct braid_read *read)
{
	struct braid_io_set *set = read->set;
	bool tell;
	int err;

	err = repair_blocks(copier, read);
	spin_lock_irq(&set->volume->lock);
	tell = braid_io_may_tell(set);
	spin_unlock_irq(&set->volume->lock);
	if (err == -EIO || (!err && tell))
		braid_read_finish(read, err);
	else
		repair_again(read);
}

void braid_repair_work(struct work_struct *work)
{
	struct braid_io_set *set =
		container_of(work, struct braid_io_set, repair_work);
	struct braid_copier *copier = NULL;
	struct braid_read *read;

	while ((read = repair_next(set))) {
		if (!copier)
			copier = braid_copier_new(set, BRAID_BLOCK, GFP_NOIO);
		if (READ_ONCE(set->dead))
			braid_read_finish(read, -EIO);
		else if (copier)
			repair_one(copier, read);
		else
			repair_again(read);
	}
	braid_copier_free(copier);
}
