// SPDX-License-Identifier: GPL-2.0-only
#include "volume/peer.h"

#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "proto/text.h"
#include "replica/replica.h"
#include "store/request.h"
#include "transport/backoff.h"
#include "transport/remote.h"
#include "volume/event.h"
#include "volume/lease.h"
#include "volume/volume.h"

/*
 * A request never outlives its connection: @users is counted up before the
 * pointers are looked at and down after the hand-over; who ends the connection
 * takes its own count away, waits for 0, and then has the carrier answer what it
 * was handed.
 */

/* The volume may go as soon as the last user is seen to be gone. */
void braid_peer_drop_user(struct braid_peer *peer)
{
	struct braid_volume *volume = peer->volume;

	/* And the peer may be made anew: not looked at after the count. */
	rcu_read_lock();
	if (atomic_dec_and_test(&peer->users))
		wake_up_all(&volume->wait);
	rcu_read_unlock();
}

static void refuse_request(struct braid_request *request)
{
	request->error = -ENOTCONN;
	request->done(request);
}

void braid_peer_submit(struct braid_peer *peer, struct braid_request *request)
{
	bool data = BRAID_OP_IS_DATA(request->op);

	if (!atomic_inc_not_zero(&peer->users)) {
		refuse_request(request);
		return;
	}
	/* Pairs with the release in control/connect.c: the session is there before UP is. */
	if (data && smp_load_acquire(&peer->state) != BRAID_PEER_UP)
		refuse_request(request);
	else if (peer->local)
		braid_replica_submit(data ? peer->session : peer->control,
				     request);
	else
		braid_remote_submit(peer->remote, request);
	braid_peer_drop_user(peer);
}

void braid_peer_kill(struct braid_peer *peer)
{
	if (!atomic_inc_not_zero(&peer->users))
		return;
	if (peer->remote)
		braid_remote_kill(peer->remote);
	braid_peer_drop_user(peer);
}

void braid_peer_stop(struct braid_peer *peer)
{
	braid_dialling_stop(&peer->dialling);
	/* A connection that is made meanwhile is killed by its maker. */
	braid_peer_kill(peer);
}

void braid_peer_push(struct braid_peer *peer)
{
	if (!atomic_inc_not_zero(&peer->users))
		return;
	if (peer->remote)
		braid_remote_push(peer->remote);
	braid_peer_drop_user(peer);
}

struct call {
	struct completion done;
	void (*then)(struct braid_request *request);
	void *private;
};

static void call_done(struct braid_request *request)
{
	struct call *call = request->private;

	complete(&call->done);
}

int braid_peer_call(struct braid_peer *peer, struct braid_request *request,
		    unsigned int timeout_ms)
{
	struct call call = { .then = request->done,
			     .private = request->private };

	init_completion(&call.done);
	request->done = call_done;
	request->private = &call;
	braid_peer_submit(peer, request);
	if (!wait_for_completion_timeout(&call.done,
					 msecs_to_jiffies(timeout_ms))) {
		braid_peer_kill(peer);
		wait_for_completion(&call.done);
	}
	request->done = call.then;
	request->private = call.private;
	return request->error;
}

void braid_peer_blame(struct braid_peer *peer, int error)
{
	lockdep_assert_held(&peer->volume->lock);
	peer->why = braid_error_text(error);
}

void braid_peer_kick(struct braid_peer *peer)
{
	struct braid_volume *volume = peer->volume;

	lockdep_assert_held(&volume->lock);
	if (!peer->ended)
		braid_volume_queue_in(volume, volume->errands, &peer->work, 0);
}

/* Tries again: at once at first, then after longer and longer. */
void braid_peer_retry(struct braid_peer *peer, unsigned int tried)
{
	struct braid_volume *volume = peer->volume;
	unsigned int ms = tried ? braid_backoff_ms(tried, get_random_u32()) : 0;

	peer->tried++;
	if (!peer->ended)
		braid_volume_queue_in(volume, volume->errands, &peer->work, ms);
}

void braid_peer_reset(struct braid_peer *peer, const char *why)
{
	struct braid_volume *volume = peer->volume;

	lockdep_assert_held(&volume->lock);
	if (peer->state == BRAID_PEER_UP)
		braid_event_volume(volume->owner, volume->name, "voter down",
				   peer->voter.id, why);
	if (peer->state != BRAID_PEER_FAILED)
		peer->state = BRAID_PEER_DOWN;
	peer->why = why;
	peer->promised = false;
	peer->broken = true;
	peer->settled = false;
	if (!peer->failing)
		peer->failing = ktime_get_boottime_ns();
	braid_peer_retry(peer, peer->tried);
	braid_lease_kick(volume);
	wake_up_all(&volume->wait);
}

void braid_peer_lose(struct braid_peer *peer, const char *why)
{
	struct braid_volume *volume = peer->volume;

	lockdep_assert_held(&volume->lock);
	if (!peer->out)
		braid_event_volume(volume->owner, volume->name, "voter lost",
				   peer->voter.id, why);
	peer->out = true;
	peer->promised = false;
	/* Nor does it know what it granted. */
	braid_lease_void(volume, peer->bit);
	peer->state = BRAID_PEER_FAILED;
	peer->why = why;
	if (peer->bit & braid_volume_required(volume)) {
		volume->failed |= peer->bit;
		volume->fatal |= peer->bit;
		braid_ballot_kick(volume);
	}
}

bool braid_peer_learn(struct braid_peer *peer,
		      const struct braid_record *record)
{
	lockdep_assert_held(&peer->volume->lock);
	if (!record->voters.count || record->own == BRAID_OWN_BLANK)
		braid_peer_lose(peer, "blank");
	else if (record->sequence < peer->sequence)
		braid_peer_lose(peer, BRAID_ROLLED_BACK);
	if (peer->out)
		return false;
	peer->sequence = record->sequence;
	peer->recorded = record->mver;
	return true;
}
