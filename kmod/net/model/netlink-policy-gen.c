// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/braid_net.yaml */
/* YNL-GEN kernel source */
/* To regenerate run: scripts/gen-netlink */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "model/netlink-policy-gen.h"

#include <uapi/linux/braid_net.h>

/* Common nested types */
const struct nla_policy braid_net_backend_nl_policy[BRAID_NET_A_BACKEND_PORT + 1] = {
	[BRAID_NET_A_BACKEND_SERVICE] = { .type = NLA_NUL_STRING, },
	[BRAID_NET_A_BACKEND_ADDRESS] = { .type = NLA_BINARY, },
	[BRAID_NET_A_BACKEND_PORT] = { .type = NLA_U16, },
};

const struct nla_policy braid_net_cidr_nl_policy[BRAID_NET_A_CIDR_LENGTH + 1] = {
	[BRAID_NET_A_CIDR_ADDRESS] = { .type = NLA_BINARY, },
	[BRAID_NET_A_CIDR_LENGTH] = { .type = NLA_U8, },
};

const struct nla_policy braid_net_endpoint_nl_policy[BRAID_NET_A_ENDPOINT_ADDRESS + 1] = {
	[BRAID_NET_A_ENDPOINT_DEVICE] = { .type = NLA_NUL_STRING, },
	[BRAID_NET_A_ENDPOINT_IFINDEX] = { .type = NLA_U32, },
	[BRAID_NET_A_ENDPOINT_IDENTITY] = { .type = NLA_U32, },
	[BRAID_NET_A_ENDPOINT_ADDRESS] = { .type = NLA_BINARY, },
};

const struct nla_policy braid_net_identity_nl_policy[BRAID_NET_A_IDENTITY_LABEL + 1] = {
	[BRAID_NET_A_IDENTITY_ID] = { .type = NLA_U32, },
	[BRAID_NET_A_IDENTITY_LABEL] = { .type = NLA_STRING, },
};

const struct nla_policy braid_net_node_nl_policy[BRAID_NET_A_NODE_ADDRESS + 1] = {
	[BRAID_NET_A_NODE_NAME] = { .type = NLA_NUL_STRING, },
	[BRAID_NET_A_NODE_UNDERLAY] = { .type = NLA_BINARY, },
	[BRAID_NET_A_NODE_CIDR] = NLA_POLICY_NESTED(braid_net_cidr_nl_policy),
	[BRAID_NET_A_NODE_MAC] = { .type = NLA_BINARY, },
	[BRAID_NET_A_NODE_ADDRESS] = { .type = NLA_BINARY, },
};

const struct nla_policy braid_net_overlay_nl_policy[BRAID_NET_A_OVERLAY_IFINDEX + 1] = {
	[BRAID_NET_A_OVERLAY_NAME] = { .type = NLA_NUL_STRING, },
	[BRAID_NET_A_OVERLAY_TYPE] = NLA_POLICY_MAX(NLA_U32, 1),
	[BRAID_NET_A_OVERLAY_LOCAL] = { .type = NLA_BINARY, },
	[BRAID_NET_A_OVERLAY_PORT] = { .type = NLA_U16, },
	[BRAID_NET_A_OVERLAY_MTU] = { .type = NLA_U32, },
	[BRAID_NET_A_OVERLAY_IFINDEX] = { .type = NLA_U32, },
};

const struct nla_policy braid_net_prefix_nl_policy[BRAID_NET_A_PREFIX_NODE + 1] = {
	[BRAID_NET_A_PREFIX_CIDR] = NLA_POLICY_NESTED(braid_net_cidr_nl_policy),
	[BRAID_NET_A_PREFIX_IDENTITY] = { .type = NLA_U32, },
	[BRAID_NET_A_PREFIX_NODE] = { .type = NLA_NUL_STRING, },
};

const struct nla_policy braid_net_rule_nl_policy[BRAID_NET_A_RULE_PRIORITY + 1] = {
	[BRAID_NET_A_RULE_NAME] = { .type = NLA_NUL_STRING, },
	[BRAID_NET_A_RULE_SUBJECT] = { .type = NLA_U32, },
	[BRAID_NET_A_RULE_DIRECTION] = NLA_POLICY_MAX(NLA_U32, 1),
	[BRAID_NET_A_RULE_PEER_IDENTITY] = { .type = NLA_U32, },
	[BRAID_NET_A_RULE_PEER_ANY] = { .type = NLA_FLAG, },
	[BRAID_NET_A_RULE_PEER_CIDR] = NLA_POLICY_NESTED(braid_net_cidr_nl_policy),
	[BRAID_NET_A_RULE_PROTOCOL] = { .type = NLA_U8, },
	[BRAID_NET_A_RULE_PORT_MIN] = { .type = NLA_U16, },
	[BRAID_NET_A_RULE_PORT_MAX] = { .type = NLA_U16, },
	[BRAID_NET_A_RULE_TYPE] = { .type = NLA_U8, },
	[BRAID_NET_A_RULE_ACTION] = NLA_POLICY_MAX(NLA_U32, 1),
	[BRAID_NET_A_RULE_PRIORITY] = { .type = NLA_U32, },
};

const struct nla_policy braid_net_service_nl_policy[BRAID_NET_A_SERVICE_ALGORITHM + 1] = {
	[BRAID_NET_A_SERVICE_NAME] = { .type = NLA_NUL_STRING, },
	[BRAID_NET_A_SERVICE_ADDRESS] = { .type = NLA_BINARY, },
	[BRAID_NET_A_SERVICE_PORT] = { .type = NLA_U16, },
	[BRAID_NET_A_SERVICE_PROTOCOL] = { .type = NLA_U8, },
	[BRAID_NET_A_SERVICE_SCOPE] = NLA_POLICY_MAX(NLA_U32, 0),
	[BRAID_NET_A_SERVICE_ALGORITHM] = NLA_POLICY_MAX(NLA_U32, 0),
};

const struct nla_policy braid_net_uplink_nl_policy[BRAID_NET_A_UPLINK_IFINDEX + 1] = {
	[BRAID_NET_A_UPLINK_DEVICE] = { .type = NLA_NUL_STRING, },
	[BRAID_NET_A_UPLINK_IFINDEX] = { .type = NLA_U32, },
};

/* Global operation policy for braid_net */
const struct nla_policy braid_net_braid_nl_policy[BRAID_NET_A_DRY_RUN + 1] = {
	[BRAID_NET_A_IDENTITY] = NLA_POLICY_NESTED(braid_net_identity_nl_policy),
	[BRAID_NET_A_ENDPOINT] = NLA_POLICY_NESTED(braid_net_endpoint_nl_policy),
	[BRAID_NET_A_UPLINK] = NLA_POLICY_NESTED(braid_net_uplink_nl_policy),
	[BRAID_NET_A_NODE] = NLA_POLICY_NESTED(braid_net_node_nl_policy),
	[BRAID_NET_A_PREFIX] = NLA_POLICY_NESTED(braid_net_prefix_nl_policy),
	[BRAID_NET_A_RULE] = NLA_POLICY_NESTED(braid_net_rule_nl_policy),
	[BRAID_NET_A_SERVICE] = NLA_POLICY_NESTED(braid_net_service_nl_policy),
	[BRAID_NET_A_BACKEND] = NLA_POLICY_NESTED(braid_net_backend_nl_policy),
	[BRAID_NET_A_OVERLAY] = NLA_POLICY_NESTED(braid_net_overlay_nl_policy),
	[BRAID_NET_A_OBJECT] = NLA_POLICY_MAX(NLA_U32, 8),
	[BRAID_NET_A_DRY_RUN] = { .type = NLA_FLAG, },
};
