/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_REMOTE_H
#define BRAID_BLK_REMOTE_H

#include <linux/types.h>
#include <linux/uuid.h>

#include "transport/auth.h"
#include "proto/epoch.h"
#include "proto/voter.h"

struct braid_dialling;
struct braid_remote;
struct braid_request;
struct net;

/*
 * A voter behind TCP, as its writer sees it: one connection for control and one
 * for data, so that a lease never waits behind data.
 */

/**
 * struct braid_remote_hello - answer of the target to a handshake
 * @store: id of the opening of the store
 * @sequence: sequence of the record
 * @features: feature bits agreed
 */
struct braid_remote_hello {
	u64 store;
	u64 sequence;
	u32 features;
};

/**
 * struct braid_remote_where - address and identity of a voter
 * @dialling: what other tasks see of a call, and the node to connect from;
 *	outlives the remote
 * @address: address of the target
 * @volume: UUID of the volume; nil: use @name
 * @name: name of the volume
 * @voter: id of the voter; 0: any voter of the volume that the target has
 * @secrets: shared secrets
 */
struct braid_remote_where {
	struct braid_dialling *dialling;
	struct braid_address address;
	uuid_t volume;
	char name[25];
	u8 voter;
	struct braid_secrets secrets;
};

/**
 * braid_remote_connect() - open the control connection to a voter
 * @where: address, volume, voter and secrets
 * @timeout_ms: limit for connecting and for the handshake
 * @down: called once when a connection broke, after every request that it
 *	carried was answered with -ENOTCONN; in any context that may not sleep;
 *	may be NULL
 * @context: argument of @down
 * @hello: set to the answer of the target
 * @remote: set to the remote
 *
 * Context: Process, may sleep for about @timeout_ms.
 * Return: 0; -ECONNREFUSED, -ETIMEDOUT or -EHOSTUNREACH if the target was not
 * reached; -EKEYREJECTED if the secret is wrong; -ENOENT if the target does not
 * have the volume or voter; -EPROTO; -EPROTONOSUPPORT.
 */
int braid_remote_connect(const struct braid_remote_where *where,
			 unsigned int timeout_ms,
			 void (*down)(void *context), void *context,
			 struct braid_remote_hello *hello,
			 struct braid_remote **remote);

/**
 * braid_remote_attach() - open the data connection of an epoch
 * @remote: the remote
 * @epoch: epoch that the voter has promised
 * @nonce: nonce of the connection set
 * @timeout_ms: limit for connecting and for the handshake
 *
 * Replaces an earlier data connection. The target ends the earlier session
 * first.
 *
 * Context: Process, may sleep.
 * Return: as braid_remote_connect(); -ESTALE if a higher epoch is promised;
 * -ENOTCONN if the remote was killed or the store was opened again.
 */
int braid_remote_attach(struct braid_remote *remote,
			const struct braid_epoch *epoch, u64 nonce,
			unsigned int timeout_ms);

/**
 * braid_remote_submit() - send a request
 * @remote: the remote
 * @request: the request; request->done is called with the answer, or with
 *	-ENOTCONN when the connection breaks
 *
 * The caller sends unless another task is sending. Data requests under a plug
 * (struct blk_plug) wait for its end, up to 256 KiB.
 *
 * Context: Process.
 */
void braid_remote_submit(struct braid_remote *remote,
			 struct braid_request *request);

/**
 * braid_remote_push() - send the requests that a plug holds back
 * @remote: the remote
 *
 * Context: Any.
 */
void braid_remote_push(struct braid_remote *remote);

/**
 * braid_remote_kill() - break both connections
 * @remote: the remote; all its requests are answered soon
 *
 * Context: Any.
 */
void braid_remote_kill(struct braid_remote *remote);
/**
 * braid_remote_put() - end both connections and free the remote
 * @remote: the remote
 *
 * All requests have been answered on return. Only the works of the connections
 * may use the remote at the same time, and this call waits for them. The caller
 * must make sure that no call of braid_remote_submit(), braid_remote_attach()
 * or braid_remote_kill() is running.
 *
 * Context: Process, may sleep.
 */
void braid_remote_put(struct braid_remote *remote);

#endif /* BRAID_BLK_REMOTE_H */
