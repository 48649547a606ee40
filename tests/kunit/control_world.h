/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Voters that the test plays, for the control part of a writer: each keeps the rules
 * of kmod/blk/proto/member.c in memory, and answers when the test says so.  The clock is
 * the test's as well; timers are not.
 */
#ifndef BRAID_KUNIT_CONTROL_WORLD_H
#define BRAID_KUNIT_CONTROL_WORLD_H

#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/netlink.h>
#include <linux/slab.h>

#include "../../kmod/blk/control/attach.h"
#include "../../kmod/blk/io/disk.h"
#include "../../kmod/blk/volume/event.h"
#include "../../kmod/blk/io/io.h"
#include "../../kmod/blk/proto/member.h"
#include "../../kmod/blk/volume/peer.h"
#include "../../kmod/blk/transport/remote.h"
#include "../../kmod/blk/replica/replica.h"
#include "../../kmod/blk/store/request.h"
#include "../../kmod/blk/target/target.h"
#include "../../kmod/blk/volume/volume.h"

#include "blk_records.h"
#include "suite_node.h"

#define LOG_MAX		1024
#define DIRTY_AT_ONCE	2	/* regions in one answer */
#define OTHER_NODE	0x0711u		/* of the writers that the test plays */

/**
 * struct braid_remote - the writer's connections to one voter
 * @voter: number of the voter
 * @broken: nothing is carried any more
 * @serving: data of @epoch is carried
 * @epoch: of the data session that was opened last
 * @down: told when it breaks
 * @context: of @down
 * @held: requests that are not answered yet
 */
struct braid_remote {
	unsigned int voter;
	bool broken;
	bool serving;
	struct braid_epoch epoch;
	void (*down)(void *context);
	void *context;
	struct list_head held;
};

/**
 * struct played - a voter
 * @record: the durable one
 * @grant: what it granted
 * @store: id of its opening
 * @away: nobody reaches it
 * @hold: BIT(op) of what is not answered until the test says so
 * @ignore: BIT(op) of what is held without being done, too
 * @error: of each operation, instead of doing it
 * @break_after: BIT(op): its answer is the last one before the connection breaks, once
 * @wanted: somebody asked the writer to close
 * @dirty: regions
 * @asked: how often it was asked each
 * @remote: its connection, or NULL
 */
struct played {
	struct braid_record record;
	struct braid_grant grant;
	u64 store;
	bool away;
	u64 hold;
	u64 ignore;
	int error[64];
	u64 break_after;
	bool wanted;
	unsigned long dirty;
	unsigned int asked[64];
	struct braid_remote *remote;
};

/**
 * struct control - everything; one test at a time
 * @test: whose
 * @lock: protects the voters, @log, @next and @proposal
 * @voter: the voters, number 0 has id 1
 * @voters: how many
 * @log: voter's number << 8 | operation, in the order in which they were done
 * @logged: how many were done
 * @jumped: what the clock is ahead of the kernel's, ns
 * @next: scratch
 * @proposal: scratch
 * @disk: the device is there
 * @logged_at_disk: @logged when it was made
 * @shut: it cannot be opened
 * @reconcile: regions that were to be made equal
 * @source: from whom
 * @kept: or from whom
 * @failed: everything in flight was failed
 * @hold_flush: making all durable does not end
 * @waits_since: of a write, boottime ns; 0: none
 * @resent: bits of voters to which what was lost was sent again
 * @drains: how often what is in flight was waited for
 * @flushes: how often all was to be made durable and cleared
 * @disorder: that came before the waiting, or after a record that says closed
 * @io_error: what it ended with
 * @io: the I/O part, into which nobody looks
 * @extack: of the attach
 * @how: to attach
 */
static struct control {
	struct kunit *test;
	spinlock_t lock; /* see above */
	struct played voter[BRAID_VOTERS_MAX];
	unsigned int voters;
	u16 log[LOG_MAX];
	unsigned int logged;
	atomic64_t jumped;
	struct braid_record next;
	struct braid_record proposal;
	bool disk;
	unsigned int logged_at_disk;
	bool shut;
	unsigned long reconcile;
	u8 source;
	u64 kept;
	bool failed;
	bool hold_flush;
	u64 waits_since;
	u64 resent;
	unsigned int drains;
	unsigned int flushes;
	bool disorder;
	int io_error;
	struct braid_io_set *io;
	struct netlink_ext_ack extack;
	struct braid_volume_attach how;
} control;

/* Looks again until it is so, for a minute. Return: whether it is. */
#define wait_until(condition)						\
({									\
	const unsigned long __end = jiffies + 60 * HZ;			\
									\
	while (!(condition) && time_before(jiffies, __end))		\
		usleep_range(500, 1000);				\
	(condition);							\
})

/* Voters */

static void played_tell(struct played *voter, struct braid_request *request,
			enum braid_verdict verdict)
{
	const u64 now = ktime_get_boottime_ns();

	request->error = braid_verdict_errno(verdict);
	request->value = now < voter->grant.until ?
		DIV_ROUND_UP_ULL(voter->grant.until - now, NSEC_PER_MSEC) : 0;
	braid_record_encode(&voter->record, request->body);
	request->body_len = BRAID_SLOT_SIZE;
}

static void played_grant(struct played *voter, const struct braid_epoch *epoch)
{
	voter->grant.epoch = *epoch;
	voter->grant.until = ktime_get_boottime_ns() +
			     (u64)voter->record.lease_ms * NSEC_PER_MSEC;
}

static enum braid_verdict played_promise(struct played *voter,
					 const struct braid_epoch *epoch,
					 u32 flags)
{
	enum braid_verdict verdict;

	verdict = braid_voter_promise(&voter->record, &voter->grant, epoch,
				      ktime_get_boottime_ns(),
				      flags & BRAID_REQ_DEAD);
	if (verdict != BRAID_TAKEN)
		return verdict;
	voter->record.promised = *epoch;
	voter->record.sequence++;
	played_grant(voter, epoch);
	return verdict;
}

static int played_record(struct played *voter, struct braid_request *request)
{
	enum braid_verdict verdict;

	if (braid_record_decode(&control.proposal, request->body))
		return -EINVAL;
	verdict = braid_voter_record(&voter->record, &request->epoch,
				     &control.proposal, &control.next);
	if (verdict == BRAID_TAKEN) {
		control.next.sequence++;
		voter->record = control.next;
		if (braid_voter_is_closed(&voter->record))
			voter->grant.until = 0;
	}
	request->value = voter->record.sequence;
	return braid_verdict_errno(verdict);
}

static int played_fork(struct played *voter, struct braid_request *request)
{
	struct braid_record *own = &voter->record;

	if (braid_record_decode(&control.proposal, request->body))
		return -EINVAL;
	own->volume = control.proposal.volume;
	own->voters = control.proposal.voters;
	own->list_version = control.proposal.list_version;
	own->mver = control.proposal.mver;
	own->isr = control.proposal.isr;
	own->generation = control.proposal.generation;
	own->flags &= ~BRAID_RECORD_CLEAN;
	own->sequence++;
	return 0;
}

static int played_lease(struct played *voter, struct braid_request *request)
{
	int error = braid_verdict_errno(braid_voter_admit(&voter->record,
							  &request->epoch));

	if (error)
		return error;
	played_grant(voter, &request->epoch);
	request->value = voter->wanted ? BRAID_LEASE_WANTED : 0;
	voter->wanted = false;
	braid_voter_committed(&voter->record, request->committed);
	return 0;
}

static int played_dirty(struct played *voter, struct braid_request *request)
{
	__le32 *out = request->body;
	unsigned long region;
	unsigned int count = 0;

	request->value = braid_record_regions(voter->record.size,
					      voter->record.region_shift);
	region = request->offset;
	for_each_set_bit_from(region, &voter->dirty, BITS_PER_LONG) {
		if (count == DIRTY_AT_ONCE) {
			request->value = region;
			break;
		}
		out[count++] = cpu_to_le32(region);
	}
	request->body_len = count * sizeof(*out);
	return 0;
}

/* control.lock held. */
static void played_execute(struct played *voter, struct braid_request *request)
{
	control.log[control.logged++ % LOG_MAX] =
		(voter - control.voter) << 8 | request->op;
	request->error = voter->error[request->op];
	if (request->error)
		return;
	switch (request->op) {
	case BRAID_OP_ASK:
		played_tell(voter, request,
			    braid_voter_promise(&voter->record, &voter->grant,
						&request->epoch,
						ktime_get_boottime_ns(),
						request->flags & BRAID_REQ_DEAD));
		break;
	case BRAID_OP_PREPARE:
		played_tell(voter, request,
			    played_promise(voter, &request->epoch,
					   request->flags));
		break;
	case BRAID_OP_RECORD:
		request->error = played_record(voter, request);
		break;
	case BRAID_OP_FORK:
		request->error = played_fork(voter, request);
		break;
	case BRAID_OP_LEASE:
		request->error = played_lease(voter, request);
		break;
	case BRAID_OP_DIRTY:
		request->error = played_dirty(voter, request);
		break;
	default:
		break;
	}
}

/* Connections */

int braid_remote_connect(const struct braid_remote_where *where,
			 unsigned int timeout_ms,
			 void (*down)(void *context), void *context,
			 struct braid_remote_hello *hello,
			 struct braid_remote **out)
{
	unsigned int number = where->address.ip[3] - 1;
	struct played *voter = &control.voter[number];
	struct braid_remote *remote;
	unsigned long flags;
	int error = 0;

	remote = kzalloc(sizeof(*remote), GFP_KERNEL);
	if (!remote)
		return -ENOMEM;
	INIT_LIST_HEAD(&remote->held);
	remote->voter = number;
	remote->down = down;
	remote->context = context;
	spin_lock_irqsave(&control.lock, flags);
	if (voter->away)
		error = -ETIMEDOUT;
	else if (!uuid_is_null(&where->volume) &&
		 !uuid_equal(&where->volume, &voter->record.volume))
		error = -ENOENT;
	if (!error) {
		hello->store = voter->store;
		hello->sequence = voter->record.sequence;
		voter->remote = remote;
	}
	spin_unlock_irqrestore(&control.lock, flags);
	if (error)
		kfree(remote);
	else
		*out = remote;
	return error;
}

int braid_remote_attach(struct braid_remote *remote,
			const struct braid_epoch *epoch, u64 nonce,
			unsigned int timeout_ms)
{
	struct played *voter = &control.voter[remote->voter];
	unsigned long flags;
	int error;

	spin_lock_irqsave(&control.lock, flags);
	error = remote->broken ? -ENOTCONN :
		braid_verdict_errno(braid_voter_admit(&voter->record, epoch));
	if (!error)
		remote->serving = true;
	remote->epoch = *epoch;
	spin_unlock_irqrestore(&control.lock, flags);
	return error;
}

/* What a plug would hold back is data, which nobody here sends. */
void braid_remote_push(struct braid_remote *remote)
{
}

void braid_remote_kill(struct braid_remote *remote)
{
	struct braid_request *request, *next;
	unsigned long flags;
	LIST_HEAD(lost);
	bool first;

	spin_lock_irqsave(&control.lock, flags);
	first = !remote->broken;
	remote->broken = true;
	list_splice_init(&remote->held, &lost);
	spin_unlock_irqrestore(&control.lock, flags);
	list_for_each_entry_safe(request, next, &lost, node) {
		request->error = -ENOTCONN;
		request->done(request);
	}
	if (first)
		remote->down(remote->context);
}

void braid_remote_submit(struct braid_remote *remote,
			 struct braid_request *request)
{
	struct played *voter = &control.voter[remote->voter];
	const u64 bit = BIT_ULL(request->op);
	bool held = false, last = false;
	unsigned long flags;

	spin_lock_irqsave(&control.lock, flags);
	voter->asked[request->op]++;
	if (remote->broken) {
		request->error = -ENOTCONN;
	} else {
		held = (voter->hold | voter->ignore) & bit;
		if (!(voter->ignore & bit))
			played_execute(voter, request);
		if (held)
			list_add_tail(&request->node, &remote->held);
		last = voter->break_after & bit;
		voter->break_after &= ~bit;
	}
	spin_unlock_irqrestore(&control.lock, flags);
	if (!held)
		request->done(request);
	if (last)
		braid_remote_kill(remote);
}

void braid_remote_put(struct braid_remote *remote)
{
	unsigned long flags;

	braid_remote_kill(remote);
	spin_lock_irqsave(&control.lock, flags);
	if (control.voter[remote->voter].remote == remote)
		control.voter[remote->voter].remote = NULL;
	spin_unlock_irqrestore(&control.lock, flags);
	kfree(remote);
}

/* None is open in this kernel. */

int braid_replica_walk(struct braid_blk_node *node,
		       int (*fn)(struct braid_replica *replica, void *context),
		       void *context)
{
	return 0;
}

struct braid_replica *braid_replica_get(struct braid_blk_node *node,
					const uuid_t *volume, u8 voter)
{
	return NULL;
}

void braid_replica_put(struct braid_replica *replica)
{
}

void braid_replica_info(struct braid_replica *replica,
			struct braid_replica_info *info)
{
}

int braid_session_open(struct braid_replica *replica,
		       const struct braid_epoch *epoch, u64 nonce,
		       struct braid_session **session)
{
	return -ENOENT;
}

void braid_session_close(struct braid_session *session)
{
}

void braid_replica_submit(struct braid_session *session,
			  struct braid_request *request)
{
}

bool braid_target_listens(struct braid_blk_node *node,
			  const struct braid_address *address)
{
	return false;
}

/* I/O and device */

int braid_io_init(struct braid_volume *volume)
{
	control.io = kzalloc(8, GFP_KERNEL);
	volume->io = control.io;
	return volume->io ? 0 : -ENOMEM;
}

void braid_io_exit(struct braid_volume *volume)
{
	kfree(control.io);
	volume->io = NULL;
}

void braid_io_membership(struct braid_volume *volume)
{
}

void braid_io_gate(struct braid_volume *volume)
{
}

void braid_io_resend(struct braid_volume *volume, struct braid_peer *peer)
{
	unsigned long flags;

	spin_lock_irqsave(&control.lock, flags);
	control.resent |= peer->bit;
	spin_unlock_irqrestore(&control.lock, flags);
}

void braid_io_fail(struct braid_volume *volume, int error)
{
	control.failed = true;
}

void braid_io_reconcile(struct braid_volume *volume, unsigned long *dirty,
			u8 source, u64 kept)
{
	control.reconcile = *dirty;
	control.source = source;
	control.kept = kept;
	kvfree(dirty);
}

int braid_io_drain(struct braid_volume *volume, unsigned int timeout_ms)
{
	control.drains++;
	return 0;
}

int braid_io_flush_and_clear(struct braid_volume *volume)
{
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&control.lock, flags);
	control.flushes++;
	control.disorder |= !control.drains;
	for (i = 0; i < control.voters; i++)
		control.disorder |=
			control.voter[i].record.flags & BRAID_RECORD_CLEAN;
	spin_unlock_irqrestore(&control.lock, flags);
	while (READ_ONCE(control.hold_flush) && !READ_ONCE(control.failed))
		msleep(20);
	return control.io_error;
}

void braid_io_info(struct braid_volume *volume, struct braid_io_info *info)
{
}

u64 braid_io_waits_since(const struct braid_volume *volume, u64 now)
{
	return control.waits_since;
}

int braid_disk_add(struct braid_volume *volume, u64 size, bool discard)
{
	control.disk = true;
	control.logged_at_disk = control.logged;
	return 0;
}

unsigned int braid_disk_openers(const struct braid_volume *volume)
{
	return 0;
}

int braid_disk_shut(struct braid_disk *disk)
{
	control.shut = true;
	return 0;
}

void braid_disk_unshut(struct braid_disk *disk)
{
	control.shut = false;
}

void braid_disk_remove(struct braid_volume *volume)
{
	control.disk = false;
}

void braid_event_volume(struct braid_blk_node *node, const char *volume,
			const char *what, u8 voter, const char *why)
{
}

/* What a test does */

static inline void clock_jumps(u64 ms)
{
	atomic64_add(ms * NSEC_PER_MSEC, &control.jumped);
}

/* Does something to a voter's connection under the lock; then it breaks. */
static inline void cut(unsigned int number, bool away)
{
	struct played *voter = &control.voter[number];
	struct braid_remote *remote;
	struct braid_volume *volume;
	unsigned long flags;
	struct braid_peer *peer = NULL;

	spin_lock_irqsave(&control.lock, flags);
	voter->away = away;
	remote = voter->remote;
	if (remote)
		peer = remote->context;
	spin_unlock_irqrestore(&control.lock, flags);
	volume = braid_volume_find(&suite_node, "db");
	/* Through the peer, which keeps the connection meanwhile. */
	if (peer && volume)
		braid_peer_kill(peer);
	if (volume)
		braid_volume_put(volume);
}

/* What is held there is answered from now on. */
static inline void let_go(unsigned int number)
{
	struct played *voter = &control.voter[number];
	struct braid_request *request, *next;
	unsigned long flags;
	LIST_HEAD(held);

	spin_lock_irqsave(&control.lock, flags);
	if (voter->remote)
		list_splice_init(&voter->remote->held, &held);
	list_for_each_entry(request, &held, node)
		if (voter->ignore & BIT_ULL(request->op))
			played_execute(voter, request);
	voter->hold = 0;
	voter->ignore = 0;
	spin_unlock_irqrestore(&control.lock, flags);
	list_for_each_entry_safe(request, next, &held, node)
		request->done(request);
}

static inline struct braid_record voter_record(unsigned int number)
{
	struct braid_record record;
	unsigned long flags;

	spin_lock_irqsave(&control.lock, flags);
	record = control.voter[number].record;
	spin_unlock_irqrestore(&control.lock, flags);
	return record;
}

/* Another writer asks this voter for a promise. */
static inline enum braid_verdict other_prepares(unsigned int number, u64 counter,
						bool dead)
{
	const struct braid_epoch epoch = { counter, OTHER_NODE };
	enum braid_verdict verdict;
	unsigned long flags;

	spin_lock_irqsave(&control.lock, flags);
	verdict = played_promise(&control.voter[number], &epoch,
				 dead ? BRAID_REQ_DEAD : 0);
	spin_unlock_irqrestore(&control.lock, flags);
	return verdict;
}

/* Where in the log an operation of a voter is for the first time, or LOG_MAX. */
static inline unsigned int when(unsigned int number, enum braid_op op)
{
	unsigned int i;

	for (i = 0; i < min_t(unsigned int, control.logged, LOG_MAX); i++)
		if (control.log[i] == (number << 8 | op))
			return i;
	return LOG_MAX;
}

/* Data replicas first, then witnesses; all closed, of generation 1. */
static inline void control_begin(struct kunit *test, u8 data, u8 witnesses)
{
	unsigned int i;

	memset(&control, 0, sizeof(control));
	member_timeout_ms = 20000;
	spin_lock_init(&control.lock);
	control.test = test;
	control.voters = data + witnesses;
	for (i = 0; i < control.voters; i++) {
		struct played *voter = &control.voter[i];

		voter->record = record_plain(i + 1, data, witnesses);
		voter->record.flags |= BRAID_RECORD_CLEAN;
		voter->record.last_insync_gen = 1;
		voter->store = 100 + i;
		control.how.from[i] = voter->record.voters.voter[i].address;
	}
	control.how.name = "db";
	control.how.nfrom = control.voters;
	KUNIT_ASSERT_EQ(test, braid_volume_init(), 0);
}

static inline void control_end(void)
{
	struct braid_volume *volume = braid_volume_find(&suite_node, "db");

	if (volume) {
		braid_volume_put(volume);
		KUNIT_EXPECT_EQ(control.test,
				braid_volume_detach(&suite_node, "db", true, NULL), 0);
	}
	KUNIT_EXPECT_FALSE(control.test, control.disk);
	braid_volume_exit();
}

/* Return: the volume that is attached, without a reference: it stays until control_end(). */
static inline struct braid_volume *attached(void)
{
	struct braid_volume *volume;
	int error;

	error = braid_volume_attach(&suite_node, &control.how, &control.extack);
	KUNIT_ASSERT_EQ_MSG(control.test, error, 0, "%s",
			    control.extack._msg ?: "");
	volume = braid_volume_find(&suite_node, "db");
	KUNIT_ASSERT_NOT_NULL(control.test, volume);
	braid_volume_put(volume);
	return volume;
}

#endif
