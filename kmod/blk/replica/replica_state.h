/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_REPLICA_STATE_H
#define BRAID_BLK_REPLICA_STATE_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "proto/member.h"
#include "proto/record.h"

struct braid_blk_node;
struct braid_journal;
struct braid_journal_clear;
struct braid_store;
struct crypto_shash;

/* What the parts of an open replica share: replica, session, vote, serve, digest. */

/*
 * Locks, in the order in which they are taken:
 *
 * opening	of a node: what is open there, by path and by voter, does not change;
 *		sleeps as long as an opening, not for the end of what is closed
 * control	of a replica: its durable record, the opening of sessions; sleeps
 *		until the disk answers
 * registry	the nodes' lists of replicas; held for moments, nothing is taken in it but
 *		a replica's lock
 * lock		of a replica: what readers and the data path share; any context
 * the journal's lock, a leaf
 *
 * The data path takes no mutex.  A request is counted by its session from its
 * admission to its answer; whatever must not meet it cuts the session, under the
 * replica's lock, and waits for it to drain.  What drains never needs what
 * waits: answers to data come from the store and from the journal's worker, those
 * to control requests from control_work, and only the closing of a replica waits
 * for these, with no mutex held.
 */

/* struct braid_replica.may: what the record allows a writer of its epoch. */
#define BRAID_MAY_READ		BIT(0)	/* I4: it is complete and was not ejected */
#define BRAID_MAY_WRITE		BIT(1)
#define BRAID_MAY_DISCARD	BIT(2)

/**
 * struct braid_replica - an open replica or witness
 * @ref: one while it is in the registry
 * @node: in the list of its owner; the registry's mutex
 * @owner: the node that it is open in
 * @number: of its opening, in the order of the registry
 * @path: as it was opened
 * @id: of this opening of the store
 * @data_size: bytes the store has room for
 * @store: closed when the last session ended and no request runs; @control and
 *	@lock; who is admitted needs neither
 * @journal: NULL for a witness and before the volume is created; set once and
 *	taken back like @store; @control and @lock; who is admitted need neither
 * @sha256: for digests
 * @control: serialises all that changes the durable record, and the opening of
 *	sessions; sleeps
 * @next: @control's: the record that is being made durable
 * @proposal: @control's: one that came from outside
 * @slot: @control's: BRAID_SLOT_SIZE bytes
 * @clear: @control's: BRAID_RING_PER_RECORD of them
 * @lock: protects the fields below it; taken in any context
 * @record: the durable record, but for what G4 raised since (never waited for);
 *	changed with @control held too, except by G4
 * @grant: what was granted, not durable
 * @preparing: all zero, or the epoch whose promise is being made durable: nobody
 *	below it is admitted any more
 * @committed: highest generation that the promised writer called committed;
 *	READ_ONCE for a look
 * @wanted_until: boottime ns until which the writer's next renewal is told that
 *	somebody asks it to close; 0: nobody did since it was told
 * @closing: no session is opened any more
 * @sessions: struct braid_session
 * @queued: control requests, by their stamp's node
 * @digests: DIGEST requests, likewise
 * @may: BRAID_MAY_*; READ_ONCE
 * @region_shift: of @record; READ_ONCE
 * @size: of @record; READ_ONCE
 * @failed: the record could not be written: nothing is promised or served any
 *	more; READ_ONCE
 * @control_work: executes @queued one by one
 * @digest_work: executes @digests one by one
 */
struct braid_replica {
	struct kref ref;
	struct list_head node;
	struct braid_blk_node *owner;
	u64 number;
	char *path;
	u64 id;
	u64 data_size;
	struct braid_store *store;
	struct braid_journal *journal;
	struct crypto_shash *sha256;

	struct mutex control; /* see above */
	struct braid_record next;
	struct braid_record proposal;
	void *slot;
	struct braid_journal_clear *clear;

	spinlock_t lock; /* see above */
	struct braid_record record;
	struct braid_grant grant;
	struct braid_epoch preparing;
	u32 committed;
	u64 wanted_until;
	bool closing;
	struct list_head sessions;
	struct list_head queued;
	struct list_head digests;
	u32 may;
	u32 region_shift;
	u64 size;

	bool failed;
	struct work_struct control_work;
	struct work_struct digest_work;
};

/* Another reference; one must be held. */
void braid_replica_hold(struct braid_replica *replica);

/*
 * May who comes with @epoch be served?  @replica->lock held.
 * Return: 0, -ESTALE, -ENODATA, -EINVAL (not promised).
 */
int braid_replica_admit(const struct braid_replica *replica,
			const struct braid_epoch *epoch);

/* Brings what depends on the record up to date.  @replica->lock held. */
void braid_replica_refresh(struct braid_replica *replica);

/*
 * Makes @replica->next durable with the sequence that is its turn, and only then
 * the record.  @replica->control held.
 * Return: 0; -EINVAL: it is not a record, -ENOMEM: nothing changed; else the
 * replica has failed for good.
 */
int braid_replica_record(struct braid_replica *replica);

/* G4: the promised writer said that the record of @committed is committed. */
void braid_replica_committed(struct braid_replica *replica, u32 committed);

/* Milliseconds that the grant still runs.  @replica->lock held. */
u64 braid_replica_grant_left(const struct braid_replica *replica);

/* Frees one that was never in the registry, or whose last reference is gone. */
void braid_replica_destroy(struct braid_replica *replica);

/* Runs a replica's work. */
void braid_replica_queue(struct work_struct *work);
int braid_replica_queue_init(void);
void braid_replica_queue_exit(void);

#endif /* BRAID_BLK_REPLICA_STATE_H */
