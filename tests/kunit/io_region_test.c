// SPDX-License-Identifier: GPL-2.0-only
/* Reconciling and clearing, with voters that answer as the test says. */
#include "../../kmod/blk/io/clear.c"
#include "../../kmod/blk/io/copy.c"
/* What is taken down of a region is what can be short here. */
#include "fault.h"
#include "../../kmod/blk/io/dirty.c"
#include "../../kmod/blk/io/flush.c"
#include "../../kmod/blk/io/io.c"
#include "../../kmod/blk/io/io_set.c"
#include "../../kmod/blk/io/payload.c"
#include "../../kmod/blk/io/range.c"
#include "../../kmod/blk/io/read.c"
#include "../../kmod/blk/io/reconcile.c"
#include "../../kmod/blk/io/repair.c"
#include "../../kmod/blk/transport/spare.c"
#include "../../kmod/blk/io/write.c"

#include <linux/crc32.h>

#include "random.h"

#include "io_world.h"

static struct world *world_held(struct kunit *test)
{
	struct world *w = world_begin(test);

	world_mode(w, FAKE_HOLD);
	return w;
}

static void reconcile_comes_before_the_touch(struct kunit *test)
{
	struct world *w = world_held(test);
	unsigned long *dirty = bitmap_zalloc(WORLD_REGIONS, GFP_KERNEL);
	struct app *app, *free;

	KUNIT_ASSERT_NOT_NULL(test, dirty);
	/* Region 3 differs; a value that was read once may be on one of them. */
	memset(w->fake[0].disk + (3 << WORLD_REGION_SHIFT), 1, 65536);
	memset(w->fake[1].disk + (3 << WORLD_REGION_SHIFT), 2, 65536);
	bitmap_fill(dirty, WORLD_REGIONS);
	__clear_bit(9, dirty);
	braid_io_reconcile(&w->volume, dirty, 2, 0);
	KUNIT_EXPECT_EQ(test, braid_io_unreconciled(&w->volume),
			WORLD_REGIONS - 1);
	KUNIT_EXPECT_EQ(test, READ_ONCE(w->equal), 0);
	app = app_submit(w, REQ_OP_READ, 3 * 16 + 2, 1, 0xff);
	free = app_submit(w, REQ_OP_WRITE, 9 * 16, 1, 0xff);
	KUNIT_EXPECT_TRUE(test, wait_until(logged(w, 2, BRAID_OP_WRITE) == 1));
	msleep(20);
	KUNIT_EXPECT_EQ(test, logged(w, -1, BRAID_OP_READ), 0);
	random_begin(test, &w->rnd);
	world_mode(w, FAKE_LATER);
	queue_work(w->queue, &w->later);
	KUNIT_EXPECT_TRUE(test, wait_for_completion_timeout(&app->done, 5 * HZ));
	KUNIT_EXPECT_EQ(test, app_byte(app, 0), 2);
	app_free(app);
	KUNIT_EXPECT_EQ(test, app_wait(w, free), 0);
	KUNIT_EXPECT_TRUE(test,
			  wait_until(!braid_io_unreconciled(&w->volume)));
	/* The control part is told once, after the last region. */
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(w->equal) == 1));
	KUNIT_EXPECT_EQ(test, memcmp(w->fake[0].disk, w->fake[1].disk,
				     WORLD_SIZE), 0);
	KUNIT_EXPECT_EQ(test, memcmp(w->fake[0].disk, w->fake[2].disk,
				     WORLD_SIZE), 0);
	/* What was equal was not written. */
	KUNIT_EXPECT_EQ(test, logged(w, 1, BRAID_OP_WRITE), 1);
	KUNIT_EXPECT_EQ(test, logged(w, 0, BRAID_OP_WRITE), 2);
	KUNIT_EXPECT_EQ(test, logged(w, 2, BRAID_OP_ZERO), 0);
	/* G5: a copy is a write like any other, and all is dirty until it is cleared. */
	KUNIT_EXPECT_GT(test, last_of(w, 0, BRAID_OP_WRITE)->n, 1);
	KUNIT_EXPECT_EQ(test, w->volume.io->dirty.count, WORLD_REGIONS);
}

/* Answers the first that a voter holds, but not if it is @op. */
static void answer_but(struct world *w, int peer, enum braid_op op)
{
	struct braid_request *first;
	unsigned long flags;

	spin_lock_irqsave(&w->lock, flags);
	first = list_first_entry_or_null(&w->fake[peer].held,
					 struct braid_request, node);
	if (first && first->op == op)
		first = NULL;
	if (first)
		list_del(&first->node);
	spin_unlock_irqrestore(&w->lock, flags);
	if (first)
		fake_answer(w, peer, first, 0);
}

/* What waits for a region that is not equal ends with everything else. */
static void reconcile_ends_with_the_volume(struct kunit *test)
{
	struct world *w = world_held(test);
	unsigned long *dirty = bitmap_zalloc(WORLD_REGIONS, GFP_KERNEL);
	struct app *app;
	u64 flushed, n;

	KUNIT_ASSERT_NOT_NULL(test, dirty);
	__set_bit(3, dirty);
	braid_io_reconcile(&w->volume, dirty, 2, 0);
	app = app_submit(w, REQ_OP_READ, 3 * 16, 1, 0xff);
	KUNIT_EXPECT_TRUE(test, wait_until(logged(w, -1, BRAID_OP_FLUSH) >= 3));
	spin_lock_irq(&w->volume.lock);
	w->volume.state = BRAID_VOLUME_DEAD;
	spin_unlock_irq(&w->volume.lock);
	braid_io_fail(&w->volume, -EIO);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), -EIO);
	KUNIT_EXPECT_EQ(test, braid_flush_wait(w->volume.io, &flushed, &n), -EIO);
}

/* Who is proposed gets the copies, too. */
static void reconcile_copies_to_proposals(struct kunit *test)
{
	struct world *w = world_begin(test);
	unsigned long *dirty = bitmap_zalloc(WORLD_REGIONS, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, dirty);
	memset(w->fake[0].disk, 1, 65536);
	__set_bit(0, dirty);
	world_members(w, A | B, A | B | C);
	braid_io_reconcile(&w->volume, dirty, 1, 0);
	KUNIT_EXPECT_TRUE(test,
			  wait_until(!braid_io_unreconciled(&w->volume)));
	KUNIT_EXPECT_EQ(test, disk_byte(w, 1, 15), 1);
	KUNIT_EXPECT_EQ(test, disk_byte(w, 2, 15), 1);
	KUNIT_ASSERT_NOT_NULL(test, last_of(w, 2, BRAID_OP_WRITE));
	/* G4: a proposal is not committed. */
	KUNIT_EXPECT_EQ(test, last_of(w, 2, BRAID_OP_WRITE)->committed, 4);
	KUNIT_EXPECT_EQ(test, last_of(w, 2, BRAID_OP_WRITE)->generation, 6);
}

/* The source is out: another member that kept its cache is copied from. */
static void reconcile_copies_from_a_kept_cache(struct kunit *test)
{
	struct world *w = world_begin(test);
	unsigned long *dirty = bitmap_zalloc(WORLD_REGIONS, GFP_KERNEL);
	int peer;

	KUNIT_ASSERT_NOT_NULL(test, dirty);
	for (peer = 0; peer < 3; peer++)
		memset(w->fake[peer].disk, 1 + peer, 65536);
	/* It cannot read one block, and this block only comes from a member that lost more. */
	__set_bit(5, w->fake[2].bad);
	__set_bit(0, dirty);
	braid_io_reconcile(&w->volume, dirty, 9, C);
	KUNIT_EXPECT_TRUE(test,
			  wait_until(!braid_io_unreconciled(&w->volume)));
	for (peer = 0; peer < 3; peer++) {
		KUNIT_EXPECT_EQ(test, disk_byte(w, peer, 4), 3);
		KUNIT_EXPECT_EQ(test, disk_byte(w, peer, 5), 1);
		KUNIT_EXPECT_EQ(test, disk_byte(w, peer, 15), 3);
	}
}

/* A digest that is too short says nothing. */
static void reconcile_needs_whole_digests(struct kunit *test)
{
	struct world *w = world_begin(test);
	unsigned long *dirty = bitmap_zalloc(WORLD_REGIONS, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, dirty);
	memset(w->fake[0].disk, 1, 65536);
	memset(w->fake[1].disk, 1, 65536);
	memset(w->fake[2].disk, 1, 65536);
	w->fake[1].digest_len = BRAID_DIGEST_SIZE / 2;
	__set_bit(0, dirty);
	braid_io_reconcile(&w->volume, dirty, 1, 0);
	KUNIT_EXPECT_TRUE(test,
			  wait_until(!braid_io_unreconciled(&w->volume)));
	KUNIT_EXPECT_EQ(test, logged(w, 1, BRAID_OP_WRITE), 1);
}

/* How many requests of this kind @peer was asked before the first of @before. */
static u32 logged_before(struct world *w, int peer, enum braid_op op,
			 enum braid_op before)
{
	u32 i, count = 0;

	for (i = 0; i < w->logged; i++) {
		if (w->log[i].op == before)
			break;
		count += w->log[i].peer == peer && w->log[i].op == op;
	}
	return count;
}

/*
 * Attach 4: what is served is durable on every member, what was copied and what
 * was found there.
 */
static void reconcile_flushes_before_it_serves(struct kunit *test)
{
	struct world *w = world_begin(test);
	unsigned long *dirty = bitmap_zalloc(WORLD_REGIONS, GFP_KERNEL);
	struct app *app;
	int peer;

	KUNIT_ASSERT_NOT_NULL(test, dirty);
	memset(w->fake[1].disk + (3 << WORLD_REGION_SHIFT), 2, 65536);
	__set_bit(3, dirty);
	world_mode(w, FAKE_HOLD);
	braid_io_reconcile(&w->volume, dirty, 2, 0);
	app = app_submit(w, REQ_OP_READ, 3 * 16, 1, 0xff);
	/* First what is there; nothing is compared before it is durable. */
	KUNIT_EXPECT_TRUE(test, wait_until(logged(w, -1, BRAID_OP_FLUSH) >= 3));
	KUNIT_EXPECT_EQ(test, logged(w, -1, BRAID_OP_DIGEST), 0);
	for (peer = 0; peer < 3; peer++)
		KUNIT_EXPECT_TRUE(test, wait_until(held(w, peer) >= 1));
	random_begin(test, &w->rnd);
	w->fake[0].mode = FAKE_LATER;
	w->fake[1].mode = FAKE_LATER;
	queue_work(w->queue, &w->later);
	/* Member 2 answers all but the flush of what was copied to it. */
	while (!logged(w, 2, BRAID_OP_WRITE)) {
		answer_but(w, 2, BRAID_OP_WRITE);
		usleep_range(500, 1000);
	}
	KUNIT_EXPECT_TRUE(test, wait_until(held(w, 2) >= 1));
	answer_all(w, 2, 0);
	KUNIT_EXPECT_TRUE(test, wait_until(held(w, 2) >= 1));
	KUNIT_EXPECT_EQ(test, braid_io_unreconciled(&w->volume), 1);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(app->ended));
	world_mode(w, FAKE_ANSWER);
	answer_all(w, 0, 0);
	answer_all(w, 1, 0);
	answer_all(w, 2, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	/* Both flushes of every member came before anybody was read for it. */
	for (peer = 0; peer < 3; peer++)
		KUNIT_EXPECT_GE(test, logged_before(w, peer, BRAID_OP_FLUSH,
						    BRAID_OP_READ), 1);
}

/* The source cannot read a block; a member goes while it is copied to. */
static void reconcile_goes_on_without_some(struct kunit *test)
{
	struct world *w = world_begin(test);
	unsigned long *dirty = bitmap_zalloc(WORLD_REGIONS, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, dirty);
	memset(w->fake[0].disk, 1, 65536);
	memset(w->fake[1].disk, 2, 65536);
	memset(w->fake[2].disk, 3, 65536);
	__set_bit(5, w->fake[1].bad);
	__set_bit(6, w->fake[0].bad);
	__set_bit(6, w->fake[1].bad);
	__set_bit(6, w->fake[2].bad);
	w->fake[2].write_error = -ENOSPC;
	__set_bit(0, dirty);
	braid_io_reconcile(&w->volume, dirty, 2, 0);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(w->failed) == C));
	/* As long as it is a member all is tried again, and none of it cleared (C2). */
	KUNIT_EXPECT_TRUE(test, wait_until(logged(w, 2, BRAID_OP_DIGEST) >= 3));
	KUNIT_EXPECT_EQ(test, braid_io_unreconciled(&w->volume), 1);
	KUNIT_EXPECT_EQ(test, w->volume.io->dirty.count, 1);
	w->volume.io->clearing->body[0] = (struct braid_clear){ .n = cpu_to_le64(99) };
	KUNIT_EXPECT_EQ(test, clear_still(w->volume.io->clearing, 1, 99), 0);
	world_members(w, A | B, 0);
	KUNIT_EXPECT_TRUE(test,
			  wait_until(!braid_io_unreconciled(&w->volume)));
	/* Block 6 is nobody's; every other is the same on both. */
	memset(w->fake[0].disk + 6 * 4096, 0, 4096);
	memset(w->fake[1].disk + 6 * 4096, 0, 4096);
	KUNIT_EXPECT_EQ(test, memcmp(w->fake[0].disk, w->fake[1].disk,
				     WORLD_SIZE), 0);
	KUNIT_EXPECT_EQ(test, disk_byte(w, 0, 0), 2);
	KUNIT_EXPECT_TRUE(test, test_bit(6, w->fake[0].bad));
	KUNIT_EXPECT_FALSE(test, test_bit(5, w->fake[1].bad));
}

static void clear_comes_after_a_flush(struct kunit *test)
{
	struct world *w = world_begin(test);
	struct app *app;
	u32 i, flushes = 0;
	u64 n = 0;

	app = app_submit(w, REQ_OP_WRITE, 0, 40, 1);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	app = app_submit(w, REQ_OP_WRITE_ZEROES, 160, 16, 1);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	KUNIT_EXPECT_EQ(test, braid_io_flush_and_clear(&w->volume), 0);
	/* Regions 0 to 2 and 10, on every member, after a flush of every member. */
	KUNIT_EXPECT_EQ(test, w->cleared, 4);
	for (i = 0; i < w->logged; i++) {
		if (w->log[i].op == BRAID_OP_FLUSH) {
			flushes++;
			n = w->log[i].n;
		}
		if (w->log[i].op != BRAID_OP_CLEAR)
			continue;
		KUNIT_EXPECT_GE(test, flushes, 3);
		KUNIT_EXPECT_EQ(test, w->log[i].flags, 0);
		KUNIT_EXPECT_EQ(test, w->log[i].generation, 5);
		KUNIT_EXPECT_GT(test, n, 2);
		KUNIT_EXPECT_EQ(test, w->log[i].clear_n, n);
	}
	KUNIT_EXPECT_EQ(test, logged(w, -1, BRAID_OP_CLEAR), 3);
}

/* C3 */
static void clear_stamps_when_somebody_is_out(struct kunit *test)
{
	struct world *w = world_begin(test);
	struct app *app;

	world_members(w, A | C, 0);
	app = app_submit(w, REQ_OP_WRITE, 0, 1, 1);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	KUNIT_EXPECT_EQ(test, braid_io_flush_and_clear(&w->volume), 0);
	KUNIT_EXPECT_EQ(test, last_of(w, 0, BRAID_OP_CLEAR)->flags,
			BRAID_REQ_STAMP);
	KUNIT_EXPECT_EQ(test, last_of(w, 0, BRAID_OP_CLEAR)->generation, 6);
	KUNIT_EXPECT_NOT_NULL(test, last_of(w, 2, BRAID_OP_CLEAR));
	KUNIT_EXPECT_NULL(test, last_of(w, 1, BRAID_OP_CLEAR));
}

/* C2 */
static void clear_waits_for_what_it_must(struct kunit *test)
{
	struct world *w = world_begin(test);
	struct braid_clearing *clearing = w->volume.io->clearing;
	struct app *app, *held_back;

	app = app_submit(w, REQ_OP_WRITE, 0, 1, 1);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	world_members(w, A | B | C, A | B);
	KUNIT_EXPECT_EQ(test, clear_some(clearing, U64_MAX, 0), -EAGAIN);
	KUNIT_EXPECT_EQ(test, logged(w, -1, BRAID_OP_CLEAR), 0);
	world_members(w, A | B | C, 0);

	/* One with a write in flight; one that is written while it is flushed. */
	w->fake[1].mode = FAKE_HOLD;
	held_back = app_submit(w, REQ_OP_WRITE, 1, 1, 1);
	w->fake[1].mode = FAKE_ANSWER;
	KUNIT_EXPECT_EQ(test, clear_some(clearing, U64_MAX, 0), 0);
	KUNIT_EXPECT_EQ(test, logged(w, -1, BRAID_OP_CLEAR), 0);
	answer_all(w, 1, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, held_back), 0);
	KUNIT_EXPECT_EQ(test, clear_some(clearing, U64_MAX, 0), 0);
	KUNIT_EXPECT_EQ(test, logged(w, -1, BRAID_OP_CLEAR), 3);
	KUNIT_EXPECT_EQ(test, w->volume.io->dirty.count, 0);

	/* Not idle long enough. */
	app = app_submit(w, REQ_OP_WRITE, 0, 1, 1);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	KUNIT_EXPECT_EQ(test, clear_some(clearing, 1, U32_MAX), 0);
	KUNIT_EXPECT_EQ(test, w->volume.io->dirty.count, 1);
	/* A member that cannot clear is a failed one, and it stays dirty here. */
	w->fake[1].clear_error = -EIO;
	KUNIT_EXPECT_EQ(test, clear_some(clearing, U64_MAX, 0), -EAGAIN);
	KUNIT_EXPECT_EQ(test, w->failed, B);
	KUNIT_EXPECT_EQ(test, w->volume.io->dirty.count, 1);
}

/* Which one is dirty was forgotten for want of memory: every one is cleared. */
static void clear_of_what_was_forgotten(struct kunit *test)
{
	struct world *w = world_begin(test);
	struct braid_io_set *set = w->volume.io;
	struct app *held_back, *app;

	fault_at = 1;
	KUNIT_EXPECT_TRUE(test, braid_dirty_hold(&set->dirty, 3, 3, GFP_NOIO));
	KUNIT_EXPECT_TRUE(test, set->dirty.forgotten);
	KUNIT_EXPECT_EQ(test, set->dirty.count, 0);
	/* Not while it is held, nor while a write is in flight anywhere. */
	KUNIT_EXPECT_EQ(test, clear_some(set->clearing, U64_MAX, 0), -EAGAIN);
	braid_dirty_release(&set->dirty, 3, 3, 1, 1);
	w->fake[1].mode = FAKE_HOLD;
	held_back = app_submit(w, REQ_OP_WRITE, 1, 1, 1);
	w->fake[1].mode = FAKE_ANSWER;
	KUNIT_EXPECT_EQ(test, clear_some(set->clearing, U64_MAX, 0), -EAGAIN);
	KUNIT_EXPECT_EQ(test, logged(w, -1, BRAID_OP_CLEAR), 0);
	KUNIT_EXPECT_TRUE(test, set->dirty.forgotten);
	answer_all(w, 1, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, held_back), 0);

	KUNIT_EXPECT_EQ(test, braid_io_flush_and_clear(&w->volume), 0);
	KUNIT_EXPECT_EQ(test, w->cleared, set->reconcile.regions);
	KUNIT_EXPECT_EQ(test, logged(w, -1, BRAID_OP_CLEAR), 3);
	KUNIT_EXPECT_GE(test, logged(w, 0, BRAID_OP_FLUSH), 1);
	KUNIT_EXPECT_FALSE(test, set->dirty.forgotten);
	KUNIT_EXPECT_EQ(test, set->dirty.count, 0);
	/* From then on only what is written. */
	app = app_submit(w, REQ_OP_WRITE, 0, 1, 1);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	KUNIT_EXPECT_EQ(test, braid_io_flush_and_clear(&w->volume), 0);
	KUNIT_EXPECT_EQ(test, w->cleared, set->reconcile.regions + 1);
	/* One that cannot be asked leaves it as it was. */
	braid_dirty_forget(&set->dirty);
	w->fake[1].clear_error = -EIO;
	KUNIT_EXPECT_EQ(test, clear_some(set->clearing, U64_MAX, 0), -EAGAIN);
	KUNIT_EXPECT_TRUE(test, set->dirty.forgotten);
}

/* What changed between the look at what is idle and the flush is not cleared. */
static void clear_looks_again_after_the_flush(struct kunit *test)
{
	struct world *w = world_begin(test);
	struct braid_clearing *clearing = w->volume.io->clearing;
	struct braid_dirty *dirty = &w->volume.io->dirty;
	struct app *app;

	/* What it lists is ours meanwhile. */
	cancel_delayed_work_sync(&clearing->work);
	app = app_submit(w, REQ_OP_WRITE, 0, 1, 1);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	KUNIT_EXPECT_EQ(test, braid_dirty_idle(dirty, U64_MAX, 0, clearing->body,
					       CLEAR_BATCH), 1);
	app = app_submit(w, REQ_OP_WRITE, 1, 1, 1);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	KUNIT_EXPECT_EQ(test, clear_batch(clearing, 1), 0);
	KUNIT_EXPECT_EQ(test, logged(w, -1, BRAID_OP_CLEAR), 0);

	KUNIT_EXPECT_EQ(test, braid_dirty_idle(dirty, U64_MAX, 0, clearing->body,
					       CLEAR_BATCH), 1);
	w->fake[1].mode = FAKE_HOLD;
	app = app_submit(w, REQ_OP_WRITE, 1, 1, 1);
	w->fake[1].mode = FAKE_ANSWER;
	KUNIT_EXPECT_EQ(test, clear_batch(clearing, 1), 0);
	KUNIT_EXPECT_EQ(test, logged(w, -1, BRAID_OP_CLEAR), 0);
	answer_all(w, 1, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	KUNIT_EXPECT_EQ(test, clear_some(clearing, U64_MAX, 0), 0);
	KUNIT_EXPECT_EQ(test, logged(w, -1, BRAID_OP_CLEAR), 3);
}

/* Whoever is a member by now has to have flushed. */
static void clear_needs_who_flushed(struct kunit *test)
{
	struct world *w = world_begin(test);
	u64 flushed, n;
	bool stamp;

	world_members(w, A | B, 0);
	KUNIT_EXPECT_EQ(test, braid_flush_wait(w->volume.io, &flushed, &n), 0);
	KUNIT_EXPECT_EQ(test, flushed, A | B);
	KUNIT_EXPECT_EQ(test, clear_members(w->volume.io, flushed, &stamp), A | B);
	KUNIT_EXPECT_TRUE(test, stamp);
	world_members(w, A | B | C, 0);
	KUNIT_EXPECT_EQ(test, clear_members(w->volume.io, flushed, &stamp), 0);
}

/* A detach makes all durable, whatever is dirty. */
static void clear_for_a_detach(struct kunit *test)
{
	struct world *w = world_begin(test);

	KUNIT_EXPECT_EQ(test, braid_io_flush_and_clear(&w->volume), 0);
	KUNIT_EXPECT_EQ(test, logged(w, -1, BRAID_OP_FLUSH), 3);
}

/* A write that does not begin after all leaves dirty what was. */
static void dirty_stays_when_a_write_goes_back(struct kunit *test)
{
	struct world *w = world_held(test);
	struct app *first = app_submit(w, REQ_OP_WRITE, 0, 1, 1);
	struct app *second = app_submit(w, REQ_OP_WRITE, 0, 1, 2);
	struct braid_io_info info;
	int i;

	world_hold(w, BRAID_HELD_USER);
	for (i = 0; i < 3; i++)
		answer_all(w, i, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, first), 0);
	KUNIT_EXPECT_TRUE(test, wait_until((braid_io_info(&w->volume, &info),
					    info.held == 1)));
	KUNIT_EXPECT_EQ(test, info.dirty, 1);
	world_mode(w, FAKE_ANSWER);
	world_hold(w, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, second), 0);
	KUNIT_EXPECT_EQ(test, disk_byte(w, 2, 0), 2);
}

static struct kunit_case io_region_cases[] = {
	KUNIT_CASE(reconcile_comes_before_the_touch),
	KUNIT_CASE(reconcile_flushes_before_it_serves),
	KUNIT_CASE(reconcile_goes_on_without_some),
	KUNIT_CASE(reconcile_ends_with_the_volume),
	KUNIT_CASE(reconcile_copies_to_proposals),
	KUNIT_CASE(reconcile_copies_from_a_kept_cache),
	KUNIT_CASE(reconcile_needs_whole_digests),
	KUNIT_CASE(clear_comes_after_a_flush),
	KUNIT_CASE(clear_stamps_when_somebody_is_out),
	KUNIT_CASE(clear_waits_for_what_it_must),
	KUNIT_CASE(clear_of_what_was_forgotten),
	KUNIT_CASE(clear_looks_again_after_the_flush),
	KUNIT_CASE(clear_needs_who_flushed),
	KUNIT_CASE(clear_for_a_detach),
	KUNIT_CASE(dirty_stays_when_a_write_goes_back),
	{}
};

static struct kunit_suite io_region_suite = {
	.name = "braid_io_region",
	.test_cases = io_region_cases,
};

kunit_test_suite(io_region_suite);

MODULE_DESCRIPTION("KUnit: regions reconciled and cleared by the writer of a braid volume");
MODULE_LICENSE("GPL");
