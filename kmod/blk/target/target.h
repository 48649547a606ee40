/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_TARGET_H
#define BRAID_BLK_TARGET_H

#include <linux/types.h>

#include "transport/auth.h"
#include "proto/voter.h"

struct braid_blk_node;
struct braid_replica;
struct netlink_ext_ack;

/* Serves the replicas of a node to writers elsewhere. */

/**
 * struct braid_target_info - state of a target for `target show`
 * @address: address of the listener
 * @connections: number of authenticated connections
 * @refused: number of handshakes refused since the target listens
 * @broken: number of connections closed because of invalid frames
 */
struct braid_target_info {
	struct braid_address address;
	u32 connections;
	u64 refused;
	u64 broken;
};

int braid_target_init(void);
void braid_target_exit(void);

void braid_target_kill(struct braid_blk_node *node);
void braid_target_cut(struct braid_blk_node *node);
void braid_target_end(struct braid_blk_node *node);

int braid_target_listen(struct braid_blk_node *node,
			const struct braid_address *address,
			const struct braid_secrets *secrets,
			struct netlink_ext_ack *extack);
int braid_target_close(struct braid_blk_node *node,
		       const struct braid_address *address,
		       struct netlink_ext_ack *extack);
int braid_target_walk(struct braid_blk_node *node,
		      int (*fn)(const struct braid_target_info *info,
				void *context),
		      void *context);
bool braid_target_listens(struct braid_blk_node *node,
			  const struct braid_address *address);
int braid_target_secrets(struct braid_blk_node *node,
			 struct braid_secrets *secrets);
void braid_target_forget(struct braid_blk_node *node,
			 const struct braid_replica *replica);

#endif /* BRAID_BLK_TARGET_H */
