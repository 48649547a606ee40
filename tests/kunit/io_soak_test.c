// SPDX-License-Identifier: GPL-2.0-only
/*
 * The writer's path under everything at once: voters answer late and in any
 * order, are lost and come back, one fails and is ejected, the gate shuts and
 * opens, the lease lapses. What was acknowledged is on every member at the end,
 * and every read says what was written last.
 */
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

enum {
	SOAK_APPS = 24,
	SOAK_OPS = 3000,
	SOAK_FAILS = SOAK_OPS / 2,
	SOAK_EJECTED = SOAK_FAILS + 40,
	SOAK_BLOCKS = 96,
};

/* What the application knows of a block. */
struct soak_block {
	u8 value;	/* written last, if @known */
	bool known;	/* no two writes of it were in flight at a time since */
	int writes;	/* in flight */
};

struct soak_app {
	struct app *app;
	bool read;
	bool zero;
	u32 block;
	u32 blocks;
	u8 fill;
	bool check[16];	/* of a read: nothing was written there meanwhile */
	u8 want[16];
};

struct soak {
	struct world *w;
	struct rnd_state rnd;
	struct soak_app app[SOAK_APPS];
	struct soak_block block[SOAK_BLOCKS];
	u64 lost;	/* members that are not connected */
	u32 reads_checked;
};

/* A write touches the blocks: reads of them in flight cannot be checked. */
static void soak_spoil(struct soak *soak, u32 block)
{
	int i;

	for (i = 0; i < SOAK_APPS; i++) {
		struct soak_app *one = &soak->app[i];

		if (one->app && one->read && block >= one->block &&
		    block < one->block + one->blocks)
			one->check[block - one->block] = false;
	}
}

static void soak_begin(struct soak *soak, struct soak_app *one)
{
	u32 what = random_below(&soak->rnd, 8), i;
	blk_opf_t opf = REQ_OP_WRITE;

	memset(one, 0, sizeof(*one));
	one->blocks = 1 + random_below(&soak->rnd, 8);
	one->block = random_below(&soak->rnd, SOAK_BLOCKS - one->blocks);
	one->fill = 1 + random_below(&soak->rnd, 255);
	one->read = what < 3;
	one->zero = what == 3;
	if (one->read)
		opf = REQ_OP_READ;
	else if (one->zero)
		opf = REQ_OP_WRITE_ZEROES;
	else if (what == 4)
		opf |= REQ_PREFLUSH | REQ_FUA;
	for (i = 0; i < one->blocks; i++) {
		struct soak_block *block = &soak->block[one->block + i];

		if (one->read) {
			one->check[i] = block->known && !block->writes;
			one->want[i] = block->value;
			continue;
		}
		soak_spoil(soak, one->block + i);
		block->known = !block->writes++;
		block->value = one->zero ? 0 : one->fill;
	}
	one->app = app_submit(soak->w, opf, one->block, one->blocks, one->fill);
}

static void soak_end(struct soak *soak, struct soak_app *one)
{
	struct kunit *test = soak->w->test;
	u32 i;

	KUNIT_EXPECT_EQ(test, one->app->status, 0);
	for (i = 0; i < one->blocks; i++) {
		struct soak_block *block = &soak->block[one->block + i];

		if (!one->read) {
			block->writes--;
		} else if (one->check[i]) {
			soak->reads_checked++;
			KUNIT_EXPECT_EQ_MSG(test, app_byte(one->app, i),
					    one->want[i], "block %u",
					    one->block + i);
		}
	}
	app_free(one->app);
	one->app = NULL;
}

static bool soak_reap(struct soak *soak)
{
	bool left = false;
	int i;

	for (i = 0; i < SOAK_APPS; i++) {
		struct soak_app *one = &soak->app[i];

		if (!one->app)
			continue;
		if (try_wait_for_completion(&one->app->done))
			soak_end(soak, one);
		else
			left = true;
	}
	return left;
}

/* A member's connection breaks, or is there again. */
static void soak_connection(struct soak *soak, int peer)
{
	struct world *w = soak->w;
	u64 bit = BRAID_VOTER_BIT(peer + 1);

	if (soak->lost & bit) {
		WRITE_ONCE(w->fake[peer].error, 0);
		WRITE_ONCE(w->fake[peer].read_error, 0);
		braid_io_resend(&w->volume, &w->volume.peers[peer]);
	} else {
		WRITE_ONCE(w->fake[peer].read_error, -ENOTCONN);
		WRITE_ONCE(w->fake[peer].error, -ENOTCONN);
	}
	soak->lost ^= bit;
}

static void soak_disturb(struct soak *soak, u32 done)
{
	struct world *w = soak->w;

	switch (random_below(&soak->rnd, 40)) {
	case 0:
	case 1:
	case 2:
		soak_connection(soak, random_below(&soak->rnd, 3));
		break;
	case 3:
		world_hold(w, BRAID_HELD_USER);
		usleep_range(100, 2000);
		world_hold(w, 0);
		break;
	case 4:
		w->volume.lease_until = 1;
		usleep_range(100, 2000);
		w->volume.lease_until = U64_MAX;
		braid_io_gate(&w->volume);
		break;
	case 5:
		spin_lock_irq(&w->lock);
		__set_bit(random_below(&soak->rnd, SOAK_BLOCKS),
			  w->fake[0].bad);
		spin_unlock_irq(&w->lock);
		break;
	default:
		break;
	}
	/* B fails, and after a while the record says so. */
	if (done == SOAK_FAILS)
		WRITE_ONCE(w->fake[1].mode, FAKE_HOLD);
	if (done == SOAK_FAILS + 20)
		world_members(w, A | B | C, A | C);
	if (done == SOAK_EJECTED) {
		world_members(w, A | C, 0);
		answer_all(w, 1, -ENOSPC);
		WRITE_ONCE(w->fake[1].mode, FAKE_ANSWER);
	}
}

static void soak_settle(struct soak *soak)
{
	int peer;

	for (peer = 0; peer < 3; peer++)
		if (soak->lost & BRAID_VOTER_BIT(peer + 1))
			soak_connection(soak, peer);
	KUNIT_ASSERT_TRUE(soak->w->test, wait_until(!soak_reap(soak)));
}

static void soak_check(struct soak *soak)
{
	struct world *w = soak->w;
	struct kunit *test = w->test;
	u32 i, known = 0;

	KUNIT_EXPECT_EQ(test, braid_io_drain(&w->volume, 60000), 0);
	KUNIT_EXPECT_EQ(test, braid_io_flush_and_clear(&w->volume), 0);
	KUNIT_EXPECT_EQ(test, memcmp(w->fake[0].disk, w->fake[2].disk,
				     WORLD_SIZE), 0);
	for (i = 0; i < SOAK_BLOCKS; i++) {
		if (!soak->block[i].known)
			continue;
		known++;
		KUNIT_EXPECT_EQ_MSG(test, disk_byte(w, 2, i),
				    soak->block[i].value, "block %u", i);
	}
	KUNIT_EXPECT_GT(test, known, 10);
	KUNIT_EXPECT_GT(test, soak->reads_checked, 100);
	KUNIT_EXPECT_EQ(test, w->volume.io->dirty.count, 0);
}

static void io_survives_everything_at_once(struct kunit *test)
{
	struct soak *soak = kunit_kzalloc(test, sizeof(*soak), GFP_KERNEL);
	struct world *w = world_begin(test);
	struct soak_app *one;
	u32 done, i;

	KUNIT_ASSERT_NOT_NULL(test, soak);
	soak->w = w;
	random_begin(test, &w->rnd);
	random_begin(test, &soak->rnd);
	w->volume.member_timeout_ms = 60000;
	for (i = 0; i < SOAK_BLOCKS; i++)
		soak->block[i].known = true;
	world_mode(w, FAKE_LATER);
	for (done = 0; done < SOAK_OPS; done++) {
		one = &soak->app[random_below(&soak->rnd, SOAK_APPS)];
		if (!one->app)
			soak_begin(soak, one);
		soak_disturb(soak, done);
		if (random_once_in(&soak->rnd, 4))
			usleep_range(50, 200);
		soak_reap(soak);
		/* All of them wait for who is not connected. */
		if ((done < SOAK_FAILS || done > SOAK_EJECTED) &&
		    random_once_in(&soak->rnd, 100))
			soak_settle(soak);
	}
	soak_settle(soak);
	soak_check(soak);
}

static struct kunit_case io_soak_cases[] = {
	KUNIT_CASE_SLOW(io_survives_everything_at_once),
	{}
};

static struct kunit_suite io_soak_suite = {
	.name = "braid_io_soak",
	.test_cases = io_soak_cases,
};

kunit_test_suite(io_soak_suite);

MODULE_DESCRIPTION("KUnit: the writer's path of braid volumes, disturbed");
MODULE_LICENSE("GPL");
