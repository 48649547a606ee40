// SPDX-License-Identifier: GPL-2.0-only
/* Renews the lease, and looks at voters and requests that are late. */
#include "control/clock.h"

#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "io/io.h"
#include "store/request.h"
#include "volume/failure.h"
#include "volume/lease.h"
#include "volume/peer.h"
#include "volume/volume.h"

/* How often the clock looks even if nothing is due, ms. */
#define TICK_MAX_MS	1000u
#define TICK_MIN_MS	10u

static u64 third(const struct braid_volume *volume)
{
	return (u64)volume->record.lease_ms * NSEC_PER_MSEC / 3;
}

/* A renewal was answered. */
static void take_answer(struct braid_peer *peer)
{
	struct braid_volume *volume = peer->volume;
	const struct braid_request *request = &peer->vote->lease;

	switch (request->error) {
	case 0:
		peer->lease_heard = peer->lease_tried;
		if (peer->vote->counts)
			peer->lease_sent = peer->lease_tried;
		if (request->value & BRAID_LEASE_WANTED)
			braid_detach_soon(volume);
		braid_lease_count(volume);
		/* Who proposes asks whether a majority answers. */
		if (volume->ballot.needed) {
			braid_ballot_kick(volume);
			if (!peer->ended)
				braid_volume_queue(volume, volume->errands,
						   &peer->vote_work);
		}
		break;
	case -ENOTCONN:
	case -ESHUTDOWN:
		break;
	default:
		braid_peer_blame(peer, request->error);
	}
	/* It does not know of its promise, or closes: ask again from the start. */
	if (request->error == -EINVAL || request->error == -ENODATA ||
	    request->error == -ESHUTDOWN)
		braid_peer_reset(peer, request->error == -ESHUTDOWN ?
				       "being closed" : "forgot its promise");
}

static void lease_done(struct braid_request *request)
{
	struct braid_peer *peer = request->private;
	struct braid_volume *volume = peer->volume;
	int error = request->error;
	unsigned long flags;
	bool current_epoch;

	if (error != -ENOTCONN)
		WRITE_ONCE(peer->answered, ktime_get_boottime_ns());
	spin_lock_irqsave(&volume->lock, flags);
	peer->leasing = false;
	current_epoch = !braid_epoch_cmp(&request->epoch, &volume->epoch);
	if (current_epoch && !peer->broken)
		take_answer(peer);
	spin_unlock_irqrestore(&volume->lock, flags);
	if (error == -ESTALE && current_epoch)
		braid_volume_refused(volume, peer);
}

/*
 * May it hold a record of this epoch that says closed, when the volume is not to be
 * after all?  Then it promises to anybody at once, whatever it granted.
 */
static bool may_be_closed(const struct braid_peer *peer)
{
	const struct braid_ballot *ballot = &peer->volume->ballot;
	const struct braid_mver last = { .epoch = peer->volume->epoch,
					 .k = ballot->closed };

	return ballot->closed && !ballot->clean &&
	       braid_mver_cmp(&peer->recorded, &last) <= 0;
}

static bool is_due(const struct braid_peer *peer, u64 now)
{
	const struct braid_volume *volume = peer->volume;

	return peer->promised && !peer->broken && !peer->leasing &&
	       volume->state != BRAID_VOLUME_DEAD &&
	       !(volume->record.flags & BRAID_RECORD_CLEAN &&
		 volume->ballot.clean) &&
	       (now - peer->lease_tried >= third(volume) ||
		peer->lease_tried < volume->ballot.needed ||
		(!peer->lease_sent && !may_be_closed(peer)));
}

bool braid_lease_prepare(struct braid_peer *peer)
{
	struct braid_volume *volume = peer->volume;
	struct braid_request *request = &peer->vote->lease;
	u64 now = ktime_get_boottime_ns();

	lockdep_assert_held(&volume->lock);
	if (!is_due(peer, now))
		return false;
	peer->leasing = true;
	peer->lease_tried = now;
	peer->vote->counts = !may_be_closed(peer);
	memset(request, 0, sizeof(*request));
	request->op = BRAID_OP_LEASE;
	request->epoch = volume->epoch;
	request->generation = volume->generation;
	request->committed = volume->committed;
	request->done = lease_done;
	request->private = peer;
	return true;
}

/*
 * What is late at one voter.  Return: the time at which to look again, ns.  A
 * voter that does not answer a renewal is not there, whatever its connection says.
 */
static u64 look_at_peer(struct braid_peer *peer, u64 now, bool *kill)
{
	struct braid_volume *volume = peer->volume;
	u64 timeout = (u64)volume->member_timeout_ms * NSEC_PER_MSEC;
	u64 since = max(peer->lease_tried, volume->awake);
	u64 next = U64_MAX;

	*kill = false;
	if (peer->promised && !peer->leasing)
		next = peer->lease_tried + third(volume);
	if (peer->leasing && !peer->broken) {
		next = min(next, since + timeout);
		if (now >= since + timeout && !peer->here) {
			peer->failing = peer->failing ?: since;
			braid_peer_reset(peer, "no answer in time");
			*kill = true;
		}
	}
	if (peer->failing && peer->bit & volume->isr &&
	    peer->failing + timeout > now)
		next = min(next, peer->failing + timeout);
	return next;
}

/*
 * Since when nothing goes on, for want of voters or of the one member that is left
 * (S3): that is waited for.  Return: boottime ns; 0: it goes on.
 */
static u64 stands_since(struct braid_volume *volume, u64 now)
{
	u64 since = volume->suspended_since, waits;
	unsigned int i;

	if (!is_power_of_2(volume->isr) || volume->held & BRAID_HELD_USER)
		return since;
	for (i = 0; i < volume->npeers; i++) {
		const struct braid_peer *peer = &volume->peers[i];

		if (peer->bit & volume->isr && peer->failing)
			since = min_not_zero(since, max(peer->failing,
							volume->awake));
	}
	/* It may answer all but what is to be done on its disk. */
	waits = braid_io_waits_since(volume, now);
	return waits ? min_not_zero(since, max(waits, volume->awake)) : since;
}

/* The lease ran out: nothing is read or acknowledged until M voters renew. */
static void look_at_lease(struct braid_volume *volume, u64 now)
{
	u64 timeout = (u64)volume->suspend_timeout_ms * NSEC_PER_MSEC;
	u32 held = BRAID_HELD_LEASE;
	u64 since;

	if (volume->state != BRAID_VOLUME_ACTIVE)
		return;
	if (volume->lease_until <= now && !(volume->held & BRAID_HELD_LEASE)) {
		if (volume->ballot.open)
			held |= BRAID_HELD_RECORD;
		braid_volume_hold(volume, held, 0);
	}
	/* It may have been held since @now was taken. */
	since = timeout ? stands_since(volume, now) : 0;
	if (since && now >= since && now - since >= timeout)
		braid_volume_die(volume,
				 "suspended for longer than suspend-timeout");
}

void braid_lease_clock(struct work_struct *work)
{
	struct braid_volume *volume = container_of(to_delayed_work(work),
						   struct braid_volume, clock);
	u64 now = ktime_get_boottime_ns();
	u64 next = now + (u64)TICK_MAX_MS * NSEC_PER_MSEC;
	unsigned long flags;
	unsigned int i, ms;
	u64 kill = 0;
	bool one;

	spin_lock_irqsave(&volume->lock, flags);
	volume->awake = braid_lease_awake(volume, now);
	volume->ticked = now;
	for (i = 0; i < volume->npeers; i++) {
		next = min(next, look_at_peer(&volume->peers[i], now, &one));
		kill |= one ? BIT_ULL(i) : 0;
		/* What is due is sent, a record that failed there again. */
		if (!volume->peers[i].ended)
			braid_volume_queue(volume, volume->errands,
					   &volume->peers[i].vote_work);
	}
	look_at_lease(volume, now);
	braid_ballot_kick(volume);
	if (volume->lease_until > now)
		next = min(next, volume->lease_until);
	ms = next > now ? div_u64(next - now, NSEC_PER_MSEC) : 0;
	if (volume->state != BRAID_VOLUME_DEAD)
		braid_volume_queue_in(volume, volume->voting, &volume->clock,
				      clamp(ms, TICK_MIN_MS, TICK_MAX_MS));
	spin_unlock_irqrestore(&volume->lock, flags);
	for (i = 0; i < volume->npeers; i++)
		if (kill & BIT_ULL(i))
			braid_peer_kill(&volume->peers[i]);
}
