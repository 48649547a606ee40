// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/braid_blk.yaml */
/* YNL-GEN kernel source */
/* To regenerate run: scripts/gen-netlink */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink/netlink-policy-gen.h"

#include <uapi/linux/braid_blk.h>

/* Common nested types */
const struct nla_policy braid_blk_address_nl_policy[BRAID_BLK_A_ADDRESS_PORT + 1] = {
	[BRAID_BLK_A_ADDRESS_IP] = { .type = NLA_BINARY, },
	[BRAID_BLK_A_ADDRESS_PORT] = { .type = NLA_U16, },
};

const struct nla_policy braid_blk_voter_input_nl_policy[BRAID_BLK_A_VOTER_ADDRESS + 1] = {
	[BRAID_BLK_A_VOTER_ID] = { .type = NLA_U8, },
	[BRAID_BLK_A_VOTER_WITNESS] = { .type = NLA_FLAG, },
	[BRAID_BLK_A_VOTER_ADDRESS] = NLA_POLICY_NESTED(braid_blk_address_nl_policy),
};

/* BRAID_BLK_CMD_REPLICA_CREATE - do */
const struct nla_policy braid_blk_replica_create_nl_policy[BRAID_BLK_A_REPLICA_FORCE + 1] = {
	[BRAID_BLK_A_REPLICA_PATH] = { .type = NLA_NUL_STRING, },
	[BRAID_BLK_A_REPLICA_VOLUME] = { .type = NLA_NUL_STRING, },
	[BRAID_BLK_A_REPLICA_UUID] = { .type = NLA_BINARY, },
	[BRAID_BLK_A_REPLICA_VOTER] = { .type = NLA_U8, },
	[BRAID_BLK_A_REPLICA_SIZE] = { .type = NLA_U64, },
	[BRAID_BLK_A_REPLICA_WITNESS] = { .type = NLA_FLAG, },
	[BRAID_BLK_A_REPLICA_FORCE] = { .type = NLA_FLAG, },
};

/* BRAID_BLK_CMD_REPLICA_OPEN - do */
const struct nla_policy braid_blk_replica_open_nl_policy[BRAID_BLK_A_REPLICA_PATH + 1] = {
	[BRAID_BLK_A_REPLICA_PATH] = { .type = NLA_NUL_STRING, },
};

/* BRAID_BLK_CMD_REPLICA_CLOSE - do */
const struct nla_policy braid_blk_replica_close_nl_policy[BRAID_BLK_A_REPLICA_PATH + 1] = {
	[BRAID_BLK_A_REPLICA_PATH] = { .type = NLA_NUL_STRING, },
};

/* BRAID_BLK_CMD_REPLICA_DEL - do */
const struct nla_policy braid_blk_replica_del_nl_policy[BRAID_BLK_A_REPLICA_PATH + 1] = {
	[BRAID_BLK_A_REPLICA_PATH] = { .type = NLA_NUL_STRING, },
};

/* BRAID_BLK_CMD_REPLICA_GET - do */
const struct nla_policy braid_blk_replica_get_nl_policy[BRAID_BLK_A_REPLICA_PATH + 1] = {
	[BRAID_BLK_A_REPLICA_PATH] = { .type = NLA_NUL_STRING, },
};

/* BRAID_BLK_CMD_REPLICA_CHECK - do */
const struct nla_policy braid_blk_replica_check_nl_policy[BRAID_BLK_A_REPLICA_PATH + 1] = {
	[BRAID_BLK_A_REPLICA_PATH] = { .type = NLA_NUL_STRING, },
};

/* BRAID_BLK_CMD_TARGET_LISTEN - do */
const struct nla_policy braid_blk_target_listen_nl_policy[BRAID_BLK_A_TARGET_SECRET + 1] = {
	[BRAID_BLK_A_TARGET_ADDRESS] = NLA_POLICY_NESTED(braid_blk_address_nl_policy),
	[BRAID_BLK_A_TARGET_SECRET] = { .type = NLA_BINARY, },
};

/* BRAID_BLK_CMD_TARGET_GET - do */
const struct nla_policy braid_blk_target_get_nl_policy[BRAID_BLK_A_TARGET_ADDRESS + 1] = {
	[BRAID_BLK_A_TARGET_ADDRESS] = NLA_POLICY_NESTED(braid_blk_address_nl_policy),
};

/* BRAID_BLK_CMD_TARGET_CLOSE - do */
const struct nla_policy braid_blk_target_close_nl_policy[BRAID_BLK_A_TARGET_ADDRESS + 1] = {
	[BRAID_BLK_A_TARGET_ADDRESS] = NLA_POLICY_NESTED(braid_blk_address_nl_policy),
};

/* BRAID_BLK_CMD_VOLUME_CREATE - do */
const struct nla_policy braid_blk_volume_create_nl_policy[BRAID_BLK_A_VOLUME_SECRET + 1] = {
	[BRAID_BLK_A_VOLUME_NAME] = { .type = NLA_NUL_STRING, },
	[BRAID_BLK_A_VOLUME_SIZE] = { .type = NLA_U64, },
	[BRAID_BLK_A_VOLUME_VOTER] = NLA_POLICY_NESTED(braid_blk_voter_input_nl_policy),
	[BRAID_BLK_A_VOLUME_SECRET] = { .type = NLA_BINARY, },
};

/* BRAID_BLK_CMD_VOLUME_ATTACH - do */
const struct nla_policy braid_blk_volume_attach_nl_policy[BRAID_BLK_A_VOLUME_SUSPEND_TIMEOUT + 1] = {
	[BRAID_BLK_A_VOLUME_NAME] = { .type = NLA_NUL_STRING, },
	[BRAID_BLK_A_VOLUME_FROM] = NLA_POLICY_NESTED(braid_blk_address_nl_policy),
	[BRAID_BLK_A_VOLUME_SECRET] = { .type = NLA_BINARY, },
	[BRAID_BLK_A_VOLUME_TAKEOVER] = { .type = NLA_FLAG, },
	[BRAID_BLK_A_VOLUME_DEAD] = { .type = NLA_FLAG, },
	[BRAID_BLK_A_VOLUME_FORCE] = { .type = NLA_FLAG, },
	[BRAID_BLK_A_VOLUME_MIN_ISR] = { .type = NLA_U32, },
	[BRAID_BLK_A_VOLUME_SUSPEND_TIMEOUT] = { .type = NLA_U32, },
};

/* BRAID_BLK_CMD_VOLUME_DETACH - do */
const struct nla_policy braid_blk_volume_detach_nl_policy[BRAID_BLK_A_VOLUME_FORCE + 1] = {
	[BRAID_BLK_A_VOLUME_NAME] = { .type = NLA_NUL_STRING, },
	[BRAID_BLK_A_VOLUME_FORCE] = { .type = NLA_FLAG, },
};

/* BRAID_BLK_CMD_VOLUME_GET - do */
const struct nla_policy braid_blk_volume_get_nl_policy[BRAID_BLK_A_VOLUME_NAME + 1] = {
	[BRAID_BLK_A_VOLUME_NAME] = { .type = NLA_NUL_STRING, },
};

/* BRAID_BLK_CMD_VOLUME_SUSPEND - do */
const struct nla_policy braid_blk_volume_suspend_nl_policy[BRAID_BLK_A_VOLUME_NAME + 1] = {
	[BRAID_BLK_A_VOLUME_NAME] = { .type = NLA_NUL_STRING, },
};

/* BRAID_BLK_CMD_VOLUME_RESUME - do */
const struct nla_policy braid_blk_volume_resume_nl_policy[BRAID_BLK_A_VOLUME_NAME + 1] = {
	[BRAID_BLK_A_VOLUME_NAME] = { .type = NLA_NUL_STRING, },
};
