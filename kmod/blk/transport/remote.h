/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_REMOTE_H
#define BRAID_BLK_REMOTE_H

#include <linux/types.h>
#include <linux/uuid.h>

#include "transport/auth.h"
#include "proto/epoch.h"
#include "proto/voter.h"

struct braid_remote;
struct braid_request;
struct net;

/*
 * A voter behind TCP, as a writer sees it: two connections, one for control and
 * one for data, so that a lease never waits behind bulk data.
 */

/**
 * struct braid_remote_hello - what its target said when it was reached
 * @store: id of the opening of its store
 * @sequence: of its record
 * @features: agreed
 */
struct braid_remote_hello {
	u64 store;
	u64 sequence;
	u32 features;
};

/*
 * struct braid_remote_where - whom to reach
 * @net: from which namespace, which outlives the connection
 * @volume: UUID; nil: of the volume called @name
 * @voter: id; 0: any voter of that volume there
 */
struct braid_remote_where {
	struct net *net;
	struct braid_address address;
	uuid_t volume;
	char name[25];
	u8 voter;
	struct braid_secrets secrets;
};

/*
 * braid_remote_connect() - open the control connection
 * @timeout_ms: for connecting and for the handshake
 * @down: called once when a connection broke, after every request it carried was
 *	answered with -ENOTCONN; any context that may not sleep; may be NULL
 *
 * Context: may sleep, no longer than @timeout_ms. Return: 0, or
 * -ECONNREFUSED, -ETIMEDOUT, -EHOSTUNREACH: not reached; -EKEYREJECTED: wrong
 * secret; -ENOENT: unknown volume or voter there; -EPROTO, -EPROTONOSUPPORT.
 */
int braid_remote_connect(const struct braid_remote_where *where,
			 unsigned int timeout_ms,
			 void (*down)(void *context), void *context,
			 struct braid_remote_hello *hello,
			 struct braid_remote **remote);

/*
 * Opens the data connection of an epoch that the voter promised; its target
 * ends an earlier session first.  May sleep.  Return: as above, -ESTALE.
 */
int braid_remote_attach(struct braid_remote *remote,
			const struct braid_epoch *epoch, u64 nonce,
			unsigned int timeout_ms);

/*
 * Sends; the answer comes by request->done, also when it breaks (-ENOTCONN).
 * Sends in the caller's context when nobody else does; under a plug (struct
 * blk_plug) data wait for its end, up to 256 KiB.  Context: process.
 */
void braid_remote_submit(struct braid_remote *remote,
			 struct braid_request *request);

/* Sends soon what a plug still holds back. Context: any. */
void braid_remote_push(struct braid_remote *remote);

/* Breaks both connections: everything is answered soon. Context: any. */
void braid_remote_kill(struct braid_remote *remote);
/* Ends it: all requests have been answered on return. May sleep. */
void braid_remote_put(struct braid_remote *remote);

#endif /* BRAID_BLK_REMOTE_H */
