/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_VOLUME_H
#define BRAID_BLK_VOLUME_H

#include <linux/bits.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "transport/auth.h"
#include "volume/peer.h"
#include "proto/record.h"

struct braid_blk_node;
struct braid_disk;
struct braid_io_set;

/* An attached volume: the writer. */

enum braid_volume_state {
	BRAID_VOLUME_ATTACHING,	/* not served yet */
	BRAID_VOLUME_ACTIVE,	/* served, if the gate is open */
	BRAID_VOLUME_DETACHING,	/* draining; new I/O fails */
	BRAID_VOLUME_DEAD,	/* fenced or failed: everything fails until detached */
};

/* Why the gate is shut: I/O is held (not failed).  Bits of volume->held. */
#define BRAID_HELD_LEASE	BIT(0)	/* fewer than M voters renew */
#define BRAID_HELD_RECORD	BIT(1)	/* one that must be first is not durable at M */
#define BRAID_HELD_MIN_ISR	BIT(2)	/* writes only (S4) */
#define BRAID_HELD_USER		BIT(3)	/* volume suspend */
#define BRAID_HELD_REFUSED	BIT(4)	/* refused by fewer than M: prepares a higher epoch */

/**
 * struct braid_ballot - the record that is being proposed
 * @record: what is proposed, while @open
 * @open: proposed, and not known to be durable at M
 * @ready: an epoch is promised by M voters and none holds another's record
 * @clean: the record is to say that the volume is closed
 * @reopening: it is not to be closed after all, and not every member knows
 * @closed: number of the last record proposed under the epoch that says closed;
 *	0: none
 * @needed: boottime ns since when something is to be proposed; 0: nothing is
 * @quorate: boottime ns since when a majority is connected; 0: it is not
 * @k: number of the last record proposed under the epoch
 *
 * Protected by volume->lock.  One proposal at a time; it stays until it is
 * committed, or one that supersedes it is.
 */
struct braid_ballot {
	struct braid_record record;
	bool open;
	bool ready;
	bool clean;
	bool reopening;
	u32 closed;
	u64 needed;
	u64 quorate;
	u32 k;
};

/* Longest name of a device in /dev/braid: that of a disk has "braid!" in front. */
#define BRAID_DEVICE_MAX	25

/* What the I/O part is to be told.  Bits of volume->news. */
#define BRAID_NEWS_MEMBERSHIP	BIT(0)
#define BRAID_NEWS_GATE		BIT(1)
#define BRAID_NEWS_DEAD		BIT(2)

/**
 * struct braid_volume - an attached volume
 * @ref: object; braid_volume_put()
 * @rcu: frees it
 * @owner: the node that it is attached in; until braid_volume_close() has returned
 * @name: of the volume
 * @device: name of its device, in /dev/braid: NAME, or NAME@NODE
 * @node: in the list of its owner; protected by that list's mutex
 * @control: serialises attach, detach, suspend and everything else that a
 *	person asks; sleeps
 * @showing: keeps @io while it is shown; taken after @control, before @lock
 * @voting: ordered, WQ_MEM_RECLAIM: ballots and the clock; nothing on it waits
 *	for a voter
 * @errands: unbound, WQ_MEM_RECLAIM: what may wait for one: peers, news
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
 * @ballot: the proposal in flight
 * @unequal: step 4 of the attach is not done: members may hold different blocks
 * @failed: members that did not do what they had to and must go (S)
 * @fatal: of them, those that cannot stay even as the last one: a flush failed,
 *	or what was not flushed may be lost (S1, S3)
 * @refused: voters that promised another writer
 * @news: BRAID_NEWS_*, to be told
 * @ticked: boottime ns when the clock looked last; 0: it did not yet
 * @awake: boottime ns since when it looks all the time; 0: from the beginning
 * @suspended_since: boottime ns since when I/O is held for want of voters or
 *	members; 0: it is not
 * @close_asked: boottime ns when a takeover asked last; 0: never
 * @closing: nothing is queued any more
 * @flushing: a detach has all flushed and cleared
 * @flush_error: how the last one of these ended
 * @disk_there: @disk may be looked at under the lock
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
 * @session: nonce of this attachment's connections
 * @ballot_work: proposes; on @voting
 * @clock: renews the lease and looks at who is late; on @voting
 * @news_work: tells the I/O part; on @errands
 * @fence_work: prepares a higher epoch after a refusal; on @errands
 * @flush_work: of a detach, flushes and clears all; on @errands
 * @close_work: detaches for a takeover; on the module's own queue, holds @ref
 */
struct braid_volume {
	struct kref ref;
	struct rcu_head rcu;
	struct braid_blk_node *owner;
	char name[BRAID_NAME_MAX + 1];
	char device[BRAID_DEVICE_MAX + 1];
	struct list_head node;
	struct mutex control;	/* what a person asks */
	struct mutex showing;	/* @io */
	struct workqueue_struct *voting;
	struct workqueue_struct *errands;

	spinlock_t lock;	/* what follows, to @peers */
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
	struct braid_ballot ballot;
	bool unequal;
	u64 failed;
	u64 fatal;
	u64 refused;
	u32 news;
	u64 ticked;
	u64 awake;
	u64 suspended_since;
	u64 close_asked;
	bool closing;
	bool disk_there;
	bool flushing;
	int flush_error;

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
	u64 session;

	struct work_struct ballot_work;
	struct delayed_work clock;
	struct work_struct news_work;
	struct delayed_work fence_work;
	struct work_struct flush_work;
	struct work_struct close_work;
};

#define BRAID_MEMBER_TIMEOUT_MS	3000
#define BRAID_CONNECT_MS	2000	/* for connecting and each handshake */
#define BRAID_ANSWER_MS		10000	/* for an answer that a disk has to be waited for */

/* The volume called so in a node, with a reference, or NULL. May sleep. */
struct braid_volume *braid_volume_find(struct braid_blk_node *node,
				       const char *name);

/*
 * A reference to the volume of a node after @last, or to its first one; drops that
 * to @last.  NULL at the end.  May sleep.
 */
struct braid_volume *braid_volume_next(struct braid_blk_node *node,
				       struct braid_volume *last);

/*
 * Calls @fn for every volume of a node, with the list's mutex held.  Unlike a walk by
 * braid_volume_next() it does not end early when a volume is closed meanwhile.
 */
void braid_volume_each(struct braid_blk_node *node,
		       void (*fn)(struct braid_volume *volume));

/* Queues unless the volume is being closed. @lock held. */
void braid_volume_queue(struct braid_volume *volume,
			struct workqueue_struct *queue,
			struct work_struct *work);
void braid_volume_queue_in(struct braid_volume *volume,
			   struct workqueue_struct *queue,
			   struct delayed_work *work, unsigned int ms);
/* Tells the I/O part soon, and wakes who waits. @lock held. */
void braid_volume_tell(struct braid_volume *volume, u32 news);
/* Sets and clears reasons to hold I/O. @lock held. */
void braid_volume_hold(struct braid_volume *volume, u32 set, u32 clear);
/* Step 4 of the attach is done: all members hold the same blocks. Context: any. */
void braid_volume_equal(struct braid_volume *volume);

/* The peer of a voter, or NULL. */
struct braid_peer *braid_volume_peer(struct braid_volume *volume, u8 voter);

void braid_volume_get(struct braid_volume *volume);
void braid_volume_put(struct braid_volume *volume);

/* Members that must acknowledge a write or flush needs: ISR and proposal. @lock held. */
static inline u64 braid_volume_required(const struct braid_volume *volume)
{
	return volume->isr | volume->proposed;
}

/* Requests of the control part to a voter.  May sleep.  Return: NULL without memory. */
struct braid_vote *braid_vote_alloc(void);
void braid_vote_free(struct braid_vote *vote);

/* Looks soon whether something is to be proposed. Context: any, volume->lock held. */
void braid_ballot_kick(struct braid_volume *volume);

/* Is the record of now one of this epoch?  volume->lock held. */
bool braid_ballot_settled(const struct braid_volume *volume);

/* Is it a record of another writer, made after this one began? volume->lock held. */
bool braid_ballot_is_foreign(const struct braid_volume *volume,
			     const struct braid_record *record);

/* Voters that promised and are connected; volume->lock held. */
u64 braid_ballot_voters(const struct braid_volume *volume);

/*
 * Puts it into the list of attached volumes, unless another one there is called the
 * same, and takes it out.  May sleep.  Return: 0, -EEXIST.
 */
int braid_volume_list(struct braid_volume *volume);
void braid_volume_unlist(struct braid_volume *volume);

#endif /* BRAID_BLK_VOLUME_H */
