/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_PEER_H
#define BRAID_BLK_PEER_H

#include <linux/atomic.h>
#include <linux/types.h>
#include <linux/uuid.h>
#include <linux/workqueue.h>

#include "proto/epoch.h"
#include "proto/voter.h"
#include "store/request.h"
#include "transport/dialling.h"

struct braid_blk_node;
struct braid_record;
struct braid_remote;
struct braid_replica;
struct braid_session;
struct braid_volume;

/*
 * One voter of an attached volume, as its writer sees it: the replica in this
 * node, asked directly, or a remote one.  Control and data requests take the
 * same door.
 */

enum braid_peer_state {
	BRAID_PEER_DOWN,	/* not reached; tried again */
	BRAID_PEER_ASKED,	/* control only: not promised to this epoch yet */
	BRAID_PEER_UP,		/* promised; of a member: data session open */
	BRAID_PEER_FAILED,	/* outside the ISR (S1), or without a vote */
};

/**
 * struct braid_vote - the requests of the control part to one voter
 * @lease: while peer->leasing
 * @counts: the lease may rest on @lease; volume->lock
 * @record: while peer->recording
 * @recording: membership in @record
 * @slot: body of @record, BRAID_SLOT_SIZE bytes
 */
struct braid_vote {
	struct braid_request lease;
	bool counts;
	struct braid_request record;
	struct braid_mver recording;
	void *slot;
};

/**
 * struct braid_peer - one voter of an attached volume
 * @volume: whose
 * @voter: id, role, address
 * @bit: of @voter.id
 * @here: asked directly: braid_peer_here(); fixed while attached
 * @state: volume->lock
 * @why: static text of the last failure, for people, or NULL; volume->lock
 * @store: id of its store's opening when it was reached last; 0: never;
 *	volume->lock
 * @sequence: of its record, highest that it told or others know of; volume->lock
 * @recorded: membership that it holds durably; volume->lock
 * @promised: to volume->epoch, on the connection of now; volume->lock
 * @broken: the connection is to be ended and begun anew; volume->lock
 * @out: blank or rolled back, so it has no vote; volume->lock
 * @ended: nothing is queued for it any more; volume->lock
 * @settled: it was tried to reach since it was begun with, or begun anew;
 *	volume->lock
 * @tried: how often it was tried to reach since it was reached last; volume->lock
 * @local: the replica in this node while connected, else NULL; @users keep it
 * @control: with @local: its session for control requests; @users keep it
 * @session: with @local: its session for data while UP; @users keep it
 * @dialling: the connection to one elsewhere while it is being made
 * @remote: the connections to one elsewhere while connected; @users keep it
 * @users: submitters between the look at the pointers above and the hand-over,
 *	plus one while connected
 * @answered: boottime ns of its last answer (READ_ONCE/WRITE_ONCE)
 * @lease_tried: boottime ns when the newest renewal was sent; volume->lock
 * @lease_heard: the same of the newest one that it answered; volume->lock
 * @lease_sent: the same of the newest one that the lease counts from; volume->lock
 * @leasing: a renewal is not answered yet; volume->lock
 * @recording: a RECORD is not answered yet; volume->lock
 * @served: boottime ns since when it is UP as a member; volume->lock
 * @failing: boottime ns since when it does not answer; 0: it does; volume->lock
 * @vote: requests of the control part
 * @vote_work: sends records and renewals; on volume->errands
 * @work: connects, prepares and resumes; on volume->errands
 */
struct braid_peer {
	struct braid_volume *volume;
	struct braid_voter voter;
	u64 bit;
	bool here;
	enum braid_peer_state state;
	const char *why;
	u64 store;
	u64 sequence;
	struct braid_mver recorded;
	bool promised;
	bool broken;
	bool out;
	bool ended;
	bool settled;
	unsigned int tried;
	struct braid_replica *local;
	struct braid_session *control;
	struct braid_session *session;
	struct braid_dialling dialling;
	struct braid_remote *remote;
	atomic_t users;
	u64 answered;
	u64 lease_tried;
	u64 lease_heard;
	u64 lease_sent;
	bool leasing;
	bool recording;
	u64 served;
	u64 failing;
	struct braid_vote *vote;
	struct work_struct vote_work;
	struct delayed_work work;
};

/*
 * Sends a request to the voter; answered at once with -ENOTCONN when it is not
 * connected, and data when it is not UP.  Context: process.
 */
void braid_peer_submit(struct braid_peer *peer, struct braid_request *request);

/*
 * Sends and waits; the connection is ended if no answer comes in time.
 * Context: may sleep, not from a request's done. Return: request->error.
 */
int braid_peer_call(struct braid_peer *peer, struct braid_request *request,
		    unsigned int timeout_ms);

/* Looks soon at what there is to do for it. Context: any, volume->lock held. */
void braid_peer_kick(struct braid_peer *peer);
/* Ends its connection for @why and begins anew. Context: any, volume->lock held. */
void braid_peer_reset(struct braid_peer *peer, const char *why);
/* Sends soon what was submitted and a plug still holds back. Context: any. */
void braid_peer_push(struct braid_peer *peer);
/* Breaks its connection, so that everything is answered soon. Context: any. */
void braid_peer_kill(struct braid_peer *peer);

/*
 * Breaks its connection and one that is being made, and no further one is made.
 * Context: process, waits for no peer.
 */
void braid_peer_stop(struct braid_peer *peer);

/* Is it connected? Context: any. */
static inline bool braid_peer_connected(const struct braid_peer *peer)
{
	return atomic_read(&peer->users) > 0;
}

/* The static text of an answer's error becomes @peer->why. volume->lock held. */
void braid_peer_blame(struct braid_peer *peer, int error);

/* Why a voter that lost what it promised is lost. */
#define BRAID_ROLLED_BACK	"rolled back: its record is older than it was"

/* It is blank or rolled back: it has no vote from now on. volume->lock held. */
void braid_peer_lose(struct braid_peer *peer, const char *why);

/*
 * Takes the record in an answer to ASK or PREPARE: sequence, membership; one
 * that is blank or rolled back loses its vote.  volume->lock held.
 * Return: false if it has no vote.
 */
bool braid_peer_learn(struct braid_peer *peer,
		      const struct braid_record *record);

/*
 * Looks again at what there is to do for it, the longer after the more often it was
 * @tried.  volume->lock held.
 */
void braid_peer_retry(struct braid_peer *peer, unsigned int tried);

/* Gives back a count of @users; the peer is not looked at after it. Context: any. */
void braid_peer_drop_user(struct braid_peer *peer);

#endif /* BRAID_BLK_PEER_H */
