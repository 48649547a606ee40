// SPDX-License-Identifier: GPL-2.0-only
#include "volume/volume.h"

#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "control/attach.h"
#include "control/ballot.h"
#include "control/clock.h"
#include "control/connect.h"
#include "control/detach.h"
#include "control/fence.h"
#include "io/disk.h"
#include "io/io.h"
#include "volume/event.h"
#include "volume/lease.h"

/*
 * Locks, outermost first: volume->control, volumes_lock, volume->showing,
 * volume->lock.  Those of
 * the I/O part, the replicas and the connections are not taken under
 * volume->lock, but for what says "any context, volume->lock held".
 *
 * Works: @voting and @errands are emptied by braid_volume_close(), after which
 * nothing can be queued (closing).  A work of @errands may wait for a voter as
 * long as its connection takes to be given up; none waits for another work.
 */

static DEFINE_MUTEX(volumes_lock);	/* protects the list */
static LIST_HEAD(volumes);

void braid_volume_get(struct braid_volume *volume)
{
	kref_get(&volume->ref);
}

static void volume_free(struct kref *ref)
{
	struct braid_volume *volume = container_of(ref, struct braid_volume,
						   ref);
	int i;

	for (i = 0; i < BRAID_VOTERS_MAX; i++)
		braid_vote_free(volume->peers[i].vote);
	memzero_explicit(&volume->secrets, sizeof(volume->secrets));
	/* Who handed a request over may still look at the peer's users. */
	kfree_rcu(volume, rcu);
}

void braid_volume_put(struct braid_volume *volume)
{
	kref_put(&volume->ref, volume_free);
}

struct braid_volume *braid_volume_find(const char *name)
{
	struct braid_volume *volume, *found = NULL;

	mutex_lock(&volumes_lock);
	list_for_each_entry(volume, &volumes, node) {
		if (strcmp(volume->name, name))
			continue;
		braid_volume_get(volume);
		found = volume;
		break;
	}
	mutex_unlock(&volumes_lock);
	return found;
}

/*
 * A reference to the volume after @last in the list, or the first one; drops
 * the one to @last.  What was taken off the list meanwhile ends the walk.
 */
struct braid_volume *braid_volume_next(struct braid_volume *last)
{
	struct braid_volume *next = NULL;

	mutex_lock(&volumes_lock);
	if (!last)
		next = list_first_entry_or_null(&volumes, struct braid_volume,
						node);
	else if (!list_empty(&last->node) && !list_is_last(&last->node, &volumes))
		next = list_next_entry(last, node);
	if (next)
		braid_volume_get(next);
	mutex_unlock(&volumes_lock);
	if (last)
		braid_volume_put(last);
	return next;
}

static int list_volume(struct braid_volume *volume)
{
	struct braid_volume *other;
	int error = 0;

	mutex_lock(&volumes_lock);
	list_for_each_entry(other, &volumes, node)
		if (!strcmp(other->name, volume->name))
			error = -EEXIST;
	if (!error)
		list_add_tail(&volume->node, &volumes);
	mutex_unlock(&volumes_lock);
	return error;
}

static void unlist_volume(struct braid_volume *volume)
{
	mutex_lock(&volumes_lock);
	list_del_init(&volume->node);
	mutex_unlock(&volumes_lock);
}

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

static void init_volume(struct braid_volume *volume, const char *name)
{
	kref_init(&volume->ref);
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
	INIT_WORK(&volume->flush_work, braid_detach_flush_work);
	INIT_WORK(&volume->close_work, braid_detach_work);
	INIT_DELAYED_WORK(&volume->clock, braid_lease_clock);
	INIT_DELAYED_WORK(&volume->fence_work, braid_fence_work);
}

struct braid_volume *braid_volume_new(const char *name, bool listed)
{
	struct braid_volume *volume;
	int error = -ENOMEM;

	/* A volume that is attached keeps the module. */
	if (!try_module_get(THIS_MODULE))
		return ERR_PTR(-ENODEV);
	volume = kzalloc(sizeof(*volume), GFP_KERNEL);
	if (!volume)
		goto err_put_module;
	init_volume(volume, name);
	error = make_votes(volume) ?: make_queues(volume);
	if (!error && listed)
		error = list_volume(volume);
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

struct braid_peer *braid_volume_peer(struct braid_volume *volume, u8 voter)
{
	unsigned int i;

	for (i = 0; i < volume->npeers; i++)
		if (volume->peers[i].voter.id == voter)
			return &volume->peers[i];
	return NULL;
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
		braid_peer_kill(&volume->peers[i]);
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
	unlist_volume(volume);
	braid_volume_put(volume);
	module_put(THIS_MODULE);
}

void braid_volume_queue(struct braid_volume *volume,
			struct workqueue_struct *queue,
			struct work_struct *work)
{
	lockdep_assert_held(&volume->lock);
	if (!volume->closing)
		queue_work(queue, work);
}

void braid_volume_queue_in(struct braid_volume *volume,
			   struct workqueue_struct *queue,
			   struct delayed_work *work, unsigned int ms)
{
	lockdep_assert_held(&volume->lock);
	if (!volume->closing)
		mod_delayed_work(queue, work, msecs_to_jiffies(ms));
}

void braid_volume_tell(struct braid_volume *volume, u32 news)
{
	lockdep_assert_held(&volume->lock);
	volume->news |= news;
	braid_volume_queue(volume, volume->errands, &volume->news_work);
	wake_up_all(&volume->wait);
}

static const char *held_text(u32 held)
{
	if (held & BRAID_HELD_REFUSED)
		return "a voter promised another writer";
	if (held & BRAID_HELD_LEASE)
		return "too few voters answer";
	if (held & BRAID_HELD_RECORD)
		return "a record waits for a majority";
	if (held & BRAID_HELD_MIN_ISR)
		return "fewer replicas than min-isr";
	return "asked to";
}

void braid_volume_hold(struct braid_volume *volume, u32 set, u32 clear)
{
	u32 before = volume->held;
	u32 held = (before & ~clear) | set;

	lockdep_assert_held(&volume->lock);
	if (held == before)
		return;
	volume->held = held;
	/* A person who suspends does not want it to die of that. */
	if (!(held & ~BRAID_HELD_USER))
		volume->suspended_since = 0;
	else if (!volume->suspended_since)
		volume->suspended_since = ktime_get_boottime_ns();
	if (volume->state == BRAID_VOLUME_ACTIVE && !before)
		braid_event_volume(volume->name, "suspended", 0,
				   held_text(held));
	if (volume->state == BRAID_VOLUME_ACTIVE && !held)
		braid_event_volume(volume->name, "resumed", 0, NULL);
	braid_volume_tell(volume, BRAID_NEWS_GATE);
}

struct braid_vote *braid_vote_alloc(void)
{
	struct braid_vote *vote = kzalloc(sizeof(*vote), GFP_KERNEL);

	if (!vote)
		return NULL;
	vote->slot = kmalloc(BRAID_SLOT_SIZE, GFP_KERNEL);
	if (vote->slot)
		return vote;
	kfree(vote);
	return NULL;
}

void braid_vote_free(struct braid_vote *vote)
{
	if (!vote)
		return;
	kfree(vote->slot);
	kfree(vote);
}

void braid_ballot_kick(struct braid_volume *volume)
{
	braid_volume_queue(volume, volume->voting, &volume->ballot_work);
}

bool braid_ballot_settled(const struct braid_volume *volume)
{
	lockdep_assert_held(&volume->lock);
	return volume->ballot.ready &&
	       !braid_epoch_cmp(&volume->record.mver.epoch, &volume->epoch);
}

bool braid_ballot_is_foreign(const struct braid_volume *volume,
			     const struct braid_record *record)
{
	lockdep_assert_held(&volume->lock);
	return record->mver.epoch.node != volume->epoch.node &&
	       braid_mver_cmp(&record->mver, volume->ballot.open ?
					     &volume->ballot.record.mver :
					     &volume->record.mver) > 0;
}

u64 braid_ballot_voters(const struct braid_volume *volume)
{
	u64 voters = 0;
	unsigned int i;

	lockdep_assert_held(&volume->lock);
	for (i = 0; i < volume->npeers; i++)
		if (volume->peers[i].promised && !volume->peers[i].broken)
			voters |= volume->peers[i].bit;
	return voters;
}
