// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/braid_net.yaml */
/* YNL-GEN kernel source */
/* To regenerate run: scripts/gen-netlink */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "model/netlink-policy-gen.h"
#include "netlink-gen.h"

#include <uapi/linux/braid_net.h>

/* Ops table for braid_net */
const struct genl_small_ops braid_net_nl_ops[14] = {
	{
		.cmd	= BRAID_NET_CMD_STATUS,
		.doit	= braid_net_nl_status_doit,
	},
	{
		.cmd	= BRAID_NET_CMD_GET,
		.dumpit	= braid_net_nl_get_dumpit,
	},
	{
		.cmd	= BRAID_NET_CMD_ADD,
		.doit	= braid_net_nl_add_doit,
		.flags	= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd	= BRAID_NET_CMD_SET,
		.doit	= braid_net_nl_set_doit,
		.flags	= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd	= BRAID_NET_CMD_DEL,
		.doit	= braid_net_nl_del_doit,
		.flags	= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd	= BRAID_NET_CMD_FLUSH,
		.doit	= braid_net_nl_flush_doit,
		.flags	= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd	= BRAID_NET_CMD_BEGIN,
		.doit	= braid_net_nl_begin_doit,
		.flags	= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd	= BRAID_NET_CMD_COMMIT,
		.doit	= braid_net_nl_commit_doit,
		.flags	= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd	= BRAID_NET_CMD_ABORT,
		.doit	= braid_net_nl_abort_doit,
		.flags	= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd	= BRAID_NET_CMD_STATS_GET,
		.doit	= braid_net_nl_stats_get_doit,
	},
	{
		.cmd	= BRAID_NET_CMD_STATS_RESET,
		.doit	= braid_net_nl_stats_reset_doit,
		.flags	= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd	= BRAID_NET_CMD_FLOW_GET,
		.dumpit	= braid_net_nl_flow_get_dumpit,
		.flags	= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd	= BRAID_NET_CMD_FLOW_COUNT,
		.doit	= braid_net_nl_flow_count_doit,
		.flags	= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd	= BRAID_NET_CMD_FLOW_FLUSH,
		.doit	= braid_net_nl_flow_flush_doit,
		.flags	= GENL_UNS_ADMIN_PERM,
	},
};
