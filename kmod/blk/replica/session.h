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
 * A session: the use of a replica by one writer, from braid_session_open() to
 * braid_session_close() (both declared in replica.h).
 */

/**
 * struct braid_session - a session of a writer at a replica
 * @ref: reference count: one of the opener, one of each task that waits for the
 *	end
 * @replica: the replica, referenced
 * @node: entry in @replica->sessions, under @replica->lock
 * @epoch: epoch of the data requests that are served; all zero: control
 *	requests only
 * @nonce: nonce of the writer's connection set
 * @users: number of admitted requests without an answer, plus one until the
 *	session is cut; not incremented any more when it is 0
 * @cut: 0, or the errno for requests from now on; written once, under
 *	@replica->lock
 * @drained: completed when @users is 0
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

int braid_session_enter(struct braid_session *session);
void braid_session_leave(struct braid_session *session);

void braid_session_cut(struct braid_session *session, int error);

void braid_session_drain(struct braid_replica *replica, bool data);

#endif /* BRAID_BLK_SESSION_H */
