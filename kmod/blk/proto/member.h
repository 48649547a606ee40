/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_MEMBER_H
#define BRAID_BLK_MEMBER_H

#include <linux/types.h>

#include "proto/record.h"

/*
 * Rules of membership and epochs: what each side may do. Pure: the time is an
 * argument.
 */

/**
 * struct braid_grant - a promise or lease that a voter granted; not durable
 * @until: when the lease or promise of the present writer expires, in boottime
 *	ns; after a restart of the voter one full lease from the opening, during
 *	which the voter refuses other writers
 * @epoch: epoch of the writer that holds the grant; after a restart the epoch
 *	that was promised last
 */
struct braid_grant {
	u64 until;
	struct braid_epoch epoch;
};

/* A voter's verdict on a request, with its errno on the wire. */
enum braid_verdict {
	BRAID_TAKEN,		/* 0 */
	BRAID_AGAIN,		/* 0: the same request was taken before; answer it again */
	BRAID_STALE,		/* -ESTALE: a higher epoch is promised or mver recorded */
	BRAID_HELD,		/* -EBUSY: the lease of another writer is still valid */
	BRAID_BLANK,		/* -ENODATA: the voter has no record */
	BRAID_FULL,		/* -EOVERFLOW: the generation is at its maximum */
	BRAID_UNFIT,		/* -EINVAL: the proposal contradicts itself or the record */
};

int braid_verdict_errno(enum braid_verdict verdict);

bool braid_voter_is_closed(const struct braid_record *own);

enum braid_verdict braid_voter_promise(const struct braid_record *own,
				       const struct braid_grant *grant,
				       const struct braid_epoch *epoch,
				       u64 now, bool dead);

enum braid_verdict braid_voter_record(const struct braid_record *own,
				      const struct braid_epoch *epoch,
				      const struct braid_record *proposal,
				      struct braid_record *next);

enum braid_verdict braid_voter_admit(const struct braid_record *own,
				     const struct braid_epoch *epoch);

bool braid_voter_committed(struct braid_record *own, u32 committed);

/**
 * struct braid_answer - answer of one voter to ASK or PREPARE
 * @record: record of the voter
 * @store: id of the opening of its store
 */
struct braid_answer {
	struct braid_record record;
	u64 store;
};

/**
 * struct braid_choice - conclusions of an attach from the answers of the voters
 * @record: the highest record among the answers
 * @answered: voters whose answer counts
 * @isr: members of the ISR of @record that answered and are complete
 * @source: id of the member that reconcile copies from
 * @rolled_back: voters whose sequence is lower than another record knows; they
 *	are treated as blank
 * @generation: highest generation seen; the attach begins above it (G1)
 * @counter: highest epoch counter seen
 */
struct braid_choice {
	struct braid_record record;
	u64 answered;
	u64 isr;
	u8 source;
	u64 rolled_back;
	u32 generation;
	u64 counter;
};

u64 braid_answers_known(const struct braid_answer *answer, unsigned int count,
			u8 voter);

enum braid_attach_refusal {
	BRAID_ATTACH_OK,
	BRAID_ATTACH_NO_MAJORITY,	/* too few voters with an answer that counts */
	BRAID_ATTACH_NO_MEMBER,		/* no reachable member of the ISR */
	BRAID_ATTACH_NOT_CREATED,	/* the volume was never created */
};

enum braid_attach_refusal braid_attach_choose(const struct braid_answer *answer,
					      unsigned int count, u8 local,
					      struct braid_choice *choice);

bool braid_record_has_majority(const struct braid_record *record, u64 set);

u64 braid_shrink(u64 isr, u64 failed, u8 newest);

u64 braid_lease_deadline(const struct braid_record *record,
			 const u64 sent[BRAID_VOTER_ID_MAX + 1]);

#endif /* BRAID_BLK_MEMBER_H */
