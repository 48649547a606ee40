/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_PEER_H
#define BRAID_BLK_PEER_H

#include <linux/types.h>
#include <linux/workqueue.h>

#include "voter.h"

struct braid_remote;
struct braid_replica;
struct braid_request;
struct braid_session;
struct braid_volume;

/*
 * One voter of an attached volume, as its writer sees it: the replica in this
 * kernel, asked directly, or a remote one.  Control and data requests take the
 * same door.
 */

enum braid_peer_state {
	BRAID_PEER_DOWN,	/* not reached; tried again */
	BRAID_PEER_ASKED,	/* control only: not promised to this epoch yet */
	BRAID_PEER_UP,		/* promised, data session open */
	BRAID_PEER_FAILED,	/* its store was opened anew, or it was ejected (S1) */
};

/**
 * struct braid_peer - one voter of an attached volume
 * @volume: whose
 * @voter: id, role, address
 * @bit: of @voter.id
 * @state: volume->lock
 * @why: static text of the last failure, for people; volume->lock
 * @store: id of its store's opening when the session began; 0: never
 * @sequence: of its record, highest that it told
 * @local: the replica in this kernel, or NULL; set once
 * @session: with @local: its session while UP
 * @remote: else the connections, while ASKED or UP; volume->lock for the
 *	pointer, @users keep it
 * @users: requests submitted and unanswered, plus one while connected
 * @answered: boottime ns of its last answer (READ_ONCE/WRITE_ONCE)
 * @lease_sent: boottime ns when the newest renewal that it answered was sent
 * @failing: boottime ns since when it does not answer; 0: it does
 * @work: connects, prepares and resumes; on volume->workqueue
 */
struct braid_peer {
	struct braid_volume *volume;
	struct braid_voter voter;
	u64 bit;
	enum braid_peer_state state;
	const char *why;
	u64 store;
	u64 sequence;
	struct braid_replica *local;
	struct braid_session *session;
	struct braid_remote *remote;
	atomic_t users;
	u64 answered;
	u64 lease_sent;
	u64 failing;
	struct delayed_work work;
};

/*
 * Sends a request to the voter; answered at once with -ENOTCONN when it is not
 * connected.  Context: process.
 */
void braid_peer_submit(struct braid_peer *peer, struct braid_request *request);

/* Sends and waits. Context: may sleep, not from a request's done. Return: request->error. */
int braid_peer_call(struct braid_peer *peer, struct braid_request *request,
		    unsigned int timeout_ms);

#endif /* BRAID_BLK_PEER_H */
