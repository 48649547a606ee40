/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/braid_blk.yaml */
/* YNL-GEN kernel header */
/* To regenerate run: scripts/gen-netlink */

#ifndef _LINUX_BRAID_BLK_POLICY_GEN_H
#define _LINUX_BRAID_BLK_POLICY_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/braid_blk.h>

/* Common nested types */
extern const struct nla_policy braid_blk_address_nl_policy[BRAID_BLK_A_ADDRESS_PORT + 1];
extern const struct nla_policy braid_blk_voter_input_nl_policy[BRAID_BLK_A_VOTER_ADDRESS + 1];

extern const struct nla_policy braid_blk_replica_create_nl_policy[BRAID_BLK_A_REPLICA_FORCE + 1];

extern const struct nla_policy braid_blk_replica_open_nl_policy[BRAID_BLK_A_REPLICA_PATH + 1];

extern const struct nla_policy braid_blk_replica_close_nl_policy[BRAID_BLK_A_REPLICA_PATH + 1];

extern const struct nla_policy braid_blk_replica_del_nl_policy[BRAID_BLK_A_REPLICA_PATH + 1];

extern const struct nla_policy braid_blk_replica_get_nl_policy[BRAID_BLK_A_REPLICA_PATH + 1];

extern const struct nla_policy braid_blk_replica_check_nl_policy[BRAID_BLK_A_REPLICA_PATH + 1];

extern const struct nla_policy braid_blk_target_listen_nl_policy[BRAID_BLK_A_TARGET_SECRET + 1];

extern const struct nla_policy braid_blk_target_get_nl_policy[BRAID_BLK_A_TARGET_ADDRESS + 1];

extern const struct nla_policy braid_blk_target_close_nl_policy[BRAID_BLK_A_TARGET_ADDRESS + 1];

extern const struct nla_policy braid_blk_volume_create_nl_policy[BRAID_BLK_A_VOLUME_SECRET + 1];

extern const struct nla_policy braid_blk_volume_attach_nl_policy[BRAID_BLK_A_VOLUME_SUSPEND_TIMEOUT + 1];

extern const struct nla_policy braid_blk_volume_detach_nl_policy[BRAID_BLK_A_VOLUME_FORCE + 1];

extern const struct nla_policy braid_blk_volume_get_nl_policy[BRAID_BLK_A_VOLUME_NAME + 1];

extern const struct nla_policy braid_blk_volume_suspend_nl_policy[BRAID_BLK_A_VOLUME_NAME + 1];

extern const struct nla_policy braid_blk_volume_resume_nl_policy[BRAID_BLK_A_VOLUME_NAME + 1];

#endif /* _LINUX_BRAID_BLK_POLICY_GEN_H */
