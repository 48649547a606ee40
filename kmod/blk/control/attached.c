// SPDX-License-Identifier: GPL-2.0-only
/* Making the writer's side of a volume, giving it peers, and ending it. */
#include "control/attached.h"

#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "control/ballot.h"
#include "control/clock.h"
#include "control/connect.h"
#include "control/fence.h"
#include "io/disk.h"
#include "io/io.h"
#include "transport/node.h"
#include "volume/volume.h"

static void news_work(struct work_struct *work)
{
	struct braid_volume *volume = container_of(work, struct braid_volume,
						   news_work);
	unsigned long flags;
	u32 news;

	spin_lock_irqsave(&volume->lock, flags);
	news = volume->news;
	volume->news = 0;
	spin_unlock_irqrestore(&volume->lock, flags);

	if (!volume->io)
		return;
	if (news & BRAID_NEWS_DEAD)
		braid_io_fail(volume, -EIO);
	if (news & BRAID_NEWS_MEMBERSHIP)
		braid_io_membership(volume);
	if (news & BRAID_NEWS_GATE)
		braid_io_gate(volume);
}

static int make_queues(struct braid_volume *volume)
{
	volume->voting = alloc_ordered_workqueue("braid-vote-%s",
						 WQ_MEM_RECLAIM, volume->name);
	volume->errands = alloc_workqueue("braid-peer-%s",
					  WQ_UNBOUND | WQ_MEM_RECLAIM, 0,
					  volume->name);
	return volume->voting && volume->errands ? 0 : -ENOMEM;
}

static void end_queues(struct braid_volume *volume)
{
	if (volume->errands)
		destroy_workqueue(volume->errands);
	if (volume->voting)
		destroy_workqueue(volume->voting);
}

static int make_votes(struct braid_volume *volume)
{
	int i;

	for (i = 0; i < BRAID_VOTERS_MAX; i++) {
		volume->peers[i].vote = braid_vote_alloc();
		if (!volume->peers[i].vote)
			return -ENOMEM;
	}
	return 0;
}

static void init_volume(struct braid_volume *volume,
			struct braid_blk_node *node, const char *name,
			const struct braid_volume_works *works)
{
	kref_init(&volume->ref);
	volume->owner = node;
	strscpy(volume->name, name, sizeof(volume->name));
	INIT_LIST_HEAD(&volume->node);
	mutex_init(&volume->control);
	mutex_init(&volume->showing);
	spin_lock_init(&volume->lock);
	init_waitqueue_head(&volume->wait);
	volume->member_timeout_ms = BRAID_MEMBER_TIMEOUT_MS;
	get_random_bytes(&volume->session, sizeof(volume->session));
	INIT_WORK(&volume->ballot_work, braid_ballot_work);
	INIT_WORK(&volume->news_work, news_work);
	INIT_WORK(&volume->flush_work, works->flush);
	INIT_WORK(&volume->close_work, works->close);
	INIT_DELAYED_WORK(&volume->clock, braid_lease_clock);
	INIT_DELAYED_WORK(&volume->fence_work, braid_fence_work);
}

/* Outside the initial namespace with its number: the kernel's disks share one space. */
static int name_device(struct braid_volume *volume)
{
	const unsigned int number = volume->owner->number;
	int length;

	static_assert(sizeof("braid!") + BRAID_DEVICE_MAX <= DISK_NAME_LEN);

	length = snprintf(volume->device, sizeof(volume->device),
			  number ? "%s@%u" : "%s", volume->name, number);
	return length < sizeof(volume->device) ? 0 : -ENAMETOOLONG;
}

struct braid_volume *braid_volume_new(struct braid_blk_node *node,
				      const char *name, bool listed,
				      const struct braid_volume_works *works)
{
	struct braid_volume *volume;
	int error = -ENOMEM;

	/* A volume that is attached keeps the module. */
	if (!try_module_get(THIS_MODULE))
		return ERR_PTR(-ENODEV);
	volume = kzalloc(sizeof(*volume), GFP_KERNEL);
	if (!volume)
		goto err_put_module;
	init_volume(volume, node, name, works);
	error = braid_blk_node_number(node) ?:
		(listed ? name_device(volume) : 0) ?: make_votes(volume) ?:
		make_queues(volume);
	if (!error && listed)
		error = braid_volume_list(volume);
	if (!error)
		return volume;

	end_queues(volume);
	braid_volume_put(volume);
err_put_module:
	module_put(THIS_MODULE);
	return ERR_PTR(error);
}

void braid_volume_set_peers(struct braid_volume *volume,
			    const struct braid_voters *voters, u8 here)
{
	unsigned long flags;
	unsigned int i;

	for (i = 0; i < volume->npeers; i++)
		braid_peer_exit(&volume->peers[i]);

	spin_lock_irqsave(&volume->lock, flags);
	volume->local = NULL;
	volume->npeers = voters->count;
	for (i = 0; i < voters->count; i++) {
		const struct braid_voter *voter = &voters->voter[i];

		braid_peer_init(&volume->peers[i], volume, voter,
				here && voter->id == here);
		if (here && voter->id == here && !voter->witness)
			volume->local = &volume->peers[i];
	}
	spin_unlock_irqrestore(&volume->lock, flags);
}

/*
 * Nothing uses the volume's parts after this:
 * 1. closing: no work is queued any more, no session is opened;
 * 2. connections are broken, so that who is sending or waiting comes back;
 * 3. the device goes, and with its queue's last user who submits bios;
 * 4. works end, then each connection: every request has been answered;
 * 5. nothing is left that could touch the I/O part and the queues.
 */
void braid_volume_close(struct braid_volume *volume)
{
	unsigned long flags;
	unsigned int i;
	bool disk;

	mutex_lock(&volume->showing);
	spin_lock_irqsave(&volume->lock, flags);
	volume->closing = true;
	disk = volume->disk_there;
	volume->disk_there = false;
	spin_unlock_irqrestore(&volume->lock, flags);
	mutex_unlock(&volume->showing);

	for (i = 0; i < volume->npeers; i++)
		braid_peer_stop(&volume->peers[i]);
	if (disk)
		braid_disk_remove(volume);
	cancel_work_sync(&volume->flush_work);
	cancel_delayed_work_sync(&volume->fence_work);
	cancel_delayed_work_sync(&volume->clock);
	cancel_work_sync(&volume->ballot_work);
	for (i = 0; i < volume->npeers; i++)
		braid_peer_exit(&volume->peers[i]);
	cancel_work_sync(&volume->news_work);
	if (volume->io)
		braid_io_exit(volume);
	end_queues(volume);
	braid_volume_unlist(volume);
	braid_volume_put(volume);
	module_put(THIS_MODULE);
}
