// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/braid_blk.yaml */
/* YNL-GEN kernel source */
/* To regenerate run: scripts/gen-netlink */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink/netlink-policy-gen.h"
#include "netlink-gen.h"

#include <uapi/linux/braid_blk.h>

/* Ops table for braid_blk */
const struct genl_ops braid_blk_nl_ops[15] = {
	{
		.cmd		= BRAID_BLK_CMD_REPLICA_CREATE,
		.doit		= braid_blk_nl_replica_create_doit,
		.policy		= braid_blk_replica_create_nl_policy,
		.maxattr	= BRAID_BLK_A_REPLICA_FORCE,
	},
	{
		.cmd		= BRAID_BLK_CMD_REPLICA_OPEN,
		.doit		= braid_blk_nl_replica_open_doit,
		.policy		= braid_blk_replica_open_nl_policy,
		.maxattr	= BRAID_BLK_A_REPLICA_PATH,
	},
	{
		.cmd		= BRAID_BLK_CMD_REPLICA_CLOSE,
		.doit		= braid_blk_nl_replica_close_doit,
		.policy		= braid_blk_replica_close_nl_policy,
		.maxattr	= BRAID_BLK_A_REPLICA_PATH,
	},
	{
		.cmd		= BRAID_BLK_CMD_REPLICA_DEL,
		.doit		= braid_blk_nl_replica_del_doit,
		.policy		= braid_blk_replica_del_nl_policy,
		.maxattr	= BRAID_BLK_A_REPLICA_PATH,
	},
	{
		.cmd		= BRAID_BLK_CMD_REPLICA_GET,
		.doit		= braid_blk_nl_replica_get_doit,
		.dumpit		= braid_blk_nl_replica_get_dumpit,
		.policy		= braid_blk_replica_get_nl_policy,
		.maxattr	= BRAID_BLK_A_REPLICA_PATH,
	},
	{
		.cmd		= BRAID_BLK_CMD_REPLICA_CHECK,
		.doit		= braid_blk_nl_replica_check_doit,
		.policy		= braid_blk_replica_check_nl_policy,
		.maxattr	= BRAID_BLK_A_REPLICA_PATH,
	},
	{
		.cmd		= BRAID_BLK_CMD_TARGET_LISTEN,
		.doit		= braid_blk_nl_target_listen_doit,
		.policy		= braid_blk_target_listen_nl_policy,
		.maxattr	= BRAID_BLK_A_TARGET_SECRET,
	},
	{
		.cmd		= BRAID_BLK_CMD_TARGET_GET,
		.doit		= braid_blk_nl_target_get_doit,
		.dumpit		= braid_blk_nl_target_get_dumpit,
		.policy		= braid_blk_target_get_nl_policy,
		.maxattr	= BRAID_BLK_A_TARGET_ADDRESS,
	},
	{
		.cmd		= BRAID_BLK_CMD_TARGET_CLOSE,
		.doit		= braid_blk_nl_target_close_doit,
		.policy		= braid_blk_target_close_nl_policy,
		.maxattr	= BRAID_BLK_A_TARGET_ADDRESS,
	},
	{
		.cmd		= BRAID_BLK_CMD_VOLUME_CREATE,
		.doit		= braid_blk_nl_volume_create_doit,
		.policy		= braid_blk_volume_create_nl_policy,
		.maxattr	= BRAID_BLK_A_VOLUME_SECRET,
	},
	{
		.cmd		= BRAID_BLK_CMD_VOLUME_ATTACH,
		.doit		= braid_blk_nl_volume_attach_doit,
		.policy		= braid_blk_volume_attach_nl_policy,
		.maxattr	= BRAID_BLK_A_VOLUME_SUSPEND_TIMEOUT,
	},
	{
		.cmd		= BRAID_BLK_CMD_VOLUME_DETACH,
		.doit		= braid_blk_nl_volume_detach_doit,
		.policy		= braid_blk_volume_detach_nl_policy,
		.maxattr	= BRAID_BLK_A_VOLUME_FORCE,
	},
	{
		.cmd		= BRAID_BLK_CMD_VOLUME_GET,
		.doit		= braid_blk_nl_volume_get_doit,
		.dumpit		= braid_blk_nl_volume_get_dumpit,
		.policy		= braid_blk_volume_get_nl_policy,
		.maxattr	= BRAID_BLK_A_VOLUME_NAME,
	},
	{
		.cmd		= BRAID_BLK_CMD_VOLUME_SUSPEND,
		.doit		= braid_blk_nl_volume_suspend_doit,
		.policy		= braid_blk_volume_suspend_nl_policy,
		.maxattr	= BRAID_BLK_A_VOLUME_NAME,
	},
	{
		.cmd		= BRAID_BLK_CMD_VOLUME_RESUME,
		.doit		= braid_blk_nl_volume_resume_doit,
		.policy		= braid_blk_volume_resume_nl_policy,
		.maxattr	= BRAID_BLK_A_VOLUME_NAME,
	},
};
