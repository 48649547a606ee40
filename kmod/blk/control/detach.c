// SPDX-License-Identifier: GPL-2.0-only
#include "control/detach.h"

#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "control/attach.h"
#include "control/attached.h"
#include "control/ballot.h"
#include "io/disk.h"
#include "io/io.h"
#include "proto/text.h"
#include "volume/event.h"
#include "volume/failure.h"
#include "volume/lease.h"
#include "volume/volume.h"

#define DRAIN_MS	200	/* between two looks whether it is held */
#define CLEAN_MS	15000	/* for a majority to record that it is closed */
#define REST_MS		1000	/* for the other voters to record it too */

static bool has_clean_record(struct braid_volume *volume, bool clean)
{
	unsigned long flags;
	bool has;

	spin_lock_irqsave(&volume->lock, flags);
	has = !volume->ballot.open && braid_ballot_settled(volume) &&
	      !!(volume->record.flags & BRAID_RECORD_CLEAN) == clean;
	has |= volume->state == BRAID_VOLUME_DEAD;
	spin_unlock_irqrestore(&volume->lock, flags);
	return has;
}

/* Does every voter that is there have the record of now? */
static bool all_have_it(struct braid_volume *volume)
{
	unsigned long flags;
	bool all = true;
	unsigned int i;

	spin_lock_irqsave(&volume->lock, flags);
	for (i = 0; i < volume->npeers; i++) {
		const struct braid_peer *peer = &volume->peers[i];

		if (peer->promised && !peer->broken &&
		    braid_mver_cmp(&peer->recorded, &volume->record.mver) < 0)
			all = false;
	}
	spin_unlock_irqrestore(&volume->lock, flags);
	return all;
}

static void want_clean(struct braid_volume *volume, bool clean)
{
	unsigned long flags;

	spin_lock_irqsave(&volume->lock, flags);
	volume->ballot.clean = clean;
	/*
	 * A proposal that says closed may be durable already: nothing is
	 * written before one that says otherwise is.
	 */
	if (!clean && (volume->record.flags & BRAID_RECORD_CLEAN ||
		       (volume->ballot.open &&
			volume->ballot.record.flags & BRAID_RECORD_CLEAN))) {
		volume->ballot.reopening = true;
		braid_lease_void(volume, ~0ULL);
		braid_volume_hold(volume, BRAID_HELD_RECORD, 0);
	}
	braid_ballot_kick(volume);
	spin_unlock_irqrestore(&volume->lock, flags);
}

/* What waits cannot be waited for. */
static int refuse_held(struct braid_volume *volume,
		       struct netlink_ext_ack *extack)
{
	struct braid_volume_info *info;
	char why[BRAID_WHY_MAX];
	int error;

	info = kvzalloc(sizeof(*info), GFP_KERNEL);
	if (!info)
		return -ENOMEM;
	error = braid_volume_lookup(volume->owner, volume->name, info);
	if (error)
		goto out_free;
	braid_volume_why(info, why);
	error = braid_refuse(extack, -EBUSY, "%s; force fails what waits", why);
out_free:
	kvfree(info);
	return error;
}

/* @until: NULL: for ever.  Return: jiffies, at most @most. */
static long left_of(const unsigned long *until, long most)
{
	return until ? clamp((long)(*until - jiffies), 0L, most) : most;
}

/* Waits until all is acknowledged; looks up from time to time. */
static int drain(struct braid_volume *volume, const unsigned long *until,
		 struct netlink_ext_ack *extack)
{
	int error;
	u32 held;

	do {
		if (!left_of(until, 1))
			return -ETIMEDOUT;
		if (READ_ONCE(volume->state) == BRAID_VOLUME_DEAD)
			return 0;
		held = READ_ONCE(volume->held);
		if (held & ~BRAID_HELD_MIN_ISR)
			return refuse_held(volume, extack);
		error = braid_io_drain(volume, DRAIN_MS);
		if (error == -ETIMEDOUT && held)
			return refuse_held(volume, extack);
		if (error == -ETIMEDOUT && signal_pending(current))
			return -EINTR;
	} while (error == -ETIMEDOUT);
	if (error)
		braid_refuse(extack, error,
			     "what is in flight ends with error %d", error);
	return error;
}

static int record_clean(struct braid_volume *volume,
			const unsigned long *until,
			struct netlink_ext_ack *extack)
{
	long left = left_of(until, msecs_to_jiffies(CLEAN_MS));

	if (!left)
		return -ETIMEDOUT;
	want_clean(volume, true);
	left = wait_event_interruptible_timeout(volume->wait,
						has_clean_record(volume, true),
						left);
	if (left <= 0) {
		want_clean(volume, false);
		return left ? -EINTR :
		       braid_refuse(extack, -ETIMEDOUT,
				    "no majority of voters records in time that it is closed; it stays attached");
	}
	if (READ_ONCE(volume->state) == BRAID_VOLUME_DEAD)
		return 0;
	wait_event_timeout(volume->wait, all_have_it(volume),
			   msecs_to_jiffies(REST_MS));
	return 0;
}

static void detach_flush_work(struct work_struct *work)
{
	struct braid_volume *volume = container_of(work, struct braid_volume,
						   flush_work);
	int error = braid_io_flush_and_clear(volume);
	unsigned long flags;

	spin_lock_irqsave(&volume->lock, flags);
	volume->flushing = false;
	volume->flush_error = error;
	spin_unlock_irqrestore(&volume->lock, flags);
	wake_up_all(&volume->wait);
}

/* Is there no use in waiting for it any longer? */
static bool flush_ended(struct braid_volume *volume)
{
	return !READ_ONCE(volume->flushing) ||
	       READ_ONCE(volume->state) == BRAID_VOLUME_DEAD ||
	       READ_ONCE(volume->held) & ~BRAID_HELD_MIN_ISR;
}

static int wait_for_flush(struct braid_volume *volume,
			  const unsigned long *until,
			  struct netlink_ext_ack *extack)
{
	long left = left_of(until, MAX_SCHEDULE_TIMEOUT);

	left = wait_event_interruptible_timeout(volume->wait,
						flush_ended(volume), left);
	if (left <= 0)
		return left ? -EINTR : -ETIMEDOUT;
	if (READ_ONCE(volume->state) == BRAID_VOLUME_DEAD)
		return 0;
	return READ_ONCE(volume->flushing) ? refuse_held(volume, extack) : 0;
}

/*
 * One that is not waited for any more does no harm: it goes on, and the volume
 * works meanwhile.  What was written since is not covered by it, though.
 */
static int flush_and_clear(struct braid_volume *volume,
			   const unsigned long *until,
			   struct netlink_ext_ack *extack)
{
	unsigned long flags;
	int error;

	error = wait_for_flush(volume, until, extack);
	if (error || READ_ONCE(volume->state) == BRAID_VOLUME_DEAD)
		return error;
	spin_lock_irqsave(&volume->lock, flags);
	volume->flushing = true;
	braid_volume_queue(volume, volume->errands, &volume->flush_work);
	spin_unlock_irqrestore(&volume->lock, flags);
	error = wait_for_flush(volume, until, extack);
	if (error || READ_ONCE(volume->state) == BRAID_VOLUME_DEAD)
		return error;
	error = READ_ONCE(volume->flush_error);
	return error ? braid_refuse(extack, error,
				    "%s stays attached: %s", volume->name,
				    error == -ETIMEDOUT ?
				    "not all members made everything durable in time" :
				    "a region that differs may be left") : 0;
}

/* In order: nothing is in flight, all is durable, a majority knows. */
static int close_in_order(struct braid_volume *volume,
			  const unsigned long *until,
			  struct netlink_ext_ack *extack)
{
	int error;

	error = drain(volume, until, extack);
	if (error || READ_ONCE(volume->state) == BRAID_VOLUME_DEAD)
		return error;
	error = flush_and_clear(volume, until, extack);
	if (error || READ_ONCE(volume->state) == BRAID_VOLUME_DEAD)
		return error;
	return record_clean(volume, until, extack);
}

static unsigned int count_openers(struct braid_volume *volume)
{
	unsigned long flags;
	unsigned int openers;

	spin_lock_irqsave(&volume->lock, flags);
	openers = braid_disk_openers(volume);
	spin_unlock_irqrestore(&volume->lock, flags);
	return openers;
}

static int refuse_open(struct braid_volume *volume, int error,
		       struct netlink_ext_ack *extack)
{
	unsigned int openers = count_openers(volume);

	/* Who had it open may have closed it since. */
	if (openers < 2)
		return braid_refuse(extack, error, "/dev/braid/%s is open",
				    volume->device);
	return braid_refuse(extack, error, "/dev/braid/%s is open %u times",
			    volume->device, openers);
}

static void finish(struct braid_volume *volume, enum braid_volume_state state)
{
	unsigned long flags;

	spin_lock_irqsave(&volume->lock, flags);
	if (volume->state != BRAID_VOLUME_DEAD)
		volume->state = state;
	spin_unlock_irqrestore(&volume->lock, flags);
	if (volume->io) {
		if (READ_ONCE(volume->state) == BRAID_VOLUME_DEAD)
			braid_io_fail(volume, -EIO);
		braid_io_gate(volume);
	}
	if (volume->disk_there)
		braid_event_volume(volume->owner, volume->name, "detached", 0,
				   volume->dead_why);
	braid_volume_close(volume);
}

void braid_detach_force(struct braid_volume *volume)
{
	unsigned long flags;

	spin_lock_irqsave(&volume->lock, flags);
	braid_volume_die(volume, "detached by force");
	spin_unlock_irqrestore(&volume->lock, flags);
	finish(volume, BRAID_VOLUME_DEAD);
}

/* Has every voter that is there the repeated record, or will not take it? */
static bool is_repeated(struct braid_volume *volume)
{
	unsigned long flags;
	bool over, open;

	spin_lock_irqsave(&volume->lock, flags);
	over = volume->state == BRAID_VOLUME_DEAD || volume->refused;
	open = volume->ballot.open;
	spin_unlock_irqrestore(&volume->lock, flags);
	return over || (!open && all_have_it(volume));
}

/*
 * It is closed.  One more record tells every voter how far the others came with
 * that, so that a copy of a store which was made before is known to be one (crash
 * case 12).  Nobody waits for it who could attach meanwhile: it may fail.
 */
static void repeat_record(struct braid_volume *volume)
{
	unsigned long flags;

	if (volume->npeers < 2)
		return;
	spin_lock_irqsave(&volume->lock, flags);
	/* From here on who is refused does not fight for it. */
	if (volume->state == BRAID_VOLUME_ACTIVE)
		volume->state = BRAID_VOLUME_DETACHING;
	braid_ballot_repeat(volume);
	spin_unlock_irqrestore(&volume->lock, flags);
	wait_event_timeout(volume->wait, is_repeated(volume),
			   msecs_to_jiffies(REST_MS));
}

/* @until: jiffies at which it is given up, as if it had not begun; NULL: never */
static int detach(struct braid_volume *volume, const unsigned long *until,
		  struct netlink_ext_ack *extack)
{
	int error;

	error = braid_disk_shut(volume->disk);
	if (error)
		return refuse_open(volume, error, extack);
	if (READ_ONCE(volume->state) == BRAID_VOLUME_DEAD) {
		finish(volume, BRAID_VOLUME_DEAD);
		return 0;
	}
	error = close_in_order(volume, until, extack);
	if (error) {
		braid_disk_unshut(volume->disk);
		return error;
	}
	if (READ_ONCE(volume->state) == BRAID_VOLUME_DEAD)
		error = braid_refuse(extack, -EIO,
				     "%s is detached, but not in order: %s",
				     volume->name, volume->dead_why);
	else
		repeat_record(volume);
	finish(volume, BRAID_VOLUME_DETACHING);
	return error;
}

/* Is it still there, for who has waited for its control mutex? */
static bool is_attached(struct braid_volume *volume)
{
	unsigned long flags;
	bool attached;

	spin_lock_irqsave(&volume->lock, flags);
	attached = volume->disk_there && !volume->closing;
	spin_unlock_irqrestore(&volume->lock, flags);
	return attached;
}

static int refuse_unknown(const char *name, struct netlink_ext_ack *extack)
{
	return braid_refuse(extack, -ENOENT, "no volume %s is attached here",
			    name);
}

static struct braid_volume *find(struct braid_blk_node *node, const char *name,
				 struct netlink_ext_ack *extack, int *error)
{
	struct braid_volume *volume = braid_volume_find(node, name);

	if (!volume) {
		*error = refuse_unknown(name, extack);
		return NULL;
	}
	*error = mutex_lock_interruptible(&volume->control);
	if (!*error && is_attached(volume))
		return volume;
	if (!*error) {
		mutex_unlock(&volume->control);
		*error = refuse_unknown(name, extack);
	}
	braid_volume_put(volume);
	return NULL;
}

static void release(struct braid_volume *volume)
{
	mutex_unlock(&volume->control);
	braid_volume_put(volume);
}

/*
 * Who detaches in order may wait for a member that never comes, with the mutex:
 * that ends with the volume's death.
 */
static int detach_force(struct braid_blk_node *node, const char *name,
			struct netlink_ext_ack *extack)
{
	struct braid_volume *volume = braid_volume_find(node, name);
	unsigned long flags;
	bool attached;
	int error;

	if (!volume)
		return refuse_unknown(name, extack);
	spin_lock_irqsave(&volume->lock, flags);
	attached = volume->disk_there && !volume->closing;
	if (attached)
		braid_volume_die(volume, "detached by force");
	spin_unlock_irqrestore(&volume->lock, flags);
	error = attached ? mutex_lock_interruptible(&volume->control) :
			   refuse_unknown(name, extack);
	if (!error) {
		if (is_attached(volume))
			finish(volume, BRAID_VOLUME_DEAD);
		mutex_unlock(&volume->control);
	}
	braid_volume_put(volume);
	return error;
}

int braid_volume_detach(struct braid_blk_node *node, const char *name,
			bool force, struct netlink_ext_ack *extack)
{
	struct braid_volume *volume;
	int error;

	if (force)
		return detach_force(node, name, extack);
	volume = find(node, name, extack, &error);
	if (!volume)
		return error;
	error = detach(volume, NULL, extack);
	release(volume);
	return error;
}

/* The work may run late: a taker asked within a lease, and the device is not open. */
static bool close_is_wanted(struct braid_volume *volume)
{
	u64 lease = (u64)volume->record.lease_ms * NSEC_PER_MSEC;
	unsigned long flags;
	bool wanted;

	spin_lock_irqsave(&volume->lock, flags);
	wanted = ktime_get_boottime_ns() - volume->close_asked < lease &&
		 !braid_disk_openers(volume);
	spin_unlock_irqrestore(&volume->lock, flags);
	return wanted;
}

/*
 * A taker's wish is forgotten after a lease: so long it is tried, and meanwhile
 * nobody can open the device.
 */
static void detach_work(struct work_struct *work)
{
	struct braid_volume *volume = container_of(work, struct braid_volume,
						   close_work);
	const unsigned long until =
		jiffies + msecs_to_jiffies(volume->record.lease_ms);

	if (close_is_wanted(volume)) {
		mutex_lock(&volume->control);
		if (is_attached(volume))
			detach(volume, &until, NULL);
		mutex_unlock(&volume->control);
	}
	braid_volume_put(volume);
}

const struct braid_volume_works braid_detach_works = {
	.flush = detach_flush_work,
	.close = detach_work,
};

static int set_suspended(struct braid_blk_node *node, const char *name,
			 bool suspended, struct netlink_ext_ack *extack)
{
	struct braid_volume *volume;
	unsigned long flags;
	int error;

	volume = find(node, name, extack, &error);
	if (!volume)
		return error;
	spin_lock_irqsave(&volume->lock, flags);
	if (volume->state == BRAID_VOLUME_DEAD)
		error = braid_refuse(extack, -EIO, "%s is dead: %s", name,
				     volume->dead_why);
	else
		braid_volume_hold(volume, suspended ? BRAID_HELD_USER : 0,
				  suspended ? 0 : BRAID_HELD_USER);
	/* Nobody waited for those that are away until now. */
	if (!error && !suspended)
		volume->awake = ktime_get_boottime_ns();
	spin_unlock_irqrestore(&volume->lock, flags);
	release(volume);
	return error;
}

int braid_volume_suspend(struct braid_blk_node *node, const char *name,
			 struct netlink_ext_ack *extack)
{
	return set_suspended(node, name, true, extack);
}

int braid_volume_resume(struct braid_blk_node *node, const char *name,
			struct netlink_ext_ack *extack)
{
	return set_suspended(node, name, false, extack);
}

int braid_volume_init(void)
{
	return braid_failure_init();
}

static void kill_volume(struct braid_volume *volume)
{
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&volume->lock, flags);
	if (!volume->closing)
		braid_volume_die(volume, "its network namespace is gone");
	spin_unlock_irqrestore(&volume->lock, flags);
	for (i = 0; i < volume->npeers; i++)
		braid_peer_stop(&volume->peers[i]);
}

void braid_volume_kill(struct braid_blk_node *node)
{
	braid_volume_each(node, kill_volume);
}

/* It is dead, which ends what a takeover's detach waits for, with the mutex. */
static void end_volume(struct braid_volume *volume)
{
	mutex_lock(&volume->control);
	/* Unless it was closed meanwhile. */
	if (!volume->closing)
		finish(volume, BRAID_VOLUME_DEAD);
	mutex_unlock(&volume->control);
}

void braid_volume_end(struct braid_blk_node *node)
{
	struct braid_volume *volume;

	while ((volume = braid_volume_next(node, NULL))) {
		end_volume(volume);
		braid_volume_put(volume);
	}
}

void braid_volume_exit(void)
{
	braid_failure_exit();
}
