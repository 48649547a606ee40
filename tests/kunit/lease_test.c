// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control part of a writer (lease, fence, detach) and voters that the test plays:
 * what a lease counts, who is followed, and when a volume is closed.
 */
#include "control_part.h"

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

/* It counts from when the renewal was sent, however late its answer came. */
static void lease_counts_from_sending(struct kunit *test)
{
	struct braid_volume *volume;
	struct braid_peer *peer;
	u64 tried, sent;

	control_begin(test, 2, 1);
	volume = attached();
	peer = braid_volume_peer(volume, 2);
	control.voter[1].hold = BIT_ULL(BRAID_OP_LEASE);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(peer->leasing)));
	tried = READ_ONCE(peer->lease_tried);
	clock_jumps(1000);
	let_go(1);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(peer->lease_heard) >= tried));
	spin_lock_irq(&volume->lock);
	sent = peer->lease_sent;
	tried = peer->lease_tried;
	spin_unlock_irq(&volume->lock);
	KUNIT_EXPECT_LE(test, sent, tried);
	control_end();
}

/* It comes back as soon as the record that was pending is durable, and not before. */
static void lease_waits_for_the_record(struct kunit *test)
{
	struct braid_volume *volume;
	unsigned int i;

	control_begin(test, 3, 0);
	volume = attached();
	for (i = 0; i < 3; i++)
		control.voter[i].ignore = BIT_ULL(BRAID_OP_RECORD);
	braid_volume_member_failed(volume, braid_volume_peer(volume, 3), -EIO,
				   false);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(volume->proposed)));
	cut(1, true);
	cut(2, true);
	clock_jumps(BRAID_LEASE_MS);
	KUNIT_EXPECT_TRUE(test, wait_until(HELD(volume) & BRAID_HELD_LEASE));
	WRITE_ONCE(control.voter[1].away, false);
	WRITE_ONCE(control.voter[2].away, false);
	KUNIT_EXPECT_TRUE(test, wait_until(HELD(volume) == BRAID_HELD_RECORD));
	KUNIT_EXPECT_TRUE(test, lease_holds(volume));
	KUNIT_EXPECT_EQ(test, ISR(volume), 0xeULL);
	for (i = 0; i < 3; i++)
		let_go(i);
	KUNIT_EXPECT_TRUE(test, wait_until(!HELD(volume)));
	KUNIT_EXPECT_EQ(test, ISR(volume), 0x6ULL);
	control_end();
}

static void suspended_too_long_is_death(struct kunit *test)
{
	struct braid_volume *volume;
	u64 now;

	control_begin(test, 2, 1);
	control.how.suspend_timeout_ms = 600000;
	volume = attached();
	cut(1, true);
	cut(2, true);
	clock_jumps(BRAID_LEASE_MS);
	KUNIT_EXPECT_TRUE(test, wait_until(HELD(volume) & BRAID_HELD_LEASE));
	clock_jumps(300000);
	now = control_clock();
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(volume->ticked) >= now));
	KUNIT_EXPECT_EQ(test, (int)READ_ONCE(volume->state),
			(int)BRAID_VOLUME_ACTIVE);
	clock_jumps(300000);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(volume->state) ==
					   BRAID_VOLUME_DEAD));
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(control.failed)));
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

/* Is there a session of the epoch of now with a voter? */
static bool is_served(struct braid_volume *volume, unsigned int number)
{
	const struct braid_remote *remote;
	unsigned long flags;
	bool served;

	spin_lock_irqsave(&control.lock, flags);
	remote = control.voter[number].remote;
	served = remote && remote->serving &&
		 !braid_epoch_cmp(&remote->epoch, &volume->epoch);
	spin_unlock_irqrestore(&control.lock, flags);
	return served;
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
	/* What the connections of before carried is of the epoch before. */
	KUNIT_EXPECT_TRUE(test, wait_until(is_served(volume, 0) &&
					   is_served(volume, 1)));
	control_end();
}

/* A voter that comes late and has promised another is followed as well. */
static void late_promise_is_followed(struct kunit *test)
{
	struct braid_volume *volume;
	u64 counter;

	control_begin(test, 2, 1);
	control.voter[2].away = true;
	volume = attached();
	counter = volume->epoch.counter + 5;
	KUNIT_EXPECT_EQ(test, other_prepares(2, counter, true), BRAID_TAKEN);
	WRITE_ONCE(control.voter[2].away, false);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(volume->epoch.counter) >
					   counter && !HELD(volume)));
	control_end();
}

/*
 * What a majority promised another is not fought for as long as that one may have it;
 * who never recorded himself has given up then.
 */
static void promised_away_is_waited_for(struct kunit *test)
{
	struct braid_volume *volume;
	unsigned int asked;
	u64 counter;

	control_begin(test, 2, 1);
	volume = attached();
	counter = volume->epoch.counter + 5;
	KUNIT_EXPECT_EQ(test, other_prepares(1, counter, true), BRAID_TAKEN);
	KUNIT_EXPECT_EQ(test, other_prepares(2, counter, true), BRAID_TAKEN);
	clock_jumps(BRAID_LEASE_MS / 3);
	KUNIT_EXPECT_TRUE(test, wait_until(HELD(volume) & BRAID_HELD_REFUSED));
	asked = READ_ONCE(control.voter[1].asked[BRAID_OP_ASK]);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(control.voter[1].asked[BRAID_OP_ASK]) >=
					   asked + 4));
	KUNIT_EXPECT_LT(test, READ_ONCE(volume->epoch.counter), counter);
	clock_jumps(BRAID_LEASE_MS);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(volume->epoch.counter) >
					   counter && !HELD(volume)));
	control_end();
}

/* The only voter has promised another. */
static void promised_away_is_death(struct kunit *test)
{
	struct braid_volume *volume;

	control_begin(test, 1, 0);
	volume = attached();
	KUNIT_EXPECT_EQ(test, other_prepares(0, volume->epoch.counter + 5, true),
			BRAID_TAKEN);
	clock_jumps(BRAID_LEASE_MS / 3);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(volume->state) ==
					   BRAID_VOLUME_DEAD));
	KUNIT_EXPECT_FALSE(test, lease_holds(volume));
	control_end();
}

/*
 * Without a majority nobody is disturbed, and nothing is begun.  Meanwhile nothing is
 * served.
 */
static void fence_needs_a_majority(struct kunit *test)
{
	struct braid_volume *volume;
	unsigned int asked;
	u64 counter;

	control_begin(test, 2, 1);
	volume = attached();
	counter = volume->epoch.counter;
	cut(1, true);
	KUNIT_EXPECT_EQ(test, other_prepares(2, counter + 5, true), BRAID_TAKEN);
	/* However slow the machine is, that is not over before the test is. */
	WRITE_ONCE(control.voter[2].grant.until, U64_MAX);
	clock_jumps(BRAID_LEASE_MS / 3);
	KUNIT_EXPECT_TRUE(test, wait_until(HELD(volume) & BRAID_HELD_REFUSED));
	asked = READ_ONCE(control.voter[0].asked[BRAID_OP_ASK]);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(control.voter[0].asked[BRAID_OP_ASK]) >=
					   asked + 4));
	KUNIT_EXPECT_EQ(test, voter_record(0).promised.counter, counter);
	/* One that would promise, and does not. */
	asked = control.voter[1].asked[BRAID_OP_PREPARE];
	control.voter[1].error[BRAID_OP_PREPARE] = -EIO;
	WRITE_ONCE(control.voter[1].away, false);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(control.voter[1].asked[BRAID_OP_PREPARE]) >=
					   asked + 2));
	KUNIT_EXPECT_EQ(test, READ_ONCE(volume->epoch.counter), counter);
	KUNIT_EXPECT_TRUE(test, HELD(volume) & BRAID_HELD_REFUSED);
	control.voter[1].error[BRAID_OP_PREPARE] = 0;
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(volume->epoch.counter) >
					   counter + 5 && !HELD(volume)));
	control_end();
}

/* A voter that was rolled back has no say, and is not helped to catch up. */
static void fence_leaves_out_who_is_lost(struct kunit *test)
{
	struct braid_volume *volume;
	struct braid_peer *peer;
	unsigned long flags;
	unsigned int asked;
	u64 counter;

	control_begin(test, 3, 2);
	volume = attached();
	peer = braid_volume_peer(volume, 2);
	spin_lock_irqsave(&control.lock, flags);
	control.voter[1].record.sequence--;
	asked = control.voter[1].asked[BRAID_OP_PREPARE];
	spin_unlock_irqrestore(&control.lock, flags);
	cut(1, false);
	KUNIT_EXPECT_TRUE(test, wait_until(ISR(volume) == 0xa));
	KUNIT_EXPECT_TRUE(test, READ_ONCE(peer->out));
	/* Two are away: it would make a majority. */
	cut(2, true);
	counter = volume->epoch.counter;
	KUNIT_EXPECT_EQ(test, other_prepares(4, counter + 5, true), BRAID_TAKEN);
	clock_jumps(BRAID_LEASE_MS / 3);
	KUNIT_EXPECT_TRUE(test, wait_until(HELD(volume) & BRAID_HELD_REFUSED));
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(control.voter[1].asked[BRAID_OP_ASK]) >= 6));
	KUNIT_EXPECT_EQ(test, READ_ONCE(volume->epoch.counter), counter);
	WRITE_ONCE(control.voter[2].away, false);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(volume->epoch.counter) >
					   counter + 5 && !HELD(volume)));
	KUNIT_EXPECT_EQ(test, READ_ONCE(control.voter[1].asked[BRAID_OP_PREPARE]),
			asked);
	control_end();
}

/* What was granted to the epoch before is not this one's. */
static void lease_is_of_its_epoch(struct kunit *test)
{
	struct braid_volume *volume;
	u64 counter;

	control_begin(test, 2, 1);
	volume = attached();
	control.voter[0].ignore = BIT_ULL(BRAID_OP_LEASE);
	control.voter[1].ignore = BIT_ULL(BRAID_OP_LEASE);
	counter = volume->epoch.counter + 5;
	KUNIT_EXPECT_EQ(test, other_prepares(2, counter, true), BRAID_TAKEN);
	clock_jumps(BRAID_LEASE_MS / 3);
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(volume->epoch.counter) >
					   counter));
	KUNIT_EXPECT_TRUE(test, wait_until(!(HELD(volume) & BRAID_HELD_RECORD)));
	KUNIT_EXPECT_TRUE(test, has_record(volume, 0) && has_record(volume, 1));
	KUNIT_EXPECT_TRUE(test, HELD(volume) & BRAID_HELD_LEASE);
	KUNIT_EXPECT_FALSE(test, lease_holds(volume));
	let_go(0);
	let_go(1);
	KUNIT_EXPECT_TRUE(test, wait_until(lease_holds(volume) && !HELD(volume)));
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
	KUNIT_EXPECT_TRUE(test, wait_until(READ_ONCE(control.failed)));
	control_end();
}

/* Detach */

static void detach_is_recorded(struct kunit *test)
{
	struct braid_record record;
	unsigned int i;

	control_begin(test, 2, 1);
	attached();
	KUNIT_EXPECT_EQ(test, braid_volume_detach(&suite_node, "db", false, &control.extack),
			0);
	for (i = 0; i < 2; i++) {
		record = voter_record(i);
		KUNIT_EXPECT_TRUE(test, braid_voter_is_closed(&record));
		KUNIT_EXPECT_EQ(test, other_prepares(i, 99, false),
				BRAID_TAKEN);
	}
	control_end();
}

/* Nothing is closed before what was acknowledged is durable. */
static void detach_flushes_first(struct kunit *test)
{
	control_begin(test, 2, 1);
	attached();
	control.io_error = -EIO;
	KUNIT_EXPECT_EQ(test, braid_volume_detach(&suite_node, "db", false, &control.extack),
			-EIO);
	KUNIT_EXPECT_EQ(test, voter_record(0).flags & BRAID_RECORD_CLEAN, 0u);
	KUNIT_EXPECT_TRUE(test, control.disk);
	KUNIT_EXPECT_FALSE(test, control.shut);
	control.io_error = 0;
	KUNIT_EXPECT_EQ(test, braid_volume_detach(&suite_node, "db", false, &control.extack),
			0);
	KUNIT_EXPECT_EQ(test, control.drains, 2u);
	KUNIT_EXPECT_EQ(test, control.flushes, 2u);
	KUNIT_EXPECT_FALSE(test, control.disorder);
	control_end();
}

/* Crash case 19. */
static void detach_of_what_is_held(struct kunit *test)
{
	control_begin(test, 2, 1);
	attached();
	KUNIT_EXPECT_EQ(test, braid_volume_suspend(&suite_node, "db", NULL), 0);
	KUNIT_EXPECT_EQ(test, braid_volume_detach(&suite_node, "db", false, &control.extack),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, control.flushes, 0u);
	KUNIT_EXPECT_FALSE(test, control.shut);
	KUNIT_EXPECT_EQ(test, braid_volume_resume(&suite_node, "db", NULL), 0);
	KUNIT_EXPECT_EQ(test, braid_volume_detach(&suite_node, "db", false, &control.extack),
			0);
	control_end();
}

static bool is_gone(void)
{
	struct braid_volume *volume = braid_volume_find(&suite_node, "db");

	if (volume)
		braid_volume_put(volume);
	return !volume;
}

/* Who wants it is told with a renewal: one that nobody has open is closed then. */
static void taker_gets_what_is_not_open(struct kunit *test)
{
	struct braid_record record;

	control_begin(test, 2, 1);
	attached();
	WRITE_ONCE(control.voter[0].wanted, true);
	clock_jumps(BRAID_LEASE_MS / 3);
	KUNIT_EXPECT_TRUE(test, wait_until(is_gone()));
	record = voter_record(0);
	KUNIT_EXPECT_TRUE(test, braid_voter_is_closed(&record));
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
	d->error = braid_volume_detach(&suite_node, "db", false, NULL);
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
	KUNIT_EXPECT_EQ(test, braid_volume_detach(&suite_node, "db", true, NULL), 0);
	wait_for_completion(&detaching.done);
	kthread_stop(thread);
	/* That one did not end in order. */
	KUNIT_EXPECT_EQ(test, detaching.error, -EIO);
	KUNIT_EXPECT_FALSE(test, control.disk);
	KUNIT_EXPECT_EQ(test, braid_volume_detach(&suite_node, "db", true, NULL), -ENOENT);
	control_end();
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
	KUNIT_EXPECT_TRUE(test, wait_until(is_gone()));
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

static struct kunit_case lease_cases[] = {
	KUNIT_CASE(lease_runs_out_and_comes_back),
	KUNIT_CASE(lease_counts_from_sending),
	KUNIT_CASE(lease_waits_for_the_record),
	KUNIT_CASE(suspended_too_long_is_death),
	KUNIT_CASE(pause_is_nobodys_silence),
	KUNIT_CASE(stray_promise_is_followed),
	KUNIT_CASE(late_promise_is_followed),
	KUNIT_CASE(promised_away_is_waited_for),
	KUNIT_CASE(promised_away_is_death),
	KUNIT_CASE(fence_needs_a_majority),
	KUNIT_CASE(fence_leaves_out_who_is_lost),
	KUNIT_CASE(lease_is_of_its_epoch),
	KUNIT_CASE(foreign_record_is_death),
	KUNIT_CASE(detach_is_recorded),
	KUNIT_CASE(detach_flushes_first),
	KUNIT_CASE(detach_of_what_is_held),
	KUNIT_CASE(taker_gets_what_is_not_open),
	KUNIT_CASE(force_ends_a_detach_that_waits),
	KUNIT_CASE(wish_of_a_taker_is_given_up),
	KUNIT_CASE(lease_needs_who_is_not_closed),
	{}
};

static struct kunit_suite lease_suite = {
	.name = "braid_lease",
	.test_cases = lease_cases,
};

kunit_test_suite(lease_suite);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("the lease and the end of a writer, and voters that are played");
