// SPDX-License-Identifier: GPL-2.0-only
#include "control/ballot.h"

#include <linux/bitops.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "control/clock.h"
#include "proto/member.h"
#include "proto/record.h"
#include "proto/text.h"
#include "transport/node.h"
#include "volume/event.h"
#include "volume/failure.h"
#include "volume/lease.h"
#include "volume/peer.h"
#include "volume/volume.h"

/* Who holds the proposal durably. */
static u64 holders(const struct braid_volume *volume)
{
	u64 holders = 0;
	unsigned int i;

	for (i = 0; i < volume->npeers; i++) {
		const struct braid_peer *peer = &volume->peers[i];

		if (!peer->out && !braid_mver_cmp(&peer->recorded,
						  &volume->ballot.record.mver))
			holders |= peer->bit;
	}
	return holders;
}

/* Every voter that is to be sent something looks at it. */
static void kick_votes(struct braid_volume *volume)
{
	unsigned int i;

	for (i = 0; i < volume->npeers; i++)
		if (!volume->peers[i].ended)
			braid_volume_queue(volume, volume->errands,
					   &volume->peers[i].vote_work);
}

/*
 * The id of the store of a voter for a record, where the current one has @before. Until
 * all members are equal the next attach must know which of them has kept its cache
 * since the previous attachment, to copy from it: a store that was opened again since
 * then has no id (attach 4).
 */
static u64 store_to_record(const struct braid_volume *volume,
			   const struct braid_peer *peer, u64 before)
{
	u64 store = peer ? peer->store : 0;

	/* It has lost its cache, but is a member until a record ejects it. */
	if (peer && peer->bit & volume->fatal)
		return 0;
	if (!volume->unequal)
		return store;
	return !store || store == before ? before : 0;
}

/* Return: true if the record lacks the id of the store of a member. */
static bool stores_outdated(struct braid_volume *volume)
{
	const struct braid_record *record = &volume->record;
	unsigned int i;

	/* The last generation is for a record that says closed. */
	if (volume->unequal || volume->generation >= BRAID_GENERATION_MAX - 1)
		return false;
	for (i = 0; i < record->voters.count; i++) {
		const struct braid_peer *peer =
			braid_volume_peer(volume, record->voters.voter[i].id);

		if (peer && peer->bit & volume->isr && peer->store &&
		    peer->store != record->stores[i])
			return true;
	}
	return false;
}

/*
 * Proposes @isr.  From here on writes and flushes need its members and those of
 * every proposal before it: any of them may be adopted by who attaches next,
 * until this one is committed (I3).
 */
static void propose(struct braid_volume *volume, u64 isr)
{
	struct braid_ballot *ballot = &volume->ballot;
	struct braid_record *record = &ballot->record;
	unsigned int i;

	lockdep_assert_held(&volume->lock);
	if (volume->generation >= BRAID_GENERATION_MAX) {
		braid_volume_die(volume, "the generation is at its maximum");
		return;
	}
	*record = volume->record;
	record->promised = volume->epoch;
	record->mver.epoch = volume->epoch;
	record->mver.k = ++ballot->k;
	record->isr = isr;
	record->flags &= ~BRAID_RECORD_CLEAN;
	if (ballot->clean) {
		record->flags |= BRAID_RECORD_CLEAN;
		ballot->closed = ballot->k;
	}
	record->generation = ++volume->generation;
	braid_holder_name(volume->owner->number, record->holder);
	for (i = 0; i < record->voters.count; i++) {
		const struct braid_peer *peer =
			braid_volume_peer(volume, record->voters.voter[i].id);

		/* What was known once is known for good. */
		if (peer)
			record->known[i] = max(record->known[i],
					       peer->sequence);
		record->stores[i] = store_to_record(volume, peer,
						    record->stores[i]);
	}
	volume->proposed |= isr;
	ballot->open = true;
	ballot->needed = 0;
	kick_votes(volume);
}

void braid_ballot_repeat(struct braid_volume *volume)
{
	lockdep_assert_held(&volume->lock);
	if (volume->state != BRAID_VOLUME_DEAD && !volume->ballot.open &&
	    braid_ballot_settled(volume) &&
	    volume->generation < BRAID_GENERATION_MAX)
		propose(volume, volume->isr);
}

void braid_ballot_begin(struct braid_volume *volume,
			const struct braid_epoch *epoch)
{
	unsigned int i;

	lockdep_assert_held(&volume->lock);
	volume->epoch = *epoch;
	volume->refused = 0;
	volume->ballot.ready = true;
	volume->ballot.k = 0;
	volume->ballot.closed = 0;
	/* What was granted to another epoch is not this one's. */
	for (i = 0; i < volume->npeers; i++) {
		struct braid_peer *peer = &volume->peers[i];

		peer->lease_sent = 0;
		peer->lease_heard = 0;
		peer->lease_tried = 0;
		/* Its time to open a session begins. */
		if (peer->bit & volume->isr)
			peer->failing = ktime_get_boottime_ns();
	}
	WRITE_ONCE(volume->lease_until, 0);
	braid_volume_hold(volume, BRAID_HELD_LEASE | BRAID_HELD_RECORD, 0);
	propose(volume, volume->isr);
	braid_lease_kick(volume);
}

/*
 * Who did not answer for longer than a member may, or than this writer itself
 * can reach a majority: cut off, it does not know who is.  Nor when it was paused.
 */
static u64 silent(const struct braid_volume *volume, u64 now)
{
	u64 timeout = (u64)volume->member_timeout_ms * NSEC_PER_MSEC;
	u64 heard = max(volume->ballot.quorate,
			braid_lease_awake(volume, now));
	u64 silent = 0;
	unsigned int i;

	for (i = 0; i < volume->npeers; i++) {
		const struct braid_peer *peer = &volume->peers[i];

		if (peer->failing && volume->ballot.quorate &&
		    now - max(peer->failing, heard) >= timeout)
			silent |= peer->bit;
	}
	return silent & volume->isr;
}

/* S3: of several that fail, who answered last among those that could stay. */
static u8 newest(const struct braid_volume *volume)
{
	u64 latest = 0;
	u8 voter = 0;
	unsigned int i;

	for (i = 0; i < volume->npeers; i++) {
		const struct braid_peer *peer = &volume->peers[i];
		u64 answered = READ_ONCE(peer->answered);

		if (!(peer->bit & volume->isr & ~volume->fatal))
			continue;
		if (!voter || answered > latest) {
			voter = peer->voter.id;
			latest = answered;
		}
	}
	return voter;
}

/* S3: one that must go is the last one, and stays. */
static void keep_last(struct braid_volume *volume, u64 isr)
{
	u64 kept = isr & volume->failed;
	unsigned int i;

	if (!kept)
		return;
	if (kept & volume->fatal) {
		braid_volume_die(volume,
				 "the last replica lost what was not flushed");
		return;
	}
	/* Its error goes upward; silent, it is waited for. */
	volume->failed &= ~kept;
	for (i = 0; i < volume->npeers; i++)
		if (volume->peers[i].bit & kept)
			braid_peer_kick(&volume->peers[i]);
}

static void look_at_quorum(struct braid_volume *volume, u64 now)
{
	if (!braid_record_has_majority(&volume->record,
				       braid_ballot_voters(volume)))
		volume->ballot.quorate = 0;
	else if (!volume->ballot.quorate)
		volume->ballot.quorate = now;
}

/*
 * A proposal cannot be taken back, so one is made only if a majority answers now:
 * as long as it could not be committed, who is silent may still come back and go
 * on as a member.
 */
static bool majority_answers(struct braid_volume *volume, u64 now)
{
	struct braid_ballot *ballot = &volume->ballot;
	u64 answered = 0;
	unsigned int i;

	if (!ballot->needed) {
		ballot->needed = now;
		kick_votes(volume);
	}
	for (i = 0; i < volume->npeers; i++)
		if (volume->peers[i].lease_heard >= ballot->needed)
			answered |= volume->peers[i].bit;
	return braid_record_has_majority(&volume->record, answered &
					 braid_ballot_voters(volume));
}

/* Is there anything to record, and could a majority take it now? */
void braid_ballot_work(struct work_struct *work)
{
	struct braid_volume *volume = container_of(work, struct braid_volume,
						   ballot_work);
	struct braid_ballot *ballot = &volume->ballot;
	unsigned long flags;
	bool clean;
	u64 isr, now;

	spin_lock_irqsave(&volume->lock, flags);
	/* Not before any time that is compared with it. */
	now = ktime_get_boottime_ns();
	look_at_quorum(volume, now);
	if (ballot->open || volume->state == BRAID_VOLUME_DEAD ||
	    !braid_ballot_settled(volume))
		goto out_unlock;
	isr = braid_shrink(volume->isr, volume->failed | silent(volume, now),
			   newest(volume));
	keep_last(volume, isr);
	clean = volume->record.flags & BRAID_RECORD_CLEAN;
	if (volume->state == BRAID_VOLUME_DEAD)
		goto out_unlock;
	if (isr == volume->isr && clean == ballot->clean &&
	    !stores_outdated(volume))
		ballot->needed = 0;
	else if (majority_answers(volume, now))
		propose(volume, isr);
out_unlock:
	spin_unlock_irqrestore(&volume->lock, flags);
}

/* Those that are out: their sessions end, their votes stay (S2). */
static void eject(struct braid_volume *volume, u64 ejected)
{
	unsigned int i;

	for (i = 0; i < volume->npeers; i++) {
		struct braid_peer *peer = &volume->peers[i];
		const char *why = peer->why ?: "no answer in time";

		if (!(peer->bit & ejected))
			continue;
		braid_event_volume(volume->owner, volume->name, "ejected",
				   peer->voter.id, why);
		peer->state = BRAID_PEER_FAILED;
		braid_peer_reset(peer, why);
	}
}

/*
 * While the record says closed and it is not to be, or a member's own does, nothing
 * may be written.
 */
static void hold_for_record(struct braid_volume *volume)
{
	bool hold = volume->record.flags & BRAID_RECORD_CLEAN &&
		    !volume->ballot.clean;
	unsigned int i;

	for (i = 0; i < volume->npeers && volume->ballot.reopening; i++)
		if (volume->peers[i].bit & volume->isr &&
		    braid_mver_cmp(&volume->peers[i].recorded,
				   &volume->record.mver) < 0)
			hold = true;
	if (!hold)
		volume->ballot.reopening = false;
	braid_volume_hold(volume, hold ? BRAID_HELD_RECORD : 0,
			  hold ? 0 : BRAID_HELD_RECORD);
}

/* The proposal is durable at M: it is the record of now. */
static void commit(struct braid_volume *volume)
{
	struct braid_ballot *ballot = &volume->ballot;
	u64 before = volume->isr;
	u32 set = 0, clear = BRAID_HELD_REFUSED;
	unsigned int i;

	volume->record = ballot->record;
	volume->isr = ballot->record.isr;
	volume->proposed = 0;
	volume->committed = ballot->record.generation;
	volume->failed &= volume->isr;
	volume->fatal &= volume->isr;
	ballot->open = false;

	eject(volume, before & ~volume->isr);
	for (i = 0; i < volume->npeers; i++)
		braid_peer_kick(&volume->peers[i]);
	hold_for_record(volume);
	if (hweight64(volume->isr) < volume->min_isr)
		set |= BRAID_HELD_MIN_ISR;
	else
		clear |= BRAID_HELD_MIN_ISR;
	braid_volume_hold(volume, set, clear);
	braid_lease_count(volume);
	braid_volume_tell(volume, BRAID_NEWS_MEMBERSHIP | BRAID_NEWS_GATE);
	braid_ballot_kick(volume);
}

/* A RECORD was answered. */
static void take_record_answer(struct braid_peer *peer)
{
	struct braid_volume *volume = peer->volume;
	const struct braid_request *request = &peer->vote->record;
	const struct braid_mver *mver = &peer->vote->recording;

	if (request->error) {
		if (request->error != -ENOTCONN)
			braid_peer_blame(peer, request->error);
		return;
	}
	peer->sequence = max(peer->sequence, request->value);
	if (braid_mver_cmp(mver, &peer->recorded) > 0)
		peer->recorded = *mver;
	if (volume->ballot.open && volume->state != BRAID_VOLUME_DEAD &&
	    braid_record_has_majority(&volume->ballot.record, holders(volume)))
		commit(volume);
	else if (volume->ballot.reopening && !volume->ballot.open)
		hold_for_record(volume);
	/* It may serve now. */
	if (peer->state == BRAID_PEER_ASKED)
		braid_peer_kick(peer);
}

static void record_done(struct braid_request *request)
{
	struct braid_peer *peer = request->private;
	struct braid_volume *volume = peer->volume;
	int error = request->error;
	unsigned long flags;
	bool current_epoch;

	if (error != -ENOTCONN)
		WRITE_ONCE(peer->answered, ktime_get_boottime_ns());
	spin_lock_irqsave(&volume->lock, flags);
	peer->recording = false;
	current_epoch = !braid_epoch_cmp(&request->epoch, &volume->epoch);
	take_record_answer(peer);
	/* There may be a newer one by now; a failed one waits for the clock. */
	if (!error && !peer->ended)
		braid_volume_queue(volume, volume->errands, &peer->vote_work);
	wake_up_all(&volume->wait);
	spin_unlock_irqrestore(&volume->lock, flags);
	if (error == -ESTALE && current_epoch)
		braid_volume_refused(volume, peer);
}

/* Makes the record ready to be sent that @peer does not have yet. */
static bool prepare_record(struct braid_peer *peer)
{
	struct braid_volume *volume = peer->volume;
	struct braid_vote *vote = peer->vote;
	const struct braid_record *record = &volume->record;

	if (volume->ballot.open)
		record = &volume->ballot.record;
	else if (!braid_ballot_settled(volume))
		return false;
	if (!peer->promised || peer->broken || peer->recording ||
	    volume->state == BRAID_VOLUME_DEAD ||
	    braid_mver_cmp(&peer->recorded, &record->mver) >= 0)
		return false;
	peer->recording = true;
	vote->recording = record->mver;
	braid_record_encode(record, vote->slot);
	memset(&vote->record, 0, sizeof(vote->record));
	vote->record.op = BRAID_OP_RECORD;
	vote->record.epoch = volume->epoch;
	vote->record.generation = record->generation;
	vote->record.committed = volume->committed;
	vote->record.body = vote->slot;
	vote->record.body_len = BRAID_SLOT_SIZE;
	vote->record.done = record_done;
	vote->record.private = peer;
	return true;
}

void braid_ballot_vote_work(struct work_struct *work)
{
	struct braid_peer *peer = container_of(work, struct braid_peer,
					       vote_work);
	struct braid_volume *volume = peer->volume;
	unsigned long flags;
	bool record, lease;

	spin_lock_irqsave(&volume->lock, flags);
	record = !peer->ended && prepare_record(peer);
	lease = !peer->ended && braid_lease_prepare(peer);
	spin_unlock_irqrestore(&volume->lock, flags);
	/* The lease first: it counts from when it is sent. */
	if (lease)
		braid_peer_submit(peer, &peer->vote->lease);
	if (record)
		braid_peer_submit(peer, &peer->vote->record);
}
