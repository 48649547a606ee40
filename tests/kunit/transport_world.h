/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A writer and a target over the loopback device, for tests of the transport.
 */
#ifndef BRAID_KUNIT_TRANSPORT_WORLD_H
#define BRAID_KUNIT_TRANSPORT_WORLD_H

#include "loopback.h"
#include "suite_dialling.h"

#define PORT		7799
#define TIMEOUT_MS	20000

/* Waits with a limit until @condition holds. Return: true if it holds. */
#define wait_for(condition)						\
({									\
	unsigned long __until = jiffies + msecs_to_jiffies(TIMEOUT_MS);	\
	bool __is;							\
									\
	for (;;) {							\
		__is = (condition);					\
		if (__is || time_after(jiffies, __until))		\
			break;						\
		msleep(20);						\
	}								\
	__is;								\
})

/**
 * struct ask - one request of the test and its result
 * @request: the request
 * @world: world of the test
 * @page: pages of @vec
 * @vec: payload
 * @seed: seed of the payload
 * @answers: number of answers received
 */
struct ask {
	struct braid_request request;
	struct world *world;
	struct page *page[BRAID_PAYLOAD_MAX / PAGE_SIZE];
	struct bio_vec vec[BRAID_PAYLOAD_MAX / PAGE_SIZE];
	u32 seed;
	atomic_t answers;
};

struct world {
	struct braid_address address;
	struct braid_secrets secrets;
	struct braid_remote_where where;
	struct braid_remote_hello hello;
	struct braid_remote *remote;
	struct completion all;
	atomic_t left;
	atomic_t downs;
	atomic_t after_down;	/* answers that came after down() */
};

static void on_down(void *context)
{
	struct world *world = context;

	atomic_inc(&world->downs);
}

static void on_answer(struct braid_request *request)
{
	struct ask *ask = container_of(request, struct ask, request);

	if (atomic_read(&ask->world->downs))
		atomic_inc(&ask->world->after_down);
	atomic_inc(&ask->answers);
	if (atomic_dec_and_test(&ask->world->left))
		complete(&ask->world->all);
}

static void ask_free(void *data)
{
	struct ask *ask = data;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ask->page); i++)
		if (ask->page[i])
			put_page(ask->page[i]);
	kvfree(ask);
}

static struct ask *ask_new(struct world *world, enum braid_op op, u64 offset, u32 length)
{
	bool pages = op == BRAID_OP_WRITE || op == BRAID_OP_READ;
	struct ask *ask = kvzalloc(sizeof(*ask), GFP_KERNEL);
	unsigned int i;

	if (!ask)
		return NULL;
	ask->world = world;
	for (i = 0; pages && i < length / PAGE_SIZE; i++) {
		ask->page[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!ask->page[i]) {
			ask_free(ask);
			return NULL;
		}
		bvec_set_page(&ask->vec[i], ask->page[i], PAGE_SIZE, 0);
	}
	ask->request.op = op;
	ask->request.epoch = (struct braid_epoch){ 3, 4 };
	ask->request.offset = offset;
	ask->request.length = length;
	ask->request.bvec = ask->vec;
	ask->request.nr_bvec = pages ? i : 0;
	ask->request.done = on_answer;
	return ask;
}

/*
 * Only one word per STEP bytes: every page has some, and the test kernel checks
 * each access.
 */
#define STEP	512

static u64 word_of(u32 seed, u32 at)
{
	return ((u64)seed << 32 | at) * 0x9e3779b97f4a7c15ull;
}

static void ask_fill(struct ask *ask, u32 seed)
{
	u32 at;
	u64 *word;

	for (at = 0; at < ask->request.length; at += STEP) {
		word = page_address(ask->page[at / PAGE_SIZE]) + at % PAGE_SIZE;
		*word = word_of(seed, at);
	}
}

static bool ask_holds(struct ask *ask, u32 seed)
{
	u32 at;
	u64 *word;

	for (at = 0; at < ask->request.length; at += STEP) {
		word = page_address(ask->page[at / PAGE_SIZE]) + at % PAGE_SIZE;
		if (*word != word_of(seed, at))
			return false;
	}
	return true;
}

static void expect_answers(struct world *world, unsigned int count)
{
	atomic_set(&world->left, count);
	reinit_completion(&world->all);
}

static bool all_answered(struct world *world)
{
	return wait_for_completion_timeout(&world->all, msecs_to_jiffies(TIMEOUT_MS));
}

/* Return: the error of the answer, or -ETIME if no answer came. */
static int ask_and_wait(struct ask *ask)
{
	struct world *world = ask->world;

	expect_answers(world, 1);
	braid_remote_submit(world->remote, &ask->request);
	return all_answered(world) ? ask->request.error : -ETIME;
}

static inline int simple(struct kunit *test, enum braid_op op, u64 offset, u32 length, u32 seed)
{
	struct world *world = test->priv;
	struct ask *ask = ask_new(world, op, offset, length);
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, ask);
	if (op == BRAID_OP_WRITE)
		ask_fill(ask, seed);
	ret = ask_and_wait(ask);
	if (!ret && op == BRAID_OP_READ)
		KUNIT_EXPECT_TRUE(test, ask_holds(ask, seed));
	KUNIT_EXPECT_EQ(test, atomic_read(&ask->answers), 1);
	ask_free(ask);
	return ret;
}

static int connect_as(struct world *world)
{
	return braid_remote_connect(&world->where, TIMEOUT_MS, on_down, world,
				    &world->hello, &world->remote);
}

static int attach_under(struct world *world, u64 counter)
{
	struct braid_epoch epoch = { counter, 4 };

	return braid_remote_attach(world->remote, &epoch, 1234 + counter, TIMEOUT_MS);
}

static void reach(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, connect_as(test->priv), 0);
	KUNIT_ASSERT_EQ(test, attach_under(test->priv, 3), 0);
}

static void leave(struct world *world)
{
	if (world->remote)
		braid_remote_put(world->remote);
	world->remote = NULL;
}

static int info_of(const struct braid_target_info *info, void *context)
{
	*(struct braid_target_info *)context = *info;
	return 1;
}

static inline struct braid_target_info target_info(void)
{
	struct braid_target_info info = { };

	braid_target_walk(&suite_node, info_of, &info);
	return info;
}

static int world_init(struct kunit *test)
{
	struct world *world = kunit_kzalloc(test, sizeof(*world), GFP_KERNEL);
	int ret;

	test->priv = world;
	if (!world)
		return -ENOMEM;
	loopback(&world->address, PORT, &world->secrets);
	init_completion(&world->all);
	ret = fake_begin();
	if (ret)
		return ret;
	world->where.dialling = &suite_dialling;
	world->where.address = world->address;
	world->where.secrets = world->secrets;
	world->where.volume = fake->record.volume;
	return braid_target_listen(&suite_node, &world->address, &world->secrets, NULL);
}

static void world_exit(struct kunit *test)
{
	struct world *world = test->priv;

	leave(world);
	braid_target_close(&suite_node, &world->address, NULL);
	KUNIT_EXPECT_EQ(test, atomic_read(&fake->refs), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&fake->sessions), 0);
	KUNIT_EXPECT_EQ(test, atomic64_read(&fake->submitted), atomic64_read(&fake->answered));
	KUNIT_EXPECT_EQ(test, suite_node.users, 0u);
	fake_end();
}

#endif
