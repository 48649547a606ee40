/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_VOLUME_H
#define BRAID_BLK_VOLUME_H

#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "auth.h"
#include "peer.h"
#include "record.h"

struct braid_io_set;
struct braid_disk;

/* An attached volume: the writer. */

enum braid_volume_state {
	BRAID_VOLUME_ATTACHING,	/* not served yet */
	BRAID_VOLUME_ACTIVE,	/* served, if the gate is open */
	BRAID_VOLUME_DETACHING,	/* draining; new I/O fails */
	BRAID_VOLUME_DEAD,	/* fenced or failed: everything fails until detached */
};

/* Why the gate is shut: I/O is held (not failed).  Bits of volume->held. */
#define BRAID_HELD_LEASE	BIT(0)	/* fewer than M voters renew */
#define BRAID_HELD_RECORD	BIT(1)	/* a record is proposed and not durable at M
					 * (only when the lease was lost meanwhile) */
#define BRAID_HELD_MIN_ISR	BIT(2)	/* writes only (S4) */
#define BRAID_HELD_USER		BIT(3)	/* volume suspend */
#define BRAID_HELD_REFUSED	BIT(4)	/* refused by fewer than M: a higher epoch is being prepared */

/**
 * struct braid_volume - an attached volume
 * @ref: object; braid_volume_put()
 * @name: of the device, /dev/braid/NAME
 * @control: serialises attach, detach, suspend and everything else that a
 *	person asks; sleeps
 * @workqueue: ordered, WQ_MEM_RECLAIM: records, leases, peers, clears, reconcile
 * @lock: protects the fields below it; taken from any context (irqsave)
 * @state: READ_ONCE without the lock for a look
 * @held: BRAID_HELD_*; the gate is open when 0
 * @epoch: of this attachment
 * @record: as last committed at M voters
 * @isr: of the last committed record
 * @proposed: ISR of a record that is being proposed, else 0
 * @generation: of now, goes with every write (G3)
 * @committed: generation of the last committed record (G4)
 * @lease_until: boottime ns (READ_ONCE/WRITE_ONCE)
 * @dead_why: static text: why it is dead
 * @peers: one a voter, fixed while attached
 * @npeers: how many
 * @local: the peer in this kernel that holds data, or NULL
 * @io: everything in flight (io.h)
 * @disk: the block device (disk.h)
 * @wait: woken when state, held, isr or a peer changes
 * @secrets: for its connections
 * @min_isr: fewer hold writes (S4)
 * @suspend_timeout_ms: 0: never
 * @member_timeout_ms: shorter than the lease
 */
struct braid_volume {
	struct kref ref;
	char name[BRAID_NAME_MAX + 1];
	struct list_head node;
	struct mutex control;
	struct workqueue_struct *workqueue;

	spinlock_t lock;
	enum braid_volume_state state;
	u32 held;
	struct braid_epoch epoch;
	struct braid_record record;
	u64 isr;
	u64 proposed;
	u32 generation;
	u32 committed;
	u64 lease_until;
	const char *dead_why;

	struct braid_peer peers[BRAID_VOTERS_MAX];
	unsigned int npeers;
	struct braid_peer *local;
	struct braid_io_set *io;
	struct braid_disk *disk;
	wait_queue_head_t wait;
	struct braid_secrets secrets;
	u32 min_isr;
	u32 suspend_timeout_ms;
	u32 member_timeout_ms;
	u64 session;		/* nonce of this attachment's connections */

	/* control part (attach.c, ballot.c, lease.c): its own, see there */
	struct work_struct ballot_work;
	struct delayed_work lease_work;
	u64 failed;		/* members to be ejected, lock */
	u64 failed_flush;	/* of them, those whose flush failed, lock */
	u64 suspended_since;	/* boottime ns, lock */
	bool close_wanted;	/* a takeover asks, lock */
};

void braid_volume_get(struct braid_volume *volume);
void braid_volume_put(struct braid_volume *volume);

/*
 * What the I/O part tells the control part.  All in any context.
 */
/* A member did not do what it had to: @error; it goes (S). @flush: it was a flush. */
void braid_volume_member_failed(struct braid_volume *volume,
				struct braid_peer *peer, int error, bool flush);
/* A voter answered -ESTALE: another writer was promised. */
void braid_volume_refused(struct braid_volume *volume, struct braid_peer *peer);

/* Members whose acknowledgement a write or flush needs: ISR and proposal. @lock held. */
static inline u64 braid_volume_required(const struct braid_volume *volume)
{
	return volume->isr | volume->proposed;
}

#endif /* BRAID_BLK_VOLUME_H */
