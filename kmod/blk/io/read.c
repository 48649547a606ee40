// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads: from the replica in this kernel, or any member of the ISR, straight
 * into the pages of the bio.
 */
#include "io/read.h"

#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "io/account.h"
#include "proto/invariant.h"
#include "volume/failure.h"

/* More than so many wait for the next read to find them. */
#define REPAIRS_MAX	64

static void read_free(struct braid_read *read)
{
	struct braid_io_set *set = read->set;

	kfree(read->table);
	mempool_free(read, &set->reads_pool);
	braid_io_freed(set);
}

void braid_read_finish(struct braid_read *read, int error)
{
	struct bio *bio = read->bio;

	if (bio) {
		braid_account_end(bio, read->started);
		braid_io_end_bio(read->set, bio, error);
	}
	read_free(read);
}

/* It becomes a bio again that waits: before all others, or until something changes. */
static void read_undo(struct braid_read *read, bool stall)
{
	struct braid_io_set *set = read->set;
	struct bio *bio = read->bio;

	braid_range_unlock(&set->ranges, &read->range);
	braid_account_end(bio, read->started);
	read_free(read);
	if (stall)
		braid_io_stall(set, bio);
	else
		braid_io_requeue(set, bio);
}

/* A member that can be asked: the replica here, else they take turns. */
static struct braid_io_slot *read_choose(struct braid_io_set *set, u64 members)
{
	struct braid_io_slot *slot;
	unsigned int i;

	lockdep_assert_held(&set->volume->lock);
	slot = &set->slot[set->nslots - 1];
	if ((slot->bit & members) && !slot->broken &&
	    slot->peer == set->volume->local)
		return slot;
	for (i = 0; i < set->nslots; i++) {
		slot = &set->slot[(set->rotor + i) % set->nslots];
		if (!(slot->bit & members) || slot->broken)
			continue;
		set->rotor = (set->rotor + i + 1) % set->nslots;
		return slot;
	}
	return NULL;
}

static void read_done(struct braid_request *request);

static void read_prepare(struct braid_read *read, struct braid_io_slot *slot)
{
	struct braid_volume *volume = read->set->volume;
	struct braid_request *request = &read->request;

	lockdep_assert_held(&volume->lock);
	braid_invariant("I4", slot->bit & volume->isr);
	read->slot = slot;
	read->session = slot->session;
	read->begun = ktime_get_coarse_boottime_ns();
	list_add_tail(&read->node, &read->set->reads);
	read->set->nreads++;
	read->set->bytes += read->request.length;
	request->epoch = volume->epoch;
	request->generation = volume->generation;
	request->committed = volume->committed;
	request->error = 0;
	request->sent = 0;
}

/*
 * A read that met unreadable blocks (@read->unreadable): they are read elsewhere,
 * one by one, and written to the members that could not read them.  If it still
 * has its bio, that is given what was found, or fails.  Its range is not held;
 * taken over.  Context: any.
 */
static void read_queue_repair(struct braid_read *read)
{
	struct braid_io_set *set = read->set;
	unsigned long flags;
	bool taken;

	spin_lock_irqsave(&set->volume->lock, flags);
	taken = read->bio || set->nrepairs < REPAIRS_MAX;
	if (taken) {
		list_add_tail(&read->node, &set->repairs);
		set->nrepairs++;
	}
	spin_unlock_irqrestore(&set->volume->lock, flags);
	if (taken)
		queue_work(set->slow, &set->repair_work);
	else
		braid_read_finish(read, 0);
}

/* The range is held. */
static void read_start(struct braid_read *read)
{
	struct braid_io_set *set = read->set;
	struct braid_volume *volume = set->volume;
	struct braid_io_slot *slot = NULL;
	enum braid_gate gate;
	unsigned long flags;
	u64 readable;
	u32 region;

	region = read->request.offset >> set->region_shift;
	braid_invariant("I8", !braid_reconcile_is_left(set, region));
	spin_lock_irqsave(&volume->lock, flags);
	gate = braid_gate(set, BRAID_QUEUE_OTHERS);
	readable = volume->isr & ~read->unreadable & ~read->refused;
	if (gate == BRAID_GATE_OPEN && readable)
		slot = read_choose(set, readable);
	if (slot)
		read_prepare(read, slot);
	spin_unlock_irqrestore(&volume->lock, flags);

	if (likely(slot)) {
		braid_peer_submit(slot->peer, &read->request);
	} else if (gate == BRAID_GATE_DEAD) {
		braid_range_unlock(&set->ranges, &read->range);
		braid_read_finish(read, -EIO);
	} else if (gate == BRAID_GATE_SHUT) {
		read_undo(read, false);
	} else if (readable || read->refused) {
		read_undo(read, true);
	} else {
		/* Every member failed, but perhaps not at the same block. */
		braid_range_unlock(&set->ranges, &read->range);
		read_queue_repair(read);
	}
}

static void read_ready(struct braid_ready *ready)
{
	read_start(container_of(ready, struct braid_read, ready));
}

static void read_granted(struct braid_range *range)
{
	struct braid_read *read = container_of(range, struct braid_read, range);

	braid_io_ready(read->set, &read->ready);
}

/* It has its data, and the lease held when it came. */
static void read_succeed(struct braid_read *read)
{
	struct braid_io_set *set = read->set;
	struct bio *bio = read->bio;

	braid_range_unlock(&set->ranges, &read->range);
	if (likely(!read->unreadable)) {
		braid_read_finish(read, 0);
		return;
	}
	braid_account_end(bio, read->started);
	read->bio = NULL;
	/* First: who waits for the last bio waits for repairs that are queued then. */
	read_queue_repair(read);
	braid_io_end_bio(set, bio, 0);
}

static void read_done(struct braid_request *request)
{
	struct braid_read *read =
		container_of(request, struct braid_read, request);
	struct braid_io_set *set = read->set;
	struct braid_volume *volume = set->volume;
	struct braid_io_slot *slot = read->slot;
	int error = request->error, dead;
	unsigned long flags;
	bool tell, refused;

	spin_lock_irqsave(&volume->lock, flags);
	list_del_init(&read->node);
	set->nreads--;
	set->bytes -= request->length;
	if (error != -ENOTCONN)
		WRITE_ONCE(slot->peer->answered, ktime_get_coarse_boottime_ns());
	tell = braid_io_may_tell(set);
	refused = error == -ESTALE && braid_io_is_of_now(set, request);
	dead = set->dead;
	if (unlikely(error)) {
		if (braid_is_lost(error))
			braid_io_lost(slot, read->session);
		else if (braid_is_unreadable(error))
			read->unreadable |= slot->bit;
		else
			read->refused |= slot->bit;
	}
	spin_unlock_irqrestore(&volume->lock, flags);

	if (unlikely(refused))
		braid_volume_refused(volume, slot->peer);
	if (unlikely(dead)) {
		braid_range_unlock(&set->ranges, &read->range);
		braid_read_finish(read, dead);
	} else if (unlikely(error)) {
		braid_io_ready(set, &read->ready);
	} else if (unlikely(!tell)) {
		/* Somebody may have written elsewhere: read it once more. */
		read_undo(read, true);
	} else {
		read_succeed(read);
	}
}

/* The pieces of the bio, as they are if they begin and end with its own. */
static bool read_pieces(struct braid_read *read, gfp_t gfp)
{
	struct bio *bio = read->bio;
	const struct bvec_iter start = bio->bi_iter;
	u32 left = start.bi_size;
	struct bio_vec *own, *out;
	struct bvec_iter iter;
	unsigned int nr = 0;
	struct bio_vec bv;

	own = &bio->bi_io_vec[start.bi_idx];
	if (!start.bi_bvec_done) {
		while (left && left >= own[nr].bv_len)
			left -= own[nr++].bv_len;
		if (!left) {
			read->request.bvec = own;
			read->request.nr_bvec = nr;
			return true;
		}
	}
	nr = 0;
	bio_for_each_bvec(bv, bio, iter)
		nr++;
	out = read->few;
	if (nr > BRAID_READ_INLINE) {
		read->table = kmalloc_array(nr, sizeof(*out),
					    gfp | __GFP_NOWARN);
		if (!read->table)
			return false;
		out = read->table;
	}
	read->request.bvec = out;
	read->request.nr_bvec = nr;
	nr = 0;
	bio_for_each_bvec(bv, bio, iter)
		out[nr++] = bv;
	return true;
}

bool braid_read_begin(struct braid_io_set *set, struct bio *bio, bool wait)
{
	gfp_t gfp = wait ? GFP_NOIO : BRAID_GFP_AT_ONCE;
	struct braid_read *read;

	read = mempool_alloc(&set->reads_pool, gfp | __GFP_NOWARN);
	if (!read)
		return false;
	memset(read, 0, offsetof(struct braid_read, request));
	braid_request_init(&read->request);
	read->set = set;
	read->bio = bio;
	INIT_LIST_HEAD(&read->node);
	atomic_inc(&set->alive);
	while (!read_pieces(read, gfp)) {
		if (wait) {
			/* At most a page: it comes. */
			schedule_timeout_uninterruptible(1);
			continue;
		}
		read_free(read);
		return false;
	}
	read->request.op = BRAID_OP_READ;
	read->request.offset = braid_bio_offset(bio);
	read->request.length = bio->bi_iter.bi_size;
	read->request.done = read_done;
	read->range.first = read->request.offset >> BRAID_BLOCK_SHIFT;
	read->range.last = (read->request.offset + read->request.length - 1) >>
			   BRAID_BLOCK_SHIFT;
	read->range.granted = read_granted;
	read->ready.run = read_ready;
	read->started = braid_account_begin(bio);
	if (braid_range_lock(&set->ranges, &read->range))
		read_start(read);
	return true;
}
