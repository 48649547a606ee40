// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes and flushes: sent to every member, acknowledged when every member of
 * the recorded ISR and of any membership being proposed has.
 *
 * Who holds a struct braid_io, and when it is freed
 * --------------------------------------------------
 * @refs counts one for the I/O itself until it ended, and one for each request
 * that is out. A request that is out is in @sent; the bit is set under
 * volume->lock together with the count, before the request is submitted, and
 * cleared under it by leg_done(), which runs exactly once a request.
 *
 * 1. Before braid_io_start() nobody but its maker, or the range lock it waits
 *    in, knows it. Neither the control part nor a member can find it.
 * 2. From start to end it is on set->ios. Those who walk that list under
 *    volume->lock (review, resend, tick) touch it only under the lock, except:
 *    - who sends: has set bits of @sent, so as many references; the last leg it
 *      submits is the last time it looks at the I/O.
 *    - who ends: io_decide() returned true, which takes it off the list and
 *      happens once (@ended), so it alone owns the reference of "not ended".
 *      Until io_end() drops it, the I/O stays.
 * 3. After its end it is on no list. Members that are still to answer (an
 *    ejected one, or all of them when everything failed) hold references; their
 *    answers find @ended and touch nothing but the counts. The bio, the range
 *    and the regions are gone by then; the payload is not: it is freed with the
 *    last reference, so a late carrier reads memory that is still ours.
 * 4. braid_io_exit() waits until none is left (set->alive).
 */
#include "io/write.h"

#include <linux/bitops.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "io/account.h"
#include "io/flush.h"
#include "proto/invariant.h"
#include "volume/failure.h"

/* How many are collected under the lock at a time when they are sent again. */
#define RESEND_BATCH	16

struct braid_io *braid_io_alloc(struct braid_io_set *set, gfp_t gfp)
{
	struct braid_io *io = mempool_alloc(&set->ios_pool, gfp | __GFP_NOWARN);
	unsigned int i;

	if (!io)
		return NULL;
	memset(io, 0, offsetof(struct braid_io, leg));
	io->set = set;
	refcount_set(&io->refs, 1);
	INIT_LIST_HEAD(&io->node);
	for (i = 0; i < set->nslots; i++) {
		io->leg[i].io = io;
		braid_request_init(&io->leg[i].request);
	}
	atomic_inc(&set->alive);
	return io;
}

static void io_free(struct braid_io *io)
{
	struct braid_io_set *set = io->set;

	braid_payload_free(&io->payload, &set->pages);
	mempool_free(io, &set->ios_pool);
	braid_io_freed(set);
}

static void io_put(struct braid_io *io, int refs)
{
	if (refcount_sub_and_test(refs, &io->refs))
		io_free(io);
}

static bool is_flush(const struct braid_io *io)
{
	return io->op == BRAID_OP_FLUSH;
}

static void io_regions(const struct braid_io *io, u32 *first, u32 *last)
{
	*first = io->offset >> io->set->region_shift;
	*last = (io->offset + io->length - 1) >> io->set->region_shift;
}

static void io_release(struct braid_io *io, u64 n)
{
	u32 first, last;

	if (is_flush(io))
		return;
	io_regions(io, &first, &last);
	braid_dirty_release(&io->set->dirty, first, last, n,
			    ktime_get_coarse_boottime_ns());
	braid_range_unlock(&io->set->ranges, &io->range);
}

u64 braid_write_waits_for(const struct braid_io *io)
{
	return braid_volume_required(io->set->volume) & ~io->acked;
}

/*
 * Has it come to its end?  Then that is decided: whoever is told true calls
 * io_end(), nobody else.
 */
static bool io_decide(struct braid_io *io)
{
	struct braid_io_set *set = io->set;
	struct braid_volume *volume = set->volume;
	u64 required = braid_volume_required(volume);
	u64 need = required & ~io->acked;

	lockdep_assert_held(&volume->lock);
	if (io->ended)
		return false;
	if (set->dead) {
		io->result = set->dead;
	} else if (!need) {
		/*
		 * S4: what has fewer copies than were asked for is not
		 * acknowledged, even if it was on its way already.
		 */
		if (!is_flush(io) &&
		    hweight64(volume->isr) < volume->min_isr)
			return false;
		io->result = 0;
	} else if (!is_flush(io) && is_power_of_2(required) &&
		   need == required && (io->failed & need)) {
		/* S3: the last member's error goes upward. */
		io->result = io->error;
	} else {
		return false;
	}
	braid_invariant("I1, I9", io->result || !(volume->isr & ~io->acked));
	braid_invariant("I3", io->result || !(volume->proposed & ~io->acked));
	io->ended = true;
	list_del(&io->node);
	set->writes--;
	set->bytes -= io->length;
	return true;
}

/* Those who wrote it are done with it; members may still have it. */
static void io_end(struct braid_io *io)
{
	struct braid_io_set *set = io->set;
	struct bio *bio = io->bio;
	struct bio_list list;

	io_release(io, io->n);
	if (!bio) {
		io->finish(io);
		return;
	}
	braid_account_end(bio, io->started);
	if (is_flush(io) && bio->bi_iter.bi_size && !io->result) {
		/* What was written before is durable; now its own data. */
		bio->bi_opf &= ~REQ_PREFLUSH;
		bio_list_init(&list);
		bio_list_add(&list, bio);
		braid_io_enqueue(set, &list);
		return;
	}
	braid_io_end_bio(set, bio, io->result);
}

static void leg_done(struct braid_request *request)
{
	struct braid_leg *leg = container_of(request, struct braid_leg, request);
	struct braid_io *io = leg->io;
	struct braid_io_set *set = io->set;
	struct braid_volume *volume = set->volume;
	struct braid_io_slot *slot = &set->slot[leg - io->leg];
	int error = request->error;
	bool ended, member, last, refused, flush;
	unsigned long flags;

	flush = braid_store_is_flush_lost(is_flush(io),
					  io->flags & BRAID_REQ_FUA, error);
	spin_lock_irqsave(&volume->lock, flags);
	io->sent &= ~slot->bit;
	if (error != -ENOTCONN)
		WRITE_ONCE(slot->peer->answered, ktime_get_coarse_boottime_ns());
	if (likely(!error)) {
		io->acked |= slot->bit;
	} else if (braid_is_lost(error)) {
		/* It stays to be done; braid_write_resend() finds it. */
		if (braid_io_lost(slot, leg->session))
			braid_io_kick(slot);
	} else {
		io->failed |= slot->bit;
		io->error = error;
	}
	member = braid_volume_required(volume) & slot->bit;
	last = braid_volume_required(volume) == slot->bit;
	refused = error == -ESTALE && braid_io_is_of_now(set, request);
	ended = io_decide(io);
	spin_unlock_irqrestore(&volume->lock, flags);

	if (unlikely(refused))
		braid_volume_refused(volume, slot->peer);
	else if (unlikely(error && !braid_is_lost(error)) && member &&
		 (flush || !last))
		braid_volume_member_failed(volume, slot->peer, error, flush);
	if (ended)
		io_end(io);
	io_put(io, ended ? 2 : 1);
}

/* Fills in the request to a slot: from here on it counts as out. */
static void leg_prepare(struct braid_io *io, struct braid_io_slot *slot)
{
	struct braid_volume *volume = io->set->volume;
	struct braid_leg *leg = &io->leg[slot - io->set->slot];
	struct braid_request *request = &leg->request;

	lockdep_assert_held(&volume->lock);
	WARN_ON_ONCE(io->sent & slot->bit);
	io->sent |= slot->bit;
	refcount_inc(&io->refs);
	leg->session = slot->session;
	request->op = io->op;
	request->flags = io->flags;
	request->epoch = volume->epoch;
	request->offset = io->offset;
	request->length = io->length;
	request->n = io->n;
	request->generation = volume->generation;
	request->committed = volume->committed;
	request->bvec = io->payload.bvec;
	request->nr_bvec = io->payload.nr;
	request->error = 0;
	request->sent = 0;
	request->done = leg_done;
}

/* May it be sent to a slot now, and is it to be? */
static bool leg_is_due(const struct braid_io *io,
		       const struct braid_io_slot *slot)
{
	return (braid_volume_required(io->set->volume) & slot->bit) &&
	       !((io->acked | io->sent | io->failed) & slot->bit);
}

/* It cannot go on now: it becomes a bio again, which waits or fails. */
static void io_undo(struct braid_io *io, enum braid_gate gate)
{
	struct braid_io_set *set = io->set;
	struct bio *bio = io->bio;

	io_release(io, 0);
	braid_account_end(bio, io->started);
	if (gate == BRAID_GATE_SHUT)
		braid_io_requeue(set, bio);
	else
		braid_io_end_bio(set, bio, -EIO);
	io_put(io, 1);
}

void braid_io_start(struct braid_io *io)
{
	struct braid_io_set *set = io->set;
	struct braid_volume *volume = set->volume;
	struct bio *bio = io->bio;
	enum braid_gate gate;
	unsigned long flags;
	bool ended = false;
	u32 send = 0;
	unsigned int i;

	if (bio)
		io->started = braid_account_begin(bio);
	spin_lock_irqsave(&volume->lock, flags);
	gate = bio ? braid_gate(set, braid_queue_of(bio)) : BRAID_GATE_OPEN;
	if (unlikely(gate != BRAID_GATE_OPEN)) {
		spin_unlock_irqrestore(&volume->lock, flags);
		io_undo(io, gate);
		return;
	}
	io->n = ++set->n;
	io->begun = ktime_get_coarse_boottime_ns();
	list_add_tail(&io->node, &set->ios);
	set->writes++;
	set->bytes += io->length;
	if (unlikely(set->dead))
		ended = io_decide(io);
	for (i = 0; i < set->nslots && !ended; i++) {
		struct braid_io_slot *slot = &set->slot[i];

		/* Else braid_write_resend() sends it, after what is older. */
		if (slot->broken || slot->resending || !leg_is_due(io, slot))
			continue;
		leg_prepare(io, slot);
		send |= BIT(i);
	}
	spin_unlock_irqrestore(&volume->lock, flags);

	/* The replica here comes last: what is sent travels meanwhile. */
	for (i = 0; send; i++, send >>= 1)
		if (send & 1)
			braid_peer_submit(set->slot[i].peer,
					  &io->leg[i].request);
	if (unlikely(ended)) {
		io_end(io);
		io_put(io, 1);
	}
}

static void write_ready(struct braid_ready *ready)
{
	braid_io_start(container_of(ready, struct braid_io, ready));
}

static void write_granted(struct braid_range *range)
{
	struct braid_io *io = container_of(range, struct braid_io, range);

	/* It is granted where one may not submit, and perhaps in an unlock. */
	braid_io_ready(io->set, &io->ready);
}

static void write_shape(struct braid_io *io, const struct bio *bio)
{
	bool fua = bio->bi_opf & REQ_FUA;
	bool unmap = io->set->unmap;

	switch (bio_op(bio)) {
	case REQ_OP_WRITE:
		io->op = BRAID_OP_WRITE;
		break;
	case REQ_OP_WRITE_ZEROES:
		io->op = unmap && !fua && !(bio->bi_opf & REQ_NOUNMAP) ?
				 BRAID_OP_DISCARD : BRAID_OP_ZERO;
		break;
	default:
		/* A discard that is to be durable: zeroes can be. */
		io->op = fua ? BRAID_OP_ZERO : BRAID_OP_DISCARD;
		break;
	}
	io->flags = fua ? BRAID_REQ_FUA : 0;
	io->offset = braid_bio_offset(bio);
	io->length = bio->bi_iter.bi_size;
}

bool braid_write_begin(struct braid_io_set *set, struct bio *bio, bool wait)
{
	gfp_t gfp = wait ? GFP_NOIO : BRAID_GFP_AT_ONCE;
	struct braid_io *io;
	u32 first, last;

	io = braid_io_alloc(set, gfp);
	if (!io)
		return false;
	io->bio = bio;
	write_shape(io, bio);
	if (io->op == BRAID_OP_WRITE &&
	    !braid_payload_alloc(&io->payload, io->length, gfp,
				 wait ? &set->pages : NULL))
		goto none;
	io_regions(io, &first, &last);
	if (!braid_dirty_hold(&set->dirty, first, last, gfp))
		goto none;
	if (io->op == BRAID_OP_WRITE)
		braid_payload_fill(&io->payload, bio);
	io->range.first = io->offset >> BRAID_BLOCK_SHIFT;
	io->range.last = (io->offset + io->length - 1) >> BRAID_BLOCK_SHIFT;
	io->range.exclusive = true;
	io->range.granted = write_granted;
	io->ready.run = write_ready;
	if (braid_range_lock(&set->ranges, &io->range))
		braid_io_start(io);
	return true;

none:
	io_put(io, 1);
	return false;
}

void braid_write_review(struct braid_io_set *set)
{
	struct braid_volume *volume = set->volume;
	struct braid_io *io, *next;
	unsigned long flags;
	LIST_HEAD(ended);
	unsigned int i;

	spin_lock_irqsave(&volume->lock, flags);
	list_for_each_entry_safe(io, next, &set->ios, node) {
		/* Who is out and comes back by a record begins anew. */
		io->failed &= braid_volume_required(volume);
		if (io_decide(io)) {
			list_add_tail(&io->node, &ended);
			continue;
		}
		for (i = 0; i < set->nslots; i++)
			if (leg_is_due(io, &set->slot[i]))
				braid_io_kick(&set->slot[i]);
	}
	spin_unlock_irqrestore(&volume->lock, flags);

	list_for_each_entry_safe(io, next, &ended, node) {
		list_del_init(&io->node);
		io_end(io);
		io_put(io, 1);
	}
}

void braid_write_resend(struct work_struct *work)
{
	struct braid_io_slot *slot =
		container_of(work, struct braid_io_slot, work);
	struct braid_io_set *set = slot->set;
	struct braid_volume *volume = set->volume;
	struct braid_io *batch[RESEND_BATCH], *io;
	unsigned int count, i;

	do {
		count = 0;
		spin_lock_irq(&volume->lock);
		if (!slot->broken) {
			list_for_each_entry(io, &set->ios, node) {
				if (count == RESEND_BATCH)
					break;
				if (!leg_is_due(io, slot))
					continue;
				leg_prepare(io, slot);
				batch[count++] = io;
			}
		}
		if (!count)
			slot->resending = false;
		spin_unlock_irq(&volume->lock);

		for (i = 0; i < count; i++)
			braid_peer_submit(slot->peer,
					  &batch[i]->leg[slot - set->slot]
						   .request);
	} while (count);
}
