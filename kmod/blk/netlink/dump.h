/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_DUMP_H
#define BRAID_BLK_DUMP_H

#include "control/attach.h"
#include "replica/replica.h"
#include "target/target.h"

struct netlink_callback;
struct sk_buff;

/* What is told of replicas, targets and volumes, as attributes. */

/* Return: 0, or -EMSGSIZE without room; then the message is to be cancelled. */
int braid_fill_replica(struct sk_buff *skb,
		       const struct braid_replica_info *info);
int braid_fill_target(struct sk_buff *skb,
		      const struct braid_target_info *info);
int braid_fill_volume(struct sk_buff *skb,
		      const struct braid_volume_info *info);

/*
 * Listings, a message each.  What comes or goes meanwhile marks the rest as
 * interrupted.  Context: process, may sleep.
 * Return: length of @skb, 0 at the end, or a negative errno.
 */
int braid_dump_replicas(struct sk_buff *skb, struct netlink_callback *cb);
int braid_dump_targets(struct sk_buff *skb, struct netlink_callback *cb);
int braid_dump_volumes(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* BRAID_BLK_DUMP_H */
