// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control part of a writer (attach, ballots, lease, fence, detach) and voters
 * that the test plays: what is recorded before what, who stays a member, and what a
 * lease counts.
 */
#include <kunit/test.h>
#include <linux/ktime.h>
#include <linux/sched/signal.h>
#include <linux/timekeeping.h>

/* No test is in a hurry, but for those that wait for it. */
static unsigned int member_timeout_ms;

static u64 control_clock(void);
#define ktime_get_boottime_ns() control_clock()

#include "../../kmod/blk/map.c"
#include "../../kmod/blk/record.c"
#include "../../kmod/blk/member.c"
#include "../../kmod/blk/text.c"
#define answers why_answers
#include "../../kmod/blk/why.c"
#undef answers
#define fill show_fill
#include "../../kmod/blk/show.c"
#undef fill
#define take_answer ask_take_answer
#include "../../kmod/blk/ask.c"
#undef take_answer
#include "../../kmod/blk/reach.c"
#define newest ballot_newest
#include "../../kmod/blk/ballot.c"
#undef newest
#include "../../kmod/blk/lease.c"
#define consent fence_consent
#include "../../kmod/blk/fence.c"
#undef consent
#define serve peer_serve
#include "../../kmod/blk/peer.c"
#undef serve
#undef BRAID_MEMBER_TIMEOUT_MS
#define BRAID_MEMBER_TIMEOUT_MS	member_timeout_ms
#include "../../kmod/blk/volume.c"
#include "../../kmod/blk/attempt.c"
#undef pr_fmt
#define highest fork_highest
#define members fork_members
#include "../../kmod/blk/fork.c"
#undef highest
#undef members
#undef TRIES_MAX
#include "../../kmod/blk/settle.c"
#undef TRIES_MAX
#include "../../kmod/blk/detach.c"
#include "../../kmod/blk/attach.c"

#include "control_world.h"

static u64 control_clock(void)
{
	return (ktime_get_boottime_ns)() + atomic64_read(&control.jumped);
}

#define HELD(volume)	READ_ONCE((volume)->held)
#define ISR(volume)	READ_ONCE((volume)->isr)

static bool lease_holds(struct braid_volume *volume)
{
	return READ_ONCE(volume->lease_until) > control_clock();
}

static struct braid_mver mver_of(struct braid_volume *volume)
{
	struct braid_mver mver;

	spin_lock_irq(&volume->lock);
	mver = volume->record.mver;
	spin_unlock_irq(&volume->lock);
	return mver;
}

/* Does a voter hold durably what the writer calls committed? */
static bool has_record(struct braid_volume *volume, unsigned int number)
{
	struct braid_mver mver = mver_of(volume);
	struct braid_mver own = voter_record(number).mver;

	return !braid_mver_cmp(&own, &mver);
}

/* Were so many more renewals done by a voter? */
static bool renews(unsigned int number, unsigned int since)
{
	return READ_ONCE(control.voter[number].asked[BRAID_OP_LEASE]) >= since;
}

static void not_clean(void)
{
	unsigned int i;

	for (i = 0; i < control.voters; i++)
		control.voter[i].record.flags &= ~BRAID_RECORD_CLEAN;
}

/* Attach */

static void attach_has_its_order(struct kunit *test)
{
	struct braid_volume *volume;
	unsigned int i, at, records = 0;

	control_begin(test, 2, 1);
	not_clean();
	control.voter[0].dirty = BIT(3);
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
	KUNIT_EXPECT_EQ(test, control.reconcile, BIT(3) | BIT(5));
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
	}
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

static void attach_needs_a_majority(struct kunit *test)
{
	control_begin(test, 3, 0);
	control.voter[1].away = true;
	control.voter[2].away = true;
	KUNIT_EXPECT_EQ(test, braid_volume_attach(&control.how, &control.extack),
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
	KUNIT_EXPECT_EQ(test, braid_volume_attach(&control.how, &control.extack),
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
	KUNIT_EXPECT_EQ(test, braid_volume_attach(&control.how, &control.extack),
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
	KUNIT_EXPECT_EQ(test, braid_volume_attach(&control.how, &control.extack),
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
	KUNIT_EXPECT_EQ(test, braid_volume_attach(&control.how, &control.extack),
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
	WRITE_ONCE(control.voter[1].away, false);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(peer->state) ==
					   BRAID_PEER_UP));
	KUNIT_EXPECT_EQ(test, ISR(volume), 0x6ULL);
	control_end();
}

/* Lease and fence */

static void lease_runs_out_and_comes_back(struct kunit *test)
{
	struct braid_volume *volume;

	control_begin(test, 2, 1);
	volume = attached();
	cut(1, true);
	cut(2, true);
	clock_jumps(BRAID_LEASE_MS);
	KUNIT_EXPECT_FALSE(test, lease_holds(volume));
	KUNIT_EXPECT_TRUE(test, wait_until(HELD(volume) & BRAID_HELD_LEASE));
	WRITE_ONCE(control.voter[1].away, false);
	WRITE_ONCE(control.voter[2].away, false);
	KUNIT_EXPECT_TRUE(test, wait_until(!HELD(volume) && lease_holds(volume)));
	KUNIT_EXPECT_EQ(test, ISR(volume), 0x6ULL);
	control_end();
}

/* A writer that was paused heard nobody, whoever answered. */
static void pause_is_nobodys_silence(struct kunit *test)
{
	struct braid_volume *volume;
	struct braid_peer *peer;
	unsigned int asked;
	u64 now;

	control_begin(test, 2, 1);
	volume = attached();
	peer = braid_volume_peer(volume, 2);
	control.voter[1].ignore = BIT_ULL(BRAID_OP_LEASE);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(peer->leasing)));
	clock_jumps(600000);
	now = control_clock();
	braid_volume_member_failed(volume, peer, -ETIMEDOUT, false);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(volume->ticked) >= now));
	asked = READ_ONCE(control.voter[1].asked[BRAID_OP_LEASE]);
	let_go(1);
	KUNIT_EXPECT_TRUE(test, wait_until(renews(1, asked + 1) &&
					   lease_holds(volume) && !HELD(volume)));
	KUNIT_EXPECT_EQ(test, ISR(volume), 0x6ULL);
	KUNIT_EXPECT_EQ(test, (int)READ_ONCE(peer->state), (int)BRAID_PEER_UP);
	/* Who is silent from then on is. */
	volume->member_timeout_ms = 3000;
	cut(1, true);
	KUNIT_EXPECT_TRUE(test, wait_until(ISR(volume) == 0x2));
	control_end();
}

static void stray_promise_is_followed(struct kunit *test)
{
	struct braid_volume *volume;
	u64 counter;

	control_begin(test, 2, 1);
	volume = attached();
	counter = volume->epoch.counter + 5;
	KUNIT_EXPECT_EQ(test, other_prepares(2, counter, false), BRAID_HELD);
	KUNIT_EXPECT_EQ(test, other_prepares(2, counter, true), BRAID_TAKEN);
	clock_jumps(BRAID_LEASE_MS / 4);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(volume->epoch.counter) >
					   counter && !HELD(volume)));
	KUNIT_EXPECT_EQ(test, ISR(volume), 0x6ULL);
	KUNIT_EXPECT_TRUE(test, has_record(volume, 0));
	KUNIT_EXPECT_TRUE(test, lease_holds(volume));
	control_end();
}

static void foreign_record_is_death(struct kunit *test)
{
	struct played *voter = &control.voter[2];
	const struct braid_epoch other = { 99, OTHER_NODE };
	struct braid_volume *volume;
	unsigned long flags;

	control_begin(test, 2, 1);
	volume = attached();
	spin_lock_irqsave(&control.lock, flags);
	played_promise(voter, &other, BRAID_REQ_DEAD);
	voter->record.mver.epoch = other;
	voter->record.mver.k = 1;
	spin_unlock_irqrestore(&control.lock, flags);
	clock_jumps(BRAID_LEASE_MS / 4);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(volume->state) ==
					   BRAID_VOLUME_DEAD));
	KUNIT_EXPECT_FALSE(test, lease_holds(volume));
	control_end();
}

/* Detach */

static void detach_is_recorded(struct kunit *test)
{
	struct braid_record record;
	unsigned int i;

	control_begin(test, 2, 1);
	attached();
	KUNIT_EXPECT_EQ(test, braid_volume_detach("db", false, &control.extack),
			0);
	for (i = 0; i < 2; i++) {
		record = voter_record(i);
		KUNIT_EXPECT_TRUE(test, braid_voter_is_closed(&record));
		KUNIT_EXPECT_EQ(test, other_prepares(i, 99, false),
				BRAID_TAKEN);
	}
	control_end();
}

/* A detach that a signal may end, as a person's may be. */
struct detaching {
	struct completion done;
	int error;
};

static int detach_thread(void *data)
{
	struct detaching *d = data;

	allow_signal(SIGTERM);
	d->error = braid_volume_detach("db", false, NULL);
	complete(&d->done);
	while (!kthread_should_stop())
		schedule_timeout_uninterruptible(1);
	return 0;
}

/* Who waits for a member that does not come is no obstacle to force. */
static void force_ends_a_detach_that_waits(struct kunit *test)
{
	struct detaching detaching = { .error = 1 };
	struct task_struct *thread;

	control_begin(test, 2, 1);
	attached();
	WRITE_ONCE(control.hold_flush, true);
	init_completion(&detaching.done);
	thread = kthread_run(detach_thread, &detaching, "detach_thread");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, thread);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(control.shut)));
	KUNIT_EXPECT_FALSE(test, completion_done(&detaching.done));
	KUNIT_EXPECT_EQ(test, braid_volume_detach("db", true, NULL), 0);
	wait_for_completion(&detaching.done);
	kthread_stop(thread);
	/* That one did not end in order. */
	KUNIT_EXPECT_EQ(test, detaching.error, -EIO);
	KUNIT_EXPECT_FALSE(test, control.disk);
	KUNIT_EXPECT_EQ(test, braid_volume_detach("db", true, NULL), -ENOENT);
	control_end();
}

static bool is_there(void)
{
	struct braid_volume *volume = braid_volume_find("db");

	if (volume)
		braid_volume_put(volume);
	return volume;
}

/* A taker's wish is tried for a lease; then the device can be opened again. */
static void wish_of_a_taker_is_given_up(struct kunit *test)
{
	struct braid_volume *volume;
	unsigned int i;

	control_begin(test, 2, 1);
	for (i = 0; i < 3; i++)
		control.voter[i].record.lease_ms = 1000;
	volume = attached();
	WRITE_ONCE(control.hold_flush, true);
	control.voter[2].wanted = true;
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(control.shut)));
	KUNIT_EXPECT_TRUE(test, wait_until(!READ_ONCE(control.shut)));
	KUNIT_EXPECT_EQ(test, (int)READ_ONCE(volume->state),
			(int)BRAID_VOLUME_ACTIVE);
	WRITE_ONCE(control.hold_flush, false);
	/* Asked again it closes. */
	control.voter[2].wanted = true;
	KUNIT_EXPECT_TRUE(test, wait_until(!is_there()));
	control_end();
}

/*
 * A voter that has recorded that the volume is closed promises to anybody at once,
 * whatever it granted: until it holds a record that says otherwise, no lease rests
 * on it.
 */
static void lease_needs_who_is_not_closed(struct kunit *test)
{
	struct detaching detaching = { .error = 1 };
	struct task_struct *thread;
	struct braid_volume *volume;
	struct braid_record record;
	unsigned int first, last;

	control_begin(test, 2, 1);
	volume = attached();
	control.voter[0].ignore = BIT_ULL(BRAID_OP_RECORD);
	control.voter[1].ignore = BIT_ULL(BRAID_OP_RECORD);
	control.voter[2].hold = BIT_ULL(BRAID_OP_RECORD);
	init_completion(&detaching.done);
	thread = kthread_run(detach_thread, &detaching, "detach_thread");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, thread);
	KUNIT_EXPECT_TRUE(test, wait_until(voter_record(2).flags &
					   BRAID_RECORD_CLEAN));
	send_sig(SIGTERM, thread, 0);
	wait_for_completion(&detaching.done);
	kthread_stop(thread);
	KUNIT_EXPECT_EQ(test, detaching.error, -EINTR);
	KUNIT_EXPECT_TRUE(test, HELD(volume) & BRAID_HELD_RECORD);

	/* The two others go on: not closed, and a majority. */
	let_go(0);
	let_go(1);
	KUNIT_EXPECT_TRUE(test, wait_until(!(HELD(volume) & BRAID_HELD_RECORD)));
	KUNIT_EXPECT_EQ(test, mver_of(volume).k, 3u);
	KUNIT_EXPECT_TRUE(test, wait_until(lease_holds(volume)));
	record = voter_record(2);
	KUNIT_EXPECT_TRUE(test, braid_voter_is_closed(&record));

	/* Then one of them is gone, and what it granted runs out. */
	cut(1, true);
	clock_jumps(BRAID_LEASE_MS);
	first = READ_ONCE(control.voter[0].asked[BRAID_OP_LEASE]);
	last = READ_ONCE(control.voter[2].asked[BRAID_OP_LEASE]);
	clock_jumps(BRAID_LEASE_MS / 3);
	KUNIT_EXPECT_TRUE(test, wait_until(renews(0, first + 1) &&
					   renews(2, last + 1)));
	KUNIT_EXPECT_TRUE(test, wait_until(HELD(volume) & BRAID_HELD_LEASE));
	KUNIT_EXPECT_FALSE(test, lease_holds(volume));
	/* As soon as it knows better its word counts. */
	let_go(2);
	KUNIT_EXPECT_TRUE(test, wait_until(lease_holds(volume) && !HELD(volume)));
	record = voter_record(2);
	KUNIT_EXPECT_FALSE(test, braid_voter_is_closed(&record));
	control_end();
}

static struct kunit_case control_cases[] = {
	KUNIT_CASE(attach_has_its_order),
	KUNIT_CASE(attach_of_what_is_closed),
	KUNIT_CASE(attach_needs_a_majority),
	KUNIT_CASE(attach_prepares_only_with_a_member),
	KUNIT_CASE(attach_names_who_does_not_record),
	KUNIT_CASE(attach_waits_for_lost_races),
	KUNIT_CASE(attach_names_who_wins_the_race),
	KUNIT_CASE(attach_begins_anew),
	KUNIT_CASE(member_records_before_it_serves),
	KUNIT_CASE(late_voter_is_prepared_first),
	KUNIT_CASE(force_takes_one_that_was_left_behind),
	KUNIT_CASE(shrink_is_recorded_first),
	KUNIT_CASE(last_member_stays),
	KUNIT_CASE(last_member_is_waited_for_so_long),
	KUNIT_CASE(last_member_that_hangs_is_waited_for_so_long),
	KUNIT_CASE(store_opened_anew_has_failed),
	KUNIT_CASE(same_store_goes_on),
	KUNIT_CASE(lease_runs_out_and_comes_back),
	KUNIT_CASE(pause_is_nobodys_silence),
	KUNIT_CASE(stray_promise_is_followed),
	KUNIT_CASE(foreign_record_is_death),
	KUNIT_CASE(detach_is_recorded),
	KUNIT_CASE(force_ends_a_detach_that_waits),
	KUNIT_CASE(wish_of_a_taker_is_given_up),
	KUNIT_CASE(lease_needs_who_is_not_closed),
	{}
};

static struct kunit_suite control_suite = {
	.name = "braid_control",
	.test_cases = control_cases,
};

kunit_test_suite(control_suite);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("the control part of a writer, and voters that are played");
