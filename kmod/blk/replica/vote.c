// SPDX-License-Identifier: GPL-2.0-only
#include "replica/vote.h"

#include <linux/errno.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "store/journal.h"
#include "store/journal_open.h"
#include "proto/member.h"
#include "proto/record.h"
#include "replica/replica_state.h"
#include "store/request.h"
#include "replica/session.h"
#include "store/store.h"

static u64 lease_ns(const struct braid_record *record)
{
	return (u64)record->lease_ms * NSEC_PER_MSEC;
}

/*
 * Changes the record that is reported to a writer if the data of this replica
 * is not trusted any more: the record then says that the data is incomplete,
 * and no record of the volume can prove the opposite. The replica stays a
 * voter.
 */
static void tell_unsound(struct braid_record *record)
{
	if (record->own != BRAID_OWN_INSYNC)
		return;
	record->own = BRAID_OWN_JOINING;
	memset(&record->joining, 0xff, sizeof(record->joining));
}

/*
 * Answers an ASK or PREPARE with the record, for any verdict, and with the
 * remaining milliseconds of the grant.
 */
static int vote_answer(struct braid_replica *replica,
		       struct braid_request *request,
		       enum braid_verdict verdict)
{
	lockdep_assert_held(&replica->control);
	if (request->body_max < BRAID_SLOT_SIZE)
		return -EINVAL;
	spin_lock_irq(&replica->lock);
	replica->next = replica->record;
	request->value = braid_replica_grant_left(replica);
	spin_unlock_irq(&replica->lock);
	if (verdict == BRAID_HELD && request->holder)
		strscpy(request->holder, replica->next.holder,
			BRAID_HOLDER_MAX + 1);
	if (READ_ONCE(replica->store->flush_failed))
		tell_unsound(&replica->next);
	braid_record_encode(&replica->next, request->body);
	request->body_len = BRAID_SLOT_SIZE;
	return braid_verdict_errno(verdict);
}

static enum braid_verdict vote_judge(const struct braid_replica *replica,
				     const struct braid_request *request)
{
	return braid_voter_promise(&replica->record, &replica->grant,
				   &request->epoch, ktime_get_boottime_ns(),
				   request->flags & BRAID_REQ_DEAD);
}

/**
 * braid_vote_ask() - execute an ASK
 * @replica: the replica
 * @request: the request
 *
 * Context: Process, may sleep; @replica->control held.
 * Return: result for the answer, 0 or a negative errno.
 */
int braid_vote_ask(struct braid_replica *replica,
		   struct braid_request *request)
{
	enum braid_verdict verdict;

	spin_lock_irq(&replica->lock);
	verdict = vote_judge(replica, request);
	/* A request that is not repeated lapses after the length of a lease. */
	if (verdict == BRAID_HELD && request->flags & BRAID_REQ_TAKEOVER)
		replica->wanted_until = ktime_get_boottime_ns() +
					lease_ns(&replica->record);
	spin_unlock_irq(&replica->lock);
	return vote_answer(replica, request, verdict);
}

/*
 * Copies the host name from the body of a PREPARE. Refuses characters that the
 * record could not be decoded with.
 */
static int take_holder(const struct braid_request *request, char *holder)
{
	const char *body = request->body;
	u32 i;

	memset(holder, 0, BRAID_HOLDER_MAX + 1);
	for (i = 0; i < request->body_len && body[i]; i++) {
		if (i == BRAID_HOLDER_MAX || body[i] <= ' ' ||
		    body[i] > '~' || body[i] == '/')
			return -EINVAL;
		holder[i] = body[i];
	}
	return 0;
}

/*
 * Checks the promise and begins it: from now on no lower epoch is admitted,
 * whether the promise becomes durable or not.
 */
static enum braid_verdict begin_promise(struct braid_replica *replica,
					const struct braid_request *request)
{
	enum braid_verdict verdict;
	struct braid_session *session;

	spin_lock_irq(&replica->lock);
	verdict = vote_judge(replica, request);
	if (verdict == BRAID_TAKEN) {
		replica->preparing = request->epoch;
		list_for_each_entry(session, &replica->sessions, node)
			if (braid_session_is_data(session))
				braid_session_cut(session, -ESTALE);
	}
	spin_unlock_irq(&replica->lock);
	return verdict;
}

static void end_promise(struct braid_replica *replica, int error)
{
	spin_lock_irq(&replica->lock);
	memset(&replica->preparing, 0, sizeof(replica->preparing));
	if (!error) {
		replica->grant.until = ktime_get_boottime_ns() +
				       lease_ns(&replica->record);
		replica->grant.epoch = replica->record.promised;
		replica->committed = 0;
		replica->wanted_until = 0;
		if (replica->journal)
			braid_journal_renew(replica->journal);
	}
	spin_unlock_irq(&replica->lock);
}

/**
 * braid_vote_prepare() - execute a PREPARE
 * @replica: the replica
 * @request: the request
 *
 * Context: Process, may sleep; @replica->control held.
 * Return: result for the answer, 0 or a negative errno.
 */
int braid_vote_prepare(struct braid_replica *replica,
		       struct braid_request *request)
{
	char holder[BRAID_HOLDER_MAX + 1];
	enum braid_verdict verdict;
	int error;

	lockdep_assert_held(&replica->control);
	error = take_holder(request, holder);
	if (error)
		return error;
	verdict = begin_promise(replica, request);
	if (verdict != BRAID_TAKEN)
		return vote_answer(replica, request, verdict);

	/* All I/O of lower epochs ends before the promise. */
	braid_session_drain(replica, true);
	spin_lock_irq(&replica->lock);
	replica->next = replica->record;
	spin_unlock_irq(&replica->lock);
	replica->next.promised = request->epoch;
	memcpy(replica->next.holder, holder, sizeof(holder));
	error = braid_replica_record(replica);
	end_promise(replica, error);
	return error ?: vote_answer(replica, request, BRAID_TAKEN);
}

static int vote_decode(struct braid_replica *replica,
		       const struct braid_request *request)
{
	lockdep_assert_held(&replica->control);
	if (request->body_len != BRAID_SLOT_SIZE)
		return -EINVAL;
	return braid_record_decode(&replica->proposal, request->body) ?
		       -EINVAL : 0;
}

/*
 * Return: true if @list names this voter in the role that its store was made
 * for.
 */
static bool has_role(const struct braid_record *own,
		     const struct braid_voters *list)
{
	const struct braid_voter *voter = braid_voters_find(list, own->voter);

	return voter && voter->witness == !!(own->flags & BRAID_RECORD_WITNESS);
}

/* Checks that the store can do what the record demands of it. */
static int check_store(const struct braid_replica *replica,
		       const struct braid_record *record)
{
	if (record->flags & BRAID_RECORD_WITNESS)
		return 0;
	if (replica->proposal.flags & BRAID_RECORD_DISCARD &&
	    !replica->store->unmap_zeroes)
		return -EOPNOTSUPP;
	return 0;
}

static int check_proposal(const struct braid_replica *replica)
{
	const struct braid_record *proposal = &replica->proposal;
	const struct braid_record *next = &replica->next;

	if (!has_role(next, &proposal->voters) &&
	    !has_role(next, &proposal->next))
		return -EINVAL;
	/* A volume may grow only after its replicas, which cannot grow yet. */
	if (proposal->size != replica->size)
		return -EINVAL;
	return check_store(replica, next);
}

/**
 * braid_vote_record() - execute a RECORD
 * @replica: the replica
 * @request: the request
 *
 * Context: Process, may sleep; @replica->control held.
 * Return: result for the answer, 0 or a negative errno.
 */
int braid_vote_record(struct braid_replica *replica,
		      struct braid_request *request)
{
	enum braid_verdict verdict;
	int error;

	error = vote_decode(replica, request);
	if (error)
		return error;
	spin_lock_irq(&replica->lock);
	verdict = braid_voter_record(&replica->record, &request->epoch,
				     &replica->proposal, &replica->next);
	request->value = replica->record.sequence;
	spin_unlock_irq(&replica->lock);
	if (verdict != BRAID_TAKEN)
		return braid_verdict_errno(verdict);
	error = check_proposal(replica) ?: braid_replica_record(replica);
	if (error)
		return error;
	spin_lock_irq(&replica->lock);
	request->value = replica->record.sequence;
	/* The volume is closed: no lease has to run out. */
	if (braid_voter_is_closed(&replica->record))
		replica->grant.until = 0;
	spin_unlock_irq(&replica->lock);
	return 0;
}

/*
 * Checks that the proposal can be the first record of a volume on this store.
 */
static int check_first(const struct braid_replica *replica)
{
	const struct braid_record *proposal = &replica->proposal;
	const struct braid_record *own = &replica->next;

	if (own->own != BRAID_OWN_BLANK ||
	    !uuid_equal(&own->volume, &proposal->volume) ||
	    strcmp(own->name, proposal->name) ||
	    !has_role(own, &proposal->voters) || proposal->next.count ||
	    proposal->isr != braid_voters_data(&proposal->voters) ||
	    !(proposal->flags & BRAID_RECORD_CLEAN))
		return -EINVAL;
	if (own->flags & BRAID_RECORD_WITNESS)
		return 0;
	/* Beyond the size that the store was made for, the data is not zero. */
	if (proposal->size > own->size)
		return -ENOSPC;
	return check_store(replica, own);
}

static int vote_open_journal(struct braid_replica *replica)
{
	const struct braid_record *proposal = &replica->proposal;
	const struct braid_record *own = &replica->next;
	const u32 regions = braid_record_regions(proposal->size,
						 proposal->region_shift);
	struct braid_journal *journal;
	int error;

	if (own->flags & BRAID_RECORD_WITNESS)
		return 0;
	/*
	 * The map was made for regions of another size perhaps; it has no
	 * contents yet.
	 */
	error = braid_journal_format(replica->store, own->map_id, regions);
	if (!error)
		error = braid_journal_open(replica->store, own->map_id, regions,
					   proposal->generation, &journal, NULL);
	if (error)
		return error;
	spin_lock_irq(&replica->lock);
	replica->journal = journal;
	spin_unlock_irq(&replica->lock);
	return 0;
}

/*
 * Undoes vote_open_journal() if the record did not become durable: another CREATE
 * may have regions of another size.
 */
static void vote_close_journal(struct braid_replica *replica)
{
	struct braid_journal *journal = replica->journal;

	spin_lock_irq(&replica->lock);
	replica->journal = NULL;
	spin_unlock_irq(&replica->lock);
	if (journal)
		braid_journal_close(journal);
}

/*
 * Takes the fields that are the same for all voters from the record of a new
 * volume.
 */
static void take_common(struct braid_record *next,
			const struct braid_record *proposal)
{
	const u32 common = BRAID_RECORD_CLEAN | BRAID_RECORD_DISCARD;

	next->volume = proposal->volume;
	next->flags = (next->flags & ~common) | (proposal->flags & common);
	next->list_version = proposal->list_version;
	next->voters = proposal->voters;
	next->next = proposal->next;
	next->mver = proposal->mver;
	next->isr = proposal->isr;
	next->generation = proposal->generation;
	memcpy(next->known, proposal->known, sizeof(next->known));
	memcpy(next->stores, proposal->stores, sizeof(next->stores));
}

static bool is_taken_before(const struct braid_replica *replica)
{
	return uuid_equal(&replica->next.volume, &replica->proposal.volume) &&
	       !braid_mver_cmp(&replica->next.mver, &replica->proposal.mver);
}

/**
 * braid_vote_create() - execute a CREATE
 * @replica: the replica
 * @request: the request
 *
 * Context: Process, may sleep; @replica->control held.
 * Return: result for the answer, 0 or a negative errno.
 */
int braid_vote_create(struct braid_replica *replica,
		      struct braid_request *request)
{
	const struct braid_record *proposal = &replica->proposal;
	struct braid_record *next = &replica->next;
	int error;

	error = vote_decode(replica, request);
	if (error)
		return error;
	spin_lock_irq(&replica->lock);
	*next = replica->record;
	spin_unlock_irq(&replica->lock);
	request->value = next->sequence;
	if (next->voters.count)
		return is_taken_before(replica) ? 0 : -EEXIST;
	error = check_first(replica) ?: vote_open_journal(replica);
	if (error)
		return error;
	take_common(next, proposal);
	next->promised = proposal->promised;
	next->size = proposal->size;
	next->region_shift = proposal->region_shift;
	next->lease_ms = proposal->lease_ms;
	next->own = BRAID_OWN_INSYNC;
	error = braid_replica_record(replica);
	if (error)
		vote_close_journal(replica);
	else
		request->value = next->sequence;
	return error;
}

/*
 * Checks a FORK: a forced attach makes another volume of the voters that it
 * reaches, with the same data, another UUID and a new list of voters. The
 * administrator has asked for it, and a PREPARE came before.
 */
static int check_fork(const struct braid_replica *replica,
		      const struct braid_request *request)
{
	const struct braid_record *proposal = &replica->proposal;
	const struct braid_record *own = &replica->next;
	const u64 bit = BRAID_VOTER_BIT(own->voter);

	if (own->region_shift != proposal->region_shift ||
	    own->size != proposal->size ||
	    own->lease_ms != proposal->lease_ms ||
	    strcmp(own->name, proposal->name) || proposal->next.count ||
	    !has_role(own, &proposal->voters) ||
	    proposal->generation <= own->last_insync_gen ||
	    braid_epoch_cmp(&proposal->mver.epoch, &request->epoch) ||
	    braid_mver_cmp(&proposal->mver, &own->mver) <= 0)
		return -EINVAL;
	/* Only a complete replica can be a member. */
	if (proposal->isr & bit &&
	    (own->own != BRAID_OWN_INSYNC ||
	     READ_ONCE(replica->store->flush_failed)))
		return -EINVAL;
	return check_store(replica, own);
}

/**
 * braid_vote_fork() - execute a FORK
 * @replica: the replica
 * @request: the request
 *
 * Context: Process, may sleep; @replica->control held.
 * Return: result for the answer, 0 or a negative errno.
 */
int braid_vote_fork(struct braid_replica *replica,
		    struct braid_request *request)
{
	struct braid_record *next = &replica->next;
	int error;

	error = vote_decode(replica, request);
	if (error)
		return error;
	spin_lock_irq(&replica->lock);
	error = braid_replica_admit(replica, &request->epoch);
	*next = replica->record;
	spin_unlock_irq(&replica->lock);
	if (error)
		return error;
	request->value = next->sequence;
	if (is_taken_before(replica))
		return 0;
	error = check_fork(replica, request);
	if (error)
		return error;
	take_common(next, &replica->proposal);
	error = braid_replica_record(replica);
	if (!error)
		request->value = next->sequence;
	return error;
}

/**
 * braid_vote_lease() - execute a LEASE
 * @replica: the replica
 * @request: the request
 *
 * Does not wait: the renewal of a lease must not queue behind other requests.
 *
 * Context: Any.
 * Return: result for the answer, 0 or a negative errno.
 */
int braid_vote_lease(struct braid_replica *replica,
		     struct braid_request *request)
{
	const u64 now = ktime_get_boottime_ns();
	unsigned long flags;
	int error;

	spin_lock_irqsave(&replica->lock, flags);
	error = braid_replica_admit(replica, &request->epoch);
	if (!error) {
		replica->grant.until = now + lease_ns(&replica->record);
		replica->grant.epoch = request->epoch;
		request->value = now < replica->wanted_until ?
				 BRAID_LEASE_WANTED : 0;
		replica->wanted_until = 0;
	}
	spin_unlock_irqrestore(&replica->lock, flags);
	if (!error)
		braid_replica_committed(replica, request->committed);
	return error;
}
