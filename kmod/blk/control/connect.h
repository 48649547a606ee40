/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_CONNECT_H
#define BRAID_BLK_CONNECT_H

#include <linux/types.h>
#include <linux/uuid.h>

struct braid_blk_node;
struct braid_peer;
struct braid_volume;
struct braid_voter;

/* Makes a peer of @voter; nothing is connected. */
void braid_peer_init(struct braid_peer *peer, struct braid_volume *volume,
		     const struct braid_voter *voter, bool here);
/* Ends its connection; nothing of it is queued or in flight on return. May sleep. */
void braid_peer_exit(struct braid_peer *peer);

/*
 * Which replica in @node is asked directly, of those of volume @uuid (nil:
 * of those called @name): one whose address in its record is served here, rather
 * than one that may be a copy of another node's; then the one with the lowest
 * voter id.  Context: may sleep.  Return: that id, 0: none.
 */
u8 braid_peer_here(struct braid_blk_node *node, const uuid_t *uuid,
		   const char *name, uuid_t *found);

#endif /* BRAID_BLK_CONNECT_H */
