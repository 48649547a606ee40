/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_BALLOT_H
#define BRAID_BLK_BALLOT_H

#include <linux/types.h>

#include "store/request.h"

struct braid_peer;
struct braid_record;
struct braid_volume;
struct work_struct;

/*
 * Records are proposed here, and sent until a majority holds them: the one that
 * opens an attachment, shrinks (S), the clean one at the end, and the current
 * one to a voter that comes later.
 *
 * Nothing waits: what there is to do follows from the volume and its peers, is
 * looked at when one of them changes, and answers come by a request's done.
 */

/**
 * struct braid_vote - the requests of the control part to one voter
 * @lease: while peer->leasing
 * @counts: the lease may rest on @lease; volume->lock
 * @record: while peer->recording
 * @recording: membership in @record
 * @slot: body of @record, BRAID_SLOT_SIZE bytes
 */
struct braid_vote {
	struct braid_request lease;
	bool counts;
	struct braid_request record;
	struct braid_mver recording;
	void *slot;
};

struct braid_vote *braid_vote_alloc(void);
void braid_vote_free(struct braid_vote *vote);

/* Looks soon whether something is to be proposed. Context: any, volume->lock held. */
void braid_ballot_kick(struct braid_volume *volume);
void braid_ballot_work(struct work_struct *work);
/* Sends @peer its renewal and its record, if due; peer->vote_work. */
void braid_ballot_vote_work(struct work_struct *work);

/*
 * An epoch was promised by M voters and none holds another's record: from now
 * on it is volume->epoch, and its first record is proposed.  volume->lock held.
 */
void braid_ballot_begin(struct braid_volume *volume,
			const struct braid_epoch *epoch);

/*
 * Proposes the record of now once more, with what is known of the voters by now,
 * unless something is proposed already.  volume->lock held.
 */
void braid_ballot_repeat(struct braid_volume *volume);

/* Is the record of now one of this epoch?  volume->lock held. */
bool braid_ballot_settled(const struct braid_volume *volume);

/* Is it a record of another writer, made after this one began? volume->lock held. */
bool braid_ballot_is_foreign(const struct braid_volume *volume,
			     const struct braid_record *record);

/* Voters that promised and are connected; volume->lock held. */
u64 braid_ballot_voters(const struct braid_volume *volume);

#endif /* BRAID_BLK_BALLOT_H */
