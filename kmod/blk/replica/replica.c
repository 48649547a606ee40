// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "replica/replica.h"

#include <crypto/hash.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/math64.h>
#include <linux/netlink.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "proto/text.h"
#include "replica/replica_state.h"
#include "replica/session.h"
#include "store/journal.h"
#include "store/slots.h"
#include "store/store.h"

static struct workqueue_struct *workqueue;

void braid_replica_destroy(struct braid_replica *replica)
{
	if (replica->sha256)
		crypto_free_shash(replica->sha256);
	kfree(replica->clear);
	kfree(replica->slot);
	kfree(replica->path);
	kfree(replica);
}

/*
 * Frees a replica. The last reference is dropped after braid_replica_close()
 * dropped that of the list: sessions were cut and drained, the works have run,
 * store and journal are closed. A task that held a reference until now could
 * only read.
 */
static void replica_release(struct kref *ref)
{
	braid_replica_destroy(container_of(ref, struct braid_replica, ref));
}

/**
 * braid_replica_hold() - take another reference
 * @replica: a referenced replica
 */
void braid_replica_hold(struct braid_replica *replica)
{
	kref_get(&replica->ref);
}

/**
 * braid_replica_put() - drop a reference
 * @replica: the replica
 */
void braid_replica_put(struct braid_replica *replica)
{
	kref_put(&replica->ref, replica_release);
}

/**
 * braid_replica_admit() - check whether an epoch is served
 * @replica: the replica
 * @epoch: the epoch
 *
 * Context: Any, with @replica->lock held.
 * Return: 0; -ESTALE; -ENODATA; or -EINVAL if the epoch is not promised.
 */
int braid_replica_admit(const struct braid_replica *replica,
			const struct braid_epoch *epoch)
{
	const struct braid_epoch *preparing = &replica->preparing;

	lockdep_assert_held(&replica->lock);
	if (braid_epoch_cmp(epoch, preparing) < 0)
		return -ESTALE;
	return braid_verdict_errno(braid_voter_admit(&replica->record, epoch));
}

/*
 * Computes what the record allows the promised writer to do. A member that has
 * not received the record of this writer yet accepts writes by the record of
 * the previous writer, because the majority that made this writer's record
 * durable need not include it.
 */
static u32 replica_may(const struct braid_replica *replica)
{
	const struct braid_record *record = &replica->record;
	const bool member = record->isr & BRAID_VOTER_BIT(record->voter);
	const bool current_record = !braid_epoch_cmp(&record->mver.epoch,
						     &record->promised);
	u32 may = 0;

	if (!replica->journal || !record->voters.count ||
	    record->own == BRAID_OWN_BLANK)
		return 0;
	if (record->own == BRAID_OWN_INSYNC && member)
		may |= BRAID_MAY_READ;
	/*
	 * A clean record allows no writes, and an ejected replica must join
	 * first.
	 */
	if (!current_record ||
	    (!(record->flags & BRAID_RECORD_CLEAN) &&
	     (member || record->own == BRAID_OWN_JOINING)))
		may |= BRAID_MAY_WRITE;
	if (record->flags & BRAID_RECORD_DISCARD &&
	    replica->store->unmap_zeroes)
		may |= BRAID_MAY_DISCARD;
	return may;
}

/**
 * braid_replica_refresh() - update the fields that depend on the record
 * @replica: the replica
 *
 * Context: Any, with @replica->lock held.
 */
void braid_replica_refresh(struct braid_replica *replica)
{
	lockdep_assert_held(&replica->lock);
	WRITE_ONCE(replica->size, replica->record.size);
	WRITE_ONCE(replica->region_shift, replica->record.region_shift);
	WRITE_ONCE(replica->may, replica_may(replica));
}

static void apply_committed(struct braid_replica *replica)
{
	lockdep_assert_held(&replica->lock);
	braid_voter_committed(&replica->record, replica->committed);
}

/**
 * braid_replica_committed() - note a commit that the promised writer reported (G4)
 * @replica: the replica
 * @committed: generation of the committed record
 *
 * Context: Any.
 */
void braid_replica_committed(struct braid_replica *replica, u32 committed)
{
	unsigned long flags;

	if (committed <= READ_ONCE(replica->committed))
		return;
	spin_lock_irqsave(&replica->lock, flags);
	if (committed > replica->committed) {
		WRITE_ONCE(replica->committed, committed);
		apply_committed(replica);
	}
	spin_unlock_irqrestore(&replica->lock, flags);
}

/**
 * braid_replica_grant_left() - compute the remaining time of the grant
 * @replica: the replica
 *
 * Context: Any, with @replica->lock held.
 * Return: the time in milliseconds; 0 if the grant has expired.
 */
u64 braid_replica_grant_left(const struct braid_replica *replica)
{
	const u64 now = ktime_get_boottime_ns();

	lockdep_assert_held(&replica->lock);
	if (now >= replica->grant.until)
		return 0;
	return DIV_ROUND_UP_ULL(replica->grant.until - now, NSEC_PER_MSEC);
}

/**
 * braid_replica_record() - make a new record durable
 * @replica: the replica, with the new record in @next
 *
 * Writes @next with the next sequence, and then replaces the record.
 *
 * Context: Process, may sleep; @replica->control held.
 * Return: 0; -EINVAL if @next is not a valid record; -ENOMEM; after any other
 * error the replica has failed for good.
 */
int braid_replica_record(struct braid_replica *replica)
{
	struct braid_record *next = &replica->next;
	int error;

	lockdep_assert_held(&replica->control);
	/*
	 * Only G4 changes the record meanwhile, by raising last_insync_gen. The
	 * lock is needed here for reading it and below for replacing the
	 * record.
	 */
	spin_lock_irq(&replica->lock);
	next->sequence = replica->record.sequence + 1;
	next->last_insync_gen = max(next->last_insync_gen,
				    replica->record.last_insync_gen);
	spin_unlock_irq(&replica->lock);

	/* A record that could not be decoded again must not be written. */
	braid_record_encode(next, replica->slot);
	if (braid_record_decode(&replica->proposal, replica->slot))
		return -EINVAL;
	error = braid_slots_write(replica->store, next);
	if (error == -ENOMEM)
		return error;
	if (error) {
		pr_err("replica %s: record cannot be written (%pe); it promises and serves nothing any more\n",
		       replica->path, ERR_PTR(error));
		WRITE_ONCE(replica->failed, true);
		return -EIO;
	}
	spin_lock_irq(&replica->lock);
	next->last_insync_gen = max(next->last_insync_gen,
				    replica->record.last_insync_gen);
	replica->record = *next;
	apply_committed(replica);
	braid_replica_refresh(replica);
	spin_unlock_irq(&replica->lock);
	return 0;
}

/**
 * braid_replica_queue() - queue a work of a replica
 * @work: control_work or digest_work
 */
void braid_replica_queue(struct work_struct *work)
{
	queue_work(workqueue, work);
}

/**
 * braid_replica_info() - report the state of a replica
 * @replica: the replica
 * @info: filled in
 *
 * Context: Process.
 */
void braid_replica_info(struct braid_replica *replica,
			struct braid_replica_info *info)
{
	struct braid_journal *journal;
	struct braid_store *store;

	memset(info, 0, sizeof(*info));
	strscpy(info->path, replica->path, sizeof(info->path));
	info->store = replica->id;
	info->data_size = replica->data_size;
	spin_lock_irq(&replica->lock);
	info->record = replica->record;
	info->lease_left_ms = braid_replica_grant_left(replica);
	info->lease_epoch = replica->grant.epoch;
	journal = replica->journal;
	store = replica->store;
	info->failed = READ_ONCE(replica->failed) ||
		       (store && READ_ONCE(store->flush_failed));
	if (journal) {
		info->regions_dirty = braid_journal_dirty_count(journal);
		info->failed |= braid_journal_failed(journal);
	}
	spin_unlock_irq(&replica->lock);
}

int braid_replica_queue_init(void)
{
	workqueue = alloc_workqueue("braid_replica",
				    WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	return workqueue ? 0 : -ENOMEM;
}

void braid_replica_queue_exit(void)
{
	destroy_workqueue(workqueue);
}
