// SPDX-License-Identifier: GPL-2.0-only
/*
 * A replica, asked as a writer asks it, on a store in memory: who is admitted, what
 * waits for what, and what is durable before it is answered.
 */
#include <crypto/hash.h>
#include <crypto/sha2.h>
#include <kunit/test.h>
#include <linux/bvec.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/netlink.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "../../kmod/blk/map.c"
#include "../../kmod/blk/member.c"
#define decode record_decode
#include "../../kmod/blk/record.c"
#undef decode
#include "../../kmod/blk/tracker.c"
#define create journal_create
#define destroy journal_destroy
#include "../../kmod/blk/journal.c"
#undef create
#undef destroy
#define create session_create
#define put session_put
#define admit session_admit
#define enlist session_enlist
#include "../../kmod/blk/session.c"
#undef create
#undef put
#undef admit
#undef enlist
#define answer vote_answer
#define open_journal vote_open_journal
#include "../../kmod/blk/vote.c"
#undef answer
#undef open_journal
#include "../../kmod/blk/digest.c"
#include "../../kmod/blk/serve.c"
#include "../../kmod/blk/replica.c"

#include "blk_records.h"
#include "memory_store.h"
#include "replica_scene.h"

/* Votes */

static void promise_is_durable_and_a_lease(struct kunit *test)
{
	struct scene *scene = scene_new(test);
	struct ask *ask = prepare(scene, 2, 22);

	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), 0);
	KUNIT_EXPECT_EQ(test, memory.records, 1u);
	KUNIT_EXPECT_EQ(test, memory.record.promised.counter, 2ULL);
	KUNIT_EXPECT_STREQ(test, memory.record.holder, "abc");
	KUNIT_EXPECT_EQ(test, ask->request.body_len, BRAID_SLOT_SIZE);
	KUNIT_EXPECT_GT(test, ask->request.value, 0ULL);
	KUNIT_EXPECT_LE(test, ask->request.value, (u64)BRAID_LEASE_MS);
	/* The same again is answered the same, and written no more. */
	KUNIT_EXPECT_EQ(test, ask_now(scene, prepare(scene, 2, 22)), 0);
	KUNIT_EXPECT_EQ(test, memory.records, 1u);
	/* A lower one; another's while the lease runs, asked or not; the word. */
	KUNIT_EXPECT_EQ(test, ask_now(scene, prepare(scene, 1, 99)), -ESTALE);
	ask = prepare(scene, 3, 33);
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), -EBUSY);
	KUNIT_EXPECT_EQ(test, ask->request.body_len, BRAID_SLOT_SIZE);
	ask = prepare(scene, 3, 33);
	ask->request.op = BRAID_OP_ASK;
	ask->request.flags = BRAID_REQ_DEAD;
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), 0);
	KUNIT_EXPECT_EQ(test, memory.records, 1u);
	ask = prepare(scene, 3, 33);
	ask->request.flags = BRAID_REQ_DEAD;
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), 0);
	KUNIT_EXPECT_EQ(test, memory.record.promised.counter, 3ULL);
	/* A name that could not be read again. */
	ask = prepare(scene, 4, 33);
	ask->body[1] = ' ';
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), -EINVAL);
	KUNIT_EXPECT_EQ(test, memory.records, 2u);
	scene_end(scene);
}

/* After a restart another writer waits for one full lease. */
static void restart_refuses_for_a_lease(struct kunit *test)
{
	struct scene *scene = scene_new(test);
	struct ask *ask;

	attach(scene, 2, 22);
	close_replica(scene);
	open_replica(scene);
	ask = prepare(scene, 3, 33);
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), -EBUSY);
	KUNIT_EXPECT_GT(test, ask->request.value, (u64)BRAID_LEASE_MS / 2);
	KUNIT_EXPECT_EQ(test, ask_now(scene, prepare(scene, 3, 22)), 0);
	/* Closed: nobody waits. */
	scene->epoch.counter = 3;
	KUNIT_EXPECT_EQ(test, ask_now(scene, record(scene, 1, 0x6,
						    BRAID_RECORD_CLEAN)), 0);
	close_replica(scene);
	open_replica(scene);
	KUNIT_EXPECT_EQ(test, ask_now(scene, prepare(scene, 4, 44)), 0);
	scene_end(scene);
}

static u64 renew(struct scene *scene)
{
	struct ask *ask = ask_new(scene, BRAID_OP_LEASE);

	KUNIT_EXPECT_EQ(scene->test, ask_now(scene, ask), 0);
	return ask->request.value;
}

/* A writer hears of who wants its volume once, and not of who gave up long ago. */
static void wish_of_a_taker_runs_out(struct kunit *test)
{
	struct scene *scene = scene_new(test);
	struct ask *ask;
	int i;

	attach(scene, 2, 22);
	KUNIT_EXPECT_EQ(test, renew(scene), 0ULL);
	for (i = 0; i < 3; i++) {
		ask = prepare(scene, 3, 33);
		ask->request.op = BRAID_OP_ASK;
		ask->request.flags = i < 2 ? BRAID_REQ_TAKEOVER : 0;
		KUNIT_EXPECT_EQ(test, ask_now(scene, ask), -EBUSY);
		/* As if a lease had passed since, which the writer was away. */
		if (i == 1)
			scene->replica->wanted_until -=
				(u64)BRAID_LEASE_MS * NSEC_PER_MSEC;
		KUNIT_EXPECT_EQ(test, renew(scene),
				i ? 0ULL : (u64)BRAID_LEASE_WANTED);
	}
	KUNIT_EXPECT_EQ(test, renew(scene), 0ULL);
	scene_end(scene);
}

static void unwritten_record_fails_for_good(struct kunit *test)
{
	struct scene *scene = scene_new(test);

	attach(scene, 2, 22);
	memory.fail_slots = true;
	KUNIT_EXPECT_EQ(test, ask_now(scene, prepare(scene, 3, 22)), -EIO);
	memory.fail_slots = false;
	KUNIT_EXPECT_EQ(test, memory.record.promised.counter, 2ULL);
	KUNIT_EXPECT_EQ(test, ask_now(scene, prepare(scene, 4, 22)), -EIO);
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask_new(scene, BRAID_OP_LEASE)),
			-EIO);
	detach(scene);
	scene_end(scene);
}

/* Nothing was written: the writer of before goes on, with another session. */
static void promise_without_memory_is_none(struct kunit *test)
{
	struct scene *scene = scene_new(test);

	attach(scene, 2, 22);
	memory.no_memory = true;
	KUNIT_EXPECT_EQ(test, ask_now(scene, prepare(scene, 3, 22)), -ENOMEM);
	KUNIT_EXPECT_EQ(test, ask_now(scene, record(scene, 2, 0x6, 0)), -ENOMEM);
	memory.no_memory = false;
	KUNIT_EXPECT_EQ(test, memory.record.promised.counter, 2ULL);
	KUNIT_EXPECT_EQ(test, scene->replica->record.mver.k, 1u);
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask_new(scene, BRAID_OP_LEASE)), 0);
	detach(scene);
	KUNIT_EXPECT_EQ(test, braid_session_open(scene->replica, &scene->epoch,
						 1, &scene->data), 0);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_WRITE, 0, 4096), 0);
	KUNIT_EXPECT_EQ(test, ask_now(scene, record(scene, 2, 0x6, 0)), 0);
	KUNIT_EXPECT_EQ(test, memory.record.mver.k, 2u);
	scene_end(scene);
}

/* PREPARE waits for what a lower epoch has on the disk, and admits no more of it. */
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
	/* One that has not got its stamp. */
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

/* The newest session of an epoch is the only one; the one before has ended. */
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
	/* Not promised; lower. */
	KUNIT_EXPECT_EQ(test, braid_session_open(scene->replica, &epoch, 3,
						 &old), -EINVAL);
	epoch.counter = 1;
	KUNIT_EXPECT_EQ(test, braid_session_open(scene->replica, &epoch, 3,
						 &old), -ESTALE);
	/* Served: not closed, until it is. */
	KUNIT_EXPECT_EQ(test, braid_replica_close(PATH, NULL), -EBUSY);
	KUNIT_EXPECT_EQ(test, braid_replica_open(PATH, NULL), -EEXIST);
	scene_end(scene);
}

/* A disk that hangs is waited for by who closes it, and by nobody else. */
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
		found = braid_replica_get(&memory.record.volume, 0);
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
	/* There is but one store here. */
	KUNIT_EXPECT_EQ(test, open.error, -EBUSY);
	errand_end(&close);
	KUNIT_EXPECT_EQ(test, close.error, 0);
	KUNIT_EXPECT_FALSE(test, memory.opened);
	braid_session_close(scene->data);
	braid_session_close(scene->control);
	braid_replica_put(scene->replica);
	__free_page(scene->page);
}

/* Closing cuts who looks on; they hold the memory, not the store. */
static void closing_cuts_sessions(struct kunit *test)
{
	struct scene *scene = scene_new(test);

	KUNIT_EXPECT_EQ(test, braid_replica_close(PATH, NULL), 0);
	KUNIT_EXPECT_FALSE(test, memory.opened);
	KUNIT_EXPECT_EQ(test, ask_now(scene, prepare(scene, 2, 22)), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, braid_session_open(scene->replica, &nobody, 2,
						 &scene->data), -ESHUTDOWN);
	KUNIT_EXPECT_NULL(test, braid_replica_get(&memory.record.volume, 0));
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
	/* Another epoch than that of its session. */
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

	/* Nonsense in one entry: nothing is cleared. */
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

/* I4, and closed means closed. */
static void ejected_is_not_served(struct kunit *test)
{
	struct scene *scene = scene_new(test);
	struct ask *ask;

	attach(scene, 2, 22);
	KUNIT_EXPECT_EQ(test, ask_now(scene, record(scene, 2, 0x4, 0)), 0);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_READ, 0, 4096), -EPERM);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_WRITE, 0, 4096), -EPERM);
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask_new(scene, BRAID_OP_DIRTY)),
			-EPERM);
	ask = ask_new(scene, BRAID_OP_DIGEST);
	ask->request.length = 4096;
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), -EPERM);
	/* S2: its vote stays. */
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
	/* A proposal does not raise it (G4); the next record keeps it. */
	KUNIT_EXPECT_EQ(test, ask_now(scene, record(scene, 2, 0x6, 0)), 0);
	KUNIT_EXPECT_EQ(test, memory.record.generation, 3u);
	KUNIT_EXPECT_EQ(test, memory.record.last_insync_gen, 2u);
	/* Told before the record came: it counts as soon as that is here. */
	ask = ask_new(scene, BRAID_OP_LEASE);
	ask->request.committed = 4;
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), 0);
	KUNIT_EXPECT_EQ(test, scene->replica->record.last_insync_gen, 2u);
	KUNIT_EXPECT_EQ(test, ask_now(scene, record(scene, 3, 0x6, 0)), 0);
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

/* Its promise counts; what it holds does not. */
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
	/* Opened anew it is what its record says. */
	memory.store.flush_failed = false;
	ask = prepare(scene, 4, 22);
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), 0);
	KUNIT_ASSERT_NULL(test, braid_record_decode(told, ask->request.body));
	KUNIT_EXPECT_TRUE(test, is_complete(told, told));
	scene_end(scene);
}

/* Nothing that was written before hangs on it. */
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

/* It was the region map's, so no request was answered with it. */
static void failed_flush_below_is_remembered(struct kunit *test)
{
	struct scene *scene = scene_new(test);

	attach(scene, 2, 22);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_WRITE, 0, 4096), 0);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_READ, 0, 4096), 0);
	memory.store.flush_failed = true;
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_READ, 0, 4096), -EIO);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_WRITE, 0, 4096), -EIO);
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask_new(scene, BRAID_OP_DIGEST)),
			-EIO);
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask_new(scene, BRAID_OP_LEASE)), 0);
	scene_end(scene);
}

/* Many at once, while sessions come and go and epochs rise. */
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

/* Creation */

static void make_blank(void)
{
	memory.record.own = BRAID_OWN_BLANK;
	memset(&memory.record.voters, 0, sizeof(memory.record.voters));
	memset(&memory.record.mver, 0, sizeof(memory.record.mver));
	memset(&memory.record.promised, 0, sizeof(memory.record.promised));
	memory.record.isr = 0;
	memory.record.generation = 0;
}

static struct braid_record *first_record(struct kunit *test)
{
	struct braid_record *first = kunit_kzalloc(test, sizeof(*first),
						   GFP_KERNEL);

	*first = memory.record;
	first->flags = 0;
	voters_plain(&first->voters, 2, 1);
	first->isr = 0x6;
	first->mver.epoch.counter = 1;
	first->mver.k = 1;
	first->generation = 1;
	first->list_version = 1;
	return first;
}

static struct ask *creation(struct scene *scene,
			    const struct braid_record *first)
{
	struct ask *ask = ask_new(scene, BRAID_OP_CREATE);

	ask->request.body_len = BRAID_SLOT_SIZE;
	braid_record_encode(first, ask->body);
	return ask;
}

static void created_once(struct kunit *test)
{
	struct scene *scene;
	struct ask *ask;
	struct braid_record *first;

	make_blank();
	scene = scene_new(test);
	ask = prepare(scene, 2, 22);
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), -ENODATA);
	KUNIT_EXPECT_EQ(test, ask->request.body_len, BRAID_SLOT_SIZE);

	first = first_record(test);
	ask = ask_new(scene, BRAID_OP_CREATE);
	ask->request.body_len = BRAID_SLOT_SIZE;
	braid_record_encode(first, ask->body);
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), -EINVAL);	/* not clean */
	first->flags = BRAID_RECORD_CLEAN;
	first->size = 2 * DATA_SIZE;
	braid_record_encode(first, ask->body);
	reinit_completion(&ask->done);
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), -ENOSPC);
	first->size = DATA_SIZE / 2;
	braid_record_encode(first, ask->body);
	reinit_completion(&ask->done);
	KUNIT_EXPECT_EQ(test, memory.records, 0u);
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), 0);
	KUNIT_EXPECT_EQ(test, memory.records, 1u);
	KUNIT_EXPECT_EQ(test, memory.record.size, DATA_SIZE / 2ULL);
	reinit_completion(&ask->done);
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), 0);
	first->mver.k = 2;
	braid_record_encode(first, ask->body);
	reinit_completion(&ask->done);
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), -EEXIST);
	attach(scene, 2, 22);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_WRITE, 0, 4096), 0);
	scene_end(scene);
}

/* A creation that failed leaves nothing: the next one may have other regions. */
static void creation_that_failed_is_forgotten(struct kunit *test)
{
	struct braid_record *first;
	struct scene *scene;

	make_blank();
	scene = scene_new(test);
	first = first_record(test);
	first->flags = BRAID_RECORD_CLEAN;
	first->size = DATA_SIZE / 4;
	memory.no_memory = true;
	KUNIT_EXPECT_EQ(test, ask_now(scene, creation(scene, first)), -ENOMEM);
	memory.no_memory = false;
	KUNIT_EXPECT_EQ(test, memory.records, 0u);
	KUNIT_EXPECT_NULL(test, scene->replica->journal);
	first->size = DATA_SIZE;
	KUNIT_EXPECT_EQ(test, ask_now(scene, creation(scene, first)), 0);
	KUNIT_ASSERT_NOT_NULL(test, scene->replica->journal);
	KUNIT_ASSERT_EQ(test, scene->replica->journal->map.regions,
			DATA_SIZE >> SHIFT);
	attach(scene, 2, 22);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_WRITE, DATA_SIZE - 4096,
				       4096), 0);
	scene_end(scene);
}

static int replica_test_init(struct kunit *test)
{
	memset(&memory, 0, sizeof(memory));
	memory.record = record_plain(1, 2, 1);
	memory.record.size = DATA_SIZE;
	memory.record.region_shift = SHIFT;
	memory.record.flags |= BRAID_RECORD_CLEAN | BRAID_RECORD_DISCARD;
	memory.data = vzalloc(DATA_SIZE);
	memory.meta = vzalloc(META_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, memory.data);
	KUNIT_ASSERT_NOT_NULL(test, memory.meta);
	spin_lock_init(&memory.lock);
	init_completion(&memory.go_on);
	memory.store.path = PATH;
	memory.store.data_size = DATA_SIZE;
	memory.store.meta_size = META_SIZE;
	memory.store.unmap_zeroes = true;
	KUNIT_ASSERT_EQ(test, braid_journal_format(&memory.store,
						   memory.record.map_id,
						   DATA_SIZE >> SHIFT), 0);
	return braid_replica_init();
}

static void replica_test_exit(struct kunit *test)
{
	braid_replica_exit();
	vfree(memory.data);
	vfree(memory.meta);
}

static struct kunit_case replica_cases[] = {
	KUNIT_CASE(promise_is_durable_and_a_lease),
	KUNIT_CASE(restart_refuses_for_a_lease),
	KUNIT_CASE(wish_of_a_taker_runs_out),
	KUNIT_CASE(unwritten_record_fails_for_good),
	KUNIT_CASE(promise_without_memory_is_none),
	KUNIT_CASE(promise_waits_for_writes),
	KUNIT_CASE(sessions_follow_each_other),
	KUNIT_CASE(closing_one_that_hangs_holds_up_nobody),
	KUNIT_CASE(closing_cuts_sessions),
	KUNIT_CASE(data_is_checked),
	KUNIT_CASE(write_is_stamped_and_read),
	KUNIT_CASE(ejected_is_not_served),
	KUNIT_CASE(generation_is_of_what_is_committed),
	KUNIT_CASE(failed_flush_is_remembered),
	KUNIT_CASE(failed_flush_below_is_remembered),
	KUNIT_CASE(voter_that_is_not_trusted_is_no_member),
	KUNIT_CASE(lack_of_space_is_no_failed_flush),
	KUNIT_CASE(sessions_in_a_storm),
	KUNIT_CASE(created_once),
	KUNIT_CASE(creation_that_failed_is_forgotten),
	{}
};

static struct kunit_suite replica_suite = {
	.name = "braid_replica",
	.init = replica_test_init,
	.exit = replica_test_exit,
	.test_cases = replica_cases,
};

kunit_test_suite(replica_suite);

MODULE_DESCRIPTION("Tests of a replica");
MODULE_LICENSE("GPL");
