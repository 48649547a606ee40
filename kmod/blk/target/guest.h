/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_GUEST_H
#define BRAID_BLK_GUEST_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/kref.h>
#include <linux/list.h>
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

/* A connection that a target accepted: its handshake, its session, its end. */

/* Of a node. */
#define BRAID_GUESTS_MAX	256	/* authenticated */
#define BRAID_STRANGERS_MAX	32	/* not yet */

/**
 * struct braid_host - what the guests of one listener share
 * @owner: its node
 * @lock: @secrets
 * @secrets: either is accepted
 * @guests: authenticated ones, now
 * @refused: handshakes refused
 * @broken: connections closed because of what came over them
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
 * struct braid_guest - an accepted connection
 * @ref: the list, and who waits for @gone
 * @node: in the list of its node, oldest first; the list's lock
 * @host: its listener, which outlives it
 * @sock: until @conn has it
 * @work: the handshake, later the end
 * @known: the handshake is done; the list's lock
 * @killed: it is to end; the list's lock
 * @opened: @conn is valid; the list's lock, @work reads it without
 * @replica: whom it asks, a reference; set under the list's lock
 * @session: the session; only @work
 * @data: whether it is a data connection
 * @epoch: data: of every frame
 * @volume: in every frame
 * @nonce: in every frame, the writer's
 * @cookie: in every frame, ours
 * @conn: the connection
 * @orders: its requests
 * @gone: it ended, and is in no list
 */
struct braid_guest {
	struct kref ref;
	struct list_head node;
	struct braid_host *host;
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

int braid_guests_init(void);
void braid_guests_exit(void);

/* Begins a handshake; @sock is taken over.  Context: may sleep, not long. */
void braid_guest_accept(struct braid_host *host, struct socket *sock);

/*
 * Ends the guests of @host, or all of @node if NULL, that ask @replica, or any if NULL;
 * waits for them.  Context: may sleep.
 */
void braid_guests_end(struct braid_blk_node *node,
		      const struct braid_host *host,
		      const struct braid_replica *replica);

#endif /* BRAID_BLK_GUEST_H */
