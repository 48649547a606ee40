/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_REPLICA_H
#define BRAID_BLK_REPLICA_H

#include <linux/types.h>
#include <linux/uuid.h>

#include "store/replica_info.h"

struct braid_blk_node;
struct braid_replica;
struct braid_request;
struct braid_session;
struct netlink_ext_ack;

/*
 * A replica or witness that is open in a node of this kernel: store, record, region map,
 * and the voter's rules.  It is asked through struct braid_request, by the
 * target for writers elsewhere and by the volume directly.
 */

/*
 * Sets up the module's part.  @end: called when a replica is closed and lets no
 * connection in any more: ends those that ask it, and waits for them.  May sleep.
 */
int braid_replica_init(void (*end)(struct braid_blk_node *node,
				   const struct braid_replica *replica));
void braid_replica_exit(void);

/* Closes all of a node that nothing is asked any more. May sleep long. */
void braid_replica_end(struct braid_blk_node *node);

/* The words of the tool. Context: process, may sleep long. */
int braid_replica_open(struct braid_blk_node *node, const char *path,
		       struct netlink_ext_ack *extack);
/* Refused while a writer's session is open, unless its lease ran out. */
int braid_replica_close(struct braid_blk_node *node, const char *path,
			struct netlink_ext_ack *extack);

/*
 * Calls @fn for each open one of @node, in the order of opening, until it returns
 * non-zero; with no lock held.  Context: may sleep.  Return: what @fn returned last.
 */
int braid_replica_walk(struct braid_blk_node *node,
		       int (*fn)(struct braid_replica *replica, void *context),
		       void *context);
void braid_replica_info(struct braid_replica *replica,
			struct braid_replica_info *info);

/* A strong reference, or NULL.  @voter 0: the one with the lowest id. */
struct braid_replica *braid_replica_get(struct braid_blk_node *node,
					const uuid_t *volume, u8 voter);
void braid_replica_put(struct braid_replica *replica);

/**
 * braid_session_open() - begin to serve a writer
 * @replica: a reference is taken
 * @epoch: the writer's; all zero for a control connection of who only asks
 * @nonce: of the writer's connection set
 * @session: the session; ended by braid_session_close()
 *
 * With an epoch that is promised: earlier sessions are closed and their disk
 * writes waited for first.
 * Context: may sleep. Return: 0, -ESTALE, -EINVAL (not promised), -ENODATA (not
 * created), -ESHUTDOWN (being closed), -ENOMEM.
 */
int braid_session_open(struct braid_replica *replica,
		       const struct braid_epoch *epoch, u64 nonce,
		       struct braid_session **session);
/* New requests fail with -ESHUTDOWN; waits until all have been answered. May sleep. */
void braid_session_close(struct braid_session *session);

/*
 * braid_replica_submit() - ask a replica
 *
 * Data operations are checked against the promise when they are submitted to
 * the store.  Answers by request->done.
 * Context: process, does not wait for I/O.
 */
void braid_replica_submit(struct braid_session *session,
			  struct braid_request *request);

#endif /* BRAID_BLK_REPLICA_H */
