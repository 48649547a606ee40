// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of voter and writer, checked against their text and a naive model.
 */
#include "../../kmod/blk/proto/member.c"

#include <linux/slab.h>
#include <linux/sort.h>

#include "blk_records.h"

#define SECOND	1000000000ULL

static void member_promises(struct kunit *test)
{
	struct braid_record own = record_plain(1, 3, 0);
	struct braid_grant grant = { .until = 10 * SECOND, .epoch = { 5, 50 } };
	const struct braid_epoch lower = { 4, 99 }, equal = { 5, 50 };
	const struct braid_epoch other = { 6, 60 }, itself = { 6, 50 };

	own.promised = equal;
	KUNIT_EXPECT_EQ(test, braid_voter_promise(&own, &grant, &lower, 0, true),
			BRAID_STALE);
	KUNIT_EXPECT_EQ(test, braid_voter_promise(&own, &grant, &equal, 0, false),
			BRAID_AGAIN);
	KUNIT_EXPECT_EQ(test, braid_voter_promise(&own, &grant, &other, 0, false),
			BRAID_HELD);
	/*
	 * Of two attachments with the same counter the one with the higher node
	 * wins.
	 */
	KUNIT_EXPECT_EQ(test, braid_voter_promise(&own, &grant,
						  &(struct braid_epoch){ 5, 49 },
						  20 * SECOND, false), BRAID_STALE);
	KUNIT_EXPECT_EQ(test, braid_voter_promise(&own, &grant,
						  &(struct braid_epoch){ 5, 51 },
						  20 * SECOND, false), BRAID_TAKEN);
	KUNIT_EXPECT_EQ(test, braid_voter_promise(&own, &grant, &other, 0, true),
			BRAID_TAKEN);
	KUNIT_EXPECT_EQ(test, braid_voter_promise(&own, &grant, &itself, 0, false),
			BRAID_TAKEN);
	KUNIT_EXPECT_EQ(test, braid_voter_promise(&own, &grant, &other,
						  10 * SECOND - 1, false),
			BRAID_HELD);
	KUNIT_EXPECT_EQ(test, braid_voter_promise(&own, &grant, &other,
						  10 * SECOND, false),
			BRAID_TAKEN);
	/*
	 * The previous writer closed the volume, not the one that was promised
	 * since.
	 */
	own.flags |= BRAID_RECORD_CLEAN;
	KUNIT_EXPECT_EQ(test, braid_voter_promise(&own, &grant, &other, 0, false),
			BRAID_HELD);
	own.mver.epoch = equal;
	KUNIT_EXPECT_EQ(test, braid_voter_promise(&own, &grant, &other, 0, false),
			BRAID_TAKEN);
	own.voters.count = 0;
	KUNIT_EXPECT_EQ(test, braid_voter_promise(&own, &grant, &other, 0, true),
			BRAID_BLANK);
}

/* Returns the proposal that follows @own in its epoch. */
static struct braid_record follower(const struct braid_record *own)
{
	struct braid_record proposal = *own;

	proposal.mver.epoch = own->promised;
	proposal.mver.k++;
	proposal.generation++;
	return proposal;
}

static void member_records(struct kunit *test)
{
	struct braid_record own = record_plain(2, 3, 0), next, proposal;
	const struct braid_epoch epoch = { 5, 50 };
	struct braid_epoch wrong;

	own.promised = epoch;
	own.last_insync_gen = 1;
	proposal = follower(&own);
	proposal.isr = BRAID_VOTER_BIT(1);
	proposal.voter = 1;
	proposal.incarnation = 99;
	proposal.known[1] = 42;
	proposal.flags |= BRAID_RECORD_CLEAN;
	KUNIT_ASSERT_EQ(test, braid_voter_record(&own, &epoch, &proposal, &next),
			BRAID_TAKEN);
	KUNIT_EXPECT_EQ(test, next.isr, BRAID_VOTER_BIT(1));
	KUNIT_EXPECT_EQ(test, next.generation, 2u);
	KUNIT_EXPECT_EQ(test, next.known[1], 42ULL);
	KUNIT_EXPECT_TRUE(test, next.flags & BRAID_RECORD_CLEAN);
	/* Own fields stay; a proposal never raises last_insync_gen (G4). */
	KUNIT_EXPECT_EQ(test, (int)next.voter, 2);
	KUNIT_EXPECT_EQ(test, next.incarnation, 7ULL);
	KUNIT_EXPECT_EQ(test, next.last_insync_gen, 1u);
	KUNIT_EXPECT_EQ(test, next.sequence, own.sequence);

	KUNIT_EXPECT_EQ(test, braid_voter_record(&next, &epoch, &proposal, &own),
			BRAID_AGAIN);
	proposal.mver.k = 1;
	proposal.mver.epoch = (struct braid_epoch){ 1, 1 };
	KUNIT_EXPECT_EQ(test, braid_voter_record(&next, &epoch, &proposal, &own),
			BRAID_UNFIT);
	wrong = (struct braid_epoch){ 4, 50 };
	KUNIT_EXPECT_EQ(test, braid_voter_record(&next, &wrong, &proposal, &own),
			BRAID_STALE);
	wrong = (struct braid_epoch){ 6, 50 };
	KUNIT_EXPECT_EQ(test, braid_voter_record(&next, &wrong, &proposal, &own),
			BRAID_UNFIT);
	proposal = follower(&next);
	proposal.mver.k = next.mver.k - 1;
	KUNIT_EXPECT_EQ(test, braid_voter_record(&next, &epoch, &proposal, &own),
			BRAID_STALE);
}

static void member_unfit_records(struct kunit *test)
{
	struct braid_record own = record_plain(2, 3, 0), next, proposal;
	const struct braid_epoch epoch = { 5, 50 };

	own.promised = epoch;
	own.last_insync_gen = 1;
#define VERDICT(change, verdict) do {					\
	proposal = follower(&own);					\
	change;								\
	KUNIT_EXPECT_EQ(test, braid_voter_record(&own, &epoch, &proposal, &next), \
			verdict);					\
} while (0)
	VERDICT((void)0, BRAID_TAKEN);
	VERDICT(proposal.volume.b[3] ^= 1, BRAID_UNFIT);
	VERDICT(proposal.name[0] = 'x', BRAID_UNFIT);
	VERDICT(proposal.region_shift++, BRAID_UNFIT);
	VERDICT(proposal.lease_ms++, BRAID_UNFIT);
	VERDICT(proposal.size -= 4096, BRAID_UNFIT);
	VERDICT(proposal.size += 4096, BRAID_TAKEN);
	VERDICT(proposal.list_version = 0, BRAID_UNFIT);
	VERDICT(proposal.voters.count = 0, BRAID_UNFIT);
	VERDICT(proposal.voters.voter[1].id = 9, BRAID_UNFIT);
	VERDICT(proposal.generation = 1, BRAID_UNFIT);
	own.last_insync_gen = 0;
	own.generation = 5;
	/* A proposal that only this voter saw does not shut it out. */
	VERDICT(proposal.generation = 3, BRAID_TAKEN);
	own.generation = BRAID_GENERATION_MAX;
	VERDICT(proposal.generation = 7, BRAID_FULL);
	own.generation = 1;
	own.voters.count = 0;
	VERDICT((void)0, BRAID_BLANK);
#undef VERDICT
}

/*
 * A record that names a joining replica completes it; one that leaves it out
 * does not change its own state.
 */
static void member_named_is_complete(struct kunit *test)
{
	struct braid_record own = record_plain(2, 3, 0), next, proposal;
	const struct braid_epoch epoch = { 5, 50 };

	own.promised = epoch;
	own.own = BRAID_OWN_JOINING;
	own.joining = own.mver;
	proposal = follower(&own);
	proposal.isr = BRAID_VOTER_BIT(1) | BRAID_VOTER_BIT(3);
	KUNIT_ASSERT_EQ(test, braid_voter_record(&own, &epoch, &proposal, &next),
			BRAID_TAKEN);
	KUNIT_EXPECT_EQ(test, (int)next.own, (int)BRAID_OWN_JOINING);
	proposal.isr |= BRAID_VOTER_BIT(2);
	KUNIT_ASSERT_EQ(test, braid_voter_record(&own, &epoch, &proposal, &next),
			BRAID_TAKEN);
	KUNIT_EXPECT_EQ(test, (int)next.own, (int)BRAID_OWN_INSYNC);
}

static void member_admits_one_epoch(struct kunit *test)
{
	struct braid_record own = record_plain(1, 3, 0);
	struct braid_epoch epoch = { 5, 50 };

	own.promised = epoch;
	KUNIT_EXPECT_EQ(test, braid_voter_admit(&own, &epoch), BRAID_TAKEN);
	epoch.node--;
	KUNIT_EXPECT_EQ(test, braid_voter_admit(&own, &epoch), BRAID_STALE);
	epoch.node += 2;
	KUNIT_EXPECT_EQ(test, braid_voter_admit(&own, &epoch), BRAID_UNFIT);
	own.voters.count = 0;
	KUNIT_EXPECT_EQ(test, braid_voter_admit(&own, &epoch), BRAID_BLANK);
}

/*
 * G4, crash case 24: a shrink without C is proposed twice and reaches only C,
 * while the others go on. C then receives the generation of a committed record
 * and must not mistake it for that of its own record.
 */
static void member_G4_only_the_record_held(struct kunit *test)
{
	struct braid_record own = record_plain(3, 3, 0), next, proposal;
	const struct braid_epoch epoch = { 5, 50 }, later = { 6, 60 };

	own.promised = epoch;
	own.mver.epoch = epoch;
	KUNIT_EXPECT_TRUE(test, braid_voter_committed(&own, 1));
	KUNIT_EXPECT_EQ(test, own.last_insync_gen, 1u);
	KUNIT_EXPECT_FALSE(test, braid_voter_committed(&own, 1));

	proposal = follower(&own);
	KUNIT_ASSERT_EQ(test, braid_voter_record(&own, &epoch, &proposal, &next),
			BRAID_TAKEN);
	KUNIT_EXPECT_EQ(test, next.last_insync_gen, 1u);
	KUNIT_EXPECT_FALSE(test, braid_voter_committed(&next, 1));
	KUNIT_EXPECT_FALSE(test, braid_voter_committed(&next, 3));
	KUNIT_EXPECT_EQ(test, next.last_insync_gen, 1u);
	/* The same generation of another writer belongs to another record. */
	own = next;
	own.promised = later;
	KUNIT_EXPECT_FALSE(test, braid_voter_committed(&own, 2));
	KUNIT_EXPECT_TRUE(test, braid_voter_committed(&next, 2));
	/* The record does not name the voter: nothing to raise. */
	proposal = follower(&next);
	proposal.isr = BRAID_VOTER_BIT(1);
	KUNIT_ASSERT_EQ(test, braid_voter_record(&next, &epoch, &proposal, &own),
			BRAID_TAKEN);
	KUNIT_EXPECT_FALSE(test, braid_voter_committed(&own, 3));
	KUNIT_EXPECT_EQ(test, own.last_insync_gen, 2u);
}

static struct braid_answer answer_of(u8 voter, u8 data, u8 witnesses,
				     u64 counter, u32 k, u64 isr)
{
	struct braid_answer answer;

	/*
	 * Not an initialiser: gcc 12 with -ftrivial-auto-var-init=zero loses a
	 * part.
	 */
	memset(&answer, 0, sizeof(answer));
	answer.record = record_plain(voter, data, witnesses);
	answer.store = 100 + voter;
	answer.record.mver = (struct braid_mver){ { counter, 1 }, k };
	answer.record.promised = answer.record.mver.epoch;
	answer.record.isr = isr;
	answer.record.generation = counter * 10 + k;
	return answer;
}

#define ISR(...) isr_of((const u8[]){ __VA_ARGS__, 0 })
static u64 isr_of(const u8 *id)
{
	u64 isr = 0;

	for (; *id; id++)
		isr |= BRAID_VOTER_BIT(*id);
	return isr;
}

/* Crash cases 8, 16, 17 and 20, as answers to an attach. */
static void member_attach_cases(struct kunit *test)
{
	struct braid_answer a[3];
	struct braid_choice choice;

	/* 16: one voter stays away. */
	a[0] = answer_of(1, 3, 0, 2, 1, ISR(1, 2, 3));
	a[1] = answer_of(2, 3, 0, 2, 1, ISR(1, 2, 3));
	KUNIT_EXPECT_EQ(test, braid_attach_choose(a, 2, 2, &choice),
			BRAID_ATTACH_OK);
	KUNIT_EXPECT_EQ(test, choice.isr, ISR(1, 2));
	KUNIT_EXPECT_EQ(test, (int)choice.source, 2);
	KUNIT_EXPECT_EQ(test, choice.generation, 21u);
	KUNIT_EXPECT_EQ(test, choice.counter, 2ULL);
	KUNIT_EXPECT_EQ(test, braid_attach_choose(a, 1, 0, &choice),
			BRAID_ATTACH_NO_MAJORITY);

	/* 17: A left, then B; A returns, with the witness or alone. */
	a[0] = answer_of(1, 2, 1, 2, 1, ISR(1, 2));
	a[1] = answer_of(3, 2, 1, 2, 2, ISR(2));
	KUNIT_EXPECT_EQ(test, braid_attach_choose(a, 2, 1, &choice),
			BRAID_ATTACH_NO_MEMBER);
	KUNIT_EXPECT_EQ(test, braid_attach_choose(a, 1, 1, &choice),
			BRAID_ATTACH_NO_MAJORITY);

	/* 20: only the witness holds the newest record, which names B. */
	a[0] = answer_of(2, 2, 1, 2, 1, ISR(1, 2));
	a[1] = answer_of(3, 2, 1, 2, 2, ISR(2));
	KUNIT_EXPECT_EQ(test, braid_attach_choose(a, 2, 0, &choice),
			BRAID_ATTACH_OK);
	KUNIT_EXPECT_EQ(test, choice.isr, ISR(2));

	/* 8: only a joining replica is left, apart from votes. */
	a[0] = answer_of(2, 2, 1, 2, 2, ISR(1));
	a[0].record.own = BRAID_OWN_JOINING;
	a[0].record.joining = a[0].record.mver;
	a[1] = answer_of(3, 2, 1, 2, 2, ISR(1));
	KUNIT_EXPECT_EQ(test, braid_attach_choose(a, 2, 2, &choice),
			BRAID_ATTACH_NO_MEMBER);
}

/*
 * 9: a record counts for a joining replica if it is higher than the one under
 * which the join began.
 */
static void member_attach_joiner(struct kunit *test)
{
	struct braid_answer a[2];
	struct braid_choice choice;

	a[0] = answer_of(2, 2, 1, 2, 2, ISR(1, 2));
	a[0].record.own = BRAID_OWN_JOINING;
	a[0].record.joining = a[0].record.mver;
	a[1] = answer_of(3, 2, 1, 2, 2, ISR(1, 2));
	KUNIT_EXPECT_EQ(test, braid_attach_choose(a, 2, 2, &choice),
			BRAID_ATTACH_NO_MEMBER);
	a[1] = answer_of(3, 2, 1, 2, 3, ISR(1, 2));
	KUNIT_EXPECT_EQ(test, braid_attach_choose(a, 2, 2, &choice),
			BRAID_ATTACH_OK);
	KUNIT_EXPECT_EQ(test, choice.isr, ISR(2));
}

/* 11, 12: a voter with a rolled back record does not count. */
static void member_attach_rolled_back(struct kunit *test)
{
	struct braid_answer a[3];
	struct braid_choice choice;

	a[0] = answer_of(1, 3, 0, 2, 2, ISR(1, 2, 3));
	a[1] = answer_of(2, 3, 0, 2, 2, ISR(1, 2, 3));
	a[2] = answer_of(3, 3, 0, 2, 1, ISR(1, 2, 3));
	a[0].record.known[2] = 5;
	a[2].record.sequence = 5;
	KUNIT_EXPECT_EQ(test, braid_attach_choose(a, 3, 0, &choice),
			BRAID_ATTACH_OK);
	KUNIT_EXPECT_EQ(test, choice.isr, ISR(1, 2, 3));
	a[2].record.sequence = 4;
	KUNIT_EXPECT_EQ(test, braid_answers_known(a, 3, 3), 5ULL);
	KUNIT_EXPECT_EQ(test, braid_answers_known(a, 3, 2), 0ULL);
	KUNIT_EXPECT_EQ(test, braid_attach_choose(a, 3, 0, &choice),
			BRAID_ATTACH_OK);
	KUNIT_EXPECT_EQ(test, choice.isr, ISR(1, 2));
	KUNIT_EXPECT_EQ(test, choice.rolled_back, ISR(3));
	a[1] = a[2];
	KUNIT_EXPECT_EQ(test, braid_attach_choose(a, 2, 0, &choice),
			BRAID_ATTACH_NO_MAJORITY);
	a[0].record.voters.count = 0;
	KUNIT_EXPECT_EQ(test, braid_attach_choose(a, 1, 0, &choice),
			BRAID_ATTACH_NOT_CREATED);
}

/* Order of preference for the source: unchanged store, local, lowest id. */
static void member_attach_source(struct kunit *test)
{
	struct braid_answer a[3];
	struct braid_choice choice;
	int i;

	for (i = 0; i < 3; i++)
		a[i] = answer_of(i + 1, 3, 0, 2, 1, ISR(1, 2, 3));
	braid_attach_choose(a, 3, 0, &choice);
	KUNIT_EXPECT_EQ(test, (int)choice.source, 1);
	braid_attach_choose(a, 3, 3, &choice);
	KUNIT_EXPECT_EQ(test, (int)choice.source, 3);
	for (i = 0; i < 3; i++)
		a[i].record.stores[1] = a[1].store;
	braid_attach_choose(a, 3, 3, &choice);
	KUNIT_EXPECT_EQ(test, (int)choice.source, 2);
}

/*
 * Two majorities of a list meet; during a change of voters it takes one of each
 * list.
 */
static void member_majorities_meet(struct kunit *test)
{
	struct braid_record record;
	u64 a, b, all;
	u8 count;

	for (count = 1; count <= BRAID_VOTERS_MAX; count++) {
		record = record_plain(1, count, 0);
		all = braid_voters_all(&record.voters);
		for (a = 0; a <= all; a += 2) {
			if (!braid_record_has_majority(&record, a))
				continue;
			b = all & ~a;
			KUNIT_ASSERT_FALSE(test,
					   braid_record_has_majority(&record, b));
		}
		KUNIT_EXPECT_TRUE(test, braid_record_has_majority(&record, all));
	}
	record = record_plain(1, 3, 0);
	voters_plain(&record.next, 3, 0);
	record.next.voter[2].id = 9;
	KUNIT_EXPECT_TRUE(test, braid_record_has_majority(&record, ISR(1, 2)));
	KUNIT_EXPECT_FALSE(test, braid_record_has_majority(&record, ISR(1, 3)));
	KUNIT_EXPECT_FALSE(test, braid_record_has_majority(&record, ISR(1, 9)));
	KUNIT_EXPECT_TRUE(test, braid_record_has_majority(&record, ISR(1, 3, 9)));
	record.voters.count = 0;
	KUNIT_EXPECT_FALSE(test, braid_record_has_majority(&record, ~0ULL));
}

/*
 * S3: the result is never empty and never has a replica that was not a member.
 */
static void member_S3_shrink(struct kunit *test)
{
	struct rnd_state rnd;
	u64 isr, failed, left;
	u8 newest;
	int i;

	random_begin(test, &rnd);
	for (i = 0; i < 2000; i++) {
		isr = random_u64(&rnd) & random_u64(&rnd) & ~1ULL;
		failed = random_once_in(&rnd, 2) ? ~0ULL : random_u64(&rnd);
		newest = random_below(&rnd, 64);
		left = braid_shrink(isr, failed, newest);
		KUNIT_ASSERT_EQ(test, left & ~isr, 0ULL);
		if (isr & ~failed)
			KUNIT_ASSERT_EQ(test, left, isr & ~failed);
		else if (newest && isr & BRAID_VOTER_BIT(newest))
			KUNIT_ASSERT_EQ(test, left, BRAID_VOTER_BIT(newest));
		else
			KUNIT_ASSERT_EQ(test, hweight64(left), isr ? 1u : 0u);
	}
}

static int newest_first(const void *a, const void *b)
{
	const u64 *x = a, *y = b;

	return *x > *y ? -1 : *x < *y;
}

/* Counted from the M-th newest send time, 2 % shorter than the voters count. */
static void member_lease_deadline(struct kunit *test)
{
	u64 sent[BRAID_VOTER_ID_MAX + 1], sorted[BRAID_VOTERS_MAX], at, got;
	struct braid_record record;
	struct rnd_state rnd;
	int i, j;

	random_begin(test, &rnd);
	for (i = 0; i < 500; i++) {
		record = record_plain(1, 1 + i % BRAID_VOTERS_MAX, 0);
		memset(sent, 0xff, sizeof(sent));
		for (j = 0; j < record.voters.count; j++) {
			at = random_once_in(&rnd, 3) ? 0 :
			     random_below(&rnd, 4) * SECOND;
			sent[record.voters.voter[j].id] = at;
			sorted[j] = at;
		}
		sort(sorted, record.voters.count, sizeof(u64), newest_first, NULL);
		at = sorted[record.voters.count / 2];
		got = braid_lease_deadline(&record, sent);
		KUNIT_ASSERT_EQ(test, got, at ? at + 7840000000ULL : 0ULL);
	}
}

static struct kunit_case member_cases[] = {
	KUNIT_CASE(member_promises),
	KUNIT_CASE(member_records),
	KUNIT_CASE(member_unfit_records),
	KUNIT_CASE(member_named_is_complete),
	KUNIT_CASE(member_admits_one_epoch),
	KUNIT_CASE(member_G4_only_the_record_held),
	KUNIT_CASE(member_attach_cases),
	KUNIT_CASE(member_attach_joiner),
	KUNIT_CASE(member_attach_rolled_back),
	KUNIT_CASE(member_attach_source),
	KUNIT_CASE(member_majorities_meet),
	KUNIT_CASE(member_S3_shrink),
	KUNIT_CASE(member_lease_deadline),
	{}
};

static struct kunit_suite member_suite = {
	.name = "braid_member",
	.test_cases = member_cases,
};

kunit_test_suite(member_suite);

MODULE_DESCRIPTION("Tests of the rules of membership");
MODULE_LICENSE("GPL");
