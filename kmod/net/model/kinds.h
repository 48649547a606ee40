/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The versions of each kind of object, as the datapath reads them. A version
 * does not change after it is published.
 */
#ifndef BRAID_KINDS_H
#define BRAID_KINDS_H

#include <net/dst_cache.h>
#include <net/dst_metadata.h>

#include "model/object.h"
#include "model/parse.h"
#include "model/policy.h"

/**
 * struct braid_identity - an identity of workloads
 * @obj: version
 * @id: number
 * @nlabels: length of @labels
 * @labels: terminated strings "key=value"; owned
 * @dst: carries @id from the tunnel to the hooks; holds a reference; NULL if @id does
 *	not fit into a tunnel header
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
 * @ifindex: index of its device on the side of the node
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

/* A device at which tunnel packets arrive and packets leave the cluster. */
struct braid_uplink {
	struct braid_obj obj;
	int ifindex;
};

/**
 * struct braid_node - another node
 * @obj: version
 * @name: its name
 * @number: number of its slot, the same for all its versions; prefixes store it
 * @nunderlays: length of @underlays
 * @underlays: underlay addresses; packets go to the first one of the overlay's
 *	address family
 * @ncidrs: length of @cidrs
 * @cidrs: networks of the node's workloads
 * @naddrs: length of @addrs
 * @addrs: the node's own addresses inside the overlay
 * @mac: hardware address of the node's overlay link
 * @mac_given: @mac was configured; else it is derived from the first underlay
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
 * struct braid_prefix - a network, its identity and its node
 * @obj: version
 * @cidr: the network
 * @id: identity of its addresses
 * @node: name of the node that packets to the network go to, or empty
 * @node_number: number of the slot of @node, 0 if @node is empty
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
 * @typed: @rule.min is an ICMP type; else @rule.min and @rule.max are ports
 * @rule: the rule as the policy matches it
 * @placement: place of @rule in the policy while the version is published; owned
 */
struct braid_rule_obj {
	struct braid_obj obj;
	char name[BRAID_NET_NAME_MAX + 1];
	u8 action;
	bool typed;
	struct braid_rule rule;
	struct braid_placement *placement;
};

/* Address and port of a backend. */
struct braid_target {
	struct in6_addr addr;
	__be16 port;
};

/**
 * struct braid_service - a service frontend with its backends
 * @obj: version
 * @name: its name
 * @number: number of its slot, the same for all its versions; keys of backends
 *	contain it
 * @addr: frontend address
 * @port: frontend port
 * @proto: IP protocol
 * @scope: enum braid_net_scope
 * @algorithm: enum braid_net_algorithm
 * @ntargets: length of @targets
 * @targets: backends of the generation of this version; owned
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
 * @name: name of the overlay and of its link
 * @encap: enum braid_net_encap
 * @local: underlay address of this node
 * @port: UDP port, host byte order
 * @mtu: configured MTU of the link in bytes; @dev has the present MTU
 * @made: the link was created, or a dry run checked that it can be
 * @dev: the link, the same for all versions; NULL in a dry run. It is created under
 *	rtnl and removed after the last version
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
