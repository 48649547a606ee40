/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_ATTEMPT_H
#define BRAID_BLK_ATTEMPT_H

#include <linux/types.h>

#include "control/ask.h"
#include "proto/member.h"
#include "proto/record.h"
#include "proto/voter.h"

struct braid_volume;
struct braid_volume_attach;
struct netlink_ext_ack;

/* One attempt to become the writer: steps 0 to 3 of attach. */

/**
 * struct braid_attempt - what one attach has found out
 * @how: what the person said
 * @volume: listed, ATTACHING; its control mutex is held
 * @extack: told why not
 * @node: of the epochs tried
 * @ask: room to ask all peers of now, or NULL
 * @answer: contiguous, for braid_attach_choose()
 * @nanswer: how many
 * @choice: made of them
 * @rolled_back: voters that were found to be when they were asked
 * @clean: the record said closed: nothing is to be reconciled
 * @holder: who holds the lease, for people
 * @held_ms: how long it runs
 * @deadline: of a takeover, boottime ns
 * @race: nobody holds it, but promises to several keep everybody out
 * @race_deadline: until when that is waited for, boottime ns
 * @forked: voters of the volume that a force has made, the caller's
 */
struct braid_attempt {
	const struct braid_volume_attach *how;
	struct braid_volume *volume;
	struct netlink_ext_ack *extack;
	u64 node;
	struct braid_ask *ask;
	struct braid_answer answer[BRAID_VOTERS_MAX];
	unsigned int nanswer;
	struct braid_choice choice;
	u64 rolled_back;
	bool clean;
	char holder[BRAID_HOLDER_MAX + 1];
	u64 held_ms;
	u64 deadline;
	bool race;
	u64 race_deadline;
	struct braid_voters *forked;
};

/* Makes room to ask the peers that the volume has now. Return: 0 or -ENOMEM. */
int braid_attempt_room(struct braid_attempt *a);

/* Peers become the voters of @record, which may be in a->ask. May sleep. */
int braid_attempt_follow(struct braid_attempt *a,
			 const struct braid_record *record);

/*
 * Asks (step 0).  Fills a->choice of all that answered.  @willing: who would
 * promise (set of voters).
 */
enum braid_attach_refusal braid_attempt_ask(struct braid_attempt *a,
					    u64 *willing);

/*
 * Steps 0 to 2: asks, and has M voters promise.
 * Return: 0; -EBUSY: a->holder holds it; -EAGAIN: a race was lost, or voters
 * changed; else it cannot be, @extack was told.
 */
int braid_attempt_promises(struct braid_attempt *a);

/* Step 3: the first record.  Return: 0, -EAGAIN, -EINTR, -ETIMEDOUT. */
int braid_attempt_record(struct braid_attempt *a);

#endif /* BRAID_BLK_ATTEMPT_H */
