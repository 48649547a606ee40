// SPDX-License-Identifier: GPL-2.0-only
#include "control/attempt.h"

#include <linux/bitops.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/wait.h>

#include "control/attach.h"
#include "control/attached.h"
#include "control/ballot.h"
#include "control/connect.h"
#include "control/reach.h"
#include "io/io.h"
#include "proto/text.h"
#include "volume/peer.h"
#include "volume/volume.h"

int braid_attempt_room(struct braid_attempt *a)
{
	braid_ask_free(a->ask);
	a->ask = braid_ask_alloc(a->volume);
	return a->ask ? 0 : -ENOMEM;
}

/* Writes would be held for ever. */
static int check_min_isr(const struct braid_attempt *a,
			 const struct braid_record *record)
{
	unsigned int data = hweight64(braid_voters_data(&record->voters));

	if (a->how->min_isr <= data)
		return 0;
	return braid_refuse(a->extack, -EINVAL,
			    "min-isr is %u, but %s has %u data replica%s",
			    a->how->min_isr, a->volume->name, data,
			    data == 1 ? "" : "s");
}

int braid_attempt_follow(struct braid_attempt *a,
			 const struct braid_record *record)
{
	struct braid_volume *volume = a->volume;
	unsigned long flags;
	u8 here;
	int error;

	error = check_min_isr(a, record);
	if (error)
		return error;
	spin_lock_irqsave(&volume->lock, flags);
	volume->record = *record;
	spin_unlock_irqrestore(&volume->lock, flags);
	here = braid_peer_here(volume->owner, &volume->record.volume, NULL,
			       NULL);
	braid_volume_set_peers(volume, &volume->record.voters, here);
	error = braid_attempt_room(a);
	return error ?: braid_reach(volume);
}

/* What was told, one after the other; @only: with consent alone. */
static unsigned int gather(struct braid_attempt *a, bool only)
{
	unsigned int i;

	a->nanswer = 0;
	for (i = 0; i < a->ask->count; i++) {
		const struct braid_reply *reply = &a->ask->reply[i];

		if (!reply->told || (only && reply->error))
			continue;
		a->answer[a->nanswer++] = reply->answer;
	}
	return a->nanswer;
}

static u64 consent(const struct braid_attempt *a)
{
	u64 voters = 0;
	unsigned int i;

	for (i = 0; i < a->ask->count; i++)
		if (a->ask->reply[i].told && !a->ask->reply[i].error)
			voters |= a->ask->reply[i].peer->bit;
	return voters;
}

static u8 local_voter(const struct braid_volume *volume)
{
	return volume->local ? volume->local->voter.id : 0;
}

static u32 question_flags(const struct braid_attempt *a, enum braid_op op)
{
	u32 flags = 0;

	if (a->how->dead)
		flags |= BRAID_REQ_DEAD;
	else if (a->how->takeover && op == BRAID_OP_ASK)
		flags |= BRAID_REQ_TAKEOVER;
	return flags;
}

static void ask_all(struct braid_attempt *a, enum braid_op op, u64 counter)
{
	struct braid_question question = { .op = op };

	question.epoch.counter = counter;
	question.epoch.node = a->node;
	question.flags = question_flags(a, op);
	question.timeout_ms = BRAID_ANSWER_MS;
	/* Each promise is a step by which a sequence would catch up. */
	if (op == BRAID_OP_PREPARE)
		question.except = a->rolled_back;
	braid_ask(a->ask, NULL, &question);
	braid_reach_blame(a->volume, a->ask);
}

enum braid_attach_refusal braid_attempt_ask(struct braid_attempt *a,
					    u64 *willing)
{
	u64 counter = a->volume->record.promised.counter + 1;
	enum braid_attach_refusal refusal;
	unsigned int i;

	/* The second time with a counter above all that were seen. */
	for (i = 0; i < 2; i++) {
		ask_all(a, BRAID_OP_ASK, counter);
		refusal = braid_attach_choose(a->answer, gather(a, false),
					      local_voter(a->volume),
					      &a->choice);
		if (a->choice.counter < counter)
			break;
		counter = a->choice.counter + 1;
	}
	a->rolled_back = a->choice.rolled_back;
	*willing = consent(a) & a->choice.answered;
	return refusal;
}

static void blame_rolled_back(struct braid_attempt *a)
{
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&a->volume->lock, flags);
	for (i = 0; i < a->ask->count; i++)
		if (a->ask->reply[i].peer->bit & a->rolled_back)
			a->ask->reply[i].peer->why = BRAID_ROLLED_BACK;
	spin_unlock_irqrestore(&a->volume->lock, flags);
}

/* Those that did not answer, or whose answer is worth nothing, by their numbers. */
static u64 missing(const struct braid_attempt *a)
{
	u64 peers = 0;
	unsigned int i;

	for (i = 0; i < a->ask->count; i++)
		if (!(a->ask->reply[i].peer->bit & a->choice.answered))
			peers |= BIT_ULL(i);
	return peers;
}

static int explain_few(struct braid_attempt *a)
{
	const struct braid_voters *voters = &a->volume->record.voters;
	char list[BRAID_MISSING_MAX];

	blame_rolled_back(a);

	return braid_refuse(a->extack, -EHOSTUNREACH,
			    "only %u of %u voters answer, %u are needed; missing: %s",
			    (unsigned int)hweight64(a->choice.answered),
			    voters->count, braid_voters_majority(voters),
			    braid_reach_list(a->volume, missing(a), list));
}

/* The members that would have to answer, by their numbers. */
static u64 members(const struct braid_attempt *a)
{
	u64 peers = 0;
	unsigned int i;

	for (i = 0; i < a->volume->npeers; i++)
		if (a->volume->peers[i].bit & a->choice.record.isr)
			peers |= BIT_ULL(i);
	return peers;
}

static int explain(struct braid_attempt *a, enum braid_attach_refusal refusal)
{
	char list[BRAID_MISSING_MAX];

	switch (refusal) {
	case BRAID_ATTACH_NOT_CREATED:
		return braid_refuse(a->extack, -ENODATA,
				    "it is not created yet");
	case BRAID_ATTACH_NO_MEMBER:
		blame_rolled_back(a);
		return braid_refuse(a->extack, -ENODEV,
				    "no replica that holds every write can be used: %s",
				    braid_reach_list(a->volume, members(a),
						     list));
	default:
		return explain_few(a);
	}
}

/* Enough answer, and nobody's lease is what keeps them from consent. */
static int explain_unwilling(struct braid_attempt *a, u64 unwilling)
{
	char list[BRAID_MISSING_MAX];

	return braid_refuse(a->extack, -EHOSTUNREACH,
			    "too few voters consent: %s",
			    braid_reach_list(a->volume, unwilling, list));
}

/*
 * Of several who asked at once each may have won some voters, and none enough to
 * record itself: until those promises run out the volume is held by nobody.
 */
static bool is_race(const struct braid_attempt *a)
{
	const struct braid_epoch *latest = NULL;
	u64 promised = 0;
	unsigned int i;

	for (i = 0; i < a->ask->count; i++) {
		const struct braid_reply *reply = &a->ask->reply[i];
		const struct braid_epoch *own = &reply->answer.record.promised;

		if (!reply->told)
			continue;
		if (!braid_epoch_cmp(own, &reply->answer.record.mver.epoch) &&
		    reply->error == -EBUSY)
			return false;
		if (!latest || braid_epoch_cmp(own, latest) > 0) {
			latest = own;
			promised = 0;
		}
		if (!braid_epoch_cmp(own, latest))
			promised |= reply->peer->bit;
	}
	return !braid_record_has_majority(&a->choice.record, promised);
}

/* Who holds it, as those tell that refuse. */
static int note_holder(struct braid_attempt *a)
{
	const struct braid_record *latest = NULL;
	u64 unwilling = 0;
	unsigned int i;

	a->held_ms = 0;
	for (i = 0; i < a->ask->count; i++) {
		const struct braid_reply *reply = &a->ask->reply[i];
		const struct braid_record *record = &reply->answer.record;

		if (!reply->told || reply->error)
			unwilling |= BIT_ULL(i);
		/* Somebody was promised a higher one meanwhile: a race. */
		if (reply->told && reply->error == -ESTALE)
			return -EAGAIN;
		if (!reply->told || reply->error != -EBUSY)
			continue;
		a->held_ms = max(a->held_ms, reply->value);
		if (!latest || braid_epoch_cmp(&record->promised,
					       &latest->promised) > 0)
			latest = record;
	}
	if (!latest)
		return explain_unwilling(a, unwilling);
	a->race = is_race(a);
	strscpy(a->holder, latest->holder[0] ? latest->holder : "another node",
		sizeof(a->holder));
	return -EBUSY;
}

/* The voters of the highest record count, not those of the one begun with. */
static bool list_changed(const struct braid_attempt *a)
{
	return a->choice.record.voters.count &&
	       a->choice.record.list_version != a->volume->record.list_version;
}

int braid_attempt_promises(struct braid_attempt *a)
{
	enum braid_attach_refusal refusal;
	u64 willing;
	int error;

	refusal = braid_attempt_ask(a, &willing);
	/* The I/O part was made for the voters of an earlier try. */
	if (list_changed(a) && a->volume->io)
		return braid_refuse(a->extack, -EBUSY,
				    "the voters of %s are being changed: attach it again",
				    a->volume->name);
	if (list_changed(a)) {
		error = braid_attempt_follow(a, &a->choice.record);
		return error ?: -EAGAIN;
	}
	if (refusal)
		return explain(a, refusal);
	/* Promises without a member's would be of use to nobody, and fence another. */
	if (!braid_record_has_majority(&a->choice.record, willing) ||
	    !(willing & a->choice.isr))
		return note_holder(a);

	ask_all(a, BRAID_OP_PREPARE, a->choice.counter + 1);
	/* Only who promised cannot change its mind: others prove nothing. */
	refusal = braid_attach_choose(a->answer, gather(a, true),
				      local_voter(a->volume), &a->choice);
	if (refusal || list_changed(a))
		return -EAGAIN;
	return 0;
}

/* Takes the promises, if their connections are still those that they came by. */
static int begin(struct braid_attempt *a)
{
	struct braid_volume *volume = a->volume;
	struct braid_epoch epoch = {};
	u64 promised = 0;
	unsigned int i;

	lockdep_assert_held(&volume->lock);
	for (i = 0; i < a->ask->count; i++) {
		struct braid_reply *reply = &a->ask->reply[i];
		struct braid_peer *peer = reply->peer;

		/* Who comes later is compared with what these remember. */
		peer->sequence = max(peer->sequence,
				     braid_answers_known(a->answer, a->nanswer,
							 peer->voter.id));
		if (peer->bit & (a->choice.rolled_back | a->rolled_back))
			braid_peer_lose(peer, BRAID_ROLLED_BACK);
		if (reply->told && reply->error == -ENODATA)
			braid_peer_lose(peer, "blank");
		/*
		 * One with a higher sequence by now was asked by somebody else on
		 * another connection: it is not rolled back.
		 */
		if (!reply->told || reply->error || peer->broken ||
		    reply->answer.store != peer->store ||
		    reply->answer.record.sequence < peer->sequence ||
		    !braid_peer_learn(peer, &reply->answer.record))
			continue;
		peer->promised = true;
		promised |= peer->bit;
		epoch = reply->request.epoch;
	}
	if (!braid_record_has_majority(&a->choice.record, promised) ||
	    !(promised & a->choice.isr))
		return -EAGAIN;
	volume->isr = a->choice.isr & promised;
	volume->generation = max(volume->generation, a->choice.generation);
	braid_ballot_begin(volume, &epoch);
	return 0;
}

/* Is the first record durable at M, and the lease granted? */
static bool is_won(struct braid_volume *volume, int *error)
{
	unsigned long flags;
	bool won;
	u64 left;

	spin_lock_irqsave(&volume->lock, flags);
	won = braid_ballot_settled(volume) &&
	      volume->lease_until > ktime_get_boottime_ns();
	left = braid_ballot_voters(volume) & ~volume->refused;
	if (volume->state == BRAID_VOLUME_DEAD ||
	    (!won && volume->refused &&
	     !braid_record_has_majority(&volume->record, left)))
		*error = -EAGAIN;
	spin_unlock_irqrestore(&volume->lock, flags);
	return won || *error;
}

/* What was begun is left to whoever comes next: nothing was served under it. */
static void give_up_epoch(struct braid_volume *volume)
{
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&volume->lock, flags);
	volume->ballot.ready = false;
	volume->ballot.open = false;
	volume->isr = 0;
	volume->proposed = 0;
	volume->refused = 0;
	volume->failed = 0;
	volume->fatal = 0;
	for (i = 0; i < volume->npeers; i++)
		braid_peer_reset(&volume->peers[i], "lost a race");
	spin_unlock_irqrestore(&volume->lock, flags);
	for (i = 0; i < volume->npeers; i++)
		braid_peer_kill(&volume->peers[i]);
}

/* For another try: whom nobody reaches cannot be asked.  Return: -EAGAIN, -EINTR. */
static int begin_anew(struct braid_volume *volume)
{
	int error;

	give_up_epoch(volume);
	error = braid_reach(volume);
	return error ?: -EAGAIN;
}

static int start(struct braid_attempt *a)
{
	struct braid_volume *volume = a->volume;
	unsigned long flags;
	int error = 0;

	spin_lock_irqsave(&volume->lock, flags);
	volume->record = a->choice.record;
	a->clean = volume->record.flags & BRAID_RECORD_CLEAN;
	volume->unequal = !a->clean;
	spin_unlock_irqrestore(&volume->lock, flags);
	if (!volume->io)
		error = braid_io_init(volume);
	if (error)
		return error;
	spin_lock_irqsave(&volume->lock, flags);
	error = begin(a);
	spin_unlock_irqrestore(&volume->lock, flags);
	return error;
}

static int explain_unrecorded(struct braid_attempt *a)
{
	struct braid_volume *volume = a->volume;
	char list[BRAID_MISSING_MAX];
	unsigned long flags;
	unsigned int i;
	u64 late = 0;

	spin_lock_irqsave(&volume->lock, flags);
	for (i = 0; i < volume->npeers; i++)
		if (braid_mver_cmp(&volume->peers[i].recorded,
				   &volume->ballot.record.mver) < 0)
			late |= BIT_ULL(i);
	spin_unlock_irqrestore(&volume->lock, flags);
	return braid_refuse(a->extack, -ETIMEDOUT,
			    "no majority of voters records the attachment in time; missing: %s",
			    braid_reach_list(volume, late, list));
}

int braid_attempt_record(struct braid_attempt *a)
{
	struct braid_volume *volume = a->volume;
	int error;
	long left;

	error = start(a);
	if (error == -EAGAIN)
		return begin_anew(volume);
	if (error)
		return error;
	left = wait_event_interruptible_timeout(volume->wait,
						is_won(volume, &error),
						msecs_to_jiffies(BRAID_ANSWER_MS));
	if (left < 0)
		return -EINTR;
	if (error == -EAGAIN && READ_ONCE(volume->state) == BRAID_VOLUME_DEAD)
		return braid_refuse(a->extack, -EBUSY, "%s", volume->dead_why);
	if (error == -EAGAIN)
		return begin_anew(volume);
	return left ? 0 : explain_unrecorded(a);
}
