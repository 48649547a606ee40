// SPDX-License-Identifier: GPL-2.0-only
#include "volume/volume.h"

#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "transport/node.h"
#include "volume/event.h"

/*
 * Locks, outermost first: volume->control, volumes_lock, volume->showing,
 * volume->lock.  Those of the I/O part, the replicas and the connections are not
 * taken under volume->lock, but for what says "any context, volume->lock held".
 *
 * Works: @voting and @errands are emptied by braid_volume_close(), after which
 * nothing can be queued (closing).  A work of @errands may wait for a voter as
 * long as its connection takes to be given up; none waits for another work.
 */

static DEFINE_MUTEX(volumes_lock); /* the nodes' lists of volumes */

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

struct braid_volume *braid_volume_find(struct braid_blk_node *node,
				       const char *name)
{
	struct braid_volume *volume, *found = NULL;

	mutex_lock(&volumes_lock);
	list_for_each_entry(volume, &node->volumes, node) {
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
struct braid_volume *braid_volume_next(struct braid_blk_node *node,
				       struct braid_volume *last)
{
	struct braid_volume *next = NULL;

	mutex_lock(&volumes_lock);
	if (!last)
		next = list_first_entry_or_null(&node->volumes,
						struct braid_volume, node);
	else if (!list_empty(&last->node) &&
		 !list_is_last(&last->node, &node->volumes))
		next = list_next_entry(last, node);
	if (next)
		braid_volume_get(next);
	mutex_unlock(&volumes_lock);
	if (last)
		braid_volume_put(last);
	return next;
}

void braid_volume_each(struct braid_blk_node *node,
		       void (*fn)(struct braid_volume *volume))
{
	struct braid_volume *volume;

	mutex_lock(&volumes_lock);
	list_for_each_entry(volume, &node->volumes, node)
		fn(volume);
	mutex_unlock(&volumes_lock);
}

int braid_volume_list(struct braid_volume *volume)
{
	struct list_head *volumes = &volume->owner->volumes;
	struct braid_volume *other;
	int error = 0;

	mutex_lock(&volumes_lock);
	list_for_each_entry(other, volumes, node)
		if (!strcmp(other->name, volume->name))
			error = -EEXIST;
	if (!error)
		list_add_tail(&volume->node, volumes);
	mutex_unlock(&volumes_lock);
	return error;
}

void braid_volume_unlist(struct braid_volume *volume)
{
	mutex_lock(&volumes_lock);
	list_del_init(&volume->node);
	mutex_unlock(&volumes_lock);
}

struct braid_peer *braid_volume_peer(struct braid_volume *volume, u8 voter)
{
	unsigned int i;

	for (i = 0; i < volume->npeers; i++)
		if (volume->peers[i].voter.id == voter)
			return &volume->peers[i];
	return NULL;
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
		braid_event_volume(volume->owner, volume->name, "suspended", 0,
				   held_text(held));
	if (volume->state == BRAID_VOLUME_ACTIVE && !held)
		braid_event_volume(volume->owner, volume->name, "resumed", 0,
				   NULL);
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

void braid_volume_equal(struct braid_volume *volume)
{
	unsigned long flags;

	spin_lock_irqsave(&volume->lock, flags);
	volume->unequal = false;
	/* Ids of stores may be recorded now. */
	braid_ballot_kick(volume);
	spin_unlock_irqrestore(&volume->lock, flags);
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
