/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/braid_net.yaml */
/* YNL-GEN kernel header */
/* To regenerate run: scripts/gen-netlink */

#ifndef _LINUX_BRAID_NET_POLICY_GEN_H
#define _LINUX_BRAID_NET_POLICY_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/braid_net.h>

/* Common nested types */
extern const struct nla_policy braid_net_backend_nl_policy[BRAID_NET_A_BACKEND_PORT + 1];
extern const struct nla_policy braid_net_cidr_nl_policy[BRAID_NET_A_CIDR_LENGTH + 1];
extern const struct nla_policy braid_net_endpoint_nl_policy[BRAID_NET_A_ENDPOINT_ADDRESS + 1];
extern const struct nla_policy braid_net_identity_nl_policy[BRAID_NET_A_IDENTITY_LABEL + 1];
extern const struct nla_policy braid_net_node_nl_policy[BRAID_NET_A_NODE_ADDRESS + 1];
extern const struct nla_policy braid_net_overlay_nl_policy[BRAID_NET_A_OVERLAY_IFINDEX + 1];
extern const struct nla_policy braid_net_prefix_nl_policy[BRAID_NET_A_PREFIX_NODE + 1];
extern const struct nla_policy braid_net_rule_nl_policy[BRAID_NET_A_RULE_PRIORITY + 1];
extern const struct nla_policy braid_net_service_nl_policy[BRAID_NET_A_SERVICE_ALGORITHM + 1];
extern const struct nla_policy braid_net_uplink_nl_policy[BRAID_NET_A_UPLINK_IFINDEX + 1];

/* Global operation policy for braid_net */
extern const struct nla_policy braid_net_braid_nl_policy[BRAID_NET_A_DRY_RUN + 1];

#endif /* _LINUX_BRAID_NET_POLICY_GEN_H */
