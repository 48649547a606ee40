/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_GUEST_H
#define BRAID_BLK_GUEST_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "transport/auth.h"
#include "transport/conn.h"
#include "proto/epoch.h"
#include "target/order.h"

struct braid_blk_node;
struct braid_replica;
struct braid_session;
struct socket;

/*
 * A connection that a target accepted: its handshake, its session and its end.
 */

/* Limits for each node. */
#define BRAID_GUESTS_MAX	256	/* connections after authentication */
#define BRAID_STRANGERS_MAX	32	/* connections before authentication */

/**
 * struct braid_host - state of a listener that its connections share
 * @owner: node of the listener
 * @lock: protects @secrets
 * @secrets: accepted secrets
 * @guests: number of authenticated connections
 * @refused: number of refused handshakes
 * @broken: number of connections closed because of invalid frames
 */
struct braid_host {
	struct braid_blk_node *owner;
	spinlock_t lock;	/* see above */
	struct braid_secrets secrets;
	atomic_t guests;
	atomic64_t refused;
	atomic64_t broken;
};

/**
 * struct braid_guest - a connection that a target accepted
 * @ref: reference count: one of the list, one of each task that waits for @gone
 * @node: entry in the list of its node, oldest first; protected by the list's
 *	lock
 * @host: listener, which outlives the connection
 * @sock_lock: held while the handshake uses @sock; taken after the list's lock
 * @sock: socket, until @conn owns it
 * @work: does the handshake, later the end
 * @known: the handshake is done; protected by the list's lock
 * @killed: the connection is to end; protected by the list's lock
 * @opened: @conn is valid; protected by the list's lock, read by @work without
 *	it
 * @replica: replica of the connection, referenced; set under the list's lock
 * @session: the session; used by @work only
 * @data: the connection is a data connection
 * @epoch: epoch of every frame of a data connection
 * @volume: volume of every frame
 * @nonce: session nonce of every frame, chosen by the writer
 * @cookie: cookie of every frame, chosen by the target
 * @conn: the connection after the handshake
 * @orders: requests of the connection
 * @gone: completed when the connection has ended and is in no list
 */
struct braid_guest {
	struct kref ref;
	struct list_head node;
	struct braid_host *host;
	struct mutex sock_lock; /* see above */
	struct socket *sock;
	struct work_struct work;
	bool known;
	bool killed;
	bool opened;
	struct braid_replica *replica;
	struct braid_session *session;
	bool data;
	struct braid_epoch epoch;
	u64 volume;
	u64 nonce;
	u64 cookie;
	struct braid_conn conn;
	struct braid_orders orders;
	struct completion gone;
};

int braid_guests_begin(struct braid_blk_node *node);

void braid_guest_accept(struct braid_host *host, struct socket *sock);

void braid_guests_kill(struct braid_blk_node *node);
void braid_guests_cut(struct braid_blk_node *node);
void braid_guests_end(struct braid_blk_node *node,
		      const struct braid_host *host,
		      const struct braid_replica *replica);
void braid_guests_exit(struct braid_blk_node *node);

#endif /* BRAID_BLK_GUEST_H */
