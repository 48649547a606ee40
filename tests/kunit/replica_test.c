// SPDX-License-Identifier: GPL-2.0-only
/*
 * A replica as its writer sees it, on a store in memory: which requests are
 * admitted, which wait, and what is durable before the answer.
 */
#include "replica_part.h"

/*
 * PREPARE waits for the writes of lower epochs, and no more of them are
 * admitted.
 */
static void promise_waits_for_writes(struct kunit *test)
{
	struct scene *scene = scene_new(test);
	struct ask *write, *stamped, *ask;
	u32 submitted;

	attach(scene, 2, 22);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_WRITE, 0, 4096), 0);
	memory.hold = true;
	write = ask_data(scene, BRAID_OP_WRITE, 4096, 4096);
	ask_send(scene, write);
	/* A write that still waits for its stamp. */
	memory.hold_meta = true;
	stamped = ask_data(scene, BRAID_OP_WRITE, 5 << SHIFT, 4096);
	ask_send(scene, stamped);
	submitted = memory.submitted;

	ask = prepare(scene, 3, 22);
	ask_send(scene, ask);
	KUNIT_EXPECT_TRUE(test, ask_waits(ask));
	KUNIT_EXPECT_EQ(test, memory.record.promised.counter, 2ULL);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_WRITE, 0, 4096), -ESTALE);
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask_new(scene, BRAID_OP_LEASE)),
			-ESTALE);
	memory.hold_meta = false;
	complete_all(&memory.go_on);
	KUNIT_EXPECT_EQ(test, ask_wait(scene, stamped), -ESTALE);
	KUNIT_EXPECT_EQ(test, memory.submitted, submitted);
	KUNIT_EXPECT_TRUE(test, ask_waits(ask));
	let_go();
	KUNIT_EXPECT_EQ(test, ask_wait(scene, write), 0);
	KUNIT_EXPECT_EQ(test, ask_wait(scene, ask), 0);
	KUNIT_EXPECT_EQ(test, memory.record.promised.counter, 3ULL);
	scene_end(scene);
}

/* A new session of an epoch ends the previous one. */
static void sessions_follow_each_other(struct kunit *test)
{
	struct scene *scene = scene_new(test);
	struct braid_session *old;
	struct braid_epoch epoch = { .counter = 9, .node = 9 };
	struct ask *ask;

	attach(scene, 2, 22);
	old = scene->data;
	KUNIT_EXPECT_EQ(test, braid_session_open(scene->replica, &scene->epoch,
						 2, &scene->data), 0);
	ask = ask_data(scene, BRAID_OP_WRITE, 0, 4096);
	braid_replica_submit(old, &ask->request);
	KUNIT_EXPECT_EQ(test, ask_wait(scene, ask), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_WRITE, 0, 4096), 0);
	braid_session_close(old);
	/* An epoch that is not promised, and a lower one. */
	KUNIT_EXPECT_EQ(test, braid_session_open(scene->replica, &epoch, 3,
						 &old), -EINVAL);
	epoch.counter = 1;
	KUNIT_EXPECT_EQ(test, braid_session_open(scene->replica, &epoch, 3,
						 &old), -ESTALE);
	/* A replica with a session cannot be closed, nor opened again. */
	KUNIT_EXPECT_EQ(test, braid_replica_close(&suite_node, PATH, NULL), -EBUSY);
	KUNIT_EXPECT_EQ(test, braid_replica_open(&suite_node, PATH, NULL), -EEXIST);
	scene_end(scene);
}

/* Only the task that closes a replica waits for a disk that hangs. */
static void closing_one_that_hangs_holds_up_nobody(struct kunit *test)
{
	struct scene *scene = scene_new(test);
	struct braid_replica *found;
	struct errand close, open;
	struct ask *ask;

	attach(scene, 2, 22);
	memory.hold = true;
	ask = ask_data(scene, BRAID_OP_WRITE, 0, 4096);
	ask_send(scene, ask);
	while (!READ_ONCE(memory.nheld))
		msleep(20);
	spin_lock_irq(&scene->replica->lock);
	scene->replica->grant.until = 0;
	spin_unlock_irq(&scene->replica->lock);
	errand_begin(&close, close_errand);
	do {
		msleep(20);
		found = braid_replica_get(&suite_node, &memory.record.volume, 0);
		if (found)
			braid_replica_put(found);
	} while (found);
	errand_begin(&open, open_errand);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&open.done, 30 * HZ),
			0UL);
	KUNIT_EXPECT_FALSE(test, completion_done(&close.done));
	let_go();
	KUNIT_EXPECT_EQ(test, ask_wait(scene, ask), 0);
	complete(&open.done);
	errand_end(&open);
	/* The test has only one store. */
	KUNIT_EXPECT_EQ(test, open.error, -EBUSY);
	errand_end(&close);
	KUNIT_EXPECT_EQ(test, close.error, 0);
	KUNIT_EXPECT_FALSE(test, memory.opened);
	braid_session_close(scene->data);
	braid_session_close(scene->control);
	braid_replica_put(scene->replica);
	__free_page(scene->page);
}

/*
 * Closing a replica cuts its sessions, which hold its memory but not its store.
 */
static void closing_cuts_sessions(struct kunit *test)
{
	struct scene *scene = scene_new(test);

	KUNIT_EXPECT_EQ(test, braid_replica_close(&suite_node, PATH, NULL), 0);
	KUNIT_EXPECT_FALSE(test, memory.opened);
	KUNIT_EXPECT_EQ(test, ask_now(scene, prepare(scene, 2, 22)), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, braid_session_open(scene->replica, &nobody, 2,
						 &scene->data), -ESHUTDOWN);
	KUNIT_EXPECT_NULL(test, braid_replica_get(&suite_node, &memory.record.volume, 0));
	braid_session_close(scene->control);
	braid_replica_put(scene->replica);
	__free_page(scene->page);
}

/* Data */

static void data_is_checked(struct kunit *test)
{
	static const struct {
		enum braid_op op;
		u64 offset;
		u64 length;
		u32 flags;
		u32 generation;
		int error;
	} table[] = {
		{ BRAID_OP_WRITE, 0, 4096, 0, 5, 0 },
		{ BRAID_OP_WRITE, DATA_SIZE - 4096, 4096, BRAID_REQ_FUA, 5, 0 },
		{ BRAID_OP_ZERO, 0, DATA_SIZE, BRAID_REQ_FUA, 5, 0 },
		{ BRAID_OP_DISCARD, 0, 8192, 0, 5, 0 },
		{ BRAID_OP_FLUSH, 0, 0, 0, 5, 0 },
		{ BRAID_OP_WRITE, 0, 0, 0, 5, -EINVAL },
		{ BRAID_OP_WRITE, 0, 4095, 0, 5, -EINVAL },
		{ BRAID_OP_WRITE, 512, 4096, 0, 5, -EINVAL },
		{ BRAID_OP_WRITE, DATA_SIZE, 4096, 0, 5, -EINVAL },
		{ BRAID_OP_WRITE, DATA_SIZE - 4096, 8192, 0, 5, -EINVAL },
		{ BRAID_OP_WRITE, -4096ULL, 8192, 0, 5, -EINVAL },
		{ BRAID_OP_WRITE, 0, 2 * BRAID_PAYLOAD_MAX, 0, 5, -EINVAL },
		{ BRAID_OP_WRITE, 0, 4096, BRAID_REQ_DEAD, 5, -EINVAL },
		{ BRAID_OP_WRITE, 0, 4096, 0, 0, -EINVAL },
		{ BRAID_OP_WRITE, 0, 4096, 0, BRAID_MAP_DIRTY, -EINVAL },
		{ BRAID_OP_ZERO, 4096, DATA_SIZE, 0, 5, -EINVAL },
		{ BRAID_OP_DISCARD, 0, 8192, BRAID_REQ_FUA, 5, -EINVAL },
		{ BRAID_OP_READ, 0, 4096, BRAID_REQ_FUA, 5, -EINVAL },
		{ BRAID_OP_READ, DATA_SIZE, 4096, 0, 5, -EINVAL },
		{ BRAID_OP_FLUSH, 0, 4096, 0, 5, -EINVAL },
		{ 77, 0, 4096, 0, 5, -EINVAL },
	};
	struct scene *scene = scene_new(test);
	struct ask *ask;
	u32 i, submitted;

	attach(scene, 2, 22);
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		ask = ask_data(scene, table[i].op, table[i].offset,
			       table[i].length);
		ask->request.flags = table[i].flags;
		ask->request.generation = table[i].generation;
		submitted = memory.submitted;
		KUNIT_EXPECT_EQ_MSG(test, ask_now(scene, ask), table[i].error,
				    "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, memory.submitted,
				    submitted + !table[i].error, "row %u", i);
	}
	/* The epoch of the request differs from that of its session. */
	ask = ask_data(scene, BRAID_OP_WRITE, 0, 4096);
	ask->request.epoch.counter++;
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), -ESTALE);
	scene_end(scene);
}

static void write_is_stamped_and_read(struct kunit *test)
{
	struct scene *scene = scene_new(test);
	struct braid_clear *clear;
	struct ask *ask;
	__le32 *found;
	u8 sum[32];

	attach(scene, 2, 22);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_WRITE, 3 << SHIFT, 4096), 0);
	KUNIT_EXPECT_EQ(test, memory.data[3 << SHIFT], 0x5a);
	KUNIT_EXPECT_EQ(test, braid_journal_entry(scene->replica->journal, 3),
			5 | BRAID_MAP_DIRTY);
	memset(page_address(scene->page), 0, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_READ, 3 << SHIFT, 4096), 0);
	KUNIT_EXPECT_EQ(test, *(u8 *)page_address(scene->page), 0x5a);

	ask = ask_new(scene, BRAID_OP_DIRTY);
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), 0);
	KUNIT_EXPECT_EQ(test, ask->request.body_len, 4u);
	KUNIT_EXPECT_EQ(test, ask->request.value, (u64)(DATA_SIZE >> SHIFT));
	found = (__le32 *)ask->body;
	KUNIT_EXPECT_EQ(test, le32_to_cpu(*found), 3u);

	ask = ask_new(scene, BRAID_OP_DIGEST);
	ask->request.offset = 3 << SHIFT;
	ask->request.length = 3 << SHIFT;
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), 0);
	sha256(memory.data + (3 << SHIFT), 3 << SHIFT, sum);
	KUNIT_EXPECT_EQ(test, ask->request.body_len, 32u);
	KUNIT_EXPECT_EQ(test, memcmp(sum, ask->body, 32), 0);

	/* One invalid entry: nothing is cleared. */
	ask = ask_new(scene, BRAID_OP_CLEAR);
	clear = (struct braid_clear *)ask->body;
	clear[0].region = cpu_to_le32(3);
	clear[0].n = cpu_to_le64(1);
	clear[1].region = cpu_to_le32(DATA_SIZE >> SHIFT);
	ask->request.body_len = 2 * sizeof(*clear);
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), -EINVAL);
	KUNIT_EXPECT_EQ(test, braid_journal_dirty_count(scene->replica->journal),
			1u);
	reinit_completion(&ask->done);
	ask->request.body_len = sizeof(*clear);
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), 0);
	KUNIT_EXPECT_EQ(test, braid_journal_dirty_count(scene->replica->journal),
			0u);
	scene_end(scene);
}

/* The store receives the operation that was requested. */
static void store_is_asked_the_same(struct kunit *test)
{
	static const struct {
		enum braid_op op;
		enum braid_store_op store;
		u32 flags;
	} table[] = {
		{ BRAID_OP_WRITE, BRAID_STORE_WRITE, 0 },
		{ BRAID_OP_WRITE, BRAID_STORE_WRITE, BRAID_REQ_FUA },
		{ BRAID_OP_ZERO, BRAID_STORE_ZERO, BRAID_REQ_FUA },
		{ BRAID_OP_DISCARD, BRAID_STORE_DISCARD, 0 },
		{ BRAID_OP_READ, BRAID_STORE_READ, 0 },
		{ BRAID_OP_FLUSH, BRAID_STORE_FLUSH, 0 },
	};
	struct scene *scene = scene_new(test);
	struct ask *ask;
	u32 i;

	attach(scene, 2, 22);
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		ask = ask_data(scene, table[i].op, 0,
			       table[i].op == BRAID_OP_FLUSH ? 0 : 4096);
		ask->request.flags = table[i].flags;
		KUNIT_EXPECT_EQ(test, ask_now(scene, ask), 0);
		KUNIT_EXPECT_EQ_MSG(test, (int)memory.last, (int)table[i].store,
				    "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, memory.last_fua, !!table[i].flags,
				    "row %u", i);
	}
	scene_end(scene);
}

/* G2: a write without its stamp fails. */
static void write_without_its_stamp_fails(struct kunit *test)
{
	struct scene *scene = scene_new(test);
	u32 submitted;

	attach(scene, 2, 22);
	memory.fail_meta = -EIO;
	submitted = memory.submitted;
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_WRITE, 0, 4096), -EIO);
	KUNIT_EXPECT_EQ(test, memory.submitted, submitted);
	memory.fail_meta = 0;
	scene_end(scene);
}

/* DIRTY lists as many regions as fit, and tells where to continue. */
static void dirty_is_told_in_parts(struct kunit *test)
{
	struct scene *scene = scene_new(test);
	u32 found = 0, i, count;
	u64 from = 0;
	struct ask *ask;

	attach(scene, 2, 22);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_WRITE,
					       (2 * i) << SHIFT, 4096), 0);
	while (from < DATA_SIZE >> SHIFT) {
		ask = ask_new(scene, BRAID_OP_DIRTY);
		ask->request.offset = from;
		ask->request.body_max = sizeof(__le32);
		KUNIT_ASSERT_EQ(test, ask_now(scene, ask), 0);
		KUNIT_ASSERT_GT(test, ask->request.value, from);
		from = ask->request.value;
		count = ask->request.body_len / sizeof(__le32);
		KUNIT_EXPECT_LE(test, count, 1u);
		if (count)
			found |= BIT(le32_to_cpup((__le32 *)ask->body));
	}
	KUNIT_EXPECT_EQ(test, found, BIT(0) | BIT(2) | BIT(4));
	/* A writer of another epoch is told nothing. */
	ask = ask_new(scene, BRAID_OP_DIRTY);
	ask->request.epoch.counter--;
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), -ESTALE);
	scene_end(scene);
}

static int clear_now(struct scene *scene, u32 region, u64 n, u32 generation,
		     u32 flags)
{
	struct ask *ask = ask_new(scene, BRAID_OP_CLEAR);
	struct braid_clear *clear = (struct braid_clear *)ask->body;

	clear->region = cpu_to_le32(region);
	clear->n = cpu_to_le64(n);
	ask->request.body_len = sizeof(*clear);
	ask->request.generation = generation;
	ask->request.flags = flags;
	return ask_now(scene, ask);
}

/* C1, C3, G3: the values of the writer count, and each writer counts anew. */
static void clear_is_as_the_writer_says(struct kunit *test)
{
	struct scene *scene = scene_new(test);
	struct ask *ask;

	attach(scene, 2, 22);
	ask = ask_data(scene, BRAID_OP_WRITE, 0, 4096);
	ask->request.n = 7;
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), 0);
	KUNIT_EXPECT_EQ(test, clear_now(scene, 0, 6, 9, BRAID_REQ_STAMP), 0);
	KUNIT_EXPECT_EQ(test, braid_journal_entry(scene->replica->journal, 0),
			5 | BRAID_MAP_DIRTY);
	KUNIT_EXPECT_EQ(test, clear_now(scene, 0, 7, 8, 0), 0);
	KUNIT_EXPECT_EQ(test, braid_journal_entry(scene->replica->journal, 0), 5u);
	KUNIT_EXPECT_EQ(test, clear_now(scene, 0, 7, 9, BRAID_REQ_STAMP), 0);
	KUNIT_EXPECT_EQ(test, braid_journal_entry(scene->replica->journal, 0), 9u);
	KUNIT_EXPECT_EQ(test, clear_now(scene, 0, 7, 0, 0), -EINVAL);

	/* The next writer counts from 1 again. */
	ask = ask_data(scene, BRAID_OP_WRITE, 0, 4096);
	ask->request.n = 8;
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), 0);
	detach(scene);
	attach(scene, 3, 22);
	KUNIT_EXPECT_EQ(test, clear_now(scene, 0, 1, 9, 0), 0);
	KUNIT_EXPECT_EQ(test, braid_journal_dirty_count(scene->replica->journal),
			0u);
	scene_end(scene);
}

/* A digest is not answered to a writer that was superseded in the meantime. */
static void digest_is_of_its_epoch(struct kunit *test)
{
	struct scene *scene = scene_new(test);
	struct ask *ask;

	attach(scene, 2, 22);
	ask = ask_new(scene, BRAID_OP_DIGEST);
	ask->request.length = 4096;
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), 0);
	memory.hold = true;
	ask = ask_new(scene, BRAID_OP_DIGEST);
	ask->request.length = 4096;
	ask_send(scene, ask);
	KUNIT_EXPECT_TRUE(test, ask_waits(ask));
	KUNIT_EXPECT_EQ(test, ask_now(scene, prepare(scene, 3, 22)), 0);
	let_go();
	KUNIT_EXPECT_EQ(test, ask_wait(scene, ask), -ESTALE);
	scene_end(scene);
}

/*
 * The majority that recorded a writer may not include every member: such a
 * member accepts writes although its record is that of the previous writer. A
 * joining replica accepts writes, not reads.
 */
static void written_to_and_not_read(struct kunit *test)
{
	struct scene *scene = scene_new(test);
	struct ask *ask = prepare(scene, 2, 22);

	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), 0);
	scene->epoch = ask->request.epoch;
	KUNIT_ASSERT_EQ(test, braid_session_open(scene->replica, &scene->epoch,
						 1, &scene->data), 0);
	/* Its record is a clean one. */
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_WRITE, 0, 4096), 0);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_FLUSH, 0, 0), 0);
	close_replica(scene);

	memory.record.own = BRAID_OWN_JOINING;
	memory.record.joining = memory.record.mver;
	open_replica(scene);
	attach(scene, 3, 22);
	/* A joining replica that a record names is complete; else it is not. */
	KUNIT_EXPECT_EQ(test, (int)memory.record.own, (int)BRAID_OWN_INSYNC);
	detach(scene);
	close_replica(scene);
	memory.record.own = BRAID_OWN_JOINING;
	memory.record.isr = 0x4;
	open_replica(scene);
	KUNIT_ASSERT_EQ(test, braid_session_open(scene->replica, &scene->epoch,
						 1, &scene->data), 0);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_WRITE, 0, 4096), 0);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_READ, 0, 4096), -EPERM);
	/* The replica's own state counts, too. */
	detach(scene);
	close_replica(scene);
	memory.record.isr = 0x6;
	open_replica(scene);
	KUNIT_ASSERT_EQ(test, braid_session_open(scene->replica, &scene->epoch,
						 1, &scene->data), 0);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_READ, 0, 4096), -EPERM);
	scene_end(scene);
}

/*
 * I4: a replica outside the ISR serves no data, and no replica is written after
 * a close.
 */
static void ejected_is_not_served(struct kunit *test)
{
	struct scene *scene = scene_new(test);
	struct ask *ask;

	attach(scene, 2, 22);
	KUNIT_EXPECT_EQ(test, ask_now(scene, record(scene, 2, 0x4, 0)), 0);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_READ, 0, 4096), -EPERM);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_WRITE, 0, 4096), -EPERM);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_FLUSH, 0, 0), -EPERM);
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask_new(scene, BRAID_OP_DIRTY)),
			-EPERM);
	ask = ask_new(scene, BRAID_OP_DIGEST);
	ask->request.length = 4096;
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), -EPERM);
	/* S2: it keeps its vote. */
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask_new(scene, BRAID_OP_LEASE)), 0);
	KUNIT_EXPECT_EQ(test, ask_now(scene, record(scene, 3, 0x6,
						    BRAID_RECORD_CLEAN)), 0);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_READ, 0, 4096), 0);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_WRITE, 0, 4096), -EPERM);
	scene_end(scene);
}

static void generation_is_of_what_is_committed(struct kunit *test)
{
	struct scene *scene = scene_new(test);
	struct ask *ask;

	attach(scene, 2, 22);
	KUNIT_EXPECT_EQ(test, memory.record.generation, 2u);
	KUNIT_EXPECT_EQ(test, scene->replica->record.last_insync_gen, 0u);
	ask = ask_data(scene, BRAID_OP_WRITE, 0, 4096);
	ask->request.committed = 2;
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), 0);
	KUNIT_EXPECT_EQ(test, scene->replica->record.last_insync_gen, 2u);
	/*
	 * A proposal does not raise last_insync_gen (G4); the next record keeps
	 * it.
	 */
	KUNIT_EXPECT_EQ(test, ask_now(scene, record(scene, 2, 0x6, 0)), 0);
	KUNIT_EXPECT_EQ(test, memory.record.generation, 3u);
	KUNIT_EXPECT_EQ(test, memory.record.last_insync_gen, 2u);
	/*
	 * The commit was reported before the record came: it counts once the
	 * record is here.
	 */
	ask = ask_new(scene, BRAID_OP_LEASE);
	ask->request.committed = 4;
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), 0);
	KUNIT_EXPECT_EQ(test, scene->replica->record.last_insync_gen, 2u);
	KUNIT_EXPECT_EQ(test, ask_now(scene, record(scene, 3, 0x6, 0)), 0);
	KUNIT_EXPECT_EQ(test, scene->replica->record.last_insync_gen, 4u);
	/*
	 * A commit of one writer does not count for a record of the next
	 * writer.
	 */
	ask = ask_new(scene, BRAID_OP_LEASE);
	ask->request.committed = 5;
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), 0);
	detach(scene);
	attach(scene, 3, 22);
	KUNIT_EXPECT_EQ(test, memory.record.generation, 5u);
	KUNIT_EXPECT_EQ(test, scene->replica->record.last_insync_gen, 4u);
	scene_end(scene);
}

static void failed_flush_is_remembered(struct kunit *test)
{
	struct scene *scene = scene_new(test);

	attach(scene, 2, 22);
	memory.fail_data = -EIO;
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_WRITE, 0, 4096), -EIO);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_FLUSH, 0, 0), 0);
	memory.fail_data = -EIO;
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_FLUSH, 0, 0), -EIO);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_FLUSH, 0, 0), -EIO);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_WRITE, 0, 4096), -EIO);
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask_new(scene, BRAID_OP_LEASE)), 0);
	scene_end(scene);
}

/* Its promise counts, its data does not. */
static void voter_that_is_not_trusted_is_no_member(struct kunit *test)
{
	struct scene *scene = scene_new(test);
	struct braid_record *told = kunit_kzalloc(test, sizeof(*told),
						  GFP_KERNEL);
	struct ask *ask;

	attach(scene, 2, 22);
	memory.store.flush_failed = true;
	ask = prepare(scene, 3, 22);
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), 0);
	KUNIT_EXPECT_EQ(test, memory.record.promised.counter, 3ULL);
	KUNIT_EXPECT_EQ(test, (int)memory.record.own, (int)BRAID_OWN_INSYNC);
	KUNIT_ASSERT_NULL(test, braid_record_decode(told, ask->request.body));
	KUNIT_EXPECT_TRUE(test, told->isr & BRAID_VOTER_BIT(told->voter));
	KUNIT_EXPECT_FALSE(test, is_complete(told, told));
	/* Opened again it is judged by its record only. */
	memory.store.flush_failed = false;
	ask = prepare(scene, 4, 22);
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), 0);
	KUNIT_ASSERT_NULL(test, braid_record_decode(told, ask->request.body));
	KUNIT_EXPECT_TRUE(test, is_complete(told, told));
	scene_end(scene);
}

/* A lack of space does not put earlier writes into doubt. */
static void lack_of_space_is_no_failed_flush(struct kunit *test)
{
	struct scene *scene = scene_new(test);
	struct ask *ask;

	attach(scene, 2, 22);
	ask = ask_data(scene, BRAID_OP_WRITE, 0, 4096);
	ask->request.flags = BRAID_REQ_FUA;
	memory.fail_data = -ENOSPC;
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), -ENOSPC);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_FLUSH, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_READ, 0, 4096), 0);
	ask = ask_data(scene, BRAID_OP_WRITE, 0, 4096);
	ask->request.flags = BRAID_REQ_FUA;
	memory.fail_data = -EIO;
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), -EIO);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_READ, 0, 4096), -EIO);
	scene_end(scene);
}

/* The region map's flush failed, so no request was answered with the error. */
static void failed_flush_below_is_remembered(struct kunit *test)
{
	struct scene *scene = scene_new(test);

	attach(scene, 2, 22);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_WRITE, 0, 4096), 0);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_READ, 0, 4096), 0);
	KUNIT_EXPECT_EQ(test, clear_now(scene, 0, 0, 5, 0), 0);
	memory.store.flush_failed = true;
	KUNIT_EXPECT_EQ(test, clear_now(scene, 0, 1, 5, 0), -EIO);
	KUNIT_EXPECT_EQ(test, braid_journal_dirty_count(scene->replica->journal),
			1u);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_READ, 0, 4096), -EIO);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_WRITE, 0, 4096), -EIO);
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask_new(scene, BRAID_OP_DIGEST)),
			-EIO);
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask_new(scene, BRAID_OP_LEASE)), 0);
	scene_end(scene);
}

/* Concurrent requests while sessions come and go and epochs rise. */
struct storm {
	struct scene *scene;
	struct completion ended;
	u32 served;
	u32 refused;
};

static int storm(void *context)
{
	struct storm *storm = context;
	struct scene *scene = storm->scene;
	struct ask *ask = ask_data(scene, BRAID_OP_WRITE, 0, 4096);
	struct braid_session *session;
	struct braid_epoch epoch;
	u32 round, i;

	for (round = 0; round < 30; round++) {
		spin_lock_irq(&scene->replica->lock);
		epoch = scene->replica->record.promised;
		spin_unlock_irq(&scene->replica->lock);
		if (braid_session_open(scene->replica, &epoch, round, &session))
			continue;
		for (i = 0; i < 20; i++) {
			ask->request.epoch = epoch;
			ask->request.offset = (i % 16) << SHIFT;
			ask->request.generation = 1 + round;
			ask->request.n++;
			reinit_completion(&ask->done);
			braid_replica_submit(session, &ask->request);
			wait_for_completion(&ask->done);
			if (ask->request.error)
				storm->refused++;
			else
				storm->served++;
		}
		braid_session_close(session);
	}
	kthread_complete_and_exit(&storm->ended, 0);
}

static void sessions_in_a_storm(struct kunit *test)
{
	struct scene *scene = scene_new(test);
	struct storm storms[3];
	u32 i, served = 0;
	u64 counter = 3;

	attach(scene, 2, 22);
	for (i = 0; i < ARRAY_SIZE(storms); i++) {
		storms[i] = (struct storm){ .scene = scene };
		init_completion(&storms[i].ended);
		kthread_run(storm, &storms[i], "storm%u", i);
	}
	for (i = 0; i < ARRAY_SIZE(storms); i++)
		while (!wait_for_completion_timeout(&storms[i].ended, HZ / 20)) {
			struct ask *ask = prepare(scene, counter++, 22);

			KUNIT_EXPECT_EQ(test, ask_now(scene, ask), 0);
		}
	for (i = 0; i < ARRAY_SIZE(storms); i++)
		served += storms[i].served;
	KUNIT_EXPECT_GT(test, served, 0u);
	scene_end(scene);
}

static struct kunit_case replica_cases[] = {
	KUNIT_CASE(promise_waits_for_writes),
	KUNIT_CASE(sessions_follow_each_other),
	KUNIT_CASE(closing_one_that_hangs_holds_up_nobody),
	KUNIT_CASE(closing_cuts_sessions),
	KUNIT_CASE(data_is_checked),
	KUNIT_CASE(write_is_stamped_and_read),
	KUNIT_CASE(store_is_asked_the_same),
	KUNIT_CASE(write_without_its_stamp_fails),
	KUNIT_CASE(dirty_is_told_in_parts),
	KUNIT_CASE(clear_is_as_the_writer_says),
	KUNIT_CASE(digest_is_of_its_epoch),
	KUNIT_CASE(written_to_and_not_read),
	KUNIT_CASE(ejected_is_not_served),
	KUNIT_CASE(generation_is_of_what_is_committed),
	KUNIT_CASE(failed_flush_is_remembered),
	KUNIT_CASE(failed_flush_below_is_remembered),
	KUNIT_CASE(voter_that_is_not_trusted_is_no_member),
	KUNIT_CASE(lack_of_space_is_no_failed_flush),
	KUNIT_CASE(sessions_in_a_storm),
	{}
};

static struct kunit_suite replica_suite = {
	.name = "braid_replica",
	.init = replica_begin,
	.exit = replica_end,
	.test_cases = replica_cases,
};

kunit_test_suite(replica_suite);

MODULE_DESCRIPTION("Tests of a replica");
MODULE_LICENSE("GPL");
