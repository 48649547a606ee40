/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/braid_blk.yaml */
/* YNL-GEN kernel header */
/* To regenerate run: scripts/gen-netlink */

#ifndef _LINUX_BRAID_BLK_GEN_H
#define _LINUX_BRAID_BLK_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/braid_blk.h>

/* Ops table for braid_blk */
extern const struct genl_ops braid_blk_nl_ops[15];

int braid_blk_nl_replica_create_doit(struct sk_buff *skb,
				     struct genl_info *info);
int braid_blk_nl_replica_open_doit(struct sk_buff *skb, struct genl_info *info);
int braid_blk_nl_replica_close_doit(struct sk_buff *skb,
				    struct genl_info *info);
int braid_blk_nl_replica_del_doit(struct sk_buff *skb, struct genl_info *info);
int braid_blk_nl_replica_get_doit(struct sk_buff *skb, struct genl_info *info);
int braid_blk_nl_replica_get_dumpit(struct sk_buff *skb,
				    struct netlink_callback *cb);
int braid_blk_nl_replica_check_doit(struct sk_buff *skb,
				    struct genl_info *info);
int braid_blk_nl_target_listen_doit(struct sk_buff *skb,
				    struct genl_info *info);
int braid_blk_nl_target_get_doit(struct sk_buff *skb, struct genl_info *info);
int braid_blk_nl_target_get_dumpit(struct sk_buff *skb,
				   struct netlink_callback *cb);
int braid_blk_nl_target_close_doit(struct sk_buff *skb, struct genl_info *info);
int braid_blk_nl_volume_create_doit(struct sk_buff *skb,
				    struct genl_info *info);
int braid_blk_nl_volume_attach_doit(struct sk_buff *skb,
				    struct genl_info *info);
int braid_blk_nl_volume_detach_doit(struct sk_buff *skb,
				    struct genl_info *info);
int braid_blk_nl_volume_get_doit(struct sk_buff *skb, struct genl_info *info);
int braid_blk_nl_volume_get_dumpit(struct sk_buff *skb,
				   struct netlink_callback *cb);
int braid_blk_nl_volume_suspend_doit(struct sk_buff *skb,
				     struct genl_info *info);
int braid_blk_nl_volume_resume_doit(struct sk_buff *skb,
				    struct genl_info *info);

#endif /* _LINUX_BRAID_BLK_GEN_H */
