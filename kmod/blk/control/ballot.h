/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_BALLOT_H
#define BRAID_BLK_BALLOT_H

struct braid_epoch;
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

#endif /* BRAID_BLK_BALLOT_H */
