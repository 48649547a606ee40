// SPDX-License-Identifier: GPL-2.0-only
/*
 * A replica as a voter, on a store in memory: what it promises, takes and
 * refuses, and what is durable before the answer.
 */
#include "replica_part.h"

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
	/* A repeated request has the same answer and writes nothing. */
	KUNIT_EXPECT_EQ(test, ask_now(scene, prepare(scene, 2, 22)), 0);
	KUNIT_EXPECT_EQ(test, memory.records, 1u);
	/*
	 * Refused: a lower epoch, and another writer's while the lease is
	 * valid. Taken: with the administrator's word that the holder is dead.
	 */
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
	/* A host name that the record could not be decoded with. */
	ask = prepare(scene, 4, 33);
	ask->body[1] = ' ';
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), -EINVAL);
	KUNIT_EXPECT_EQ(test, memory.records, 2u);
	scene_end(scene);
}

/* After a restart another writer must wait for one full lease. */
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
	/* After a clean close no writer has to wait. */
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

/*
 * A writer is told once that another node wants its volume, and not of a
 * request that lapsed.
 */
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
		/* As if a lease had passed since the request. */
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

/* Nothing was written: the previous writer continues, with another session. */
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

/*
 * A failed creation leaves nothing behind: the next one may have other regions.
 */
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

/* The first record must be of this volume, complete and clean. */
static void creation_is_checked(struct kunit *test)
{
	struct braid_record *first;
	struct scene *scene;

	make_blank();
	scene = scene_new(test);
#define REFUSED(change) do {						\
	first = first_record(test);					\
	first->flags = BRAID_RECORD_CLEAN;				\
	change;								\
	KUNIT_EXPECT_EQ(test, ask_now(scene, creation(scene, first)),	\
			-EINVAL);					\
} while (0)
	REFUSED(first->flags = 0);
	REFUSED(first->volume.b[3] ^= 1);
	REFUSED(first->name[0] = 'x');
	REFUSED(first->isr = 0x2);
	REFUSED(first->voters.voter[0].id = 9);
	REFUSED(first->voters.voter[0].witness = true;
		first->isr = 0x4);
#undef REFUSED
	KUNIT_EXPECT_EQ(test, memory.records, 0u);
	first = first_record(test);
	first->flags = BRAID_RECORD_CLEAN;
	memory.store.unmap_zeroes = false;
	first->flags |= BRAID_RECORD_DISCARD;
	KUNIT_EXPECT_EQ(test, ask_now(scene, creation(scene, first)),
			-EOPNOTSUPP);
	first->flags &= ~BRAID_RECORD_DISCARD;
	KUNIT_EXPECT_EQ(test, ask_now(scene, creation(scene, first)), 0);
	KUNIT_EXPECT_EQ(test, memory.records, 1u);
	scene_end(scene);
}

/* Records */

static void record_is_checked(struct kunit *test)
{
	struct scene *scene = scene_new(test);
	struct braid_record *next;
	struct ask *ask;
	u32 records;

	attach(scene, 2, 22);
	records = memory.records;
	next = kunit_kzalloc(test, sizeof(*next), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, next);
#define REFUSED(expected, change) do {					\
	ask = record(scene, 2, 0x6, 0);					\
	KUNIT_ASSERT_NULL(test, braid_record_decode(next, ask->body));	\
	change;								\
	braid_record_encode(next, ask->body);				\
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), expected);		\
} while (0)
	/* Refused: another size, another role, a record without this voter. */
	REFUSED(-EINVAL, next->size *= 2);
	REFUSED(-EINVAL, next->voters.voter[0].witness = true;
		next->isr = 0x4);
	REFUSED(-EINVAL, next->voters.voter[0].id = 9; next->isr = 0x4);
	memory.store.unmap_zeroes = false;
	REFUSED(-EOPNOTSUPP, (void)0);
	memory.store.unmap_zeroes = true;
	KUNIT_EXPECT_EQ(test, memory.records, records);
	/*
	 * The record is durable before the answer and has a sequence of its
	 * own.
	 */
	REFUSED(0, (void)0);
#undef REFUSED
	KUNIT_EXPECT_EQ(test, memory.records, records + 1);
	KUNIT_EXPECT_EQ(test, memory.record.mver.k, 2u);
	KUNIT_EXPECT_EQ(test, ask->request.value, memory.record.sequence);
	memory.fail_slots = true;
	KUNIT_EXPECT_EQ(test, ask_now(scene, record(scene, 3, 0x6, 0)), -EIO);
	memory.fail_slots = false;
	KUNIT_EXPECT_EQ(test, scene->replica->record.mver.k, 2u);
	KUNIT_EXPECT_EQ(test, data_now(scene, BRAID_OP_READ, 0, 4096), -EIO);
	scene_end(scene);
}

static void sequence_counts_what_is_written(struct kunit *test)
{
	struct scene *scene = scene_new(test);
	u64 sequence = memory.record.sequence;

	attach(scene, 2, 22);
	KUNIT_EXPECT_EQ(test, memory.record.sequence, sequence + 2);
	KUNIT_EXPECT_EQ(test, ask_now(scene, record(scene, 2, 0x6, 0)), 0);
	KUNIT_EXPECT_EQ(test, memory.record.sequence, sequence + 3);
	scene_end(scene);
}

/* Only the promised writer has a lease; each renewal starts it anew. */
static void lease_is_renewed(struct kunit *test)
{
	struct scene *scene = scene_new(test);
	struct ask *ask;

	attach(scene, 2, 22);
	scene->replica->grant.until = ktime_get_boottime_ns();
	ask = ask_new(scene, BRAID_OP_LEASE);
	ask->request.epoch.counter--;
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), -ESTALE);
	ask = ask_new(scene, BRAID_OP_LEASE);
	ask->request.epoch.counter++;
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), -EINVAL);
	ask = prepare(scene, 3, 33);
	ask->request.op = BRAID_OP_ASK;
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), 0);
	KUNIT_EXPECT_EQ(test, renew(scene), 0ULL);
	ask = prepare(scene, 3, 33);
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), -EBUSY);
	KUNIT_EXPECT_GT(test, ask->request.value, (u64)BRAID_LEASE_MS / 2);
	scene_end(scene);
}

/* Forced attach */

static struct ask *forked(struct scene *scene, struct braid_record *other)
{
	struct ask *ask = ask_new(scene, BRAID_OP_FORK);

	ask->request.body_len = BRAID_SLOT_SIZE;
	braid_record_encode(other, ask->body);
	return ask;
}

static void other_volume(struct scene *scene, struct braid_record *other)
{
	*other = memory.record;
	other->volume.b[5] ^= 0xff;
	other->flags = BRAID_RECORD_DISCARD;
	voters_plain(&other->voters, 1, 0);
	other->isr = 0x2;
	other->mver.epoch = scene->epoch;
	other->mver.k = 1;
	other->generation++;
	other->list_version++;
}

/* FORK makes another volume of the same data, after PREPARE. */
static void fork_is_checked(struct kunit *test)
{
	struct scene *scene = scene_new(test);
	struct braid_record *other;
	struct ask *ask;
	u32 records;

	other = kunit_kzalloc(test, sizeof(*other), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, other);
	scene->epoch.counter = 2;
	scene->epoch.node = 22;
	other_volume(scene, other);
	KUNIT_EXPECT_EQ(test, ask_now(scene, forked(scene, other)), -EINVAL);
	ask = prepare(scene, 2, 22);
	KUNIT_EXPECT_EQ(test, ask_now(scene, ask), 0);
	records = memory.records;
#define REFUSED(change) do {						\
	other_volume(scene, other);					\
	change;								\
	KUNIT_EXPECT_EQ(test, ask_now(scene, forked(scene, other)),	\
			-EINVAL);					\
} while (0)
	REFUSED(other->size *= 2);
	REFUSED(other->region_shift++);
	REFUSED(other->lease_ms++);
	REFUSED(other->name[0] = 'x');
	REFUSED(other->voters.voter[0].id = 9; other->isr = BRAID_VOTER_BIT(9));
	REFUSED(other->generation = 0);
	REFUSED(other->mver.epoch.counter++);
	REFUSED(other->mver.epoch = (struct braid_epoch){});
	/* Only a complete replica can be a member. */
	scene->replica->record.own = BRAID_OWN_JOINING;
	REFUSED((void)0);
	scene->replica->record.own = BRAID_OWN_INSYNC;
#undef REFUSED
	KUNIT_EXPECT_EQ(test, memory.records, records);
	other_volume(scene, other);
	KUNIT_EXPECT_EQ(test, ask_now(scene, forked(scene, other)), 0);
	KUNIT_EXPECT_EQ(test, memory.records, records + 1);
	KUNIT_EXPECT_TRUE(test, uuid_equal(&memory.record.volume,
					   &other->volume));
	KUNIT_EXPECT_EQ(test, memory.record.voters.count, 1);
	KUNIT_EXPECT_EQ(test, memory.record.flags & BRAID_RECORD_CLEAN, 0u);
	/* A repeated request is answered and writes nothing. */
	KUNIT_EXPECT_EQ(test, ask_now(scene, forked(scene, other)), 0);
	KUNIT_EXPECT_EQ(test, memory.records, records + 1);
	scene_end(scene);
}

static struct kunit_case vote_cases[] = {
	KUNIT_CASE(promise_is_durable_and_a_lease),
	KUNIT_CASE(restart_refuses_for_a_lease),
	KUNIT_CASE(wish_of_a_taker_runs_out),
	KUNIT_CASE(unwritten_record_fails_for_good),
	KUNIT_CASE(promise_without_memory_is_none),
	KUNIT_CASE(created_once),
	KUNIT_CASE(creation_that_failed_is_forgotten),
	KUNIT_CASE(creation_is_checked),
	KUNIT_CASE(record_is_checked),
	KUNIT_CASE(sequence_counts_what_is_written),
	KUNIT_CASE(lease_is_renewed),
	KUNIT_CASE(fork_is_checked),
	{}
};

static struct kunit_suite vote_suite = {
	.name = "braid_vote",
	.init = replica_begin,
	.exit = replica_end,
	.test_cases = vote_cases,
};

kunit_test_suite(vote_suite);

MODULE_DESCRIPTION("Tests of a voter");
MODULE_LICENSE("GPL");
