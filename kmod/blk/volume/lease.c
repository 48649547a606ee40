// SPDX-License-Identifier: GPL-2.0-only
#include "volume/lease.h"

#include <linux/ktime.h>
#include <linux/time64.h>

#include "proto/member.h"
#include "volume/peer.h"
#include "volume/volume.h"

void braid_lease_kick(struct braid_volume *volume)
{
	braid_volume_queue_in(volume, volume->voting, &volume->clock, 0);
}

void braid_lease_count(struct braid_volume *volume)
{
	u64 sent[BRAID_VOTER_ID_MAX + 1] = {};
	unsigned int i;
	u64 until;

	lockdep_assert_held(&volume->lock);
	if (volume->state == BRAID_VOLUME_DEAD)
		return;
	for (i = 0; i < volume->npeers; i++)
		sent[volume->peers[i].voter.id] = volume->peers[i].lease_sent;
	until = braid_lease_deadline(&volume->record, sent);
	WRITE_ONCE(volume->lease_until, until);
	if (until <= ktime_get_boottime_ns())
		return;
	braid_volume_hold(volume, 0, BRAID_HELD_LEASE);
	wake_up_all(&volume->wait);
}

void braid_lease_void(struct braid_volume *volume, u64 voters)
{
	unsigned int i;

	lockdep_assert_held(&volume->lock);
	for (i = 0; i < volume->npeers; i++) {
		struct braid_peer *peer = &volume->peers[i];

		if (!(peer->bit & voters))
			continue;
		peer->lease_sent = 0;
		peer->vote->counts = false;
	}
	braid_lease_count(volume);
}

/* The clock looks once a second. */
u64 braid_lease_awake(const struct braid_volume *volume, u64 now)
{
	u64 timeout = (u64)volume->member_timeout_ms * NSEC_PER_MSEC;

	lockdep_assert_held(&volume->lock);
	return volume->ticked && now > volume->ticked + timeout ?
		       now : volume->awake;
}
