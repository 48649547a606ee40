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
 * A replica or witness that is open in a node: store, record, region map, and
 * the rules of a voter. Requests are struct braid_request; they come from the
 * target, for writers elsewhere, and from a volume in the same node directly.
 */

/*
 * Sets up the module's part.  @end: called when a replica is closed and lets no
 * connection in any more: ends those that ask it, and waits for them.  May sleep.
 */
int braid_replica_init(void (*end)(struct braid_blk_node *node,
				   const struct braid_replica *replica));
void braid_replica_exit(void);

void braid_replica_end_begin(struct braid_blk_node *node);
void braid_replica_end(struct braid_blk_node *node);

int braid_replica_open(struct braid_blk_node *node, const char *path,
		       struct netlink_ext_ack *extack);
int braid_replica_close(struct braid_blk_node *node, const char *path,
			struct netlink_ext_ack *extack);

int braid_replica_walk(struct braid_blk_node *node,
		       int (*fn)(struct braid_replica *replica, void *context),
		       void *context);
void braid_replica_info(struct braid_replica *replica,
			struct braid_replica_info *info);

struct braid_replica *braid_replica_get(struct braid_blk_node *node,
					const uuid_t *volume, u8 voter);
void braid_replica_put(struct braid_replica *replica);

int braid_session_open(struct braid_replica *replica,
		       const struct braid_epoch *epoch, u64 nonce,
		       struct braid_session **session);
void braid_session_close(struct braid_session *session);

void braid_replica_submit(struct braid_session *session,
			  struct braid_request *request);

#endif /* BRAID_BLK_REPLICA_H */
