// SPDX-License-Identifier: GPL-2.0-only
#include "replica/session.h"

#include <linux/errno.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "replica/replica.h"
#include "replica/replica_state.h"

/**
 * braid_session_enter() - begin a request
 * @session: the session
 *
 * A request that is counted may do its I/O: either it sees the cut after it was
 * counted, or the task that cuts the session sees the count and waits. Both
 * sides have a full barrier between their write and their read.
 *
 * Context: Any.
 * Return: 0, and braid_session_leave() must follow; or the errno to answer the
 * request with.
 */
int braid_session_enter(struct braid_session *session)
{
	int cut;

	if (!atomic_inc_not_zero(&session->users))
		return READ_ONCE(session->cut);
	cut = READ_ONCE(session->cut);
	if (cut)
		braid_session_leave(session);
	return cut;
}

/**
 * braid_session_leave() - end a request
 * @session: the session
 *
 * Context: Any.
 */
void braid_session_leave(struct braid_session *session)
{
	if (atomic_dec_and_test(&session->users))
		complete_all(&session->drained);
}

/**
 * braid_session_cut() - stop the admission of requests
 * @session: the session
 * @error: errno for requests from now on
 *
 * A request that was admitted before is answered as usual, or with @error if it
 * has not been submitted to the store yet.
 *
 * Context: Any, with the lock of the replica held.
 */
void braid_session_cut(struct braid_session *session, int error)
{
	lockdep_assert_held(&session->replica->lock);
	if (session->cut)
		return;
	WRITE_ONCE(session->cut, error);
	braid_session_leave(session);
}

static void session_put(struct braid_session *session)
{
	if (refcount_dec_and_test(&session->ref))
		kfree(session);
}

/* Return: a referenced session that was cut and has not ended, or NULL. */
static struct braid_session *find_ending(struct braid_replica *replica,
					 bool data)
{
	struct braid_session *session, *found = NULL;
	unsigned long flags;

	spin_lock_irqsave(&replica->lock, flags);
	list_for_each_entry(session, &replica->sessions, node) {
		if (!session->cut || completion_done(&session->drained) ||
		    (data && !braid_session_is_data(session)))
			continue;
		refcount_inc(&session->ref);
		found = session;
		break;
	}
	spin_unlock_irqrestore(&replica->lock, flags);
	return found;
}

/**
 * braid_session_drain() - wait for the end of sessions that were cut
 * @replica: the replica
 * @data: wait for the sessions of data requests only
 *
 * Context: Process, may sleep.
 */
void braid_session_drain(struct braid_replica *replica, bool data)
{
	struct braid_session *session;

	while ((session = find_ending(replica, data))) {
		wait_for_completion(&session->drained);
		session_put(session);
	}
}

static struct braid_session *session_create(struct braid_replica *replica,
					    const struct braid_epoch *epoch,
					    u64 nonce)
{
	struct braid_session *session = kzalloc(sizeof(*session), GFP_KERNEL);

	if (!session)
		return NULL;
	refcount_set(&session->ref, 1);
	session->replica = replica;
	session->epoch = *epoch;
	session->nonce = nonce;
	atomic_set(&session->users, 1);
	init_completion(&session->drained);
	return session;
}

/*
 * Checks whether a session may begin, and cuts the sessions that it supersedes.
 * Called under @replica->lock.
 */
static int session_admit(struct braid_replica *replica,
			 const struct braid_session *session)
{
	struct braid_session *other;
	int error;

	if (replica->closing)
		return -ESHUTDOWN;
	if (!braid_session_is_data(session))
		return 0;
	error = braid_replica_admit(replica, &session->epoch);
	if (error)
		return error;
	list_for_each_entry(other, &replica->sessions, node)
		if (braid_session_is_data(other))
			braid_session_cut(other, -ESHUTDOWN);
	return 0;
}

/*
 * Adds a session to the list. The mutex keeps other openings and the promise of
 * a higher epoch away until the earlier sessions have ended and this one is in
 * the list.
 */
static int session_enlist(struct braid_replica *replica,
			  struct braid_session *session)
{
	unsigned long flags;
	int error;

	mutex_lock(&replica->control);
	spin_lock_irqsave(&replica->lock, flags);
	error = session_admit(replica, session);
	spin_unlock_irqrestore(&replica->lock, flags);
	if (error)
		goto unlock;
	if (braid_session_is_data(session))
		braid_session_drain(replica, true);
	spin_lock_irqsave(&replica->lock, flags);
	if (replica->closing)
		error = -ESHUTDOWN;
	else
		list_add_tail(&session->node, &replica->sessions);
	spin_unlock_irqrestore(&replica->lock, flags);
unlock:
	mutex_unlock(&replica->control);
	return error;
}

/**
 * braid_session_open() - begin a session of a writer
 * @replica: the replica; the session takes a reference
 * @epoch: epoch of the writer; all zero for a session of control requests only
 * @nonce: nonce of the writer's connection set
 * @out: set to the session
 *
 * A session with an epoch needs the promise of that epoch. It first ends the
 * earlier sessions with an epoch and waits for their writes to the store.
 *
 * Context: Process, may sleep.
 * Return: 0; -ESTALE; -EINVAL if the epoch is not promised; -ENODATA if the
 * volume was not created; -ESHUTDOWN if the replica is being closed; -ENOMEM.
 */
int braid_session_open(struct braid_replica *replica,
		       const struct braid_epoch *epoch, u64 nonce,
		       struct braid_session **out)
{
	struct braid_session *session = session_create(replica, epoch, nonce);
	int error;

	if (!session)
		return -ENOMEM;
	error = session_enlist(replica, session);
	if (error) {
		session_put(session);
		return error;
	}
	braid_replica_hold(replica);
	*out = session;
	return 0;
}

/**
 * braid_session_close() - end a session
 * @session: the session
 *
 * New requests fail with -ESHUTDOWN; waits until all requests are answered.
 *
 * Context: Process, may sleep.
 */
void braid_session_close(struct braid_session *session)
{
	struct braid_replica *replica = session->replica;
	unsigned long flags;

	spin_lock_irqsave(&replica->lock, flags);
	braid_session_cut(session, -ESHUTDOWN);
	spin_unlock_irqrestore(&replica->lock, flags);
	wait_for_completion(&session->drained);
	spin_lock_irqsave(&replica->lock, flags);
	list_del(&session->node);
	spin_unlock_irqrestore(&replica->lock, flags);
	session_put(session);
	braid_replica_put(replica);
}
