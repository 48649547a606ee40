// SPDX-License-Identifier: GPL-2.0-only
/* Who waits for what on the writer's path, and who is told what it read or wrote. */
#include "../../kmod/blk/io/clear.c"
#include "../../kmod/blk/io/copy.c"
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

static void set_state(struct world *w, enum braid_volume_state state)
{
	spin_lock_irq(&w->volume.lock);
	w->volume.state = state;
	spin_unlock_irq(&w->volume.lock);
}

/* How many bios wait for the gate, a member or the lease. */
static u32 waiting(struct world *w)
{
	struct braid_io_info info;

	braid_io_info(&w->volume, &info);
	return info.held;
}

/* Nothing is served before the attach is through (attach 3, 4). */
static void attaching_holds_everything(struct kunit *test)
{
	struct world *w = world_begin(test);
	struct app *read, *write, *flush;

	set_state(w, BRAID_VOLUME_ATTACHING);
	read = app_submit(w, REQ_OP_READ, 0, 1, 0);
	write = app_submit(w, REQ_OP_WRITE, 0, 1, 1);
	flush = app_submit(w, REQ_OP_WRITE | REQ_PREFLUSH, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, waiting(w), 3);
	KUNIT_EXPECT_EQ(test, w->logged, 0);
	set_state(w, BRAID_VOLUME_ACTIVE);
	braid_io_gate(&w->volume);
	KUNIT_EXPECT_EQ(test, app_wait(w, read), 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, write), 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, flush), 0);
}

/* Who came after the last flush of a detach would not be in it. */
static void detaching_lets_nobody_in(struct kunit *test)
{
	struct world *w = world_begin(test);

	set_state(w, BRAID_VOLUME_DETACHING);
	KUNIT_EXPECT_EQ(test, app_wait(w, app_submit(w, REQ_OP_WRITE, 0, 1, 1)),
			-EIO);
	KUNIT_EXPECT_EQ(test, app_wait(w, app_submit(w, REQ_OP_READ, 0, 1, 1)),
			-EIO);
	KUNIT_EXPECT_EQ(test, w->logged, 0);
}

/* A read that waits for a member ends when everything does. */
static void fail_ends_who_waits_for_a_member(struct kunit *test)
{
	struct world *w = world_held(test);
	struct app *app;

	world_members(w, A, 0);
	app = app_submit(w, REQ_OP_READ, 0, 1, 0);
	answer(w, 0, 0, -ENOTCONN);
	KUNIT_EXPECT_TRUE(test, wait_until(waiting(w) == 1));
	set_state(w, BRAID_VOLUME_DEAD);
	braid_io_fail(&w->volume, -EIO);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), -EIO);
}

/* A voter promised another: what comes from now on may be older than what is there. */
static void read_is_not_told_when_refused(struct kunit *test)
{
	struct world *w = world_held(test);
	struct app *app = app_submit(w, REQ_OP_READ, 0, 1, 0xff);

	world_hold(w, BRAID_HELD_REFUSED);
	answer(w, 0, 0, 0);
	KUNIT_EXPECT_TRUE(test, wait_until(waiting(w) == 1));
	KUNIT_EXPECT_FALSE(test, app->ended);
	world_mode(w, FAKE_ANSWER);
	world_hold(w, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
	KUNIT_EXPECT_EQ(test, logged(w, 0, BRAID_OP_READ), 2);
}

static void read_refused_is_told(struct kunit *test)
{
	struct world *w = world_held(test);
	struct app *app = app_submit(w, REQ_OP_READ, 0, 1, 0);

	answer(w, 0, 0, -ESTALE);
	KUNIT_EXPECT_EQ(test, w->refused, A);
	KUNIT_EXPECT_EQ(test, w->failed, 0);
	KUNIT_EXPECT_FALSE(test, app->ended);
	world_mode(w, FAKE_ANSWER);
	answer_all(w, 1, 0);
	answer_all(w, 2, 0);
	braid_io_resend(&w->volume, &w->volume.peers[0]);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
}

/* What was put together from several members, too. */
static void repaired_is_not_told_without_the_lease(struct kunit *test)
{
	struct world *w = world_begin(test);
	struct app *app;
	int i;

	for (i = 0; i < 3; i++) {
		memset(w->fake[i].disk, 0x33, WORLD_SIZE);
		__set_bit(i, w->fake[i].bad);
	}
	w->volume.lease_until = ktime_get_boottime_ns() - 1;
	app = app_submit(w, REQ_OP_READ, 0, 4, 0);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(w->volume.io->repaired) >= 3));
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(w->volume.io->nreads) == 0));
	flush_work(&w->volume.io->repair_work);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(app->ended));
	w->volume.lease_until = U64_MAX;
	world_hold(w, BRAID_HELD_USER);
	world_hold(w, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
}

/* I4: who is proposed is written to, and not read. */
static void read_is_from_members(struct kunit *test)
{
	struct world *w = world_begin(test);
	int i;

	world_members(w, B, B | C);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, app_wait(w, app_submit(w, REQ_OP_READ, 0, 1, 0)),
				0);
	KUNIT_EXPECT_EQ(test, logged(w, 1, BRAID_OP_READ), 3);
	KUNIT_EXPECT_EQ(test, logged(w, -1, BRAID_OP_READ), 3);
}

/* Who failed, left and is proposed anew begins anew. */
static void write_goes_to_who_comes_back(struct kunit *test)
{
	struct world *w = world_held(test);
	struct app *app = app_submit(w, REQ_OP_WRITE, 0, 1, 1);

	answer(w, 2, 0, -ENOSPC);
	KUNIT_EXPECT_EQ(test, w->failed, C);
	world_members(w, A | B, 0);
	world_members(w, A | B, A | B | C);
	KUNIT_EXPECT_TRUE(test, wait_until(held(w, 2) == 1));
	answer_all(w, 0, 0);
	answer_all(w, 1, 0);
	KUNIT_EXPECT_FALSE(test, app->ended);
	answer_all(w, 2, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
}

/* A member that comes back has its time from then on. */
static void patience_begins_anew(struct kunit *test)
{
	struct world *w = world_held(test);
	struct braid_io_set *set = w->volume.io;
	struct app *app;
	u64 begun, now;

	w->volume.member_timeout_ms = 60000;
	begun = ktime_get_boottime_ns();
	app = app_submit(w, REQ_OP_WRITE, 0, 1, 1);
	now = begun + 70 * (u64)NSEC_PER_SEC;
	KUNIT_EXPECT_EQ(test, late_of(set, B | C, begun, 4096, now), B | C);
	KUNIT_EXPECT_EQ(test, late_of(set, 0, begun, 4096, now), 0);
	KUNIT_EXPECT_EQ(test, late_of(set, B | C, begun, 4096, begun), 0);
	braid_io_resend(&w->volume, &w->volume.peers[1]);
	KUNIT_EXPECT_GE(test, braid_io_slot(set, B)->resumed, begun);
	KUNIT_EXPECT_EQ(test, braid_io_slot(set, C)->resumed, 0ULL);
	braid_io_slot(set, B)->resumed = begun + 30 * (u64)NSEC_PER_SEC;
	KUNIT_EXPECT_EQ(test, late_of(set, B | C, begun, 4096, now), C);
	world_mode(w, FAKE_ANSWER);
	answer_all(w, 0, 0);
	answer_all(w, 1, 0);
	answer_all(w, 2, 0);
	KUNIT_EXPECT_EQ(test, app_wait(w, app), 0);
}

/* There is no discard that is durable when it is answered. */
static void durable_discard_is_zeroes(struct kunit *test)
{
	struct world *w = world_begin(test);

	memset(w->fake[2].disk, 1, WORLD_SIZE);
	KUNIT_EXPECT_EQ(test, app_wait(w, app_submit(w, REQ_OP_DISCARD | REQ_FUA,
						     3, 1, 0)), 0);
	KUNIT_EXPECT_EQ(test, logged(w, -1, BRAID_OP_DISCARD), 0);
	KUNIT_ASSERT_NOT_NULL(test, last_of(w, 2, BRAID_OP_ZERO));
	KUNIT_EXPECT_EQ(test, last_of(w, 2, BRAID_OP_ZERO)->flags, BRAID_REQ_FUA);
	KUNIT_EXPECT_EQ(test, disk_byte(w, 2, 3), 0);
}

static struct kunit_case io_gate_cases[] = {
	KUNIT_CASE(attaching_holds_everything),
	KUNIT_CASE(detaching_lets_nobody_in),
	KUNIT_CASE(fail_ends_who_waits_for_a_member),
	KUNIT_CASE(read_is_not_told_when_refused),
	KUNIT_CASE(read_refused_is_told),
	KUNIT_CASE(repaired_is_not_told_without_the_lease),
	KUNIT_CASE(read_is_from_members),
	KUNIT_CASE(write_goes_to_who_comes_back),
	KUNIT_CASE(patience_begins_anew),
	KUNIT_CASE(durable_discard_is_zeroes),
	{}
};

static struct kunit_suite io_gate_suite = {
	.name = "braid_io_gate",
	.test_cases = io_gate_cases,
};

kunit_test_suite(io_gate_suite);

MODULE_DESCRIPTION("KUnit: what waits on the writer's path of braid volumes");
MODULE_LICENSE("GPL");
