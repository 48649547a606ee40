/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/braid_net.yaml */
/* YNL-GEN kernel header */
/* To regenerate run: scripts/gen-netlink */

#ifndef _LINUX_BRAID_NET_GEN_H
#define _LINUX_BRAID_NET_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/braid_net.h>

/* Ops table for braid_net */
extern const struct genl_small_ops braid_net_nl_ops[14];

int braid_net_nl_status_doit(struct sk_buff *skb, struct genl_info *info);
int braid_net_nl_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int braid_net_nl_add_doit(struct sk_buff *skb, struct genl_info *info);
int braid_net_nl_set_doit(struct sk_buff *skb, struct genl_info *info);
int braid_net_nl_del_doit(struct sk_buff *skb, struct genl_info *info);
int braid_net_nl_flush_doit(struct sk_buff *skb, struct genl_info *info);
int braid_net_nl_begin_doit(struct sk_buff *skb, struct genl_info *info);
int braid_net_nl_commit_doit(struct sk_buff *skb, struct genl_info *info);
int braid_net_nl_abort_doit(struct sk_buff *skb, struct genl_info *info);
int braid_net_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info);
int braid_net_nl_stats_reset_doit(struct sk_buff *skb, struct genl_info *info);
int braid_net_nl_flow_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb);
int braid_net_nl_flow_count_doit(struct sk_buff *skb, struct genl_info *info);
int braid_net_nl_flow_flush_doit(struct sk_buff *skb, struct genl_info *info);

#endif /* _LINUX_BRAID_NET_GEN_H */
