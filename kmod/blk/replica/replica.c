// SPDX-License-Identifier: GPL-2.0-only
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
 * The last reference goes after braid_replica_close(), which dropped that of the
 * registry: sessions were cut and drained, the works have run, store and journal
 * are closed.  Who had a reference until now could but look.
 */
static void release(struct kref *ref)
{
	braid_replica_destroy(container_of(ref, struct braid_replica, ref));
}

void braid_replica_hold(struct braid_replica *replica)
{
	kref_get(&replica->ref);
}

void braid_replica_put(struct braid_replica *replica)
{
	kref_put(&replica->ref, release);
}

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
 * A member that has not been sent this writer's record yet is written to by the
 * record of the writer before: the majority that makes a record durable need not
 * include it.
 */
static u32 may(const struct braid_replica *replica)
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
	/* Closed means closed; who was ejected joins before it is written to. */
	if (!current_record ||
	    (!(record->flags & BRAID_RECORD_CLEAN) &&
	     (member || record->own == BRAID_OWN_JOINING)))
		may |= BRAID_MAY_WRITE;
	if (record->flags & BRAID_RECORD_DISCARD &&
	    replica->store->unmap_zeroes)
		may |= BRAID_MAY_DISCARD;
	return may;
}

void braid_replica_refresh(struct braid_replica *replica)
{
	lockdep_assert_held(&replica->lock);
	WRITE_ONCE(replica->size, replica->record.size);
	WRITE_ONCE(replica->region_shift, replica->record.region_shift);
	WRITE_ONCE(replica->may, may(replica));
}

static void apply_committed(struct braid_replica *replica)
{
	lockdep_assert_held(&replica->lock);
	braid_voter_committed(&replica->record, replica->committed);
}

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

u64 braid_replica_grant_left(const struct braid_replica *replica)
{
	const u64 now = ktime_get_boottime_ns();

	lockdep_assert_held(&replica->lock);
	if (now >= replica->grant.until)
		return 0;
	return DIV_ROUND_UP_ULL(replica->grant.until - now, NSEC_PER_MSEC);
}

int braid_replica_record(struct braid_replica *replica)
{
	struct braid_record *next = &replica->next;
	int error;

	lockdep_assert_held(&replica->control);
	/*
	 * Nobody else changes it, but for G4 raising this.  Under the lock both
	 * for the reading and, below, for the taking over.
	 */
	spin_lock_irq(&replica->lock);
	next->sequence = replica->record.sequence + 1;
	next->last_insync_gen = max(next->last_insync_gen,
				    replica->record.last_insync_gen);
	spin_unlock_irq(&replica->lock);

	/* What could not be read again must not be written. */
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

void braid_replica_queue(struct work_struct *work)
{
	queue_work(workqueue, work);
}

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
