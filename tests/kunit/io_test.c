// SPDX-License-Identifier: GPL-2.0-only
/* The writer's path, with voters that answer as the test says. */
#include "../../kmod/blk/io/clear.c"
#include "../../kmod/blk/io/copy.c"
#include "../../kmod/blk/io/dirty.c"
#include "../../kmod/blk/io/flush.c"
#include "../../kmod/blk/io/io.c"
#include "../../kmod/blk/io/io_set.c"

#include "short_memory.h"
#pragma push_macro("alloc_page")
#pragma push_macro("alloc_pages")
#undef alloc_page
#undef alloc_pages
#define alloc_page(gfp)		short_pages(gfp, 0)
#define alloc_pages(gfp, order)	short_pages(gfp, order)
#include "../../kmod/blk/io/payload.c"
#include "../../kmod/blk/transport/spare.c"
#pragma pop_macro("alloc_pages")
#pragma pop_macro("alloc_page")

#include "../../kmod/blk/io/range.c"
#include "../../kmod/blk/io/read.c"
#include "../../kmod/blk/io/reconcile.c"
#include "../../kmod/blk/io/repair.c"
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

static void write_waits_for_every_member(struct kunit *test)
{
	struct world *w = world_held(test);
	struct app *app = app_submit(w, REQ_OP_WRITE | REQ_FUA, 8, 4, 0x11);
	const struct asked *asked;
	int i;

	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_EQ(test, held(w, i), 1);
		asked = last_of(w, i, BRAID_OP_WRITE);
		KUNIT_EXPECT_EQ(test, asked->offset, 8 * 4096);
		KUNIT_EXPECT_EQ(test, asked->length, 4 * 4096);
		KUNIT_EXPECT_EQ(test, asked->flags, BRAID_REQ_FUA);
		KUNIT_EXPECT_EQ(test, asked->n, 1);
		KUNIT_EXPECT_EQ(test, asked->generation, 5);
		KUNIT_EXPECT_EQ(test, asked->committed, 4);
		KUNIT_EXPECT_EQ(test, asked->epoch, 3);
	}
	KUNIT_EXPECT_EQ(test, w->fake[3].asked, 0);
	answer(w, 2, 0, 0);
	answer(w, 0, 0, 0);
	KUNIT_EXPECT_FALSE(test, app->ended);
	answer(w, 1, 0, 0);
	KUNIT_EXPECT_TRUE(test, app->ended);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, disk_byte(w, i, 8), 0x11);
		KUNIT_EXPECT_EQ(test, disk_byte(w, i, 11), 0x11);
		KUNIT_EXPECT_EQ(test, disk_byte(w, i, 12), 0);
	}
}

/* Crash case 31. */
static void write_is_what_it_was_when_it_came(struct kunit *test)
{
	struct world *w = world_held(test);
	struct app *app = app_submit(w, REQ_OP_WRITE, 0, 256, 0x11);
	int i;

	answer(w, 0, 0, 0);
	memset(page_address(app->page), 0x22, 256 * 4096);
	answer(w, 1, 0, 0);
	answer(w, 2, 0, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	for (i = 0; i < 256; i++)
		KUNIT_EXPECT_EQ(test, disk_byte(w, 2, i), 0x11);
	KUNIT_EXPECT_EQ(test, memcmp(w->fake[0].disk, w->fake[2].disk,
				     WORLD_SIZE), 0);
}

static void write_that_overlaps_waits(struct kunit *test)
{
	struct world *w = world_held(test);
	struct app *first = app_submit(w, REQ_OP_WRITE, 4, 4, 1);
	struct app *second = app_submit(w, REQ_OP_WRITE, 7, 2, 2);
	struct app *beside = app_submit(w, REQ_OP_WRITE, 9, 2, 3);

	KUNIT_EXPECT_EQ(test, held(w, 0), 2);
	answer(w, 0, 0, 0);
	answer(w, 1, 0, 0);
	msleep(20);
	KUNIT_EXPECT_EQ(test, held(w, 2), 2);
	answer(w, 2, 0, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, first), 0);
	KUNIT_EXPECT_TRUE(test, wait_until(held(w, 2) == 2));
	answer_all(w, 0, 0);
	answer_all(w, 1, 0);
	answer_all(w, 2, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, second), 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, beside), 0);
	KUNIT_EXPECT_EQ(test, disk_byte(w, 1, 7), 2);
	KUNIT_EXPECT_EQ(test, disk_byte(w, 1, 6), 1);
}

/* S: only the record lets a write be acknowledged that a member did not do. */
static void write_waits_for_the_shrink(struct kunit *test)
{
	struct world *w = world_held(test);
	struct app *app = app_submit(w, REQ_OP_WRITE, 0, 1, 1);

	answer(w, 0, 0, 0);
	answer(w, 1, 0, 0);
	answer(w, 2, 0, -ENOSPC);
	KUNIT_EXPECT_EQ(test, w->failed, C);
	KUNIT_EXPECT_EQ(test, w->failed_error, -ENOSPC);
	KUNIT_EXPECT_EQ(test, w->failed_flush, 0);
	world_members(w, A | B | C, A | B);
	KUNIT_EXPECT_FALSE(test, app->ended);
	world_members(w, A | B, 0);
	KUNIT_EXPECT_TRUE(test, app->ended);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
}

/* What is still out when a write ends finds nothing that it could harm. */
static void write_may_be_answered_late(struct kunit *test)
{
	struct world *w = world_held(test);
	struct app *app = app_submit(w, REQ_OP_WRITE, 0, 1, 1), *next;

	answer(w, 0, 0, 0);
	answer(w, 1, 0, 0);
	world_members(w, A | B, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	next = app_submit(w, REQ_OP_WRITE, 0, 1, 2);
	KUNIT_EXPECT_EQ(test, held(w, 2), 1);
	answer(w, 2, 0, -EIO);
	KUNIT_EXPECT_EQ(test, w->failed, 0);
	answer(w, 0, 0, 0);
	KUNIT_EXPECT_FALSE(test, next->ended);
	answer(w, 1, 0, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, next), 0);
}

/* S3 */
static void write_error_of_the_last_goes_up(struct kunit *test)
{
	struct world *w = world_held(test);
	struct app *app, *both;

	both = app_submit(w, REQ_OP_WRITE, 0, 1, 1);
	answer(w, 0, 0, -EIO);
	answer(w, 1, 0, -EIO);
	answer(w, 2, 0, -ENOSPC);
	KUNIT_EXPECT_FALSE(test, both->ended);
	world_members(w, C, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, both), -ENOSPC);
	w->failed = 0;
	app = app_submit(w, REQ_OP_WRITE, 0, 1, 1);
	answer(w, 2, 0, -ENOSPC);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), -ENOSPC);
	KUNIT_EXPECT_EQ(test, w->failed, 0);
}

static void write_counts_for_who_is_proposed(struct kunit *test)
{
	struct world *w = world_held(test);
	struct app *app;

	world_members(w, A | B, 0);
	app = app_submit(w, REQ_OP_WRITE, 0, 1, 9);
	KUNIT_EXPECT_EQ(test, held(w, 2), 0);
	answer(w, 0, 0, 0);
	world_members(w, A | B, A | B | C);
	answer(w, 1, 0, 0);
	KUNIT_EXPECT_FALSE(test, app->ended);
	KUNIT_EXPECT_TRUE(test, wait_until(held(w, 2) == 1));
	answer(w, 2, 0, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	KUNIT_EXPECT_EQ(test, disk_byte(w, 2, 0), 9);
}

/* What was lost goes out again in order, before what is newer. */
static void write_is_sent_again_in_order(struct kunit *test)
{
	struct world *w = world_held(test);
	struct app *app[40];
	u64 n = 0;
	u32 i, from;

	for (i = 0; i < 20; i++)
		app[i] = app_submit(w, REQ_OP_WRITE, i, 1, i + 1);
	while (answer(w, 1, held(w, 1) / 2, -ENOTCONN))
		;
	KUNIT_EXPECT_EQ(test, w->failed, 0);
	for (; i < 40; i++)
		app[i] = app_submit(w, REQ_OP_WRITE, i, 1, i + 1);
	KUNIT_EXPECT_EQ(test, held(w, 1), 0);
	answer_all(w, 0, 0);
	answer_all(w, 2, 0);
	for (i = 0; i < 40; i++)
		KUNIT_EXPECT_FALSE(test, app[i]->ended);
	from = w->logged;
	w->volume.epoch.counter = 8;
	braid_io_resend(&w->volume, &w->volume.peers[1]);
	KUNIT_EXPECT_TRUE(test, wait_until(held(w, 1) == 40));
	for (i = from; i < w->logged; i++) {
		KUNIT_EXPECT_GT(test, w->log[i].n, n);
		KUNIT_EXPECT_EQ(test, w->log[i].epoch, 8);
		n = w->log[i].n;
	}
	answer_all(w, 1, 0);
	for (i = 0; i < 40; i++)
		KUNIT_EXPECT_EQ(test, app_wait(w, app[i]), 0);
	KUNIT_EXPECT_EQ(test, memcmp(w->fake[0].disk, w->fake[1].disk,
				     WORLD_SIZE), 0);
}

/* A request lost in the old session, told after the new one began. */
static void write_lost_late_is_sent_again(struct kunit *test)
{
	struct world *w = world_held(test);
	struct app *app = app_submit(w, REQ_OP_WRITE, 0, 1, 1);

	answer(w, 0, 0, 0);
	answer(w, 2, 0, 0);
	braid_io_resend(&w->volume, &w->volume.peers[1]);
	flush_work(&w->volume.io->slot[0].work);
	answer(w, 1, 0, -ENOTCONN);
	KUNIT_EXPECT_TRUE(test, wait_until(held(w, 1) == 1));
	answer(w, 1, 0, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
}

static void write_refused_is_told(struct kunit *test)
{
	struct world *w = world_held(test);
	struct app *app = app_submit(w, REQ_OP_WRITE, 0, 1, 1);

	answer(w, 1, 0, -ESTALE);
	KUNIT_EXPECT_EQ(test, w->refused, B);
	KUNIT_EXPECT_EQ(test, w->failed, 0);
	answer(w, 0, 0, 0);
	answer(w, 2, 0, 0);
	KUNIT_EXPECT_FALSE(test, app->ended);
	spin_lock_irq(&w->volume.lock);
	w->volume.state = BRAID_VOLUME_DEAD;
	spin_unlock_irq(&w->volume.lock);
	braid_io_fail(&w->volume, -EIO);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), -EIO);
}

/* What was asked under the epoch before says nothing of the one of now. */
static void write_refused_before_is_sent_again(struct kunit *test)
{
	struct world *w = world_held(test);
	struct app *app = app_submit(w, REQ_OP_WRITE, 0, 1, 1);
	struct app *read = app_submit(w, REQ_OP_READ, 8, 1, 0);

	spin_lock_irq(&w->volume.lock);
	w->volume.epoch.counter++;
	spin_unlock_irq(&w->volume.lock);
	answer(w, 1, 0, -ESTALE);
	answer(w, 0, 1, -ESTALE);
	KUNIT_EXPECT_EQ(test, w->refused, 0);
	KUNIT_EXPECT_EQ(test, w->failed, 0);
	braid_io_resend(&w->volume, &w->volume.peers[1]);
	KUNIT_EXPECT_TRUE(test, wait_until(held(w, 1) && held(w, 1) + held(w, 2) == 3));
	KUNIT_EXPECT_EQ(test, last_of(w, 1, BRAID_OP_WRITE)->epoch, 4);
	answer_all(w, 0, 0);
	answer_all(w, 1, 0);
	answer_all(w, 2, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, read), 0);
}

static void write_late_member_is_told(struct kunit *test)
{
	struct world *w;
	struct app *app;

	w = world_held(test);
	w->volume.member_timeout_ms = 100;
	app = app_submit(w, REQ_OP_WRITE, 0, 1, 1);
	answer(w, 0, 0, 0);
	answer(w, 1, 0, 0);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(w->failed)));
	KUNIT_EXPECT_EQ(test, w->failed, C);
	KUNIT_EXPECT_EQ(test, w->failed_error, -ETIMEDOUT);
	answer(w, 2, 0, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
}

/* A write that was to be durable and was not is a failed flush; one without room not. */
static void write_with_fua_that_fails_is_told(struct kunit *test)
{
	struct world *w = world_held(test);
	struct app *app = app_submit(w, REQ_OP_WRITE | REQ_FUA, 0, 1, 1);

	answer(w, 2, 0, -ENOSPC);
	KUNIT_EXPECT_EQ(test, w->failed, C);
	KUNIT_EXPECT_EQ(test, w->failed_flush, 0);
	answer(w, 1, 0, -EIO);
	KUNIT_EXPECT_EQ(test, w->failed, B | C);
	KUNIT_EXPECT_EQ(test, w->failed_flush, B);
	answer(w, 0, 0, 0);
	KUNIT_EXPECT_FALSE(test, app->ended);
	world_members(w, A, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
}

/* Who does what it was asked one after the other is late by all of it. */
static void last_member_is_late_by_what_it_has(struct kunit *test)
{
	struct world *w = world_held(test);
	struct braid_volume *volume = &w->volume;
	const u64 bytes = 64 << 20, second = NSEC_PER_SEC;
	struct braid_io_slot *slot;
	struct app *app;
	u64 now, most;

	world_members(w, A, 0);
	app = app_submit(w, REQ_OP_WRITE, 0, 1, 1);
	most = braid_io_patience(volume, bytes);
	KUNIT_EXPECT_GT(test, most, braid_io_patience(volume, 4096) + 2 * second);
	spin_lock_irq(&volume->lock);
	now = ktime_get_boottime_ns();
	slot = braid_io_slot(volume->io, A);
	KUNIT_EXPECT_EQ(test, braid_io_waits_since(volume, now), 0ULL);
	KUNIT_EXPECT_NE(test, braid_io_waits_since(volume, now + most), 0ULL);
	volume->io->bytes += bytes;
	KUNIT_EXPECT_EQ(test, braid_io_waits_since(volume, now + most - second),
			0ULL);
	KUNIT_EXPECT_NE(test, braid_io_waits_since(volume, now + most + second),
			0ULL);
	/* It was away and begins anew. */
	slot->resumed = now + 10 * second;
	KUNIT_EXPECT_EQ(test, braid_io_waits_since(volume, now + most + second),
			0ULL);
	slot->resumed = 0;
	volume->io->bytes -= bytes;
	spin_unlock_irq(&volume->lock);
	answer_all(w, 0, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	KUNIT_EXPECT_EQ(test, volume->io->bytes, 0ULL);
	/* A read that hangs is late, too. */
	app = app_submit(w, REQ_OP_READ, 0, 1, 0xff);
	spin_lock_irq(&volume->lock);
	KUNIT_EXPECT_NE(test, braid_io_waits_since(volume, now + most + second),
			0ULL);
	spin_unlock_irq(&volume->lock);
	answer_all(w, 0, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	KUNIT_EXPECT_EQ(test, volume->io->bytes, 0ULL);
}

/*
 * Who writes so that memory may be freed has pages of the reserve; the allocator
 * would look for others for ever.
 */
static void write_needs_no_memory(struct kunit *test)
{
	struct world *w = world_begin(test);
	struct app *app[8];
	u32 i, at;

	braid_spare_exit();
	memory_becomes_short(true);
	/* Each overlaps the one before, so they come one after another. */
	for (i = 0; i < ARRAY_SIZE(app); i++)
		app[i] = app_submit(w, REQ_OP_WRITE, i * 30, i & 1 ? 3 : 256, i + 1);
	for (i = 0; i < ARRAY_SIZE(app); i++)
		KUNIT_EXPECT_EQ(test, app_wait(w, app[i]), 0);
	KUNIT_EXPECT_GT(test, atomic_read(&memory_refused), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&looked_for_ever), 0);
	memory_becomes_short(false);
	for (at = 6 * 30; at < 6 * 30 + 256; at++)
		KUNIT_EXPECT_EQ(test, disk_byte(w, 2, at),
				at >= 7 * 30 && at < 7 * 30 + 3 ? 8 : 7);
}

static void zeroes_have_no_payload(struct kunit *test)
{
	struct world *w = world_begin(test);
	struct app *app;

	memset(w->fake[0].disk, 1, WORLD_SIZE);
	memset(w->fake[1].disk, 1, WORLD_SIZE);
	memset(w->fake[2].disk, 1, WORLD_SIZE);
	app = app_submit(w, REQ_OP_WRITE_ZEROES | REQ_NOUNMAP, 0, 300, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	KUNIT_EXPECT_EQ(test, logged(w, 1, BRAID_OP_ZERO), 1);
	app = app_submit(w, REQ_OP_WRITE_ZEROES, 300, 1, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	app = app_submit(w, REQ_OP_DISCARD, 301, 1, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	KUNIT_EXPECT_EQ(test, logged(w, 1, BRAID_OP_DISCARD), 2);
	KUNIT_EXPECT_EQ(test, disk_byte(w, 2, 301), 0);
	KUNIT_EXPECT_EQ(test, disk_byte(w, 2, 302), 1);
	w->volume.io->unmap = false;
	app = app_submit(w, REQ_OP_DISCARD, 302, 1, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), -EOPNOTSUPP);
}

static void flush_is_done_by_every_member(struct kunit *test)
{
	struct world *w = world_held(test);
	struct app *app = app_submit(w, REQ_OP_WRITE | REQ_PREFLUSH, 0, 0, 0);

	answer(w, 0, 0, 0);
	answer(w, 1, 0, 0);
	KUNIT_EXPECT_FALSE(test, app->ended);
	answer(w, 2, 0, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	KUNIT_EXPECT_EQ(test, logged(w, -1, BRAID_OP_FLUSH), 3);
}

/* Crash case 27: a flush covers who is proposed while it is in flight. */
static void flush_covers_proposals(struct kunit *test)
{
	struct world *w = world_held(test);
	struct app *app;

	world_members(w, A | B, 0);
	app = app_submit(w, REQ_OP_WRITE | REQ_PREFLUSH, 0, 0, 0);
	answer(w, 0, 0, 0);
	world_members(w, A | B, A | B | C);
	answer(w, 1, 0, 0);
	KUNIT_EXPECT_FALSE(test, app->ended);
	KUNIT_EXPECT_TRUE(test, wait_until(held(w, 2) == 1));
	world_members(w, A | B | C, 0);
	KUNIT_EXPECT_FALSE(test, app->ended);
	answer(w, 2, 0, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
}

/* Crash case 13: of one of three, then of the last. */
static void flush_that_fails_is_not_tried_again(struct kunit *test)
{
	struct world *w = world_held(test);
	struct app *app = app_submit(w, REQ_OP_WRITE | REQ_PREFLUSH, 0, 0, 0);

	answer(w, 0, 0, 0);
	answer(w, 1, 0, -EIO);
	answer(w, 2, 0, -EIO);
	KUNIT_EXPECT_EQ(test, w->failed_flush, B | C);
	world_members(w, A | C, 0);
	KUNIT_EXPECT_FALSE(test, app->ended);
	world_members(w, A, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	KUNIT_EXPECT_EQ(test, logged(w, -1, BRAID_OP_FLUSH), 3);

	app = app_submit(w, REQ_OP_WRITE | REQ_PREFLUSH, 0, 0, 0);
	answer(w, 0, 0, -EIO);
	KUNIT_EXPECT_EQ(test, w->failed_flush, A | B | C);
	KUNIT_EXPECT_FALSE(test, app->ended);
	spin_lock_irq(&w->volume.lock);
	w->volume.state = BRAID_VOLUME_DEAD;
	spin_unlock_irq(&w->volume.lock);
	braid_io_fail(&w->volume, -EIO);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), -EIO);
}

static void flush_comes_before_its_data(struct kunit *test)
{
	struct world *w = world_held(test);
	struct app *app = app_submit(w, REQ_OP_WRITE | REQ_PREFLUSH | REQ_FUA,
				     3, 1, 7);
	int i;

	KUNIT_EXPECT_EQ(test, logged(w, -1, BRAID_OP_WRITE), 0);
	for (i = 0; i < 3; i++)
		answer(w, i, 0, 0);
	KUNIT_EXPECT_TRUE(test, wait_until(held(w, 0) && held(w, 1) &&
					   held(w, 2)));
	KUNIT_EXPECT_EQ(test, last_of(w, 2, BRAID_OP_WRITE)->flags,
			BRAID_REQ_FUA);
	KUNIT_EXPECT_FALSE(test, app->ended);
	for (i = 0; i < 3; i++)
		answer(w, i, 0, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	KUNIT_EXPECT_EQ(test, logged(w, -1, BRAID_OP_FLUSH), 3);
	KUNIT_EXPECT_EQ(test, disk_byte(w, 2, 3), 7);
}

static void read_is_from_here(struct kunit *test)
{
	struct world *w = world_begin(test);
	struct app *app;

	memset(w->fake[0].disk, 0x77, WORLD_SIZE);
	app = app_submit(w, REQ_OP_READ, 9, 3, 0);
	KUNIT_EXPECT_TRUE(test, app->ended);
	KUNIT_EXPECT_EQ(test, app_byte(app, 0), 0x77);
	KUNIT_EXPECT_EQ(test, app_byte(app, 2), 0x77);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	KUNIT_EXPECT_EQ(test, logged(w, 0, BRAID_OP_READ), 1);
	KUNIT_EXPECT_EQ(test, logged(w, -1, BRAID_OP_READ), 1);

	/* I4: not when the replica here is no member. */
	world_members(w, B | C, 0);
	app = app_submit(w, REQ_OP_READ, 9, 3, 0xff);
	KUNIT_EXPECT_EQ(test, app_byte(app, 0), 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	app = app_submit(w, REQ_OP_READ, 9, 3, 0xff);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	KUNIT_EXPECT_EQ(test, logged(w, 0, BRAID_OP_READ), 1);
	KUNIT_EXPECT_EQ(test, logged(w, 1, BRAID_OP_READ), 1);
	KUNIT_EXPECT_EQ(test, logged(w, 2, BRAID_OP_READ), 1);
}

/* I8: what is read is on every member. */
static void read_waits_for_writes(struct kunit *test)
{
	struct world *w = world_held(test);
	struct app *write = app_submit(w, REQ_OP_WRITE, 5, 1, 5), *read;

	read = app_submit(w, REQ_OP_READ, 4, 4, 0xff);
	answer(w, 0, 0, 0);
	answer(w, 1, 0, 0);
	msleep(20);
	KUNIT_EXPECT_EQ(test, logged(w, -1, BRAID_OP_READ), 0);
	answer(w, 2, 0, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, write), 0);
	KUNIT_EXPECT_TRUE(test, wait_until(held(w, 0) == 1));
	/* And those that come later wait for it. */
	write = app_submit(w, REQ_OP_WRITE, 4, 1, 6);
	KUNIT_EXPECT_EQ(test, held(w, 1), 0);
	answer(w, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, app_byte(read, 1), 5);
	KUNIT_EXPECT_EQ(test, app_wait(w, read), 0);
	KUNIT_EXPECT_TRUE(test, wait_until(held(w, 2) == 1));
	world_mode(w, FAKE_ANSWER);
	answer_all(w, 0, 0);
	answer_all(w, 1, 0);
	answer_all(w, 2, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, write), 0);
}

/* A read that comes back after the lease is not believed. */
static void read_needs_the_lease(struct kunit *test)
{
	struct world *w = world_held(test);
	struct app *app = app_submit(w, REQ_OP_READ, 0, 1, 0xff);

	w->volume.lease_until = ktime_get_boottime_ns() - 1;
	answer(w, 0, 0, 0);
	KUNIT_EXPECT_FALSE(test, app->ended);
	world_hold(w, BRAID_HELD_LEASE);
	/* It may have been read again meanwhile: in vain. */
	msleep(20);
	answer_all(w, 0, 0);
	KUNIT_EXPECT_FALSE(test, app->ended);
	msleep(20);
	KUNIT_EXPECT_EQ(test, held(w, 0), 0);
	w->fake[0].disk[17] = 0x42;
	w->volume.lease_until = U64_MAX;
	world_hold(w, 0);
	KUNIT_EXPECT_TRUE(test, wait_until(held(w, 0) == 1));
	answer(w, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, app_byte(app, 0), 0x42);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
}

static void read_goes_elsewhere_and_repairs(struct kunit *test)
{
	struct world *w = world_begin(test);
	struct braid_io_info info;
	struct app *app;

	memset(w->fake[1].disk, 0x33, WORLD_SIZE);
	memset(w->fake[2].disk, 0x33, WORLD_SIZE);
	memset(w->fake[0].disk, 0x33, WORLD_SIZE);
	memset(w->fake[0].disk + 20 * 4096, 0xee, 4096);
	__set_bit(20, w->fake[0].bad);
	app = app_submit(w, REQ_OP_READ, 16, 16, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	KUNIT_EXPECT_TRUE(test, wait_until((braid_io_info(&w->volume, &info),
					    info.repaired == 1)));
	KUNIT_EXPECT_TRUE(test, bitmap_empty(w->fake[0].bad, WORLD_BLOCKS));
	KUNIT_EXPECT_EQ(test, disk_byte(w, 0, 20), 0x33);
	/* The bad block alone, a write like any other. */
	KUNIT_EXPECT_EQ(test, logged(w, -1, BRAID_OP_WRITE), 1);
	KUNIT_ASSERT_NOT_NULL(test, last_of(w, 0, BRAID_OP_WRITE));
	KUNIT_EXPECT_EQ(test, last_of(w, 0, BRAID_OP_WRITE)->offset, 20 * 4096);
	KUNIT_EXPECT_EQ(test, last_of(w, 0, BRAID_OP_WRITE)->length, 4096);
	KUNIT_EXPECT_EQ(test, last_of(w, 0, BRAID_OP_WRITE)->generation, 5);
	KUNIT_EXPECT_EQ(test, w->failed, 0);
	KUNIT_EXPECT_EQ(test, info.dirty, 1);
}

/* Everybody has a bad block, but not the same one. */
static void read_is_put_together(struct kunit *test)
{
	struct world *w = world_begin(test);
	struct app *app;
	int i;

	for (i = 0; i < 3; i++) {
		memset(w->fake[i].disk, 0x33, WORLD_SIZE);
		memset(w->fake[i].disk + i * 4096, 0xee, 4096);
		__set_bit(i, w->fake[i].bad);
	}
	app = app_submit(w, REQ_OP_READ, 0, 4, 0);
	KUNIT_EXPECT_TRUE(test, wait_for_completion_timeout(&app->done, 5 * HZ));
	KUNIT_EXPECT_EQ(test, app->status, 0);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, app_byte(app, i), 0x33);
	app_free(app);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_TRUE(test, bitmap_empty(w->fake[i].bad,
						     WORLD_BLOCKS));
	/* And a block that nobody has is an error. */
	for (i = 0; i < 3; i++)
		__set_bit(7, w->fake[i].bad);
	app = app_submit(w, REQ_OP_READ, 4, 8, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), -EIO);
}

static void read_waits_for_a_member(struct kunit *test)
{
	struct world *w = world_held(test);
	struct braid_io_info info;
	struct app *app;

	world_members(w, A, 0);
	app = app_submit(w, REQ_OP_READ, 0, 1, 0);
	answer(w, 0, 0, -ENOTCONN);
	KUNIT_EXPECT_TRUE(test, wait_until((braid_io_info(&w->volume, &info),
					    info.held == 1)));
	KUNIT_EXPECT_FALSE(test, app->ended);
	braid_io_resend(&w->volume, &w->volume.peers[0]);
	KUNIT_EXPECT_TRUE(test, wait_until(held(w, 0) == 1));
	answer(w, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
}

static void gate_holds_what_it_should(struct kunit *test)
{
	struct world *w = world_begin(test);
	struct app *write[8], *read, *flush;
	int i;

	world_hold(w, BRAID_HELD_MIN_ISR);
	for (i = 0; i < 8; i++)
		write[i] = app_submit(w, REQ_OP_WRITE, 0, 1, i + 1);
	flush = app_submit(w, REQ_OP_WRITE | REQ_PREFLUSH, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, flush), 0);
	read = app_submit(w, REQ_OP_READ, 0, 1, 0xff);
	KUNIT_EXPECT_EQ(test, app_byte(read, 0), 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, read), 0);
	world_hold(w, BRAID_HELD_USER);
	read = app_submit(w, REQ_OP_READ, 0, 1, 0xff);
	msleep(20);
	KUNIT_EXPECT_FALSE(test, read->ended);
	KUNIT_EXPECT_EQ(test, logged(w, -1, BRAID_OP_WRITE), 0);
	world_hold(w, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, read), 0);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ(test, app_wait(w, write[i]), 0);
	/* In the order in which they came. */
	KUNIT_EXPECT_EQ(test, disk_byte(w, 0, 0), 8);
	KUNIT_EXPECT_EQ(test, disk_byte(w, 2, 0), 8);
}

/* S4: nothing is acknowledged with fewer copies than were asked for. */
static void gate_holds_acknowledgements_too(struct kunit *test)
{
	struct world *w = world_held(test);
	struct app *app;

	w->volume.min_isr = 2;
	app = app_submit(w, REQ_OP_WRITE, 0, 1, 1);
	answer(w, 0, 0, 0);
	world_members(w, A, 0);
	world_hold(w, BRAID_HELD_MIN_ISR);
	KUNIT_EXPECT_FALSE(test, app->ended);
	answer(w, 1, 0, 0);
	KUNIT_EXPECT_FALSE(test, app->ended);
	world_members(w, A | B, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	world_hold(w, 0);
}

static void fail_ends_everything(struct kunit *test)
{
	struct world *w = world_held(test);
	struct app *in_flight, *waits, *read, *later;
	int i;

	in_flight = app_submit(w, REQ_OP_WRITE, 0, 2, 1);
	waits = app_submit(w, REQ_OP_WRITE, 1, 2, 1);
	read = app_submit(w, REQ_OP_READ, 8, 1, 0);
	answer(w, 1, 0, -ENOTCONN);
	spin_lock_irq(&w->volume.lock);
	w->volume.state = BRAID_VOLUME_DEAD;
	spin_unlock_irq(&w->volume.lock);
	braid_io_fail(&w->volume, -EIO);
	KUNIT_EXPECT_EQ(test, app_wait(w, in_flight), -EIO);
	KUNIT_EXPECT_EQ(test, app_wait(w, waits), -EIO);
	later = app_submit(w, REQ_OP_WRITE, 5, 1, 1);
	KUNIT_EXPECT_EQ(test, app_wait(w, later), -EIO);
	later = app_submit(w, REQ_OP_WRITE | REQ_PREFLUSH, 0, 0, 1);
	KUNIT_EXPECT_EQ(test, app_wait(w, later), -EIO);
	/* Its pages are the carrier's until it answers. */
	KUNIT_EXPECT_FALSE(test, read->ended);
	for (i = 0; i < 3; i++)
		answer_all(w, i, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, read), -EIO);
	KUNIT_EXPECT_EQ(test, braid_io_drain(&w->volume, 60000), 0);
}

static void nonsense_is_refused(struct kunit *test)
{
	struct world *w = world_begin(test);
	struct app *app;

	app = app_submit(w, REQ_OP_SECURE_ERASE, 0, 1, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), -EOPNOTSUPP);
	app = app_submit(w, REQ_OP_WRITE_ZEROES, 0, (65 << 20) / 4096, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), -EIO);
	app = app_submit(w, REQ_OP_DISCARD, 0, (65 << 20) / 4096, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), -EIO);
	app = app_submit_bytes(w, REQ_OP_READ, 4096, 512, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), -EINVAL);
	app = app_submit_bytes(w, REQ_OP_WRITE, 512, 4096, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), -EINVAL);
	KUNIT_EXPECT_EQ(test, w->logged, 0);
}

static struct kunit_case io_cases[] = {
	KUNIT_CASE(write_waits_for_every_member),
	KUNIT_CASE(write_is_what_it_was_when_it_came),
	KUNIT_CASE(write_that_overlaps_waits),
	KUNIT_CASE(write_waits_for_the_shrink),
	KUNIT_CASE(write_may_be_answered_late),
	KUNIT_CASE(write_error_of_the_last_goes_up),
	KUNIT_CASE(write_counts_for_who_is_proposed),
	KUNIT_CASE(write_is_sent_again_in_order),
	KUNIT_CASE(write_lost_late_is_sent_again),
	KUNIT_CASE(write_refused_is_told),
	KUNIT_CASE(write_refused_before_is_sent_again),
	KUNIT_CASE(write_late_member_is_told),
	KUNIT_CASE(write_with_fua_that_fails_is_told),
	KUNIT_CASE(last_member_is_late_by_what_it_has),
	KUNIT_CASE(write_needs_no_memory),
	KUNIT_CASE(zeroes_have_no_payload),
	KUNIT_CASE(flush_is_done_by_every_member),
	KUNIT_CASE(flush_covers_proposals),
	KUNIT_CASE(flush_that_fails_is_not_tried_again),
	KUNIT_CASE(flush_comes_before_its_data),
	KUNIT_CASE(read_is_from_here),
	KUNIT_CASE(read_waits_for_writes),
	KUNIT_CASE(read_needs_the_lease),
	KUNIT_CASE(read_goes_elsewhere_and_repairs),
	KUNIT_CASE(read_is_put_together),
	KUNIT_CASE(read_waits_for_a_member),
	KUNIT_CASE(gate_holds_what_it_should),
	KUNIT_CASE(gate_holds_acknowledgements_too),
	KUNIT_CASE(fail_ends_everything),
	KUNIT_CASE(nonsense_is_refused),
	{}
};

static struct kunit_suite io_suite = {
	.name = "braid_io",
	.test_cases = io_cases,
};

kunit_test_suite(io_suite);

MODULE_DESCRIPTION("KUnit: the writer's path of braid volumes");
MODULE_LICENSE("GPL");
