/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_SESSION_H
#define BRAID_BLK_SESSION_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/types.h>

#include "proto/epoch.h"

struct braid_replica;

/*
 * A writer at a replica: from braid_session_open() to braid_session_close(),
 * both of them in replica.h.
 */

/**
 * struct braid_session - a writer's door to a replica
 * @ref: one of who opened it, one of each who waits for its end
 * @replica: a reference is held
 * @node: in @replica->sessions; @replica->lock
 * @epoch: whose data is served; all zero: control requests only
 * @nonce: of the writer's connection set
 * @users: requests that were admitted and are not answered, and one while it is
 *	not cut; 0: never again
 * @cut: 0, or the errno that requests are answered with from now on; written
 *	once, with @replica->lock held
 * @drained: @users reached 0
 */
struct braid_session {
	refcount_t ref;
	struct braid_replica *replica;
	struct list_head node;
	struct braid_epoch epoch;
	u64 nonce;
	atomic_t users;
	int cut;
	struct completion drained;
};

static inline bool braid_session_is_data(const struct braid_session *session)
{
	return session->epoch.counter || session->epoch.node;
}

/*
 * A request comes in.  0: it is counted until braid_session_leave(); else the
 * error to answer it with.  Context: any.
 */
int braid_session_enter(struct braid_session *session);
void braid_session_leave(struct braid_session *session);

/*
 * Ends admission with @error; a request that was admitted before is answered as
 * usual, or with @error if it did not get to the store yet.  @replica->lock held.
 */
void braid_session_cut(struct braid_session *session, int error);

/*
 * Waits until the cut ones of @replica's sessions have answered everything.
 * @data: only those that serve data.  Context: may sleep.
 */
void braid_session_drain(struct braid_replica *replica, bool data);

#endif /* BRAID_BLK_SESSION_H */
