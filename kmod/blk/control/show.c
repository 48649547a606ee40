// SPDX-License-Identifier: GPL-2.0-only
#include "control/attach.h"

#include <linux/errno.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "io/disk.h"
#include "volume/peer.h"

/* What `volume show` tells: a copy, made under the lock. */

static void fill_peer(const struct braid_peer *peer, u64 now,
		      struct braid_volume_info *info, unsigned int i)
{
	u64 answered = READ_ONCE(peer->answered);

	info->peer[i].voter = peer->voter;
	info->peer[i].state = peer->state;
	info->peer[i].why = peer->why;
	info->peer[i].local = peer->here;
	info->peer[i].lost = peer->out;
	info->peer[i].answered_ms_ago = !answered ? BRAID_NEVER :
		answered < now ? div_u64(now - answered, NSEC_PER_MSEC) : 0;
}

static void fill(struct braid_volume *volume, struct braid_volume_info *info)
{
	u64 now = ktime_get_boottime_ns();
	unsigned long flags;
	unsigned int i;

	memset(info, 0, sizeof(*info));
	strscpy(info->name, volume->name, sizeof(info->name));
	strscpy(info->device, volume->device, sizeof(info->device));
	spin_lock_irqsave(&volume->lock, flags);
	info->state = volume->state;
	info->held = volume->held;
	info->dead_why = volume->dead_why;
	info->record = volume->record;
	info->epoch = volume->epoch;
	info->proposed = volume->ballot.open ? volume->ballot.record.isr : 0;
	if (volume->lease_until > now)
		info->lease_left_ms = div_u64(volume->lease_until - now,
					      NSEC_PER_MSEC);
	info->min_isr = volume->min_isr;
	info->suspend_timeout_ms = volume->suspend_timeout_ms;
	info->openers = braid_disk_openers(volume);
	/* Voters of other volumes are looked for while it is attached. */
	info->npeers = volume->epoch.counter ? volume->npeers : 0;
	for (i = 0; i < info->npeers; i++)
		fill_peer(&volume->peers[i], now, info, i);
	spin_unlock_irqrestore(&volume->lock, flags);
}

static void fill_all(struct braid_volume *volume,
		     struct braid_volume_info *info)
{
	fill(volume, info);
	/* The I/O part is there as long as the device is. */
	mutex_lock(&volume->showing);
	if (READ_ONCE(volume->disk_there))
		braid_io_info(volume, &info->io);
	mutex_unlock(&volume->showing);
}

int braid_volume_walk(struct braid_blk_node *node,
		      int (*fn)(const struct braid_volume_info *info,
				void *context),
		      void *context)
{
	struct braid_volume *volume = NULL;
	struct braid_volume_info *info;
	int error = 0;

	info = kvzalloc(sizeof(*info), GFP_KERNEL);
	if (!info)
		return -ENOMEM;
	while ((volume = braid_volume_next(node, volume))) {
		fill_all(volume, info);
		error = fn(info, context);
		if (error) {
			braid_volume_put(volume);
			break;
		}
	}
	kvfree(info);
	return error;
}

int braid_volume_lookup(struct braid_blk_node *node, const char *name,
			struct braid_volume_info *info)
{
	struct braid_volume *volume = braid_volume_find(node, name);

	if (!volume)
		return -ENOENT;
	fill_all(volume, info);
	braid_volume_put(volume);
	return 0;
}
