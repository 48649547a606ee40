// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ends a member, an epoch or the volume is noted here; works that the control
 * part has given the volume react to it.
 */
#include "volume/failure.h"

#include <linux/ktime.h>
#include <linux/workqueue.h>

#include "proto/member.h"
#include "proto/record.h"
#include "volume/event.h"
#include "volume/lease.h"
#include "volume/peer.h"
#include "volume/volume.h"

/* Detaches for takeovers: a volume's own queues end with it. */
static struct workqueue_struct *closers;

void braid_volume_member_failed(struct braid_volume *volume,
				struct braid_peer *peer, int error, bool flush)
{
	u64 timeout = (u64)volume->member_timeout_ms * NSEC_PER_MSEC;
	bool silent = !flush && !peer->here &&
		      (error == -ETIMEDOUT || error == -ENOTCONN);
	unsigned long flags;
	bool kill = false;
	u64 now;

	spin_lock_irqsave(&volume->lock, flags);
	now = ktime_get_boottime_ns();
	/* It was this writer that did not listen: it is looked at again. */
	if (error == -ETIMEDOUT && !flush &&
	    now - braid_lease_awake(volume, now) < timeout) {
		spin_unlock_irqrestore(&volume->lock, flags);
		return;
	}
	if (peer->bit & braid_volume_required(volume)) {
		if (!silent) {
			braid_peer_blame(peer, error);
			volume->failed |= peer->bit;
		} else if (peer->state == BRAID_PEER_UP &&
			   now - peer->served >= timeout) {
			/* Late already; it may come back before it is out. */
			kill = true;
			peer->failing = now > timeout ? now - timeout : 1;
			braid_peer_reset(peer, "no answer in time");
		}
		if (flush) {
			peer->why = "a flush failed";
			volume->fatal |= peer->bit;
		}
		braid_ballot_kick(volume);
	}
	spin_unlock_irqrestore(&volume->lock, flags);
	if (kill)
		braid_peer_kill(peer);
}

/* Some voter answered that it promised another writer. Context: any. */
void braid_volume_refused(struct braid_volume *volume, struct braid_peer *peer)
{
	unsigned long flags;

	spin_lock_irqsave(&volume->lock, flags);
	/* What an earlier epoch was told says nothing about this one. */
	if (peer->broken || !volume->ballot.ready)
		goto out_unlock;
	volume->refused |= peer->bit;
	/* An attachment in the making looks itself. */
	if (volume->state != BRAID_VOLUME_ACTIVE)
		goto out_unlock;
	braid_event_volume(volume->owner, volume->name, "refused",
			   peer->voter.id, "promised another writer");
	if (braid_record_has_majority(&volume->record, volume->refused)) {
		braid_volume_die(volume, "another writer has taken it over");
		goto out_unlock;
	}
	volume->ballot.ready = false;
	braid_volume_hold(volume, BRAID_HELD_REFUSED, 0);
	braid_volume_queue_in(volume, volume->errands, &volume->fence_work, 0);
out_unlock:
	wake_up_all(&volume->wait);
	spin_unlock_irqrestore(&volume->lock, flags);
}

void braid_volume_die(struct braid_volume *volume, const char *why)
{
	unsigned int i;

	lockdep_assert_held(&volume->lock);
	if (volume->state == BRAID_VOLUME_DEAD)
		return;
	if (volume->disk_there)
		braid_event_volume(volume->owner, volume->name, "dead", 0, why);
	volume->state = BRAID_VOLUME_DEAD;
	volume->dead_why = why;
	/* Nothing is read from it any more, and nobody need wait for it. */
	WRITE_ONCE(volume->lease_until, 0);
	/* What the carriers hold is given back. */
	for (i = 0; i < volume->npeers; i++)
		braid_peer_reset(&volume->peers[i], "the volume is dead");
	braid_volume_tell(volume, BRAID_NEWS_DEAD | BRAID_NEWS_GATE);
}

void braid_detach_soon(struct braid_volume *volume)
{
	u64 lease = (u64)volume->record.lease_ms * NSEC_PER_MSEC;
	u64 now = ktime_get_boottime_ns();

	lockdep_assert_held(&volume->lock);
	/* One event for all that a taker asks. */
	if (!volume->close_asked || now - volume->close_asked >= lease)
		braid_event_volume(volume->owner, volume->name,
				   "takeover asked", 0, NULL);
	volume->close_asked = now;
	/* A device that is open refuses it, when the work looks. */
	if (volume->closing || !volume->disk_there)
		return;
	braid_volume_get(volume);
	if (!queue_work(closers, &volume->close_work))
		braid_volume_put(volume);
}

int braid_failure_init(void)
{
	closers = alloc_workqueue("braid-close", WQ_UNBOUND, 0);
	return closers ? 0 : -ENOMEM;
}

void braid_failure_exit(void)
{
	destroy_workqueue(closers);
}
