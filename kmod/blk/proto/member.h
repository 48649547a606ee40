/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_MEMBER_H
#define BRAID_BLK_MEMBER_H

#include <linux/types.h>

#include "proto/record.h"

/* Membership and epoch rules: who may what.  Pure: time is an argument. */

/**
 * struct braid_grant - what a voter granted, not durable
 * @until: boottime ns when the present writer's lease or promise runs out; after
 *	a restart: one full lease from the opening (a voter that restarted
 *	refuses another writer for that long)
 * @epoch: whom it was granted; after a restart: what was promised last
 */
struct braid_grant {
	u64 until;
	struct braid_epoch epoch;
};

/* What a voter answers.  The errno is that of the wire. */
enum braid_verdict {
	BRAID_TAKEN,		/* 0 */
	BRAID_AGAIN,		/* 0: was taken before, answer the same */
	BRAID_STALE,		/* -ESTALE: promised a higher epoch, or a higher mver is recorded */
	BRAID_HELD,		/* -EBUSY: another writer's lease runs */
	BRAID_BLANK,		/* -ENODATA: this voter has no record */
	BRAID_FULL,		/* -EOVERFLOW: the generation is at its maximum */
	BRAID_UNFIT,		/* -EINVAL: the proposal contradicts itself or the record */
};

int braid_verdict_errno(enum braid_verdict verdict);

/*
 * Has the writer that was promised last closed the volume?  That the one before
 * had closed it says nothing: this one may have a lease, and a record that only
 * other voters have.
 */
bool braid_voter_is_closed(const struct braid_record *own);

/* Attach 1: may it promise @epoch?  @dead: the operator's word. */
enum braid_verdict braid_voter_promise(const struct braid_record *own,
				       const struct braid_grant *grant,
				       const struct braid_epoch *epoch,
				       u64 now, bool dead);

/*
 * May it take @proposal, sent under @epoch?  On BRAID_TAKEN *@next is the
 * record to be made durable (own fields kept, last_insync_gen as G4 says).
 */
enum braid_verdict braid_voter_record(const struct braid_record *own,
				      const struct braid_epoch *epoch,
				      const struct braid_record *proposal,
				      struct braid_record *next);

/* May an I/O, LEASE or CLEAR under @epoch be served? */
enum braid_verdict braid_voter_admit(const struct braid_record *own,
				     const struct braid_epoch *epoch);

/*
 * G4: the writer says that the record of generation @committed is committed.
 * True if *@own changed (last_insync_gen, own state); it need not be durable.
 */
bool braid_voter_committed(struct braid_record *own, u32 committed);

/**
 * struct braid_answer - what one voter answered to ASK or PREPARE
 * @record: its record
 * @store: id of its opening
 */
struct braid_answer {
	struct braid_record record;
	u64 store;
};

/**
 * struct braid_choice - what attach makes of the answers
 * @record: the highest record among them
 * @answered: voters that count
 * @isr: reachable part of its ISR
 * @source: whom reconcile copies from, an id
 * @rolled_back: voters whose sequence is lower than was known: blank
 * @generation: to begin above (G1)
 * @counter: the highest epoch counter seen
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

/* The highest sequence of @voter that the records of others know of; 0: nothing. */
u64 braid_answers_known(const struct braid_answer *answer, unsigned int count,
			u8 voter);

enum braid_attach_refusal {
	BRAID_ATTACH_OK,
	BRAID_ATTACH_NO_MAJORITY,	/* too few answered that count */
	BRAID_ATTACH_NO_MEMBER,		/* no reachable member of the ISR */
	BRAID_ATTACH_NOT_CREATED,	/* no record was ever made */
};

/*
 * Attach 2.  @local: voter in this kernel, 0: none; copied from rather than
 * another of which as much is known.
 */
enum braid_attach_refusal braid_attach_choose(const struct braid_answer *answer,
					      unsigned int count, u8 local,
					      struct braid_choice *choice);

/* Do @set of voters make a majority of every list the record holds? */
bool braid_record_has_majority(const struct braid_record *record, u64 set);

/*
 * S3: who of @isr stays when @failed are to go; never empty. @newest: the one
 * that answered last.
 */
u64 braid_shrink(u64 isr, u64 failed, u8 newest);

/*
 * Until when the writer's lease holds, boottime ns, 2 % short of what the voters
 * count; 0: not at all.  @sent: by voter id, when the newest renewal that the
 * voter answered was sent, 0: none.
 */
u64 braid_lease_deadline(const struct braid_record *record,
			 const u64 sent[BRAID_VOTER_ID_MAX + 1]);

#endif /* BRAID_BLK_MEMBER_H */
