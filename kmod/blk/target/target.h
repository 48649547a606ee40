/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_TARGET_H
#define BRAID_BLK_TARGET_H

#include <linux/types.h>

#include "transport/auth.h"
#include "proto/voter.h"

struct braid_blk_node;
struct braid_replica;
struct netlink_ext_ack;

/* Serves the replicas that are open in a node to writers elsewhere. */

/*
 * struct braid_target_info - what `target show` tells
 * @connections: authenticated ones, now
 * @refused: handshakes refused since it listens
 * @broken: connections closed because of what came over them
 */
struct braid_target_info {
	struct braid_address address;
	u32 connections;
	u64 refused;
	u64 broken;
};

int braid_target_init(void);
void braid_target_exit(void);

/* Closes all of a node that nothing is asked any more. May sleep. */
void braid_target_end(struct braid_blk_node *node);

/* Listening twice on an address replaces its secrets (rotation). */
int braid_target_listen(struct braid_blk_node *node,
			const struct braid_address *address,
			const struct braid_secrets *secrets,
			struct netlink_ext_ack *extack);
/* Closes its connections; waits for them. */
int braid_target_close(struct braid_blk_node *node,
		       const struct braid_address *address,
		       struct netlink_ext_ack *extack);
int braid_target_walk(struct braid_blk_node *node,
		      int (*fn)(const struct braid_target_info *info,
				void *context),
		      void *context);
/* Does a target listen there, by itself or on any address? May sleep. */
bool braid_target_listens(struct braid_blk_node *node,
			  const struct braid_address *address);
/* Secrets of the first target, for who creates a volume here: 0 or -ENOENT. */
int braid_target_secrets(struct braid_blk_node *node,
			 struct braid_secrets *secrets);
/* Closes the connections of a replica that is being closed; waits. */
void braid_target_forget(struct braid_blk_node *node,
			 const struct braid_replica *replica);

#endif /* BRAID_BLK_TARGET_H */
