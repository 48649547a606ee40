/* SPDX-License-Identifier: GPL-2.0-only */
/* An open replica on the store in memory, and its writer. */
#ifndef BRAID_KUNIT_REPLICA_SCENE_H
#define BRAID_KUNIT_REPLICA_SCENE_H

#define DATA_SIZE	((u32)BIT(20))
#define META_SIZE	(BRAID_AT_MAP + BRAID_MAP_PAGE)
#define SHIFT		BRAID_REGION_SHIFT_MIN
#define PATH		"/memory"

/* A writer */

static const struct braid_epoch nobody;

struct ask {
	struct braid_request request;
	struct bio_vec bvec;
	u8 *body;
	struct completion done;
};

/**
 * struct scene - a replica and its writer
 * @test: the test
 * @replica: the open replica
 * @control: session for control requests
 * @data: session for data requests of @epoch
 * @epoch: promised epoch
 * @page: payload
 */
struct scene {
	struct kunit *test;
	struct braid_replica *replica;
	struct braid_session *control;
	struct braid_session *data;
	struct braid_epoch epoch;
	struct page *page;
};

static void ask_done(struct braid_request *request)
{
	complete(&container_of(request, struct ask, request)->done);
}

static struct ask *ask_new(struct scene *scene, enum braid_op op)
{
	struct ask *ask = kunit_kzalloc(scene->test, sizeof(*ask), GFP_KERNEL);

	ask->body = kunit_kzalloc(scene->test, BRAID_BODY_MAX, GFP_KERNEL);
	init_completion(&ask->done);
	ask->request.op = op;
	ask->request.epoch = scene->epoch;
	ask->request.generation = 5;
	ask->request.body = ask->body;
	ask->request.body_max = BRAID_BODY_MAX;
	ask->request.done = ask_done;
	return ask;
}

static struct ask *ask_data(struct scene *scene, enum braid_op op, u64 offset,
			    u64 length)
{
	struct ask *ask = ask_new(scene, op);

	ask->request.offset = offset;
	ask->request.length = length;
	ask->request.n = 1;
	bvec_set_page(&ask->bvec, scene->page, BRAID_BLOCK, 0);
	ask->request.bvec = &ask->bvec;
	ask->request.nr_bvec = op == BRAID_OP_WRITE || op == BRAID_OP_READ;
	return ask;
}

static void ask_send(struct scene *scene, struct ask *ask)
{
	braid_replica_submit(BRAID_OP_IS_DATA(ask->request.op) ? scene->data :
								  scene->control,
			     &ask->request);
}

static int ask_wait(struct scene *scene, struct ask *ask)
{
	KUNIT_ASSERT_NE(scene->test,
			wait_for_completion_timeout(&ask->done, 30 * HZ), 0UL);
	return ask->request.error;
}

static inline bool ask_waits(struct ask *ask)
{
	msleep(30);
	return !completion_done(&ask->done);
}

static int ask_now(struct scene *scene, struct ask *ask)
{
	ask_send(scene, ask);
	return ask_wait(scene, ask);
}

static int data_now(struct scene *scene, enum braid_op op, u64 offset,
		    u64 length)
{
	return ask_now(scene, ask_data(scene, op, offset, length));
}

static struct ask *prepare(struct scene *scene, u64 counter, u64 node)
{
	struct ask *ask = ask_new(scene, BRAID_OP_PREPARE);

	ask->request.epoch.counter = counter;
	ask->request.epoch.node = node;
	ask->request.body_len = 3;
	memcpy(ask->body, "abc", 3);
	return ask;
}

static struct ask *record(struct scene *scene, u32 k, u64 isr, u32 flags)
{
	struct ask *ask = ask_new(scene, BRAID_OP_RECORD);
	struct braid_record *next = kunit_kzalloc(scene->test, sizeof(*next),
						  GFP_KERNEL);

	*next = memory.record;
	next->mver.epoch = scene->epoch;
	next->mver.k = k;
	next->isr = isr;
	next->generation++;
	next->flags = flags | BRAID_RECORD_DISCARD;
	braid_record_encode(next, ask->body);
	ask->request.body_len = BRAID_SLOT_SIZE;
	return ask;
}

/* Attaches: promise, record, session for data. */
static void attach(struct scene *scene, u64 counter, u64 node)
{
	struct kunit *test = scene->test;
	struct ask *ask = prepare(scene, counter, node);

	KUNIT_ASSERT_EQ(test, ask_now(scene, ask), 0);
	scene->epoch = ask->request.epoch;
	KUNIT_ASSERT_EQ(test, ask_now(scene, record(scene, 1, 0x6, 0)), 0);
	KUNIT_ASSERT_EQ(test, braid_session_open(scene->replica, &scene->epoch,
						 1, &scene->data), 0);
}

static void detach(struct scene *scene)
{
	if (scene->data)
		braid_session_close(scene->data);
	scene->data = NULL;
}

static void open_replica(struct scene *scene)
{
	struct kunit *test = scene->test;

	KUNIT_ASSERT_EQ(test, braid_replica_open(&suite_node, PATH, NULL), 0);
	scene->replica = braid_replica_get(&suite_node, &memory.record.volume, 0);
	KUNIT_ASSERT_NOT_NULL(test, scene->replica);
	KUNIT_ASSERT_EQ(test, braid_session_open(scene->replica, &nobody, 1,
						 &scene->control), 0);
}

static void close_replica(struct scene *scene)
{
	struct kunit *test = scene->test;

	detach(scene);
	braid_session_close(scene->control);
	KUNIT_EXPECT_EQ(test, braid_replica_close(&suite_node, PATH, NULL), 0);
	KUNIT_EXPECT_FALSE(test, memory.opened);
	braid_replica_put(scene->replica);
}

static struct scene *scene_new(struct kunit *test)
{
	struct scene *scene = kunit_kzalloc(test, sizeof(*scene), GFP_KERNEL);

	scene->test = test;
	scene->page = alloc_page(GFP_KERNEL);
	memset(page_address(scene->page), 0x5a, PAGE_SIZE);
	open_replica(scene);
	return scene;
}

static void scene_end(struct scene *scene)
{
	close_replica(scene);
	__free_page(scene->page);
}

/* Opening and closing in a thread */

struct errand {
	struct work_struct work;
	struct completion done;
	int error;
};

static inline void close_errand(struct work_struct *work)
{
	struct errand *errand = container_of(work, struct errand, work);

	errand->error = braid_replica_close(&suite_node, PATH, NULL);
	complete(&errand->done);
}

static inline void open_errand(struct work_struct *work)
{
	struct errand *errand = container_of(work, struct errand, work);

	errand->error = braid_replica_open(&suite_node, "/other", NULL);
	complete(&errand->done);
}

static inline void errand_begin(struct errand *errand, work_func_t run)
{
	INIT_WORK_ONSTACK(&errand->work, run);
	init_completion(&errand->done);
	queue_work(system_dfl_wq, &errand->work);
}

static inline void errand_end(struct errand *errand)
{
	wait_for_completion(&errand->done);
	flush_work(&errand->work);
	destroy_work_on_stack(&errand->work);
}

#endif
