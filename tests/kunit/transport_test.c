// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writer and target in one kernel, over the loopback device: every request is
 * answered exactly once, whichever side breaks the connection and at any time.
 */
#include "../../kmod/blk/transport/auth.c"
#include "../../kmod/blk/transport/conn.c"
#undef pr_fmt
#include "../../kmod/blk/transport/dial.c"
#include "../../kmod/blk/transport/dialling.c"
#include "../../kmod/blk/target/guest.c"
#include "../../kmod/blk/transport/handshake.c"
#include "../../kmod/blk/target/order.c"

#include "short_memory.h"
#pragma push_macro("alloc_page")
#pragma push_macro("alloc_pages")
#undef alloc_page
#undef alloc_pages
#define alloc_page(gfp)		short_pages(gfp, 0)
#define alloc_pages(gfp, order)	short_pages(gfp, order)
#include "../../kmod/blk/transport/pages.c"
#include "../../kmod/blk/transport/spare.c"
#pragma pop_macro("alloc_pages")
#pragma pop_macro("alloc_page")

#include "../../kmod/blk/transport/node.c"
#include "../../kmod/blk/transport/remote.c"
#include "../../kmod/blk/transport/sock.c"
#include "../../kmod/blk/transport/stream.c"
#include "../../kmod/blk/target/target.c"
#include "../../kmod/blk/transport/wire.c"

#include <linux/kthread.h>

#include "fake_replica.h"
#include "random.h"
#include "transport_world.h"

/* Handshake */

static void hello_tells_whom_it_reached(struct kunit *test)
{
	struct world *world = test->priv;

	world->where.volume = uuid_null;
	strscpy(world->where.name, "disk", sizeof(world->where.name));
	KUNIT_ASSERT_EQ(test, connect_as(world), 0);
	KUNIT_EXPECT_EQ(test, world->hello.store, 99);
	KUNIT_EXPECT_EQ(test, world->hello.sequence, 42);
	KUNIT_EXPECT_EQ(test, world->hello.features, BRAID_FEATURES);
	KUNIT_EXPECT_EQ(test, target_info().connections, 1);
	KUNIT_EXPECT_EQ(test, attach_under(world, 3), 0);
	KUNIT_EXPECT_EQ(test, target_info().connections, 2);
}

static void refusals(struct kunit *test)
{
	struct world *world = test->priv;

	world->where.voter = 6;
	KUNIT_EXPECT_EQ(test, connect_as(world), -ENOENT);
	world->where.voter = 0;
	world->where.volume.b[0] ^= 1;
	KUNIT_EXPECT_EQ(test, connect_as(world), -ENOENT);
	world->where.volume = uuid_null;
	strscpy(world->where.name, "disc", sizeof(world->where.name));
	KUNIT_EXPECT_EQ(test, connect_as(world), -ENOENT);
	world->where.volume = fake->record.volume;
	world->where.secrets.secret[0][31] ^= 1;
	KUNIT_EXPECT_EQ(test, connect_as(world), -EKEYREJECTED);
	world->where.address.port++;
	KUNIT_EXPECT_EQ(test, connect_as(world), -ECONNREFUSED);
	KUNIT_EXPECT_EQ(test, target_info().refused, 4);
	KUNIT_EXPECT_EQ(test, target_info().connections, 0);

	world->where.address.port--;
	world->where.secrets = world->secrets;
	KUNIT_ASSERT_EQ(test, connect_as(world), 0);
	KUNIT_EXPECT_EQ(test, attach_under(world, 2), -ESTALE);
	/* The control connection still works. */
	KUNIT_EXPECT_EQ(test, simple(test, BRAID_OP_LEASE, 0, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, simple(test, BRAID_OP_FLUSH, 0, 0, 0), -ENOTCONN);
	KUNIT_EXPECT_EQ(test, attach_under(world, 3), 0);
	KUNIT_EXPECT_EQ(test, simple(test, BRAID_OP_FLUSH, 0, 0, 0), 0);
}

static void store_opened_anew_in_between(struct kunit *test)
{
	struct world *world = test->priv;

	KUNIT_ASSERT_EQ(test, connect_as(world), 0);
	WRITE_ONCE(fake->store, 100);
	KUNIT_EXPECT_EQ(test, attach_under(world, 3), -ENOTCONN);
}

static void secrets_are_rotated(struct kunit *test)
{
	struct world *world = test->priv;
	struct braid_secrets both = world->secrets;

	/*
	 * The new secret is set on the target, then on the writer; then the old
	 * one is removed.
	 */
	both.count = 2;
	both.length[1] = both.length[0];
	memcpy(both.secret[1], both.secret[0], BRAID_SECRET_MAX);
	memset(both.secret[0], 'n', BRAID_SECRET_MIN);
	KUNIT_ASSERT_EQ(test, braid_target_listen(&suite_node, &world->address, &both, NULL), 0);
	KUNIT_EXPECT_EQ(test, connect_as(world), 0);
	leave(world);
	world->where.secrets = both;
	KUNIT_EXPECT_EQ(test, connect_as(world), 0);
	leave(world);
	both.count = 1;
	KUNIT_ASSERT_EQ(test, braid_target_listen(&suite_node, &world->address, &both, NULL), 0);
	KUNIT_EXPECT_EQ(test, connect_as(world), 0);
	leave(world);
	/*
	 * A writer whose first secret is unknown to the target tries the
	 * second.
	 */
	KUNIT_ASSERT_EQ(test, braid_target_listen(&suite_node, &world->address, &world->secrets,
						  NULL), 0);
	KUNIT_EXPECT_EQ(test, connect_as(world), 0);
	leave(world);
	world->where.secrets = both;
	KUNIT_EXPECT_EQ(test, connect_as(world), -EKEYREJECTED);
}

/* Requests */

static void what_is_written_is_read(struct kunit *test)
{
	static const u32 lengths[] = {
		4096, 8192, 15 * 4096, 65536, 17 * 4096, 64 * 4096, BRAID_PAYLOAD_MAX,
	};
	int i;

	reach(test);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		KUNIT_EXPECT_EQ(test, simple(test, BRAID_OP_WRITE, 4096 * i, lengths[i],
					     i + 1), 0);
		KUNIT_EXPECT_EQ(test, simple(test, BRAID_OP_READ, 4096 * i, lengths[i],
					     i + 1), 0);
	}
	KUNIT_EXPECT_EQ(test, simple(test, BRAID_OP_FLUSH, 0, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, simple(test, BRAID_OP_DISCARD, 0, 4096, 0), -EOPNOTSUPP);
	/* A failed request has no data, and the next request succeeds. */
	KUNIT_EXPECT_EQ(test, simple(test, BRAID_OP_READ, FAKE_SIZE, 4096, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, simple(test, BRAID_OP_WRITE, FAKE_SIZE, 4096, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, simple(test, BRAID_OP_READ, 4096 * 6, 4096, 7), 0);
	KUNIT_EXPECT_EQ(test, target_info().broken, 0);
}

static void bodies_go_both_ways(struct kunit *test)
{
	struct world *world = test->priv;
	u8 *body = kunit_kzalloc(test, BRAID_BODY_MAX, GFP_KERNEL);
	struct ask *ask = ask_new(world, BRAID_OP_ASK, 0, 0);

	KUNIT_ASSERT_NOT_NULL(test, body);
	KUNIT_ASSERT_NOT_NULL(test, ask);
	reach(test);
	/* A refusal carries a record as well. */
	memcpy(body, "host", 4);
	ask->request.body = body;
	ask->request.body_len = 4;
	ask->request.body_max = BRAID_SLOT_SIZE;
	KUNIT_EXPECT_EQ(test, ask_and_wait(ask), -EBUSY);
	KUNIT_EXPECT_EQ(test, ask->request.body_len, BRAID_SLOT_SIZE);
	KUNIT_EXPECT_EQ(test, ask->request.value, 77);
	KUNIT_EXPECT_EQ(test, memcmp(body, "host\xa5\xa5", 6), 0);
	KUNIT_EXPECT_EQ(test, body[BRAID_SLOT_SIZE - 1], 0xa5);

	ask->request.op = BRAID_OP_DIRTY;
	ask->request.body_len = 0;
	ask->request.body_max = BRAID_BODY_MAX;
	KUNIT_EXPECT_EQ(test, ask_and_wait(ask), 0);
	KUNIT_EXPECT_EQ(test, ask->request.body_len, BRAID_BODY_MAX);
	KUNIT_EXPECT_NULL(test, memchr_inv(body, 0x3c, BRAID_BODY_MAX));

	ask->request.op = BRAID_OP_CLEAR;
	KUNIT_EXPECT_EQ(test, ask_and_wait(ask), 0);
	KUNIT_EXPECT_EQ(test, ask->request.value, BRAID_BODY_MAX);
	KUNIT_EXPECT_EQ(test, ask->request.body_len, 0);
	ask_free(ask);
}

/* Many requests at a time */

#define MANY	200

struct crowd {
	struct ask *ask[MANY];
};

static void crowd_free(void *data)
{
	struct crowd *crowd = data;
	int i;

	for (i = 0; i < MANY; i++)
		if (crowd->ask[i])
			ask_free(crowd->ask[i]);
	kvfree(crowd);
}

/* Concurrent writes to the whole replica. */
static struct crowd *crowd_new(struct kunit *test, enum braid_op op)
{
	struct crowd *crowd = kvzalloc(sizeof(*crowd), GFP_KERNEL);
	u32 length;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, crowd);
	for (i = 0; i < MANY; i++) {
		length = 4096 * (1 + i % 5);
		crowd->ask[i] = ask_new(test->priv, op, i * 20480ull, length);
		KUNIT_ASSERT_NOT_NULL(test, crowd->ask[i]);
		if (op == BRAID_OP_WRITE)
			ask_fill(crowd->ask[i], i);
	}
	return crowd;
}

static void crowd_go(struct world *world, struct crowd *crowd)
{
	int i;

	expect_answers(world, MANY);
	for (i = 0; i < MANY; i++)
		braid_remote_submit(world->remote, &crowd->ask[i]->request);
}

static void crowd_check(struct kunit *test, struct crowd *crowd, bool broken)
{
	struct ask *ask;
	int i;

	for (i = 0; i < MANY; i++) {
		ask = crowd->ask[i];
		KUNIT_ASSERT_EQ(test, atomic_read(&ask->answers), 1);
		if (broken && ask->request.error) {
			KUNIT_ASSERT_TRUE(test, ask->request.error == -ENOTCONN ||
					  ask->request.error == -ESHUTDOWN);
			continue;
		}
		KUNIT_ASSERT_EQ(test, ask->request.error, 0);
		KUNIT_ASSERT_TRUE(test, ask->request.sent != 0);
		if (ask->request.op == BRAID_OP_READ)
			KUNIT_ASSERT_TRUE(test, ask_holds(ask, i));
	}
}

/* More requests than there are slots and orders, answered out of order. */
static void more_than_fit(struct kunit *test)
{
	static const enum fake_when whens[] = { FAKE_LATER, FAKE_AT_ONCE };
	struct world *world = test->priv;
	struct crowd *writes, *reads;
	int i;

	reach(test);
	for (i = 0; i < ARRAY_SIZE(whens); i++) {
		memset(fake->data, 0, FAKE_SIZE);
		WRITE_ONCE(fake->when, whens[i]);
		writes = crowd_new(test, BRAID_OP_WRITE);
		reads = crowd_new(test, BRAID_OP_READ);
		crowd_go(world, writes);
		KUNIT_EXPECT_TRUE(test, all_answered(world));
		crowd_check(test, writes, false);
		crowd_go(world, reads);
		KUNIT_EXPECT_TRUE(test, all_answered(world));
		crowd_check(test, reads, false);
		crowd_free(writes);
		crowd_free(reads);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&world->downs), 0);
}

#define LARGE	20

/*
 * 20 MiB in flight: more than twice as much as the target holds for one
 * connection.
 */
static void more_bytes_than_fit(struct kunit *test)
{
	struct world *world = test->priv;
	struct ask *ask[LARGE];
	int i;

	reach(test);
	WRITE_ONCE(fake->when, FAKE_LATER);
	expect_answers(world, LARGE);
	for (i = 0; i < LARGE; i++) {
		ask[i] = ask_new(world, BRAID_OP_WRITE, (i % 8) << 20, BRAID_PAYLOAD_MAX);
		KUNIT_ASSERT_NOT_NULL(test, ask[i]);
	}
	for (i = 0; i < LARGE; i++)
		braid_remote_submit(world->remote, &ask[i]->request);
	KUNIT_EXPECT_TRUE(test, all_answered(world));
	for (i = 0; i < LARGE; i++) {
		KUNIT_EXPECT_EQ(test, ask[i]->request.error, 0);
		ask_free(ask[i]);
	}
}

/*
 * Without memory one payload at a time gets the reserve. The payload that has
 * it may be answered on the connection of the one that waits for it.
 */
static void memory_is_short_for_all(struct kunit *test)
{
	struct world *world = test->priv;
	struct ask *ask[10];
	int i;

	reach(test);
	braid_spare_exit();
	memory_becomes_short(true);
	WRITE_ONCE(fake->when, FAKE_LATER);
	expect_answers(world, ARRAY_SIZE(ask));
	for (i = 0; i < ARRAY_SIZE(ask); i++) {
		ask[i] = ask_new(world, i < 4 ? BRAID_OP_WRITE : BRAID_OP_READ,
				 (u64)(i % 4) << 20, BRAID_PAYLOAD_MAX);
		KUNIT_ASSERT_NOT_NULL(test, ask[i]);
		if (i < 4)
			ask_fill(ask[i], i);
	}
	for (i = 0; i < 4; i++)
		braid_remote_submit(world->remote, &ask[i]->request);
	for (i = 0; i < 4; i++)
		wait_for(atomic_read(&ask[i]->answers));
	for (; i < ARRAY_SIZE(ask); i++)
		braid_remote_submit(world->remote, &ask[i]->request);
	KUNIT_EXPECT_TRUE(test, all_answered(world));
	KUNIT_EXPECT_GT(test, atomic_read(&memory_refused), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&looked_for_ever), 0);
	memory_becomes_short(false);
	for (i = 0; i < ARRAY_SIZE(ask); i++) {
		KUNIT_EXPECT_EQ(test, ask[i]->request.error, 0);
		if (i >= 4)
			KUNIT_EXPECT_TRUE(test, ask_holds(ask[i], i % 4));
		ask_free(ask[i]);
	}
}

/* A lease does not wait for the requests of the data connection. */
static void lease_passes_bulk(struct kunit *test)
{
	struct world *world = test->priv;
	struct crowd *crowd;
	struct ask *lease;

	reach(test);
	WRITE_ONCE(fake->when, FAKE_HELD);
	crowd = crowd_new(test, BRAID_OP_WRITE);
	lease = ask_new(world, BRAID_OP_LEASE, 0, 0);
	KUNIT_ASSERT_NOT_NULL(test, lease);
	fake_await(1);
	crowd_go(world, crowd);
	KUNIT_EXPECT_TRUE(test, wait_for_completion_timeout(&fake->reached, 30 * HZ));
	atomic_inc(&world->left);
	lease->request.n = 5;
	braid_remote_submit(world->remote, &lease->request);
	KUNIT_EXPECT_TRUE(test, wait_for(atomic_read(&lease->answers)));
	KUNIT_EXPECT_EQ(test, atomic_read(&lease->answers), 1);
	KUNIT_EXPECT_EQ(test, lease->request.value, 5);
	KUNIT_EXPECT_FALSE(test, completion_done(&world->all));
	leave(world);
	KUNIT_EXPECT_TRUE(test, all_answered(world));
	crowd_check(test, crowd, true);
	crowd_free(crowd);
	ask_free(lease);
}

/* Broken connections */

struct breakage {
	const char *name;
	void (*now)(struct world *world);
};

static void writer_kills(struct world *world)
{
	braid_remote_kill(world->remote);
}

static void writer_leaves(struct world *world)
{
	leave(world);
}

static void target_closes(struct world *world)
{
	braid_target_close(&suite_node, &world->address, NULL);
}

static void replica_closes(struct world *world)
{
	WRITE_ONCE(fake->closing, true);
	braid_target_forget(&suite_node, fake);
}

static void control_breaks(struct world *world)
{
	kernel_sock_shutdown(world->remote->control.conn.sock, SHUT_RDWR);
}

static void data_breaks(struct world *world)
{
	kernel_sock_shutdown(world->remote->data.conn.sock, SHUT_WR);
}

static const struct breakage breakages[] = {
	{ "writer kills", writer_kills },
	{ "writer leaves", writer_leaves },
	{ "target closes", target_closes },
	{ "replica closes", replica_closes },
	{ "control breaks", control_breaks },
	{ "data breaks", data_breaks },
};

static void breakage_desc(const struct breakage *b, char *desc)
{
	strscpy(desc, b->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(breakage, breakages, breakage_desc);

/*
 * Breaks the connection when none, some and more of the requests have reached the
 * replica: every request is answered once, and then down() is called once.
 */
static void breaks_under_load(struct kunit *test)
{
	const struct breakage *b = test->param_value;
	struct world *world = test->priv;
	struct crowd *crowd;
	int round;

	for (round = 0; round < 3; round++) {
		WRITE_ONCE(fake->closing, false);
		atomic_set(&world->downs, 0);
		braid_target_listen(&suite_node, &world->address, &world->secrets, NULL);
		reach(test);
		WRITE_ONCE(fake->when, round);
		crowd = crowd_new(test, round & 1 ? BRAID_OP_READ : BRAID_OP_WRITE);
		fake_await(10 * round);
		crowd_go(world, crowd);
		KUNIT_EXPECT_TRUE(test, wait_for_completion_timeout(&fake->reached,
								    30 * HZ));
		b->now(world);
		KUNIT_EXPECT_TRUE(test, all_answered(world));
		leave(world);
		KUNIT_EXPECT_EQ(test, atomic_read(&world->downs), 1);
		KUNIT_EXPECT_EQ(test, atomic_read(&world->after_down), 0);
		/*
		 * Reads are not checked, because they may read blocks that were
		 * not written.
		 */
		if (!(round & 1))
			crowd_check(test, crowd, true);
		crowd_free(crowd);
	}
}

/* A new epoch replaces only the data connection. */
static void attach_again(struct kunit *test)
{
	struct world *world = test->priv;
	struct crowd *crowd;

	reach(test);
	WRITE_ONCE(fake->when, FAKE_HELD);
	crowd = crowd_new(test, BRAID_OP_WRITE);
	crowd_go(world, crowd);
	fake->promised.counter = 8;
	KUNIT_EXPECT_EQ(test, attach_under(world, 8), 0);
	KUNIT_EXPECT_TRUE(test, all_answered(world));
	crowd_check(test, crowd, true);
	crowd_free(crowd);
	KUNIT_EXPECT_EQ(test, atomic_read(&world->downs), 0);
	WRITE_ONCE(fake->when, FAKE_AT_ONCE);
	KUNIT_EXPECT_EQ(test, simple(test, BRAID_OP_LEASE, 0, 0, 0), 0);
	leave(world);
	KUNIT_EXPECT_EQ(test, atomic_read(&world->downs), 1);
}

/* Strangers */

static struct socket *call(struct kunit *test)
{
	struct world *world = test->priv;
	struct socket *sock;

	sock = braid_sock_connect(&suite_dialling, &world->address,
				  jiffies + msecs_to_jiffies(TIMEOUT_MS));
	KUNIT_ASSERT_FALSE(test, IS_ERR(sock));
	return sock;
}

/* Return: true if the other side closed the connection in time. */
static bool hung_up(struct socket *sock, unsigned int ms)
{
	u8 byte;
	int ret;

	do {
		ret = braid_sock_receive(sock, &byte, 1, jiffies + msecs_to_jiffies(ms));
	} while (!ret);
	return ret != -ETIMEDOUT;
}

static void garbage_is_hung_up_on(struct kunit *test)
{
	struct rnd_state rnd;
	struct socket *sock;
	u8 garbage[48];
	int i;

	random_begin(test, &rnd);
	for (i = 0; i < 20; i++) {
		sock = call(test);
		prandom_bytes_state(&rnd, garbage, sizeof(garbage));
		braid_sock_send(sock, garbage, sizeof(garbage),
				jiffies + msecs_to_jiffies(TIMEOUT_MS));
		KUNIT_EXPECT_TRUE(test, hung_up(sock, TIMEOUT_MS));
		braid_sock_release(&suite_node, sock);
	}
	KUNIT_EXPECT_EQ(test, target_info().refused, 20);
}

/* Many strangers stay silent, and a writer still gets in. */
static void silent_strangers_do_not_lock_out(struct kunit *test)
{
	struct world *world = test->priv;
	struct socket *silent[BRAID_STRANGERS_MAX + 8];
	unsigned long begun = jiffies;
	int i, gone = 0;

	for (i = 0; i < ARRAY_SIZE(silent); i++)
		silent[i] = call(test);
	KUNIT_EXPECT_EQ(test, connect_as(world), 0);
	KUNIT_EXPECT_EQ(test, simple(test, BRAID_OP_LEASE, 0, 0, 0), 0);
	for (i = 0; i < ARRAY_SIZE(silent); i++)
		gone += hung_up(silent[i], 2 * HANDSHAKE_MS);
	KUNIT_EXPECT_EQ(test, gone, (int)ARRAY_SIZE(silent));
	/* Serving them one after the other would take much longer. */
	KUNIT_EXPECT_LE(test, jiffies_to_msecs(jiffies - begun), 12 * HANDSHAKE_MS);
	KUNIT_EXPECT_EQ(test, simple(test, BRAID_OP_LEASE, 0, 0, 0), 0);
	for (i = 0; i < ARRAY_SIZE(silent); i++)
		braid_sock_release(&suite_node, silent[i]);
}

/* A writer that knows the secret and then sends an invalid frame. */
struct misbehaviour {
	const char *name;
	void (*change)(struct braid_frame *frame);
};

static void another_cookie(struct braid_frame *frame)
{
	frame->cookie++;
}

static void another_session(struct braid_frame *frame)
{
	frame->session++;
}

static void another_volume(struct braid_frame *frame)
{
	frame->volume++;
}

static void another_epoch(struct braid_frame *frame)
{
	frame->epoch.counter++;
}

static void wrong_digest(struct braid_frame *frame)
{
	frame->payload_crc++;
}

static void control_on_data(struct braid_frame *frame)
{
	frame->type = BRAID_OP_LEASE;
	frame->payload = 0;
	frame->payload_crc = 0;
	frame->length = 0;
}

static void too_long(struct braid_frame *frame)
{
	frame->payload = BRAID_PAYLOAD_MAX + 4096;
	frame->length = frame->payload;
}

static void an_answer(struct braid_frame *frame)
{
	frame->answer = true;
}

static const struct misbehaviour misbehaviours[] = {
	{ "cookie", another_cookie },
	{ "session", another_session },
	{ "volume", another_volume },
	{ "epoch", another_epoch },
	{ "digest", wrong_digest },
	{ "control on data", control_on_data },
	{ "too long", too_long },
	{ "answer", an_answer },
};

static void misbehaviour_desc(const struct misbehaviour *m, char *desc)
{
	strscpy(desc, m->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(misbehaviour, misbehaviours, misbehaviour_desc);

static void say(struct kunit *test, struct socket *sock, const struct braid_frame *frame,
		const void *payload)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(TIMEOUT_MS);
	struct braid_wire_frame wire;

	braid_wire_encode(frame, &wire);
	KUNIT_ASSERT_EQ(test, braid_sock_send(sock, &wire, sizeof(wire), deadline), 0);
	/* The target may close the connection after the header already. */
	braid_sock_send(sock, payload, 4096, deadline);
}

/*
 * Connects as a writer that the test controls; @frame is set to a WRITE of one
 * block.
 */
static struct socket *writer_of(struct kunit *test, struct braid_frame *frame)
{
	struct world *world = test->priv;
	struct braid_handshake_want want = {
		.role = BRAID_ROLE_DATA,
		.volume = fake->record.volume,
		.epoch = { 3, 4 },
		.session = 55,
	};
	struct braid_handshake_got got;
	unsigned int which = 0;
	struct socket *sock;
	u32 features;

	KUNIT_ASSERT_EQ(test, braid_dial(&suite_dialling, &world->address, &world->secrets,
					 &which, &want,
					 jiffies + msecs_to_jiffies(TIMEOUT_MS), &got,
					 &features, &sock), 0);
	frame->type = BRAID_OP_WRITE;
	frame->volume = braid_wire_volume(&fake->record.volume);
	frame->epoch = want.epoch;
	frame->session = 55;
	frame->cookie = got.cookie;
	frame->seq = 1;
	frame->length = 4096;
	frame->payload = 4096;
	return sock;
}

static u8 *payload_of(struct kunit *test)
{
	u8 *payload = kunit_kzalloc(test, 4096, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, payload);
	return payload;
}

static void wrong_words_end_a_connection(struct kunit *test)
{
	const struct misbehaviour *m = test->param_value;
	struct braid_wire_frame answer;
	struct braid_frame frame = { };
	struct socket *sock = writer_of(test, &frame);
	u8 *payload = payload_of(test);

	frame.payload_crc = crc32c(~0, payload, 4096);
	/* First a valid frame. */
	say(test, sock, &frame, payload);
	KUNIT_EXPECT_EQ(test, braid_sock_receive(sock, &answer, sizeof(answer),
						 jiffies + msecs_to_jiffies(TIMEOUT_MS)), 0);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(answer.status), 0);
	m->change(&frame);
	say(test, sock, &frame, payload);
	KUNIT_EXPECT_TRUE(test, hung_up(sock, TIMEOUT_MS));
	braid_sock_release(&suite_node, sock);
	braid_target_forget(&suite_node, fake);
	KUNIT_EXPECT_EQ(test, target_info().broken, 1);
	/* The invalid frame was not executed. */
	KUNIT_EXPECT_EQ(test, atomic64_read(&fake->submitted), 1);
}

/*
 * A writer that has the reserve and stops sending does not keep others from
 * memory when there is some again.
 */
static void half_a_frame_keeps_the_reserve_only(struct kunit *test)
{
	struct world *world = test->priv;
	struct braid_frame frame = { };
	struct socket *sock;
	struct ask *ask;

	reach(test);
	sock = writer_of(test, &frame);
	braid_spare_exit();
	memory_becomes_short(true);
	frame.length = BRAID_PAYLOAD_MAX;
	frame.payload = BRAID_PAYLOAD_MAX;
	say(test, sock, &frame, payload_of(test));
	KUNIT_EXPECT_TRUE(test, wait_for(READ_ONCE(reserve_taken)));

	ask = ask_new(world, BRAID_OP_WRITE, 0, 65536);
	KUNIT_ASSERT_NOT_NULL(test, ask);
	expect_answers(world, 1);
	braid_remote_submit(world->remote, &ask->request);
	KUNIT_EXPECT_TRUE(test, wait_for(!list_empty_careful(&waiters)));
	KUNIT_EXPECT_EQ(test, atomic_read(&ask->answers), 0);
	memory_becomes_short(false);
	KUNIT_EXPECT_TRUE(test, all_answered(world));
	KUNIT_EXPECT_EQ(test, ask->request.error, 0);
	ask_free(ask);

	braid_sock_release(&suite_node, sock);
	leave(world);
	braid_target_forget(&suite_node, fake);
	KUNIT_EXPECT_FALSE(test, reserve_taken);
}

static struct kunit_case transport_cases[] = {
	KUNIT_CASE(hello_tells_whom_it_reached),
	KUNIT_CASE(refusals),
	KUNIT_CASE(store_opened_anew_in_between),
	KUNIT_CASE(secrets_are_rotated),
	KUNIT_CASE(what_is_written_is_read),
	KUNIT_CASE(bodies_go_both_ways),
	KUNIT_CASE(more_than_fit),
	KUNIT_CASE(more_bytes_than_fit),
	KUNIT_CASE(memory_is_short_for_all),
	KUNIT_CASE(lease_passes_bulk),
	KUNIT_CASE_PARAM(breaks_under_load, breakage_gen_params),
	KUNIT_CASE(attach_again),
	KUNIT_CASE(garbage_is_hung_up_on),
	KUNIT_CASE(silent_strangers_do_not_lock_out),
	KUNIT_CASE_PARAM(wrong_words_end_a_connection, misbehaviour_gen_params),
	KUNIT_CASE(half_a_frame_keeps_the_reserve_only),
	{}
};

static int transport_begin(struct kunit_suite *suite)
{
	int ret = braid_conn_module_init();

	return ret ? ret : braid_target_init();
}

static void transport_end(struct kunit_suite *suite)
{
	braid_target_end(&suite_node);
	braid_target_exit();
	braid_conn_module_exit();
	braid_spare_exit();
}

static struct kunit_suite transport_suite = {
	.name = "braid_transport",
	.suite_init = transport_begin,
	.suite_exit = transport_end,
	.init = world_init,
	.exit = world_exit,
	.test_cases = transport_cases,
};

kunit_test_suite(transport_suite);

MODULE_DESCRIPTION("braid: tests of writer and target over a socket");
MODULE_LICENSE("GPL");
