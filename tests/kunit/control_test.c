// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control part of a writer (attach, ballots) and voters that the test plays: what
 * is recorded before what, and who stays a member.
 */
#include "control_part.h"

/* Attach */

static void attach_has_its_order(struct kunit *test)
{
	struct braid_volume *volume;
	unsigned int i, at, records = 0;

	control_begin(test, 2, 1);
	not_clean();
	control.voter[0].dirty = BIT(3) | BIT(4) | BIT(7);
	control.voter[1].dirty = BIT(5);
	control.voter[1].record.generation = 9;
	volume = attached();
	KUNIT_EXPECT_EQ(test, (int)volume->state, (int)BRAID_VOLUME_ACTIVE);
	KUNIT_EXPECT_EQ(test, ISR(volume), 0x6ULL);
	KUNIT_EXPECT_TRUE(test, lease_holds(volume));
	/* G1, G4. */
	KUNIT_EXPECT_EQ(test, volume->generation, 10u);
	KUNIT_EXPECT_EQ(test, volume->committed, 10u);
	/* Step 3 comes before anything is asked of the members' data. */
	at = min(when(0, BRAID_OP_DIRTY), when(1, BRAID_OP_DIRTY));
	for (i = 0; i < at; i++)
		records += (control.log[i] & 0xff) == BRAID_OP_RECORD;
	KUNIT_EXPECT_GE(test, records, 2u);
	/* Step 4: what is dirty on any; durable on each before the device is there. */
	KUNIT_EXPECT_EQ(test, control.reconcile,
			BIT(3) | BIT(4) | BIT(5) | BIT(7));
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_LT(test, when(i, BRAID_OP_ASK),
				when(i, BRAID_OP_PREPARE));
		KUNIT_EXPECT_LT(test, when(i, BRAID_OP_RECORD),
				when(i, BRAID_OP_DIRTY));
		KUNIT_EXPECT_LT(test, when(i, BRAID_OP_DIRTY),
				when(i, BRAID_OP_FLUSH));
		KUNIT_EXPECT_LT(test, when(i, BRAID_OP_FLUSH),
				control.logged_at_disk);
		KUNIT_EXPECT_TRUE(test, has_record(volume, i));
		KUNIT_EXPECT_EQ(test, voter_record(i).flags & BRAID_RECORD_CLEAN,
				0u);
		/* What its writer knew of the other: it was at 2, and promised. */
		KUNIT_EXPECT_EQ(test, voter_record(i).known[!i], 3ULL);
		KUNIT_EXPECT_EQ(test, voter_record(i).stores[!i], 0ULL);
	}
	control_end();
}

/* Return: true if voter 0 recorded these ids of the stores of voters 0 to 2. */
static bool stores_are(u64 first, u64 second, u64 third)
{
	const struct braid_record record = voter_record(0);

	return record.stores[0] == first && record.stores[1] == second &&
	       record.stores[2] == third;
}

/*
 * Attach 4: while members may differ, the record says which of them kept its cache
 * since the previous attachment.
 */
static void attach_remembers_unchanged_stores(struct kunit *test)
{
	struct braid_volume *volume;
	unsigned int i;

	control_begin(test, 3, 0);
	not_clean();
	control.voter[1].dirty = BIT(3);
	for (i = 0; i < 3; i++) {
		control.voter[i].record.stores[0] = 99;
		control.voter[i].record.stores[1] = 101;
		control.voter[i].record.stores[2] = 102;
	}
	volume = attached();
	KUNIT_EXPECT_TRUE(test, stores_are(0, 101, 102));
	/* These two are copied from. */
	KUNIT_EXPECT_EQ(test, (int)control.source, 2);
	KUNIT_EXPECT_EQ(test, control.kept, 0xcULL);
	/* Another record before that is done, of a member that failed, keeps them. */
	cut(1, true);
	KUNIT_EXPECT_TRUE(test, wait_until(ISR(volume) == 0xa));
	KUNIT_EXPECT_TRUE(test, wait_until(voter_record(0).isr == 0xa));
	KUNIT_EXPECT_TRUE(test, stores_are(0, 101, 102));
	/* All are equal: the ids are those of today. */
	braid_volume_equal(volume);
	KUNIT_EXPECT_TRUE(test, wait_until(stores_are(100, 101, 102)));
	control_end();
}

/* Nothing is to be made equal: the ids are those of today at once. */
static void attach_of_what_is_equal_records_stores(struct kunit *test)
{
	struct braid_volume *volume;
	unsigned int i;

	control_begin(test, 3, 0);
	not_clean();
	for (i = 0; i < 3; i++)
		control.voter[i].record.stores[0] = 99;
	volume = attached();
	KUNIT_EXPECT_EQ(test, control.reconcile, 0UL);
	KUNIT_EXPECT_TRUE(test, wait_until(stores_are(100, 101, 102)));
	KUNIT_EXPECT_EQ(test, ISR(volume), 0xeULL);
	/* A member that lost its cache has no id in a record that still names it. */
	spin_lock_irq(&volume->lock);
	volume->failed |= BIT(3);
	volume->fatal |= BIT(3);
	braid_ballot_repeat(volume);
	KUNIT_EXPECT_EQ(test, volume->ballot.record.isr, 0xeULL);
	KUNIT_EXPECT_EQ(test, volume->ballot.record.stores[2], 0ULL);
	spin_unlock_irq(&volume->lock);
	KUNIT_EXPECT_TRUE(test, wait_until(ISR(volume) == 0x6));
	control_end();
}

static void attach_of_what_is_closed(struct kunit *test)
{
	struct braid_volume *volume;

	control_begin(test, 2, 1);
	control.voter[1].away = true;
	volume = attached();
	/* The new ISR is the part that was reached (attach 2). */
	KUNIT_EXPECT_EQ(test, ISR(volume), 0x2ULL);
	KUNIT_EXPECT_EQ(test, voter_record(2).isr, 0x2ULL);
	KUNIT_EXPECT_EQ(test, when(0, BRAID_OP_DIRTY), LOG_MAX);
	control_end();
}

static void attach_without_generations_left(struct kunit *test)
{
	unsigned int i;

	control_begin(test, 2, 1);
	for (i = 0; i < 3; i++)
		control.voter[i].record.generation = BRAID_GENERATION_MAX;
	KUNIT_EXPECT_EQ(test, braid_volume_attach(&suite_node, &control.how, &control.extack),
			-EBUSY);
	KUNIT_ASSERT_NOT_NULL(test, control.extack._msg);
	KUNIT_EXPECT_NOT_NULL(test, strstr(control.extack._msg, "generation"));
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, when(i, BRAID_OP_RECORD), LOG_MAX);
	control_end();
}

static void attach_needs_a_majority(struct kunit *test)
{
	control_begin(test, 3, 0);
	control.voter[1].away = true;
	control.voter[2].away = true;
	KUNIT_EXPECT_EQ(test, braid_volume_attach(&suite_node, &control.how, &control.extack),
			-EHOSTUNREACH);
	KUNIT_EXPECT_EQ(test, when(0, BRAID_OP_PREPARE), LOG_MAX);
	control_end();
}

/*
 * A writer that is cut off from two voters, but not from the only member: these two
 * would promise, and the member does not.  A promise of theirs would be of use to
 * nobody and keep that writer from going on.
 */
static void attach_prepares_only_with_a_member(struct kunit *test)
{
	const struct braid_epoch holder = { 5, OTHER_NODE };
	unsigned int i;

	control_begin(test, 3, 0);
	not_clean();
	for (i = 0; i < 3; i++) {
		struct braid_record *record = &control.voter[i].record;

		record->promised = holder;
		record->mver.epoch = holder;
		record->isr = 0x2;
		strscpy(record->holder, "there", sizeof(record->holder));
	}
	played_grant(&control.voter[0], &holder);
	KUNIT_EXPECT_EQ(test, braid_volume_attach(&suite_node, &control.how, &control.extack),
			-EBUSY);
	KUNIT_ASSERT_NOT_NULL(test, control.extack._msg);
	KUNIT_EXPECT_NOT_NULL(test, strstr(control.extack._msg, "there"));
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, voter_record(i).promised.counter, 5ULL);
	control_end();
}

static void attach_names_who_does_not_record(struct kunit *test)
{
	control_begin(test, 2, 1);
	control.voter[1].error[BRAID_OP_RECORD] = -EIO;
	control.voter[2].error[BRAID_OP_RECORD] = -EIO;
	KUNIT_EXPECT_EQ(test, braid_volume_attach(&suite_node, &control.how, &control.extack),
			-ETIMEDOUT);
	KUNIT_ASSERT_NOT_NULL(test, control.extack._msg);
	KUNIT_EXPECT_NULL(test, strstr(control.extack._msg, "voter 1"));
	KUNIT_EXPECT_NOT_NULL(test, strstr(control.extack._msg, "voter 2"));
	KUNIT_EXPECT_NOT_NULL(test, strstr(control.extack._msg, "voter 3"));
	control_end();
}

/* Three who asked at once won a voter each: it is held by none of them. */
static void attach_waits_for_lost_races(struct kunit *test)
{
	struct braid_volume *volume;
	unsigned int i;

	control_begin(test, 3, 0);
	for (i = 0; i < 3; i++) {
		const struct braid_epoch other = { 5, OTHER_NODE + i };

		control.voter[i].record.promised = other;
		played_grant(&control.voter[i], &other);
		control.voter[i].grant.until = ktime_get_boottime_ns() +
					       NSEC_PER_SEC;
	}
	volume = attached();
	KUNIT_EXPECT_EQ(test, ISR(volume), 0xeULL);
	KUNIT_EXPECT_GT(test, volume->epoch.counter, 5ULL);
	control_end();
}

/* One of two who asked at once has a majority, and will record itself. */
static void attach_names_who_wins_the_race(struct kunit *test)
{
	const struct braid_epoch other = { 5, OTHER_NODE };
	unsigned int i;
	u64 before;

	control_begin(test, 3, 0);
	before = voter_record(2).promised.counter;
	for (i = 0; i < 2; i++) {
		control.voter[i].record.promised = other;
		played_grant(&control.voter[i], &other);
	}
	KUNIT_EXPECT_EQ(test, braid_volume_attach(&suite_node, &control.how, &control.extack),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, voter_record(2).promised.counter, before);
	control_end();
}

/* Their connections break after the promise: that is a try that failed, no more. */
static void attach_begins_anew(struct kunit *test)
{
	struct braid_volume *volume;
	unsigned int i;

	control_begin(test, 2, 1);
	for (i = 0; i < 3; i++)
		control.voter[i].break_after = BIT_ULL(BRAID_OP_PREPARE);
	volume = attached();
	KUNIT_EXPECT_EQ(test, ISR(volume), 0x6ULL);
	control_end();
}

/* A member serves only what its own record says that it holds. */
static void member_records_before_it_serves(struct kunit *test)
{
	struct braid_volume *volume;

	control_begin(test, 3, 0);
	not_clean();
	control.voter[1].error[BRAID_OP_RECORD] = -EIO;
	member_timeout_ms = 3000;
	volume = attached();
	KUNIT_EXPECT_EQ(test, ISR(volume), 0xaULL);
	KUNIT_EXPECT_EQ(test, when(1, BRAID_OP_DIRTY), LOG_MAX);
	KUNIT_EXPECT_EQ(test, when(1, BRAID_OP_FLUSH), LOG_MAX);
	control_end();
}

/* A member that tells of regions which do not exist is none, nor the source. */
static void member_that_tells_nonsense_is_out(struct kunit *test)
{
	struct braid_volume *volume;
	unsigned int i;

	control_begin(test, 2, 1);
	not_clean();
	for (i = 0; i < 3; i++)
		control.voter[i].record.size = 4 << BRAID_REGION_SHIFT_DEFAULT;
	control.voter[0].dirty = BIT(9);
	control.voter[1].dirty = BIT(2);
	volume = attached();
	KUNIT_EXPECT_EQ(test, ISR(volume), 0x4ULL);
	KUNIT_EXPECT_EQ(test, control.reconcile, BIT(2));
	KUNIT_EXPECT_EQ(test, (int)control.source, 2);
	control_end();
}

/* Nor one whose flush fails, and that is for good: its cache may be gone. */
static void member_that_cannot_flush_is_out(struct kunit *test)
{
	struct braid_volume *volume;

	control_begin(test, 2, 1);
	not_clean();
	control.voter[1].error[BRAID_OP_FLUSH] = -EIO;
	volume = attached();
	KUNIT_EXPECT_EQ(test, ISR(volume), 0x2ULL);
	KUNIT_EXPECT_EQ(test, control.voter[1].asked[BRAID_OP_FLUSH], 1u);
	control_end();

	control_begin(test, 1, 0);
	not_clean();
	control.voter[0].error[BRAID_OP_FLUSH] = -EIO;
	member_timeout_ms = 1000;
	KUNIT_EXPECT_NE(test, braid_volume_attach(&suite_node, &control.how, &control.extack),
			0);
	KUNIT_EXPECT_FALSE(test, control.disk);
	KUNIT_EXPECT_EQ(test, control.voter[0].asked[BRAID_OP_FLUSH], 1u);
	control_end();
}

static void late_voter_is_prepared_first(struct kunit *test)
{
	struct braid_volume *volume;
	struct braid_record record;

	control_begin(test, 2, 1);
	control.voter[2].away = true;
	volume = attached();
	WRITE_ONCE(control.voter[2].away, false);
	KUNIT_EXPECT_TRUE(test, wait_until(has_record(volume, 2)));
	record = voter_record(2);
	KUNIT_EXPECT_EQ(test, braid_epoch_cmp(&record.promised, &volume->epoch),
			0);
	KUNIT_EXPECT_LT(test, when(2, BRAID_OP_PREPARE),
			when(2, BRAID_OP_RECORD));
	control_end();
}

/* Two that were left behind at different times say the same of themselves. */
static void force_takes_one_that_was_left_behind(struct kunit *test)
{
	struct braid_volume *volume;
	unsigned int members, i;

	control_begin(test, 3, 0);
	not_clean();
	for (i = 0; i < 3; i++)
		control.voter[i].record.isr = 0x8;
	control.voter[2].away = true;
	KUNIT_EXPECT_EQ(test, braid_volume_attach(&suite_node, &control.how, &control.extack),
			-ENODEV);
	control.how.force = true;
	volume = attached();
	members = hweight64(ISR(volume));
	KUNIT_EXPECT_EQ(test, members, 1);
	KUNIT_EXPECT_EQ(test, volume->record.voters.count, 2);
	KUNIT_EXPECT_FALSE(test, uuid_equal(&volume->record.volume,
					    &control.voter[2].record.volume));
	control_end();
}

/* Membership */

/* Writes need who is proposed and who was recorded until a majority holds it (S). */
static void shrink_is_recorded_first(struct kunit *test)
{
	struct braid_volume *volume;
	u32 generation;

	control_begin(test, 3, 0);
	volume = attached();
	generation = volume->generation;
	control.voter[0].hold = BIT_ULL(BRAID_OP_RECORD);
	control.voter[1].hold = BIT_ULL(BRAID_OP_RECORD);
	control.voter[2].hold = BIT_ULL(BRAID_OP_RECORD);
	braid_volume_member_failed(volume, braid_volume_peer(volume, 3), -EIO,
				   false);
	KUNIT_EXPECT_TRUE(test, wait_until(voter_record(0).isr == 0x6 &&
					   voter_record(1).isr == 0x6));
	KUNIT_EXPECT_EQ(test, ISR(volume), 0xeULL);
	KUNIT_EXPECT_EQ(test, READ_ONCE(volume->proposed), 0x6ULL);
	KUNIT_EXPECT_EQ(test, READ_ONCE(volume->generation), generation + 1);
	KUNIT_EXPECT_EQ(test, READ_ONCE(volume->committed), generation);
	let_go(0);
	/* One of three is no majority. */
	KUNIT_EXPECT_EQ(test, ISR(volume), 0xeULL);
	let_go(1);
	KUNIT_EXPECT_TRUE(test, wait_until(ISR(volume) == 0x6));
	KUNIT_EXPECT_EQ(test, READ_ONCE(volume->proposed), 0ULL);
	KUNIT_EXPECT_EQ(test, READ_ONCE(volume->committed), generation + 1);
	/* S2: it is told, for its vote stays. */
	let_go(2);
	KUNIT_EXPECT_TRUE(test, wait_until(has_record(volume, 2)));
	KUNIT_EXPECT_EQ(test, (int)READ_ONCE(braid_volume_peer(volume, 3)->state),
			(int)BRAID_PEER_FAILED);
	control_end();
}

/* S4: the shrink is recorded all the same. */
static void min_isr_holds_writes(struct kunit *test)
{
	struct braid_volume *volume;

	control_begin(test, 2, 1);
	control.how.min_isr = 2;
	volume = attached();
	KUNIT_EXPECT_EQ(test, HELD(volume), 0u);
	braid_volume_member_failed(volume, braid_volume_peer(volume, 2), -EIO,
				   false);
	KUNIT_EXPECT_TRUE(test, wait_until(HELD(volume)));
	KUNIT_EXPECT_EQ(test, HELD(volume), (u32)BRAID_HELD_MIN_ISR);
	KUNIT_EXPECT_EQ(test, ISR(volume), 0x2ULL);
	KUNIT_EXPECT_TRUE(test, wait_until(has_record(volume, 2)));
	control_end();
}

/* A member that says nothing is out after its time, and not before. */
static void silent_member_is_ejected(struct kunit *test)
{
	struct braid_volume *volume;
	struct braid_peer *peer;

	control_begin(test, 2, 1);
	member_timeout_ms = 3000;
	volume = attached();
	peer = braid_volume_peer(volume, 2);
	braid_volume_member_failed(volume, peer, -ENOTCONN, false);
	KUNIT_EXPECT_EQ(test, READ_ONCE(volume->failed), 0ULL);
	control.voter[1].away = true;
	control.voter[1].ignore = BIT_ULL(BRAID_OP_LEASE);
	KUNIT_EXPECT_TRUE(test, wait_until(ISR(volume) == 0x2));
	KUNIT_EXPECT_GE(test, control_clock() - READ_ONCE(peer->answered),
			3000 * (u64)NSEC_PER_MSEC);
	control_end();
}

/*
 * A voter whose record went back has no vote and does not serve; what it flushed may
 * be gone as well.  It is sent no PREPARE, by which its sequence would catch up.
 */
static void rolled_back_voter_is_lost(struct kunit *test)
{
	struct braid_volume *volume;
	struct braid_peer *peer;
	unsigned long flags;
	unsigned int asked;

	control_begin(test, 2, 1);
	volume = attached();
	peer = braid_volume_peer(volume, 2);
	spin_lock_irqsave(&control.lock, flags);
	control.voter[1].record.sequence--;
	asked = control.voter[1].asked[BRAID_OP_PREPARE];
	spin_unlock_irqrestore(&control.lock, flags);
	cut(1, false);
	KUNIT_EXPECT_TRUE(test, wait_until(ISR(volume) == 0x2));
	KUNIT_EXPECT_TRUE(test, READ_ONCE(peer->out));
	KUNIT_EXPECT_EQ(test, READ_ONCE(control.voter[1].asked[BRAID_OP_PREPARE]),
			asked);
	/* What it granted it does not know: one of three renews now. */
	cut(2, true);
	clock_jumps(BRAID_LEASE_MS);
	KUNIT_EXPECT_TRUE(test, wait_until(HELD(volume) & BRAID_HELD_LEASE));
	KUNIT_EXPECT_FALSE(test, lease_holds(volume));
	control_end();
}

static void last_member_stays(struct kunit *test)
{
	struct braid_volume *volume;

	control_begin(test, 1, 2);
	volume = attached();
	braid_volume_member_failed(volume, braid_volume_peer(volume, 1), -EIO,
				   false);
	KUNIT_EXPECT_TRUE(test, wait_until(!READ_ONCE(volume->failed)));
	KUNIT_EXPECT_EQ(test, ISR(volume), 0x2ULL);
	KUNIT_EXPECT_EQ(test, (int)READ_ONCE(volume->state),
			(int)BRAID_VOLUME_ACTIVE);
	braid_volume_member_failed(volume, braid_volume_peer(volume, 1), -EIO,
				   true);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(volume->state) ==
					   BRAID_VOLUME_DEAD));
	control_end();
}

/* S3: the last member is waited for, while voters go on renewing the lease. */
static void last_member_is_waited_for_so_long(struct kunit *test)
{
	struct braid_volume *volume;

	control_begin(test, 1, 2);
	control.how.suspend_timeout_ms = 2000;
	volume = attached();
	cut(0, true);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(volume->peers[0].failing)));
	WRITE_ONCE(control.voter[0].away, false);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(volume->peers[0].state) ==
					   BRAID_PEER_UP));
	msleep(2500);
	KUNIT_EXPECT_EQ(test, (int)READ_ONCE(volume->state),
			(int)BRAID_VOLUME_ACTIVE);
	cut(0, true);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(volume->state) ==
					   BRAID_VOLUME_DEAD));
	control_end();
}

/* It answers, but not what was written. */
static void last_member_that_hangs_is_waited_for_so_long(struct kunit *test)
{
	struct braid_volume *volume;

	control_begin(test, 1, 2);
	control.how.suspend_timeout_ms = 1000;
	volume = attached();
	msleep(1500);
	KUNIT_EXPECT_EQ(test, (int)READ_ONCE(volume->state),
			(int)BRAID_VOLUME_ACTIVE);
	WRITE_ONCE(control.waits_since, control_clock());
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(volume->state) ==
					   BRAID_VOLUME_DEAD));
	control_end();
}

/* Has every voter answered the record, and opened what it serves by? */
static bool is_at_rest(struct braid_volume *volume)
{
	bool rest = true;
	unsigned int i;

	spin_lock_irq(&volume->lock);
	for (i = 0; i < volume->npeers; i++)
		rest &= volume->peers[i].state == BRAID_PEER_UP &&
			!braid_mver_cmp(&volume->peers[i].recorded,
					&volume->record.mver);
	spin_unlock_irq(&volume->lock);
	return rest;
}

/*
 * S3: of several that fail the one that answered last stays, but not one whose flush
 * failed.  @flush: that of the newer one
 */
static void last_of_several(struct kunit *test, bool flush, u64 stays)
{
	struct braid_volume *volume;
	unsigned int i;

	control_begin(test, 2, 1);
	volume = attached();
	KUNIT_EXPECT_TRUE(test, wait_until(is_at_rest(volume)));
	/* No majority answers until both have failed. */
	for (i = 0; i < 3; i++)
		control.voter[i].ignore = BIT_ULL(BRAID_OP_LEASE);
	/* Who did before that is looked at first, perhaps before anybody answers again. */
	WRITE_ONCE(volume->peers[0].answered, 1);
	WRITE_ONCE(volume->peers[1].answered, 2);
	braid_volume_member_failed(volume, braid_volume_peer(volume, 1), -EIO,
				   false);
	braid_volume_member_failed(volume, braid_volume_peer(volume, 2), -EIO,
				   flush);
	let_go(1);
	let_go(2);
	KUNIT_EXPECT_TRUE(test, wait_until(ISR(volume) != 0x6));
	KUNIT_EXPECT_EQ(test, ISR(volume), stays);
	KUNIT_EXPECT_EQ(test, (int)READ_ONCE(volume->state),
			(int)BRAID_VOLUME_ACTIVE);
	control_end();
}

static void last_of_several_stays(struct kunit *test)
{
	last_of_several(test, false, 0x4);
	last_of_several(test, true, 0x2);
}

/* A proposal cannot be taken back: there is none that no majority could take. */
static void cut_off_proposes_nothing(struct kunit *test)
{
	struct braid_volume *volume;
	u64 now;

	control_begin(test, 3, 0);
	volume = attached();
	cut(1, true);
	cut(2, true);
	braid_volume_member_failed(volume, braid_volume_peer(volume, 3), -EIO,
				   false);
	now = control_clock();
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(volume->ticked) > now));
	KUNIT_EXPECT_EQ(test, READ_ONCE(volume->proposed), 0ULL);
	WRITE_ONCE(control.voter[1].away, false);
	KUNIT_EXPECT_TRUE(test, wait_until(ISR(volume) == 0x6));
	control_end();
}

/* Who was cut off does not know who was silent: all have their time again. */
static void cut_off_blames_nobody(struct kunit *test)
{
	struct braid_volume *volume;
	struct braid_peer *peer;
	unsigned int i;
	u64 now;

	control_begin(test, 2, 1);
	volume = attached();
	peer = braid_volume_peer(volume, 2);
	cut(1, true);
	cut(2, true);
	/* Longer than a member may take, but not as if it had been paused. */
	for (i = 0; i < 2; i++) {
		clock_jumps(15000);
		now = control_clock();
		KUNIT_EXPECT_TRUE(test,
				  wait_until(READ_ONCE(volume->ticked) >= now));
	}
	WRITE_ONCE(control.voter[2].away, false);
	KUNIT_EXPECT_TRUE(test, wait_until(lease_holds(volume)));
	now = control_clock();
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(volume->ticked) > now));
	KUNIT_EXPECT_EQ(test, ISR(volume), 0x6ULL);
	WRITE_ONCE(control.voter[1].away, false);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(peer->state) ==
					   BRAID_PEER_UP));
	KUNIT_EXPECT_EQ(test, ISR(volume), 0x6ULL);
	control_end();
}

static void store_opened_anew_has_failed(struct kunit *test)
{
	struct braid_volume *volume;

	control_begin(test, 2, 1);
	volume = attached();
	WRITE_ONCE(control.voter[1].store, 999);
	cut(1, false);
	KUNIT_EXPECT_TRUE(test, wait_until(ISR(volume) == 0x2));
	/* The other one as well: nobody is left to stay. */
	WRITE_ONCE(control.voter[0].store, 998);
	cut(0, false);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(volume->state) ==
					   BRAID_VOLUME_DEAD));
	control_end();
}

/* The same opening under the same epoch goes on. */
static void same_store_goes_on(struct kunit *test)
{
	struct braid_volume *volume;
	struct braid_peer *peer;

	control_begin(test, 2, 1);
	volume = attached();
	peer = braid_volume_peer(volume, 2);
	cut(1, true);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(peer->state) !=
					   BRAID_PEER_UP));
	control.resent = 0;
	WRITE_ONCE(control.voter[1].away, false);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(peer->state) ==
					   BRAID_PEER_UP));
	KUNIT_EXPECT_EQ(test, ISR(volume), 0x6ULL);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(control.resent) & peer->bit));
	control_end();
}

static struct kunit_case control_cases[] = {
	KUNIT_CASE(attach_has_its_order),
	KUNIT_CASE(attach_remembers_unchanged_stores),
	KUNIT_CASE(attach_of_what_is_equal_records_stores),
	KUNIT_CASE(attach_of_what_is_closed),
	KUNIT_CASE(attach_without_generations_left),
	KUNIT_CASE(attach_needs_a_majority),
	KUNIT_CASE(attach_prepares_only_with_a_member),
	KUNIT_CASE(attach_names_who_does_not_record),
	KUNIT_CASE(attach_waits_for_lost_races),
	KUNIT_CASE(attach_names_who_wins_the_race),
	KUNIT_CASE(attach_begins_anew),
	KUNIT_CASE(member_records_before_it_serves),
	KUNIT_CASE(member_that_tells_nonsense_is_out),
	KUNIT_CASE(member_that_cannot_flush_is_out),
	KUNIT_CASE(late_voter_is_prepared_first),
	KUNIT_CASE(force_takes_one_that_was_left_behind),
	KUNIT_CASE(shrink_is_recorded_first),
	KUNIT_CASE(min_isr_holds_writes),
	KUNIT_CASE(silent_member_is_ejected),
	KUNIT_CASE(rolled_back_voter_is_lost),
	KUNIT_CASE(last_member_stays),
	KUNIT_CASE(last_member_is_waited_for_so_long),
	KUNIT_CASE(last_member_that_hangs_is_waited_for_so_long),
	KUNIT_CASE(last_of_several_stays),
	KUNIT_CASE(cut_off_proposes_nothing),
	KUNIT_CASE(cut_off_blames_nobody),
	KUNIT_CASE(store_opened_anew_has_failed),
	KUNIT_CASE(same_store_goes_on),
	{}
};

static struct kunit_suite control_suite = {
	.name = "braid_control",
	.test_cases = control_cases,
};

kunit_test_suite(control_suite);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("the control part of a writer, and voters that are played");
