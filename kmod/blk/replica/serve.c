// SPDX-License-Identifier: GPL-2.0-only
#include "replica/serve.h"

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/spinlock.h>

#include "replica/digest.h"
#include "proto/invariant.h"
#include "store/journal.h"
#include "proto/map.h"
#include "replica/replica.h"
#include "replica/replica_state.h"
#include "store/request.h"
#include "replica/session.h"
#include "store/store.h"
#include "replica/vote.h"

/*
 * Answers a request. The request may be freed after done(), and its session
 * after braid_session_leave().
 */
static void serve_answer(struct braid_request *request, int error)
{
	struct braid_session *session = request->session;

	request->error = error;
	request->done(request);
	braid_session_leave(session);
}

/* Data */

static bool is_change(const struct braid_request *request)
{
	return request->op == BRAID_OP_WRITE || request->op == BRAID_OP_ZERO ||
	       request->op == BRAID_OP_DISCARD;
}

/* Ends the write in the region map, and then answers it. */
static void serve_finish(struct braid_request *request, int error)
{
	if (is_change(request))
		braid_journal_end(request->session->replica->journal,
				  &request->stamp);
	serve_answer(request, error);
}

static void io_done(struct braid_store_io *io, int error)
{
	struct braid_request *request =
		container_of(io, struct braid_request, io);
	const struct braid_session *session = request->session;

	/* No higher epoch is promised before this session has ended. */
	braid_invariant("I2", error ||
			!braid_epoch_cmp(&session->epoch,
					 &session->replica->record.promised));
	serve_finish(request, error);
}

/*
 * Return: true if the data is not trusted any more. After a failed flush the
 * store may have lost its cache, and the next flush may succeed nevertheless. A
 * failed flush of the region map counts as well: the data was in the same
 * cache.
 */
static bool is_unsound(const struct braid_replica *replica)
{
	return READ_ONCE(replica->store->flush_failed);
}

static enum braid_store_op store_op(enum braid_op op)
{
	switch (op) {
	case BRAID_OP_WRITE:
		return BRAID_STORE_WRITE;
	case BRAID_OP_ZERO:
		return BRAID_STORE_ZERO;
	case BRAID_OP_DISCARD:
		return BRAID_STORE_DISCARD;
	case BRAID_OP_FLUSH:
		return BRAID_STORE_FLUSH;
	default:
		return BRAID_STORE_READ;
	}
}

/*
 * Submits the I/O of a request unless its session was cut in the meantime: the
 * epoch must be checked here, not on receipt. A session is cut when a higher
 * epoch is promised or when another session of the same epoch is opened. See
 * braid_session_enter() for the reason why one check is enough.
 */
static void submit_io(struct braid_request *request)
{
	struct braid_session *session = request->session;
	struct braid_store_io *io = &request->io;
	int error = READ_ONCE(session->cut);

	if (error) {
		serve_finish(request, error);
		return;
	}
	io->op = store_op(request->op);
	io->fua = request->flags & BRAID_REQ_FUA;
	io->offset = request->offset;
	io->length = request->length;
	io->bvec = request->bvec;
	io->nr_bvec = request->nr_bvec;
	io->done = io_done;
	braid_store_submit(session->replica->store, io);
}

static void stamp_done(struct braid_stamp *stamp, int error)
{
	struct braid_request *request =
		container_of(stamp, struct braid_request, stamp);

	if (error)
		serve_finish(request, error);
	else
		submit_io(request);
}

/*
 * Makes the regions of a write dirty, of its generation, before the write
 * begins (G2).
 */
static void serve_stamp(struct braid_replica *replica,
			struct braid_request *request)
{
	const u32 shift = READ_ONCE(replica->region_shift);
	struct braid_stamp *stamp = &request->stamp;

	stamp->first = request->offset >> shift;
	stamp->last = (request->offset + request->length - 1) >> shift;
	stamp->generation = request->generation;
	stamp->done = stamp_done;
	if (braid_journal_begin(replica->journal, stamp, request->n))
		submit_io(request);
}

static bool is_inside(const struct braid_replica *replica,
		      const struct braid_request *request, u64 max)
{
	const u64 size = READ_ONCE(replica->size);

	return request->length && request->length <= max &&
	       !((request->offset | request->length) % BRAID_BLOCK) &&
	       request->offset <= size &&
	       request->length <= size - request->offset;
}

static int check_change(const struct braid_replica *replica,
			const struct braid_request *request)
{
	const u64 max = request->op == BRAID_OP_WRITE ? BRAID_PAYLOAD_MAX :
							BRAID_ZERO_MAX;
	const u32 may = READ_ONCE(replica->may);

	if (!(may & BRAID_MAY_WRITE))
		return -EPERM;
	if (!is_inside(replica, request, max) || !request->generation ||
	    request->generation > BRAID_GENERATION_MAX)
		return -EINVAL;
	if (request->op == BRAID_OP_WRITE)
		return request->nr_bvec ? 0 : -EINVAL;
	/* A discard cannot be made durable before its answer. */
	if (request->op == BRAID_OP_DISCARD &&
	    (!(may & BRAID_MAY_DISCARD) || request->flags & BRAID_REQ_FUA))
		return -EINVAL;
	return 0;
}

static int check_data(const struct braid_replica *replica,
		      const struct braid_request *request)
{
	const struct braid_session *session = request->session;

	if (READ_ONCE(replica->failed) || is_unsound(replica))
		return -EIO;
	if (!braid_session_is_data(session) ||
	    request->flags & ~(is_change(request) ? BRAID_REQ_FUA : 0))
		return -EINVAL;
	if (braid_epoch_cmp(&request->epoch, &session->epoch))
		return -ESTALE;
	switch (request->op) {
	case BRAID_OP_WRITE:
	case BRAID_OP_ZERO:
	case BRAID_OP_DISCARD:
		return check_change(replica, request);
	case BRAID_OP_READ:
		if (!(READ_ONCE(replica->may) & BRAID_MAY_READ))
			return -EPERM;
		if (!request->nr_bvec ||
		    !is_inside(replica, request, BRAID_PAYLOAD_MAX))
			return -EINVAL;
		return 0;
	case BRAID_OP_FLUSH:
		if (!(READ_ONCE(replica->may) & BRAID_MAY_WRITE))
			return -EPERM;
		return request->offset || request->length ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

static void serve_data(struct braid_replica *replica,
		       struct braid_request *request)
{
	int error = check_data(replica, request);

	if (error) {
		serve_answer(request, error);
		return;
	}
	braid_replica_committed(replica, request->committed);
	if (is_change(request))
		serve_stamp(replica, request);
	else
		submit_io(request);
}

/* Control */

static int serve_admit(struct braid_replica *replica,
		       const struct braid_request *request)
{
	int error;

	spin_lock_irq(&replica->lock);
	error = braid_replica_admit(replica, &request->epoch);
	spin_unlock_irq(&replica->lock);
	if (error)
		return error;
	/* I4: a replica that is not complete does not answer. */
	return READ_ONCE(replica->may) & BRAID_MAY_READ ? 0 : -EPERM;
}

static int serve_dirty(struct braid_replica *replica,
		       struct braid_request *request)
{
	const u32 max = min(request->body_max, BRAID_BODY_MAX) / sizeof(__le32);
	const u32 regions = braid_record_regions(READ_ONCE(replica->size),
						 READ_ONCE(replica->region_shift));
	__le32 *out = request->body;
	u32 from, count = 0;
	int error;

	error = serve_admit(replica, request);
	if (error)
		return error;
	from = min_t(u64, request->offset, regions);
	while (from < regions && count < max) {
		count += braid_journal_dirty(replica->journal, &from,
					     out + count, max - count);
		cond_resched();
	}
	request->body_len = count * sizeof(__le32);
	request->value = from;
	return 0;
}

/* Reads @count regions from the body of a CLEAR, from region number @at on. */
static int take_clears(struct braid_replica *replica,
		       const struct braid_request *request, u32 at, u32 count)
{
	const u32 regions = braid_record_regions(READ_ONCE(replica->size),
						 READ_ONCE(replica->region_shift));
	const struct braid_clear *body = request->body;
	u32 i;

	for (i = 0; i < count; i++) {
		replica->clear[i].region = le32_to_cpu(body[at + i].region);
		replica->clear[i].n = le64_to_cpu(body[at + i].n);
		if (replica->clear[i].region >= regions ||
		    body[at + i].reserved)
			return -EINVAL;
	}
	return 0;
}

static int clear_all(struct braid_replica *replica,
		     const struct braid_request *request, bool dry)
{
	const u32 all = request->body_len / sizeof(struct braid_clear);
	u32 at, count;
	int error;

	for (at = 0; at < all; at += count) {
		count = min(all - at, BRAID_RING_PER_RECORD);
		error = take_clears(replica, request, at, count);
		if (!error && !dry)
			error = braid_journal_clear(replica->journal,
						    replica->clear, count,
						    request->generation,
						    request->flags &
						    BRAID_REQ_STAMP);
		if (error)
			return error;
	}
	return 0;
}

static int serve_clear(struct braid_replica *replica,
		       struct braid_request *request)
{
	int error;

	error = serve_admit(replica, request);
	if (error)
		return error;
	if (is_unsound(replica))
		return -EIO;
	if (request->body_len % sizeof(struct braid_clear) ||
	    request->body_len > BRAID_BODY_MAX || !request->generation ||
	    request->generation > BRAID_GENERATION_MAX)
		return -EINVAL;
	/* Check all regions first, so that an invalid body changes nothing. */
	error = clear_all(replica, request, true);
	return error ?: clear_all(replica, request, false);
}

static int serve_control(struct braid_replica *replica,
			 struct braid_request *request)
{
	if (replica->failed)
		return -EIO;
	switch (request->op) {
	case BRAID_OP_ASK:
		return braid_vote_ask(replica, request);
	case BRAID_OP_PREPARE:
		return braid_vote_prepare(replica, request);
	case BRAID_OP_RECORD:
		return braid_vote_record(replica, request);
	case BRAID_OP_CREATE:
		return braid_vote_create(replica, request);
	case BRAID_OP_FORK:
		return braid_vote_fork(replica, request);
	case BRAID_OP_DIRTY:
		return serve_dirty(replica, request);
	case BRAID_OP_CLEAR:
		return serve_clear(replica, request);
	default:
		return -EINVAL;
	}
}

static struct braid_request *next_of(struct braid_replica *replica,
				     struct list_head *queue)
{
	struct braid_request *request;
	unsigned long flags;

	spin_lock_irqsave(&replica->lock, flags);
	request = list_first_entry_or_null(queue, struct braid_request,
					   stamp.node);
	if (request)
		list_del(&request->stamp.node);
	spin_unlock_irqrestore(&replica->lock, flags);
	return request;
}

/**
 * braid_serve_control() - execute the queued control requests
 * @work: control_work of a replica
 *
 * Runs until no request is queued. Each request holds the replica by its
 * session.
 *
 * Context: Process, may sleep.
 */
void braid_serve_control(struct work_struct *work)
{
	struct braid_replica *replica =
		container_of(work, struct braid_replica, control_work);
	const unsigned int noio = memalloc_noio_save();
	struct braid_request *request;
	int error;

	while ((request = next_of(replica, &replica->queued))) {
		mutex_lock(&replica->control);
		error = serve_control(replica, request);
		mutex_unlock(&replica->control);
		serve_answer(request, error);
	}
	memalloc_noio_restore(noio);
}

static int serve_digest(struct braid_replica *replica,
			struct braid_request *request)
{
	int error;

	if (READ_ONCE(replica->failed) || is_unsound(replica))
		return -EIO;
	error = serve_admit(replica, request);
	if (error)
		return error;
	if (request->body_max < BRAID_DIGEST_SIZE ||
	    !is_inside(replica, request, BRAID_ZERO_MAX))
		return -EINVAL;
	error = braid_digest(replica->store, replica->sha256, request->session,
			     request->offset, request->length, request->body);
	/*
	 * A writer that was superseded in the meantime must not get the digest.
	 */
	if (!error)
		error = serve_admit(replica, request);
	if (!error)
		request->body_len = BRAID_DIGEST_SIZE;
	return error;
}

/**
 * braid_serve_digests() - execute the queued DIGEST requests
 * @work: digest_work of a replica
 *
 * Context: Process, may sleep long.
 */
void braid_serve_digests(struct work_struct *work)
{
	struct braid_replica *replica =
		container_of(work, struct braid_replica, digest_work);
	const unsigned int noio = memalloc_noio_save();
	struct braid_request *request;

	while ((request = next_of(replica, &replica->digests)))
		serve_answer(request, serve_digest(replica, request));
	memalloc_noio_restore(noio);
}

static void serve_queue(struct braid_replica *replica,
			struct braid_request *request,
			struct list_head *queue, struct work_struct *work)
{
	unsigned long flags;

	/*
	 * Queue the work under the same lock: once the request can be found, it
	 * may be answered and the replica may be closed.
	 */
	spin_lock_irqsave(&replica->lock, flags);
	list_add_tail(&request->stamp.node, queue);
	braid_replica_queue(work);
	spin_unlock_irqrestore(&replica->lock, flags);
}

/**
 * braid_replica_submit() - submit a request to a replica
 * @session: session of the writer
 * @request: the request; request->done is called when it is answered
 *
 * Data requests are checked against the promise when they are submitted to the
 * store.
 *
 * Context: Process; does not wait for I/O.
 */
void braid_replica_submit(struct braid_session *session,
			  struct braid_request *request)
{
	struct braid_replica *replica = session->replica;
	int error;

	request->session = session;
	error = braid_session_enter(session);
	if (error) {
		request->error = error;
		request->done(request);
		return;
	}
	if (BRAID_OP_IS_DATA(request->op))
		serve_data(replica, request);
	else if (request->flags & ~BRAID_REQ_FLAGS)
		serve_answer(request, -EINVAL);
	else if (request->op == BRAID_OP_LEASE)
		serve_answer(request, READ_ONCE(replica->failed) ? -EIO :
				      braid_vote_lease(replica, request));
	else if (request->op == BRAID_OP_DIGEST)
		serve_queue(replica, request, &replica->digests,
			    &replica->digest_work);
	else
		serve_queue(replica, request, &replica->queued,
			    &replica->control_work);
}
