// SPDX-License-Identifier: GPL-2.0-only
#include "proto/member.h"

#include <linux/errno.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/time64.h>

/**
 * braid_verdict_errno() - map a verdict to its errno on the wire
 * @verdict: the verdict
 *
 * Return: 0 or a negative errno.
 */
int braid_verdict_errno(enum braid_verdict verdict)
{
	switch (verdict) {
	case BRAID_TAKEN:
	case BRAID_AGAIN:
		return 0;
	case BRAID_STALE:
		return -ESTALE;
	case BRAID_HELD:
		return -EBUSY;
	case BRAID_BLANK:
		return -ENODATA;
	case BRAID_FULL:
		return -EOVERFLOW;
	case BRAID_UNFIT:
		break;
	}
	return -EINVAL;
}

static bool was_created(const struct braid_record *record)
{
	return record->voters.count;
}

/**
 * braid_voter_is_closed() - check for a clean close of the volume
 * @own: record of the voter
 *
 * Return: true if the writer that was promised last has closed the volume. A
 * clean record of an earlier writer does not count: the promised writer may
 * hold a lease and have a record that only other voters hold.
 */
bool braid_voter_is_closed(const struct braid_record *own)
{
	return own->flags & BRAID_RECORD_CLEAN &&
	       !braid_epoch_cmp(&own->mver.epoch, &own->promised);
}

/**
 * braid_voter_promise() - decide on a PREPARE (step 1 of an attach)
 * @own: record of the voter
 * @grant: present grant of the voter
 * @epoch: epoch that asks for the promise
 * @now: boottime ns
 * @dead: the administrator declared the present writer dead
 *
 * Return: the verdict.
 */
enum braid_verdict braid_voter_promise(const struct braid_record *own,
				       const struct braid_grant *grant,
				       const struct braid_epoch *epoch,
				       u64 now, bool dead)
{
	int order = braid_epoch_cmp(epoch, &own->promised);

	if (!was_created(own))
		return BRAID_BLANK;
	if (!order)
		return BRAID_AGAIN;
	if (order < 0)
		return BRAID_STALE;
	/* A writer may follow itself: the lease is its own. */
	if (!dead && now < grant->until && epoch->node != grant->epoch.node &&
	    !braid_voter_is_closed(own))
		return BRAID_HELD;
	return BRAID_TAKEN;
}

/* Return: true if @proposal is a record of this volume and may follow @own. */
static bool is_fit(const struct braid_record *own,
		   const struct braid_record *proposal)
{
	if (!uuid_equal(&own->volume, &proposal->volume) ||
	    strcmp(own->name, proposal->name) ||
	    own->region_shift != proposal->region_shift ||
	    own->lease_ms != proposal->lease_ms)
		return false;
	if (proposal->size < own->size ||
	    proposal->list_version < own->list_version)
		return false;
	/*
	 * The generation may be lower than that of a proposal which only this
	 * voter ever saw, but never lower than a committed one.
	 */
	if (!was_created(proposal) ||
	    proposal->generation <= own->last_insync_gen)
		return false;
	return braid_voters_find(&proposal->voters, own->voter) ||
	       braid_voters_find(&proposal->next, own->voter);
}

/*
 * Builds the record that follows @own: the fields of the membership come from
 * @proposal, the fields about this voter and its store stay.
 */
static void member_follow(const struct braid_record *own,
			  const struct braid_record *proposal,
			  struct braid_record *next)
{
	const u32 common = BRAID_RECORD_CLEAN | BRAID_RECORD_DISCARD;

	*next = *own;
	next->mver = proposal->mver;
	next->isr = proposal->isr;
	next->generation = proposal->generation;
	next->size = proposal->size;
	next->list_version = proposal->list_version;
	next->voters = proposal->voters;
	next->next = proposal->next;
	memcpy(next->known, proposal->known, sizeof(next->known));
	memcpy(next->stores, proposal->stores, sizeof(next->stores));
	next->flags = (own->flags & ~common) | (proposal->flags & common);
	/* A writer names complete replicas only, so this one is complete. */
	if (proposal->isr & BRAID_VOTER_BIT(own->voter)) {
		next->own = BRAID_OWN_INSYNC;
		memset(&next->joining, 0, sizeof(next->joining));
	}
}

/**
 * braid_voter_record() - decide on a RECORD
 * @own: record of the voter
 * @epoch: epoch of the request
 * @proposal: the proposed record
 * @next: set on BRAID_TAKEN to the record that must be made durable; it keeps
 *	the voter's own fields, and last_insync_gen as rule G4 says
 *
 * Return: the verdict.
 */
enum braid_verdict braid_voter_record(const struct braid_record *own,
				      const struct braid_epoch *epoch,
				      const struct braid_record *proposal,
				      struct braid_record *next)
{
	int order = braid_epoch_cmp(epoch, &own->promised);

	if (!was_created(own))
		return BRAID_BLANK;
	if (order < 0)
		return BRAID_STALE;
	if (order > 0 || braid_epoch_cmp(&proposal->mver.epoch, epoch))
		return BRAID_UNFIT;
	order = braid_mver_cmp(&proposal->mver, &own->mver);
	if (!order)
		return BRAID_AGAIN;
	if (order < 0)
		return BRAID_STALE;
	if (own->generation >= BRAID_GENERATION_MAX)
		return BRAID_FULL;
	if (!is_fit(own, proposal))
		return BRAID_UNFIT;
	member_follow(own, proposal, next);
	return BRAID_TAKEN;
}

/**
 * braid_voter_admit() - decide on an I/O, LEASE or CLEAR
 * @own: record of the voter
 * @epoch: epoch of the request
 *
 * Return: the verdict.
 */
enum braid_verdict braid_voter_admit(const struct braid_record *own,
				     const struct braid_epoch *epoch)
{
	int order = braid_epoch_cmp(epoch, &own->promised);

	if (!was_created(own))
		return BRAID_BLANK;
	if (order < 0)
		return BRAID_STALE;
	return order ? BRAID_UNFIT : BRAID_TAKEN;
}

/**
 * braid_voter_committed() - note that a record is committed (G4)
 * @own: record of the voter
 * @committed: generation that the writer reports as committed
 *
 * Only the record that this voter holds from its present writer counts: the
 * number alone may belong to a record which another writer, or this one,
 * proposed and gave up.
 *
 * Return: true if last_insync_gen in @own changed; the change need not be made
 * durable.
 */
bool braid_voter_committed(struct braid_record *own, u32 committed)
{
	if (committed != own->generation ||
	    own->last_insync_gen == own->generation ||
	    !(own->isr & BRAID_VOTER_BIT(own->voter)) ||
	    braid_epoch_cmp(&own->mver.epoch, &own->promised))
		return false;
	own->last_insync_gen = own->generation;
	return true;
}

/*
 * Looks up @voter in @known, an array in the order of the voters of @record.
 * Return: its value, or 0 if there is none.
 */
static u64 known_of(const struct braid_record *record,
		    const u64 known[BRAID_VOTERS_MAX], u8 voter)
{
	const struct braid_voter *found =
		braid_voters_find(&record->voters, voter);

	return found ? known[found - record->voters.voter] : 0;
}

/**
 * braid_answers_known() - find the sequence of a voter that other voters know
 * @answer: the answers
 * @count: number of @answer
 * @voter: id of the voter
 *
 * Return: the highest sequence of @voter in the records of the others, or 0.
 */
u64 braid_answers_known(const struct braid_answer *answer, unsigned int count,
			u8 voter)
{
	u64 known = 0;
	unsigned int i;

	for (i = 0; i < count; i++)
		if (answer[i].record.voter != voter)
			known = max(known, known_of(&answer[i].record,
						    answer[i].record.known,
						    voter));
	return known;
}

/*
 * Return: true if the replica of @own has every write that was acknowledged
 * under @highest. A record that names a joining replica proves this only if it
 * is higher than the one under which the join began.
 */
static bool is_complete(const struct braid_record *own,
			const struct braid_record *highest)
{
	if (!(highest->isr & BRAID_VOTER_BIT(own->voter)))
		return false;
	if (own->own == BRAID_OWN_JOINING)
		return braid_mver_cmp(&highest->mver, &own->joining) > 0;
	return own->own == BRAID_OWN_INSYNC ||
	       braid_mver_cmp(&highest->mver, &own->mver) > 0;
}

/*
 * Ranks a source for reconcile. Every member is safe. The best is one whose
 * store was not opened again since, because it still has its unflushed writes;
 * then the one in this kernel; then the one with the lowest id.
 */
static unsigned int member_worth(const struct braid_answer *answer, u8 local,
				 const struct braid_record *highest)
{
	unsigned int points = 0;

	if (answer->store &&
	    known_of(highest, highest->stores, answer->record.voter) ==
	    answer->store)
		points += 2;
	if (answer->record.voter == local)
		points++;
	return points;
}

static void choose_members(const struct braid_answer *answer,
			   unsigned int count, u8 local,
			   struct braid_choice *choice)
{
	unsigned int best = 0;
	unsigned int i;

	for (i = 0; i < count; i++) {
		const struct braid_record *own = &answer[i].record;
		unsigned int points;

		if (choice->rolled_back & BRAID_VOTER_BIT(own->voter) ||
		    !is_complete(own, &choice->record))
			continue;
		points = member_worth(&answer[i], local, &choice->record);
		if (!choice->source || points > best ||
		    (points == best && own->voter < choice->source)) {
			choice->source = own->voter;
			best = points;
		}
		choice->isr |= BRAID_VOTER_BIT(own->voter);
	}
}

/**
 * braid_attach_choose() - choose record, members and source (step 2 of an attach)
 * @answer: the answers
 * @count: number of @answer
 * @local: id of the voter in this kernel, or 0; preferred as source among
 *	equals
 * @choice: filled in; complete only on BRAID_ATTACH_OK
 *
 * Return: BRAID_ATTACH_OK, or the reason why the volume cannot be attached.
 */
enum braid_attach_refusal braid_attach_choose(const struct braid_answer *answer,
					      unsigned int count, u8 local,
					      struct braid_choice *choice)
{
	const struct braid_record *highest = NULL;
	unsigned int i;

	memset(choice, 0, sizeof(*choice));
	for (i = 0; i < count; i++) {
		const struct braid_record *record = &answer[i].record;

		if (!was_created(record))
			continue;
		choice->generation = max(choice->generation,
					 record->generation);
		choice->counter = max(choice->counter,
				      record->promised.counter);
		if (braid_answers_known(answer, count, record->voter) >
		    record->sequence) {
			choice->rolled_back |= BRAID_VOTER_BIT(record->voter);
			continue;
		}
		choice->answered |= BRAID_VOTER_BIT(record->voter);
		if (!highest || braid_mver_cmp(&record->mver, &highest->mver) > 0)
			highest = record;
	}
	if (!highest)
		return choice->rolled_back ? BRAID_ATTACH_NO_MAJORITY :
					     BRAID_ATTACH_NOT_CREATED;
	choice->record = *highest;
	choice->answered &= braid_voters_all(&highest->voters) |
			    braid_voters_all(&highest->next);
	if (!braid_record_has_majority(highest, choice->answered))
		return BRAID_ATTACH_NO_MAJORITY;
	choose_members(answer, count, local, choice);
	return choice->isr ? BRAID_ATTACH_OK : BRAID_ATTACH_NO_MEMBER;
}

/**
 * braid_record_has_majority() - check a set of voters for a majority
 * @record: record with the voter lists
 * @set: set of voters
 *
 * Return: true if @set has a majority of every voter list in @record.
 */
bool braid_record_has_majority(const struct braid_record *record, u64 set)
{
	if (!was_created(record))
		return false;
	return braid_voters_are_majority(&record->voters, set) &&
	       (!record->next.count ||
		braid_voters_are_majority(&record->next, set));
}

/**
 * braid_shrink() - compute the ISR without its failed members (S3)
 * @isr: present ISR
 * @failed: members to remove
 * @newest: id of the member that answered last, or 0
 *
 * Return: the new ISR. It is not empty: if all members failed, @newest stays, or
 * the member with the lowest id if @newest is not a member.
 */
u64 braid_shrink(u64 isr, u64 failed, u8 newest)
{
	u64 left = isr & ~failed;

	if (left || !isr)
		return left;
	if (newest && isr & BRAID_VOTER_BIT(newest))
		return BRAID_VOTER_BIT(newest);
	return BIT_ULL(__ffs64(isr));
}

/*
 * Return: the latest time such that a majority of @list has answered a renewal
 * sent at this time or later; 0 if there is none.
 */
static u64 majority_sent(const struct braid_voters *list, const u64 *sent)
{
	const unsigned int wanted = braid_voters_majority(list);
	u64 found = 0;
	int i, j;

	for (i = 0; i < list->count; i++) {
		const u64 at = sent[list->voter[i].id];
		unsigned int newer = 0;

		for (j = 0; j < list->count; j++)
			newer += sent[list->voter[j].id] >= at;
		if (newer >= wanted && at > found)
			found = at;
	}
	return found;
}

/**
 * braid_lease_deadline() - compute the end of the writer's lease
 * @record: record with the voter lists and the length of a lease
 * @sent: by voter id: when the newest renewal that the voter answered was sent,
 *	in boottime ns; 0 if there is none
 *
 * Return: the end of the lease in boottime ns, 2 % earlier than the voters
 * count; 0 if no majority has granted a lease.
 */
u64 braid_lease_deadline(const struct braid_record *record,
			 const u64 sent[BRAID_VOTER_ID_MAX + 1])
{
	const u64 lease = (u64)record->lease_ms * NSEC_PER_MSEC;
	u64 since = majority_sent(&record->voters, sent);

	if (record->next.count)
		since = min(since, majority_sent(&record->next, sent));
	return since ? since + lease - div_u64(lease, 50) : 0;
}
