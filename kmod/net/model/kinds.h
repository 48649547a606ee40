/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The versions of each kind of object, as the datapath reads them. Nothing in
 * them changes after they are published.
 */
#ifndef BRAID_KINDS_H
#define BRAID_KINDS_H

#include <net/dst_cache.h>
#include <net/dst_metadata.h>

#include "model/object.h"
#include "model/parse.h"
#include "model/policy.h"

/**
 * struct braid_identity - who a workload is
 * @obj: version
 * @id: number
 * @nlabels: length of @labels
 * @labels: "key=value", each terminated, one after the other; owned
 * @dst: carries @id from the tunnel to the hooks; owned
 */
struct braid_identity {
	struct braid_obj obj;
	u32 id;
	unsigned int nlabels;
	char (*labels)[BRAID_NET_LABEL_MAX + 1];
	struct metadata_dst *dst;
};

/**
 * struct braid_endpoint - a local workload
 * @obj: version
 * @ifindex: its device on the node's side
 * @id: its identity
 * @naddrs: length of @addrs
 * @addrs: its addresses
 */
struct braid_endpoint {
	struct braid_obj obj;
	int ifindex;
	u32 id;
	unsigned int naddrs;
	struct in6_addr addrs[BRAID_NET_ADDRESSES_MAX];
};

/* A device that the overlay may use. */
struct braid_uplink {
	struct braid_obj obj;
	int ifindex;
};

/**
 * struct braid_node - another node
 * @obj: version
 * @name: its name
 * @number: of its slot: the same for all its versions, and in prefixes
 * @nunderlays: length of @underlays
 * @underlays: its addresses outside the overlay; packets go to the first of
 *	the overlay's family
 * @ncidrs: length of @cidrs
 * @cidrs: addresses whose workloads it has
 * @naddrs: length of @addrs
 * @addrs: its own addresses inside the overlay
 * @mac: of its overlay link
 * @mac_given: @mac was configured, not derived
 * @cache: routes to the first underlay address
 */
struct braid_node {
	struct braid_obj obj;
	char name[BRAID_NET_NAME_MAX + 1];
	u32 number;
	unsigned int nunderlays;
	struct in6_addr underlays[BRAID_NET_ADDRESSES_MAX];
	unsigned int ncidrs;
	struct braid_cidr cidrs[BRAID_NET_ADDRESSES_MAX];
	unsigned int naddrs;
	struct in6_addr addrs[BRAID_NET_ADDRESSES_MAX];
	u8 mac[ETH_ALEN];
	bool mac_given;
	struct dst_cache cache;
};

/**
 * struct braid_prefix - addresses and whose they are
 * @obj: version
 * @cidr: the addresses
 * @id: their identity
 * @node: name of the node that they are reached through, or empty
 * @node_number: of that node's slot, 0 without one
 */
struct braid_prefix {
	struct braid_obj obj;
	struct braid_cidr cidr;
	u32 id;
	char node[BRAID_NET_NAME_MAX + 1];
	u32 node_number;
};

/**
 * struct braid_rule_obj - a policy rule
 * @obj: version
 * @name: its name
 * @action: enum braid_net_action
 * @typed: what limits @rule is an ICMP type, not ports
 * @rule: what policy matches
 * @placement: where it stands, while published
 */
struct braid_rule_obj {
	struct braid_obj obj;
	char name[BRAID_NET_NAME_MAX + 1];
	u8 action;
	bool typed;
	struct braid_rule rule;
	struct braid_placement *placement;
};

struct braid_target {
	struct in6_addr addr;
	__be16 port;
};

/**
 * struct braid_service - a service frontend with its backends
 * @obj: version
 * @name: its name
 * @number: of its slot: the same for all its versions, and in backends' keys
 * @addr: frontend address
 * @port: frontend port
 * @proto: IP protocol
 * @scope: enum braid_net_scope
 * @algorithm: enum braid_net_algorithm
 * @ntargets: length of @targets
 * @targets: its backends, all of the same generation; owned
 */
struct braid_service {
	struct braid_obj obj;
	char name[BRAID_NET_NAME_MAX + 1];
	u32 number;
	struct in6_addr addr;
	__be16 port;
	u8 proto;
	u32 scope;
	u32 algorithm;
	unsigned int ntargets;
	struct braid_target *targets;
};

/**
 * struct braid_backend - one backend of a service
 * @obj: version
 * @service: name of the service
 * @target: its address and port
 */
struct braid_backend {
	struct braid_obj obj;
	char service[BRAID_NET_NAME_MAX + 1];
	struct braid_target target;
};

/**
 * struct braid_overlay - the overlay
 * @obj: version
 * @name: its name and its link's
 * @encap: enum braid_net_encap
 * @local: own underlay address
 * @port: UDP port, host byte order
 * @mtu: of the link, as it was made; @dev knows what it is now
 * @made: its link is there, or would be but for a dry run
 * @dev: its link, the same for all its versions, NULL in a dry run; it goes after
 *	the last version, and none is made without rtnl
 */
struct braid_overlay {
	struct braid_obj obj;
	char name[BRAID_NET_NAME_MAX + 1];
	u32 encap;
	struct in6_addr local;
	u16 port;
	u32 mtu;
	bool made;
	struct net_device *dev;
};

extern const struct braid_kind_ops braid_identity_ops;
extern const struct braid_kind_ops braid_endpoint_ops;
extern const struct braid_kind_ops braid_uplink_ops;
extern const struct braid_kind_ops braid_node_ops;
extern const struct braid_kind_ops braid_prefix_ops;
extern const struct braid_kind_ops braid_rule_ops;
extern const struct braid_kind_ops braid_service_ops;
extern const struct braid_kind_ops braid_backend_ops;
extern const struct braid_kind_ops braid_overlay_ops;

int braid_identity_ref(struct braid_net *bn, struct braid_obj *obj, u32 id,
		       u16 attr, u16 nth);
int braid_identity_usable(u32 id, u16 attr, struct braid_err *err);

#endif
