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

/*
 * State that the files of an open replica share (replica, session, vote, serve,
 * digest).
 */

/*
 * Locks, in the order in which they are taken:
 *
 * opening	of a node: keeps the set of open replicas, by path and by voter, constant;
 *		held while a store is opened, not while a closed one drains
 * control	of a replica: protects its durable record and the opening of sessions;
 *		held until the disk answers
 * registry	protects the nodes' lists of replicas; held for moments, and only a
 *		replica's lock is taken under it
 * lock		of a replica: protects the fields that readers and the data path share;
 *		taken in any context
 * the journal's lock, a leaf
 *
 * The data path takes no mutex. A request is counted by its session from its
 * admission to its answer. A task that must exclude requests cuts the session,
 * under the replica's lock, and waits for it to drain. Draining never depends
 * on the task that waits: answers to data requests come from the store and from
 * the journal's work, answers to control requests from control_work; only the
 * closing of a replica waits for these, and it holds no mutex then.
 */

/*
 * Flags in @may of struct braid_replica: what the record allows its writer to
 * do.
 */
#define BRAID_MAY_READ		BIT(0)	/* I4: the replica is complete and in the ISR */
#define BRAID_MAY_WRITE		BIT(1)
#define BRAID_MAY_DISCARD	BIT(2)

/**
 * struct braid_replica - an open replica or witness
 * @ref: reference count: one of the list, one of each session and each caller
 *	of braid_replica_get()
 * @node: entry in the list of its owner, under the registry's mutex
 * @owner: node in which the replica is open
 * @number: number of the opening; the list is ordered by it
 * @path: path as it was given
 * @id: id of this opening of the store
 * @data_size: bytes of the data space
 * @store: closed when the last session has ended and no request is running;
 *	changed under @control and @lock; an admitted request needs neither to
 *	use it
 * @journal: NULL for a witness and before the volume is created; set once and
 *	closed like @store; changed under @control and @lock; an admitted
 *	request needs neither to use it
 * @sha256: transform for digests
 * @control: mutex that serialises all changes of the durable record, and the
 *	opening of sessions
 * @next: record that is being made durable; under @control
 * @proposal: record that was received; under @control
 * @slot: BRAID_SLOT_SIZE bytes; under @control
 * @clear: array of BRAID_RING_PER_RECORD entries; under @control
 * @lock: protects the fields from @record to @size; taken in any context
 * @record: the durable record, except that G4 may have raised last_insync_gen
 *	since (which is never waited for); changed under @control as well,
 *	except by G4
 * @grant: promise or lease, not durable
 * @preparing: epoch whose promise is being made durable, or all zero; no lower
 *	epoch is admitted any more
 * @committed: highest generation that the promised writer reported as
 *	committed; also read without the lock
 * @wanted_until: until this time (boottime ns) the next renewal of the writer
 *	is answered that another node asks it to close; 0: not since the writer
 *	was told
 * @closing: no session is opened any more
 * @sessions: struct braid_session
 * @queued: control requests, linked by the node of their stamp
 * @digests: DIGEST requests, linked by the node of their stamp
 * @may: BRAID_MAY_*; also read without the lock
 * @region_shift: copy from @record; also read without the lock
 * @size: copy from @record; also read without the lock
 * @failed: the record could not be written: nothing is promised or served any
 *	more; READ_ONCE()
 * @control_work: executes @queued one by one
 * @digest_work: executes @digests one by one
 * @close_work: closes it when its node ends
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
	struct work_struct close_work;
};

void braid_replica_hold(struct braid_replica *replica);

int braid_replica_admit(const struct braid_replica *replica,
			const struct braid_epoch *epoch);

void braid_replica_refresh(struct braid_replica *replica);

int braid_replica_record(struct braid_replica *replica);

void braid_replica_committed(struct braid_replica *replica, u32 committed);

u64 braid_replica_grant_left(const struct braid_replica *replica);

/* Frees one that was never in the registry, or whose last reference is gone. */
void braid_replica_destroy(struct braid_replica *replica);

void braid_replica_queue(struct work_struct *work);
int braid_replica_queue_init(void);
void braid_replica_queue_exit(void);

#endif /* BRAID_BLK_REPLICA_STATE_H */
