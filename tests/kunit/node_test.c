// SPDX-License-Identifier: GPL-2.0-only
/* The end of a node: its sockets, and what does not wait for its disks. */
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

#include "fake_replica.h"
#include "random.h"
#include "transport_world.h"

static bool unused(void)
{
	return !READ_ONCE(suite_node.users);
}

/* A namespace goes while a store of it does not answer: only the store is waited for. */
static void node_ends_without_its_store(struct kunit *test)
{
	struct world *world = test->priv;
	struct ask *ask = ask_new(world, BRAID_OP_WRITE, 0, 4096);

	KUNIT_ASSERT_NOT_NULL(test, ask);
	ask_fill(ask, 1);
	reach(test);
	WRITE_ONCE(fake->when, FAKE_HUNG);
	fake_await(1);
	expect_answers(world, 1);
	braid_remote_submit(world->remote, &ask->request);
	KUNIT_EXPECT_TRUE(test, wait_for_completion_timeout(&fake->reached, 30 * HZ));
	braid_target_kill(&suite_node);
	braid_target_cut(&suite_node);
	KUNIT_EXPECT_TRUE(test, all_answered(world));
	leave(world);
	KUNIT_EXPECT_TRUE(test, wait_for(unused()));
	KUNIT_EXPECT_EQ(test, atomic64_read(&fake->answered), 0);
	KUNIT_EXPECT_GT(test, atomic_read(&fake->sessions), 0);
	WRITE_ONCE(fake->when, FAKE_AT_ONCE);
	braid_target_end(&suite_node);
	KUNIT_EXPECT_EQ(test, atomic_read(&fake->sessions), 0);
	ask_free(ask);
}

/* A target has accepted, and says nothing. */
struct silence {
	struct world *world;
	struct braid_dialling dialling;
	struct completion done;
	struct work_struct work;
	int error;
};

static void dial_silence(struct work_struct *work)
{
	struct silence *silence = container_of(work, struct silence, work);
	struct braid_handshake_want want = { .role = BRAID_ROLE_CONTROL };
	struct braid_address address = silence->world->address;
	struct braid_handshake_got got;
	unsigned int which = 0;
	struct socket *sock;
	u32 features;

	address.port = PORT + 1;
	silence->error = braid_dial(&silence->dialling, &address,
				    &silence->world->secrets, &which, &want,
				    jiffies + msecs_to_jiffies(1000 * TIMEOUT_MS), &got,
				    &features, &sock);
	complete(&silence->done);
}

/* A call that would wait much longer than the test does is given up by another task. */
static void call_is_given_up(struct kunit *test)
{
	struct silence *silence = kunit_kzalloc(test, sizeof(*silence), GFP_KERNEL);
	struct braid_address address;
	struct world *world = test->priv;
	struct socket *listening;

	KUNIT_ASSERT_NOT_NULL(test, silence);
	address = world->address;
	address.port = PORT + 1;
	listening = braid_sock_listen(&suite_node, &address);
	KUNIT_ASSERT_FALSE(test, IS_ERR(listening));
	silence->world = world;
	braid_dialling_init(&silence->dialling, &suite_node);
	init_completion(&silence->done);
	INIT_WORK(&silence->work, dial_silence);
	queue_work(system_dfl_wq, &silence->work);
	KUNIT_EXPECT_TRUE(test, wait_for(READ_ONCE(silence->dialling.sock)));
	braid_dialling_stop(&silence->dialling);
	KUNIT_EXPECT_TRUE(test, wait_for_completion_timeout(&silence->done,
							    msecs_to_jiffies(TIMEOUT_MS)));
	/* A failed test ends, too. */
	braid_sock_release(&suite_node, listening);
	flush_work(&silence->work);
	KUNIT_EXPECT_EQ(test, silence->error, -EINTR);
	/* Nor is there another call. */
	dial_silence(&silence->work);
	KUNIT_EXPECT_EQ(test, silence->error, -EINTR);
}

/* A connection whose end is seen. */
struct early {
	struct braid_conn conn;
	struct completion down;
};

static void early_batch(struct braid_conn *conn)
{
}

static void early_down(struct braid_conn *conn)
{
	complete(&container_of(conn, struct early, conn)->down);
}

static const struct braid_conn_ops early_ops = {
	.stream = {
		.copy = braid_conn_copy,
	},
	.batch = early_batch,
	.down = early_down,
};

/* A connection breaks, and loses its socket, before its owner begins to receive. */
static void killed_connection_starts(struct kunit *test)
{
	struct early *early = kunit_kzalloc(test, sizeof(*early), GFP_KERNEL);
	struct world *world = test->priv;
	struct braid_dialling dialling;
	struct socket *sock;

	KUNIT_ASSERT_NOT_NULL(test, early);
	braid_dialling_init(&dialling, &suite_node);
	sock = braid_sock_connect(&dialling, &world->address,
				  jiffies + msecs_to_jiffies(TIMEOUT_MS));
	KUNIT_ASSERT_FALSE(test, IS_ERR(sock));
	braid_dialling_done(&dialling);
	init_completion(&early->down);
	braid_conn_init(&early->conn, &suite_node, sock, &early_ops, true, false);
	braid_conn_kill(&early->conn);
	KUNIT_EXPECT_TRUE(test, wait_for_completion_timeout(&early->down,
							    msecs_to_jiffies(TIMEOUT_MS)));
	KUNIT_EXPECT_NULL(test, early->conn.sock);
	braid_conn_start(&early->conn);
	flush_work(&early->conn.work);
	KUNIT_EXPECT_FALSE(test, completion_done(&early->down));
	braid_conn_release(&early->conn);
}

/* Nothing uses a namespace that is about to go. */
static void ending_node_has_no_new_users(struct kunit *test)
{
	struct world *world = test->priv;
	struct braid_dialling dialling;
	struct braid_blk_node *node;

	node = kunit_kzalloc(test, sizeof(*node), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, node);
	braid_blk_node_setup(node, &init_net);
	braid_dialling_init(&dialling, node);
	KUNIT_EXPECT_TRUE(test, braid_blk_node_enter(node));
	node->closed = true;
	KUNIT_EXPECT_FALSE(test, braid_blk_node_enter(node));
	KUNIT_EXPECT_EQ(test, PTR_ERR(braid_sock_listen(node, &world->address)), -ENETDOWN);
	KUNIT_EXPECT_TRUE(test, IS_ERR(braid_sock_connect(&dialling, &world->address,
							  jiffies + HZ)));
	KUNIT_EXPECT_FALSE(test, completion_done(&node->idle));
	braid_blk_node_leave(node);
	KUNIT_EXPECT_TRUE(test, completion_done(&node->idle));
}

static struct kunit_case node_cases[] = {
	KUNIT_CASE(node_ends_without_its_store),
	KUNIT_CASE(call_is_given_up),
	KUNIT_CASE(killed_connection_starts),
	KUNIT_CASE(ending_node_has_no_new_users),
	{}
};

static int node_begin(struct kunit_suite *suite)
{
	int ret = braid_conn_module_init();

	return ret ? ret : braid_target_init();
}

static void node_finish(struct kunit_suite *suite)
{
	braid_target_end(&suite_node);
	braid_target_exit();
	braid_conn_module_exit();
	braid_spare_exit();
}

static struct kunit_suite node_suite = {
	.name = "braid_node",
	.suite_init = node_begin,
	.suite_exit = node_finish,
	.init = world_init,
	.exit = world_exit,
	.test_cases = node_cases,
};

kunit_test_suite(node_suite);

MODULE_DESCRIPTION("KUnit: the end of a node and its sockets");
MODULE_LICENSE("GPL");
