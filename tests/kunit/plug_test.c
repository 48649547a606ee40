// SPDX-License-Identifier: GPL-2.0-only
/* Requests that are submitted together under a plug. */
#include "../../kmod/blk/transport/auth.c"
#include "../../kmod/blk/transport/conn.c"
#undef pr_fmt
#include "../../kmod/blk/transport/dial.c"
#include "../../kmod/blk/transport/dialling.c"
#include "../../kmod/blk/target/guest.c"
#include "../../kmod/blk/transport/handshake.c"
#include "../../kmod/blk/target/order.c"
#include "../../kmod/blk/transport/pages.c"
#include "../../kmod/blk/transport/node.c"
#include "../../kmod/blk/transport/remote.c"
#include "../../kmod/blk/transport/sock.c"
#include "../../kmod/blk/transport/spare.c"
#include "../../kmod/blk/transport/stream.c"
#include "../../kmod/blk/target/target.c"
#include "../../kmod/blk/transport/wire.c"

#include <linux/kthread.h>

#include "fake_replica.h"
#include "random.h"
#include "transport_world.h"

#define TOGETHER	5
#define LARGE		(64u << 10)

/* Waits until the connection is idle. */
static void settle(struct kunit *test)
{
	struct world *world = test->priv;

	KUNIT_EXPECT_EQ(test, simple(test, BRAID_OP_FLUSH, 0, 0, 0), 0);
	flush_work(&world->remote->data.conn.work);
}

static void plugged_ones_go_together(struct kunit *test)
{
	struct world *world = test->priv;
	struct ask *ask[TOGETHER];
	struct blk_plug plug;
	int i;

	reach(test);
	settle(test);
	for (i = 0; i < TOGETHER; i++) {
		ask[i] = ask_new(world, BRAID_OP_WRITE, 4096 * i, 4096);
		KUNIT_ASSERT_NOT_NULL(test, ask[i]);
		ask_fill(ask[i], i + 1);
	}
	expect_answers(world, TOGETHER);
	blk_start_plug(&plug);
	for (i = 0; i < TOGETHER; i++)
		braid_remote_submit(world->remote, &ask[i]->request);
	for (i = 0; i < TOGETHER; i++)
		KUNIT_EXPECT_EQ(test, READ_ONCE(ask[i]->request.sent), 0);
	blk_finish_plug(&plug);
	KUNIT_ASSERT_TRUE(test, all_answered(world));
	for (i = 0; i < TOGETHER; i++) {
		KUNIT_EXPECT_EQ(test, ask[i]->request.error, 0);
		KUNIT_EXPECT_NE(test, ask[i]->request.sent, 0);
		ask_free(ask[i]);
		KUNIT_EXPECT_EQ(test, simple(test, BRAID_OP_READ, 4096 * i, 4096, i + 1), 0);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&world->downs), 0);
	KUNIT_EXPECT_EQ(test, target_info().broken, 0);
}

/* Of many requests under a plug only a part waits for the end of the plug. */
static void plugged_ones_do_not_pile_up(struct kunit *test)
{
	struct world *world = test->priv;
	struct ask *ask[TOGETHER];
	struct blk_plug plug;
	int i;

	BUILD_BUG_ON((TOGETHER - 1) * LARGE < UNPLUG_BYTES);
	reach(test);
	settle(test);
	for (i = 0; i < TOGETHER; i++) {
		ask[i] = ask_new(world, BRAID_OP_WRITE, 0, LARGE);
		KUNIT_ASSERT_NOT_NULL(test, ask[i]);
		ask_fill(ask[i], i + 1);
	}
	expect_answers(world, TOGETHER);
	blk_start_plug(&plug);
	for (i = 0; i < TOGETHER - 1; i++)
		braid_remote_submit(world->remote, &ask[i]->request);
	KUNIT_EXPECT_NE(test, READ_ONCE(ask[0]->request.sent), 0);
	braid_remote_submit(world->remote, &ask[i]->request);
	blk_finish_plug(&plug);
	KUNIT_ASSERT_TRUE(test, all_answered(world));
	for (i = 0; i < TOGETHER; i++) {
		KUNIT_EXPECT_EQ(test, ask[i]->request.error, 0);
		ask_free(ask[i]);
	}
	KUNIT_EXPECT_EQ(test, simple(test, BRAID_OP_READ, 0, LARGE, TOGETHER), 0);
}

/* Begins a plug and submits a write, which waits for the end of the plug. */
static struct ask *plugged_write(struct kunit *test, struct blk_plug *plug)
{
	struct world *world = test->priv;
	struct ask *ask;

	reach(test);
	settle(test);
	ask = ask_new(world, BRAID_OP_WRITE, 0, 4096);
	KUNIT_ASSERT_NOT_NULL(test, ask);
	expect_answers(world, 1);
	blk_start_plug(plug);
	braid_remote_submit(world->remote, &ask->request);
	return ask;
}

/*
 * A task that is preempted under its plug does not delay the request for ever.
 */
static void plugged_ones_are_pushed(struct kunit *test)
{
	const unsigned long end = jiffies + 30 * HZ;
	struct world *world = test->priv;
	struct blk_plug plug;
	struct ask *ask;

	ask = plugged_write(test, &plug);
	KUNIT_EXPECT_EQ(test, READ_ONCE(ask->request.sent), 0);
	braid_remote_push(world->remote);
	/* Sleeping would end the plug. */
	while (!READ_ONCE(ask->request.sent) && time_before(jiffies, end)) {
		mdelay(1);
		cond_resched();
	}
	KUNIT_EXPECT_NE(test, READ_ONCE(ask->request.sent), 0);
	blk_finish_plug(&plug);
	KUNIT_ASSERT_TRUE(test, all_answered(world));
	ask_free(ask);
}

/*
 * A lease does not wait for a plug, and a task that sleeps under its plug does
 * not wait either.
 */
static void plugs_do_not_block(struct kunit *test)
{
	struct world *world = test->priv;
	struct blk_plug plug;

	reach(test);
	settle(test);
	blk_start_plug(&plug);
	KUNIT_EXPECT_EQ(test, simple(test, BRAID_OP_LEASE, 0, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, simple(test, BRAID_OP_WRITE, 0, 4096, 9), 0);
	KUNIT_EXPECT_EQ(test, simple(test, BRAID_OP_READ, 0, 4096, 9), 0);
	blk_finish_plug(&plug);
	KUNIT_EXPECT_EQ(test, atomic_read(&world->downs), 0);
}

/*
 * A request under a plug is answered when the connection ends, and the end
 * waits for it.
 */
static void plugged_ones_end(struct kunit *test)
{
	struct world *world = test->priv;
	struct blk_plug plug;
	struct ask *ask;

	ask = plugged_write(test, &plug);
	leave(world);
	KUNIT_EXPECT_EQ(test, atomic_read(&ask->answers), 1);
	blk_finish_plug(&plug);
	KUNIT_EXPECT_EQ(test, atomic_read(&world->downs), 1);
	ask_free(ask);
}

static struct kunit_case plug_cases[] = {
	KUNIT_CASE(plugged_ones_go_together),
	KUNIT_CASE(plugged_ones_do_not_pile_up),
	KUNIT_CASE(plugged_ones_are_pushed),
	KUNIT_CASE(plugs_do_not_block),
	KUNIT_CASE(plugged_ones_end),
	{}
};

static int plug_begin(struct kunit_suite *suite)
{
	int ret = braid_conn_module_init();

	return ret ? ret : braid_target_init();
}

static void plug_end(struct kunit_suite *suite)
{
	braid_target_end(&suite_node);
	braid_target_exit();
	braid_conn_module_exit();
	braid_spare_exit();
}

static struct kunit_suite plug_suite = {
	.name = "braid_plug",
	.suite_init = plug_begin,
	.suite_exit = plug_end,
	.init = world_init,
	.exit = world_exit,
	.test_cases = plug_cases,
};

kunit_test_suite(plug_suite);

MODULE_DESCRIPTION("KUnit: frames of volumes that are sent together");
MODULE_LICENSE("GPL");
