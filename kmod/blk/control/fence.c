// SPDX-License-Identifier: GPL-2.0-only
#include "control/fence.h"

#include <linux/minmax.h>
#include <linux/random.h>

#include "control/ask.h"
#include "control/ballot.h"
#include "proto/member.h"
#include "transport/backoff.h"
#include "volume/event.h"
#include "volume/failure.h"
#include "volume/peer.h"
#include "volume/volume.h"

/* A record of another writer that did not exist when this one began. */
static bool is_foreign(struct braid_volume *volume, const struct braid_ask *ask)
{
	unsigned long flags;
	bool foreign = false;
	unsigned int i;

	spin_lock_irqsave(&volume->lock, flags);
	for (i = 0; i < ask->count; i++)
		if (ask->reply[i].told &&
		    braid_ballot_is_foreign(volume,
					    &ask->reply[i].answer.record))
			foreign = true;
	if (foreign)
		braid_volume_die(volume, "another writer has recorded itself");
	spin_unlock_irqrestore(&volume->lock, flags);
	return foreign;
}

/* Who consented, and the highest counter that anybody promised. */
static u64 consent(const struct braid_ask *ask, u64 *counter)
{
	u64 voters = 0;
	unsigned int i;

	for (i = 0; i < ask->count; i++) {
		const struct braid_reply *reply = &ask->reply[i];

		if (!reply->told)
			continue;
		*counter = max(*counter,
			       reply->answer.record.promised.counter);
		if (!reply->error && !reply->peer->out)
			voters |= reply->peer->bit;
	}
	return voters;
}

/* Voters that count no more: a promise would only raise their sequence. */
static u64 lost(struct braid_volume *volume)
{
	unsigned long flags;
	unsigned int i;
	u64 set = 0;

	spin_lock_irqsave(&volume->lock, flags);
	for (i = 0; i < volume->npeers; i++)
		if (volume->peers[i].out)
			set |= volume->peers[i].bit;
	spin_unlock_irqrestore(&volume->lock, flags);
	return set;
}

/*
 * The same members under a higher epoch.  Every connection is begun anew: what
 * it still carries belongs to the epoch before.
 */
static void begin_again(struct braid_volume *volume,
			const struct braid_epoch *epoch)
{
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&volume->lock, flags);
	if (volume->state == BRAID_VOLUME_ACTIVE) {
		for (i = 0; i < volume->npeers; i++)
			braid_peer_reset(&volume->peers[i],
					 "follows to a higher epoch");
		braid_ballot_begin(volume, epoch);
		braid_event_volume(volume->owner, volume->name, "higher epoch",
				   0, NULL);
	}
	spin_unlock_irqrestore(&volume->lock, flags);
	for (i = 0; i < volume->npeers; i++)
		braid_peer_kill(&volume->peers[i]);
}

/*
 * Asks first: a PREPARE that less than a majority would promise disturbs a
 * writer that does no harm.  Return: true if the epoch was begun.
 */
static bool try_higher(struct braid_volume *volume, struct braid_ask *ask)
{
	struct braid_question question = { .timeout_ms = BRAID_ANSWER_MS };
	u64 counter;

	/* Only this work changes the epoch while it is served. */
	question.epoch = volume->epoch;
	counter = question.epoch.counter;

	question.op = BRAID_OP_ASK;
	question.epoch.counter = counter + 1;
	braid_ask(ask, NULL, &question);
	consent(ask, &counter);
	if (is_foreign(volume, ask))
		return true;
	if (counter >= question.epoch.counter) {
		question.epoch.counter = counter + 1;
		braid_ask(ask, NULL, &question);
	}
	if (!braid_record_has_majority(&volume->record,
				       consent(ask, &counter)))
		return false;
	question.op = BRAID_OP_PREPARE;
	question.except = lost(volume);
	braid_ask(ask, NULL, &question);
	if (is_foreign(volume, ask))
		return true;
	if (!braid_record_has_majority(&volume->record,
				       consent(ask, &counter)))
		return false;
	begin_again(volume, &question.epoch);
	return true;
}

void braid_fence_work(struct work_struct *work)
{
	struct braid_volume *volume = container_of(to_delayed_work(work),
						   struct braid_volume,
						   fence_work);
	struct braid_ask *ask;
	unsigned long flags;
	bool done = false;

	if (READ_ONCE(volume->state) != BRAID_VOLUME_ACTIVE ||
	    READ_ONCE(volume->ballot.ready))
		return;
	ask = braid_ask_alloc(volume);
	if (ask)
		done = try_higher(volume, ask);
	braid_ask_free(ask);
	if (done)
		return;
	spin_lock_irqsave(&volume->lock, flags);
	braid_volume_queue_in(volume, volume->errands, &volume->fence_work,
			      braid_backoff_ms(5, get_random_u32()));
	spin_unlock_irqrestore(&volume->lock, flags);
}
