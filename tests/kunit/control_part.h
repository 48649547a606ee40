/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control part of a writer in one piece, with the test's clock, and what its tests
 * look at.  Each suite has its own.
 */
#ifndef BRAID_KUNIT_CONTROL_PART_H
#define BRAID_KUNIT_CONTROL_PART_H

#include <kunit/test.h>
#include <linux/ktime.h>
#include <linux/sched/signal.h>
#include <linux/timekeeping.h>

/* No test is in a hurry, but for those that wait for it. */
static unsigned int member_timeout_ms;

static u64 control_clock(void);
#define ktime_get_boottime_ns() control_clock()

#include "../../kmod/blk/proto/map.c"
#include "../../kmod/blk/proto/record.c"
#include "../../kmod/blk/proto/member.c"
#include "../../kmod/blk/proto/text.c"
#define answers why_answers
#include "../../kmod/blk/control/why.c"
#undef answers
#define fill show_fill
#include "../../kmod/blk/control/show.c"
#undef fill
#define take_answer ask_take_answer
#include "../../kmod/blk/control/ask.c"
#undef take_answer
#include "../../kmod/blk/control/reach.c"
#define newest ballot_newest
#include "../../kmod/blk/control/ballot.c"
#undef newest
#include "../../kmod/blk/volume/lease.c"
#include "../../kmod/blk/control/clock.c"
#include "../../kmod/blk/volume/failure.c"
#define consent fence_consent
#include "../../kmod/blk/control/fence.c"
#undef consent
#include "../../kmod/blk/transport/dialling.c"
#include "../../kmod/blk/transport/node.c"
#include "../../kmod/blk/volume/peer.c"
#define serve peer_serve
#include "../../kmod/blk/control/connect.c"
#undef serve
#include "../../kmod/blk/volume/volume.c"
#undef BRAID_MEMBER_TIMEOUT_MS
#define BRAID_MEMBER_TIMEOUT_MS	member_timeout_ms
#include "../../kmod/blk/control/attached.c"
#include "../../kmod/blk/control/attempt.c"
#undef pr_fmt
#define highest fork_highest
#define members fork_members
#include "../../kmod/blk/control/fork.c"
#undef highest
#undef members
#undef TRIES_MAX
#include "../../kmod/blk/control/settle.c"
#undef TRIES_MAX
#include "../../kmod/blk/control/detach.c"
#include "../../kmod/blk/control/attach.c"

#include "control_world.h"

static u64 control_clock(void)
{
	return (ktime_get_boottime_ns)() + atomic64_read(&control.jumped);
}

#define HELD(volume)	READ_ONCE((volume)->held)
#define ISR(volume)	READ_ONCE((volume)->isr)

static inline bool lease_holds(struct braid_volume *volume)
{
	return READ_ONCE(volume->lease_until) > control_clock();
}

static inline struct braid_mver mver_of(struct braid_volume *volume)
{
	struct braid_mver mver;

	spin_lock_irq(&volume->lock);
	mver = volume->record.mver;
	spin_unlock_irq(&volume->lock);
	return mver;
}

/* Does a voter hold durably what the writer calls committed? */
static inline bool has_record(struct braid_volume *volume, unsigned int number)
{
	struct braid_mver mver = mver_of(volume);
	struct braid_mver own = voter_record(number).mver;

	return !braid_mver_cmp(&own, &mver);
}

/* Were so many more renewals done by a voter? */
static inline bool renews(unsigned int number, unsigned int since)
{
	return READ_ONCE(control.voter[number].asked[BRAID_OP_LEASE]) >= since;
}

static inline void not_clean(void)
{
	unsigned int i;

	for (i = 0; i < control.voters; i++)
		control.voter[i].record.flags &= ~BRAID_RECORD_CLEAN;
}

#endif
