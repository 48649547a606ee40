// SPDX-License-Identifier: GPL-2.0-only
#include "control/attach.h"

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/random.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "control/ask.h"
#include "control/attached.h"
#include "control/attempt.h"
#include "control/connect.h"
#include "control/detach.h"
#include "control/fork.h"
#include "control/reach.h"
#include "control/settle.h"
#include "io/disk.h"
#include "proto/member.h"
#include "proto/text.h"
#include "transport/backoff.h"
#include "transport/node.h"
#include "volume/event.h"
#include "volume/failure.h"
#include "volume/peer.h"
#include "volume/volume.h"

/* Attach: steps 0 to 4 of the protocol, and the device. */

#define TRIES_MAX		20	/* races lost before it is given up */
#define TAKEOVER_ASK_MS		300
#define RACE_ASK_MS		300	/* and up to as much again */
#define TAKEOVER_MARGIN_MS	3000	/* a holder hears of it with its next renewal */

/* A record of it, from those addresses or from here. */
static void scout_voters(const struct braid_volume_attach *how,
			 struct braid_voters *voters)
{
	unsigned int i;

	memset(voters, 0, sizeof(*voters));
	for (i = 0; i < how->nfrom && i < BRAID_VOTERS_MAX; i++) {
		voters->voter[i].address = how->from[i];
		voters->count++;
	}
}

/* Of two volumes that are called the same the person has to name one. */
static int highest(struct braid_attempt *a, const struct braid_record **out)
{
	const struct braid_record *best = NULL;
	unsigned int i;

	for (i = 0; i < a->ask->count; i++) {
		const struct braid_record *record =
			&a->ask->reply[i].answer.record;

		if (!a->ask->reply[i].told)
			continue;
		if (best && !uuid_equal(&best->volume, &record->volume))
			return braid_refuse(a->extack, -EUCLEAN,
					    "two volumes are called %s: %pUb and %pUb answer",
					    a->volume->name, &best->volume,
					    &record->volume);
		if (!best || braid_mver_cmp(&record->mver, &best->mver) > 0)
			best = record;
	}
	*out = best;
	return 0;
}

/* Step 0 begins with those that the person named and the one in this kernel. */
static int scout(struct braid_attempt *a)
{
	struct braid_volume *volume = a->volume;
	const struct braid_record *record = NULL;
	struct braid_question question = { .op = BRAID_OP_ASK,
					   .timeout_ms = BRAID_ANSWER_MS };
	char list[BRAID_MISSING_MAX];
	struct braid_voters voters;
	uuid_t nil = {};
	bool here;
	int error;

	scout_voters(a->how, &voters);
	here = braid_peer_here(volume->owner, &nil, volume->name, NULL) &&
	       voters.count < BRAID_VOTERS_MAX;
	if (here)
		voters.count++;
	if (!voters.count)
		return braid_refuse(a->extack, -ENOENT,
				    "no replica of it is open here, and no address is given");
	braid_volume_set_peers(volume, &voters, 0);
	if (here)
		volume->peers[voters.count - 1].here = true;
	error = braid_reach(volume);
	if (!error)
		error = braid_attempt_room(a);
	if (error)
		return error;
	question.epoch.counter = 1;
	question.epoch.node = a->node;
	braid_ask(a->ask, NULL, &question);
	braid_reach_blame(volume, a->ask);
	error = highest(a, &record);
	if (error)
		return error;
	if (!record)
		return braid_refuse(a->extack, -EHOSTUNREACH,
				    "nobody tells about it: %s",
				    braid_reach_list(volume, U64_MAX, list));
	if (!record->voters.count)
		return braid_refuse(a->extack, -ENODATA,
				    "it is not created yet: voter %u is blank",
				    record->voter);
	return braid_attempt_follow(a, record);
}

static int refuse_race(struct braid_attempt *a)
{
	return braid_refuse(a->extack, -EAGAIN,
			    "another node attaches %s at the same time",
			    a->volume->name);
}

static int wait_for_holder(struct braid_attempt *a)
{
	u64 *deadline = a->race ? &a->race_deadline : &a->deadline;
	u64 now = ktime_get_boottime_ns();

	if (!a->race)
		a->race_deadline = 0;
	if (!a->how->takeover && !a->race)
		return braid_refuse(a->extack, -EBUSY,
				    "volume is attached at %s, its lease runs %llu ms",
				    a->holder, a->held_ms);
	if (!*deadline)
		*deadline = now + (a->held_ms + TAKEOVER_MARGIN_MS) *
			    NSEC_PER_MSEC;
	if (now >= *deadline && a->race)
		return refuse_race(a);
	if (now >= *deadline)
		return braid_refuse(a->extack, -EBUSY,
				    "%s goes on renewing its lease: the volume is in use there",
				    a->holder);
	/* Whose promises run out together must not ask together again. */
	if (msleep_interruptible(a->race ? RACE_ASK_MS +
					   get_random_u32() % RACE_ASK_MS :
					   TAKEOVER_ASK_MS))
		return -EINTR;
	return -EAGAIN;
}

/* Steps 0 to 3, until they succeed or cannot. */
static int win(struct braid_attempt *a)
{
	unsigned int tried = 0;
	int error;

	for (;;) {
		error = braid_attempt_promises(a);
		if (error == -EBUSY)
			error = wait_for_holder(a);
		else if (error == -EAGAIN)
			tried++;
		if (!error) {
			error = braid_attempt_record(a);
			tried++;
		}
		if (error != -EAGAIN)
			return error;
		if (tried >= TRIES_MAX)
			return refuse_race(a);
		if (tried &&
		    msleep_interruptible(braid_backoff_ms(tried,
							  get_random_u32())))
			return -EINTR;
	}
}

static void set_active(struct braid_volume *volume)
{
	unsigned long flags;

	spin_lock_irqsave(&volume->lock, flags);
	if (volume->state == BRAID_VOLUME_ATTACHING)
		volume->state = BRAID_VOLUME_ACTIVE;
	braid_volume_tell(volume, BRAID_NEWS_GATE | BRAID_NEWS_MEMBERSHIP);
	spin_unlock_irqrestore(&volume->lock, flags);
}

/* Step 4, and the device. */
static int serve(struct braid_attempt *a)
{
	struct braid_volume *volume = a->volume;
	unsigned long *dirty = NULL;
	unsigned long flags;
	u64 kept;
	u8 source;
	int error;

	error = braid_settle(volume, a->clean, a->choice.source, &dirty,
			     &source, &kept, a->extack);
	if (error)
		return error;
	set_active(volume);
	if (dirty)
		braid_io_reconcile(volume, dirty, source, kept);
	else
		braid_volume_equal(volume);
	error = braid_disk_add(volume, volume->record.size,
			       volume->record.flags & BRAID_RECORD_DISCARD);
	if (error)
		return braid_refuse(a->extack, error,
				    "cannot make the device of %s: error %d",
				    volume->name, error);
	spin_lock_irqsave(&volume->lock, flags);
	volume->disk_there = true;
	spin_unlock_irqrestore(&volume->lock, flags);
	return 0;
}

static int attach(struct braid_attempt *a)
{
	int error;

	error = scout(a);
	if (error)
		return error;
	if (a->how->force)
		return braid_fork(a);
	error = win(a);
	return error ?: serve(a);
}

static void note_failure(struct braid_volume *volume)
{
	unsigned long flags;

	/* Reads of a device that is half made must not wait for ever. */
	spin_lock_irqsave(&volume->lock, flags);
	braid_volume_die(volume, "could not be attached");
	spin_unlock_irqrestore(&volume->lock, flags);
}

static int attach_volume(struct braid_volume *volume,
			 const struct braid_volume_attach *how, u64 node,
			 struct braid_voters *forked,
			 struct netlink_ext_ack *extack)
{
	struct braid_attempt *a;
	int error;

	a = kvzalloc(sizeof(*a), GFP_KERNEL);
	if (!a)
		return -ENOMEM;
	a->how = how;
	a->volume = volume;
	a->extack = extack;
	a->forked = forked;
	a->node = node;
	volume->secrets = how->secrets;
	volume->min_isr = how->min_isr ?: 1;
	volume->suspend_timeout_ms = how->suspend_timeout_ms;
	error = attach(a);
	braid_ask_free(a->ask);
	kvfree(a);
	if (error == -EINTR)
		braid_refuse(extack, error, "interrupted");
	return error;
}

static int refuse_new(const struct braid_blk_node *owner, const char *name,
		      int error, struct netlink_ext_ack *extack)
{
	if (error == -EEXIST)
		return braid_refuse(extack, error,
				    "it is attached here already");
	if (error == -ENAMETOOLONG)
		return braid_refuse(extack, error,
				    "the device would be called %s@%u, which is longer than %u bytes",
				    name, owner->number, BRAID_DEVICE_MAX);
	return error;
}

static int attach_as(struct braid_blk_node *owner,
		     const struct braid_volume_attach *how, u64 node,
		     struct braid_voters *forked,
		     struct netlink_ext_ack *extack)
{
	struct braid_volume *volume;
	int error;

	volume = braid_volume_new(owner, how->name, true,
				  &braid_detach_works);
	if (IS_ERR(volume))
		return refuse_new(owner, how->name, PTR_ERR(volume), extack);
	braid_volume_get(volume);
	mutex_lock(&volume->control);
	error = attach_volume(volume, how, node, forked, extack);
	if (error || forked->count) {
		note_failure(volume);
		braid_detach_force(volume);
	} else {
		braid_event_volume(volume->owner, volume->name, "attached", 0,
				   NULL);
	}
	mutex_unlock(&volume->control);
	braid_volume_put(volume);
	return error;
}

/*
 * The volume that a force made is attached like any other, by the node that its
 * voters promised.
 */
static int attach_forked(struct braid_blk_node *owner,
			 const struct braid_volume_attach *how, u64 node,
			 const struct braid_voters *made,
			 struct netlink_ext_ack *extack)
{
	struct braid_voters none = {};
	struct braid_volume_attach *again;
	unsigned int i;
	int error;

	again = kmemdup(how, sizeof(*how), GFP_KERNEL);
	if (!again)
		return -ENOMEM;
	again->force = false;
	again->nfrom = made->count;
	for (i = 0; i < made->count; i++)
		again->from[i] = made->voter[i].address;
	error = attach_as(owner, again, node, &none, extack);
	kfree_sensitive(again);
	return error;
}

int braid_volume_attach(struct braid_blk_node *owner,
			const struct braid_volume_attach *how,
			struct netlink_ext_ack *extack)
{
	struct braid_voters forked = {};
	const char *wrong;
	int error;
	u64 node;

	wrong = braid_reach_check_name(how->name);
	if (wrong)
		return braid_refuse(extack, -EINVAL, "%s", wrong);
	if (how->dead && !how->takeover)
		return braid_refuse(extack, -EINVAL,
				    "dead goes with takeover only");
	get_random_bytes(&node, sizeof(node));
	error = attach_as(owner, how, node, &forked, extack);
	if (!error && forked.count)
		error = attach_forked(owner, how, node, &forked, extack);
	return error;
}
