// SPDX-License-Identifier: GPL-2.0-only
/* Nodes and prefixes: the node and the identity of addresses. */
#include "model/kinds.h"

#include <linux/etherdevice.h>
#include <linux/slab.h>

#include "model/addr.h"
#include "model/net.h"

static struct braid_obj *node_create(void)
{
	struct braid_node *node = kzalloc(sizeof(*node), GFP_KERNEL_ACCOUNT);

	return node ? &node->obj : NULL;
}

static void node_destroy(struct braid_obj *obj)
{
	struct braid_node *node = container_of(obj, struct braid_node, obj);

	if (node->cache.cache)
		dst_cache_destroy(&node->cache);
	kfree(node);
}

static int node_key(struct net *net, struct nlattr **tb,
		    struct braid_slot_key *key, struct braid_err *err)
{
	char name[BRAID_NET_NAME_MAX + 1];
	int ret;

	ret = braid_net_parse_need(tb, BRAID_NET_A_NODE_NAME, err,
				   "name is required");
	if (!ret)
		ret = braid_net_parse_name(tb[BRAID_NET_A_NODE_NAME], name, err);
	if (!ret)
		braid_key_name(key, name);
	return ret;
}

static int node_parse_mac(const struct nlattr *nla,
			  struct braid_node *node, struct braid_err *err)
{
	if (nla_len(nla) != ETH_ALEN || !is_valid_ether_addr(nla_data(nla)))
		return braid_refuse(err, -EINVAL, BRAID_NET_A_NODE_MAC,
				    "not a unicast hardware address");
	memcpy(node->mac, nla_data(nla), ETH_ALEN);
	node->mac_given = true;
	return 0;
}

static int node_parse_addr(const struct nlattr *nla,
			   struct in6_addr *addrs, unsigned int *naddrs,
			   struct braid_err *err)
{
	if (*naddrs == BRAID_NET_ADDRESSES_MAX)
		return braid_refuse(err, -E2BIG, nla_type(nla),
				    "more than 16 addresses");
	return braid_net_parse_addr(nla, &addrs[(*naddrs)++], err);
}

static int node_parse_lists(const struct nlattr *nest,
			    struct braid_node *node,
			    struct braid_err *err)
{
	const struct nlattr *nla;
	int rem, ret = 0;

	nla_for_each_nested(nla, nest, rem) {
		switch (nla_type(nla)) {
		case BRAID_NET_A_NODE_UNDERLAY:
			ret = node_parse_addr(nla, node->underlays,
					      &node->nunderlays, err);
			break;
		case BRAID_NET_A_NODE_ADDRESS:
			ret = node_parse_addr(nla, node->addrs,
					      &node->naddrs, err);
			break;
		case BRAID_NET_A_NODE_CIDR:
			if (node->ncidrs == BRAID_NET_ADDRESSES_MAX)
				return braid_refuse(err, -E2BIG, nla_type(nla),
						    "more than 16 prefixes");
			ret = braid_net_parse_cidr(nla, &node->cidrs[node->ncidrs++],
						   err);
			break;
		}
		if (ret)
			return ret;
	}
	return 0;
}

static int node_parse(struct net *net, const struct nlattr *nest,
		      struct nlattr **tb, struct braid_obj *obj,
		      struct braid_err *err)
{
	struct braid_node *node = container_of(obj, struct braid_node, obj);
	int ret;

	ret = braid_net_parse_name(tb[BRAID_NET_A_NODE_NAME], node->name, err);
	if (!ret && tb[BRAID_NET_A_NODE_MAC])
		ret = node_parse_mac(tb[BRAID_NET_A_NODE_MAC], node, err);
	return ret ?: node_parse_lists(nest, node, err);
}

static int node_inherit(struct braid_obj *obj,
			const struct braid_obj *old)
{
	const struct braid_node *from = container_of(old, struct braid_node, obj);
	struct braid_node *node = container_of(obj, struct braid_node, obj);

	if (!braid_given(obj, BRAID_NET_A_NODE_UNDERLAY)) {
		node->nunderlays = from->nunderlays;
		memcpy(node->underlays, from->underlays,
		       sizeof(node->underlays));
	}
	if (!braid_given(obj, BRAID_NET_A_NODE_CIDR)) {
		node->ncidrs = from->ncidrs;
		memcpy(node->cidrs, from->cidrs, sizeof(node->cidrs));
	}
	if (!braid_given(obj, BRAID_NET_A_NODE_ADDRESS)) {
		node->naddrs = from->naddrs;
		memcpy(node->addrs, from->addrs, sizeof(node->addrs));
	}
	if (!braid_given(obj, BRAID_NET_A_NODE_MAC)) {
		node->mac_given = from->mac_given;
		memcpy(node->mac, from->mac, ETH_ALEN);
	}
	return 0;
}

static int node_plan(struct braid_net *bn, struct braid_obj *obj,
		     struct braid_err *err)
{
	struct braid_node *node = container_of(obj, struct braid_node, obj);
	struct braid_key *key;
	unsigned int i;
	int ret;

	node->number = obj->slot->number;
	if (!node->mac_given)
		braid_addr_derive_mac(node->mac, &node->underlays[0]);
	ret = dst_cache_init(&node->cache, GFP_KERNEL_ACCOUNT);
	if (!ret)
		ret = braid_obj_plan(obj, 1 + node->nunderlays + node->ncidrs +
					  2 * node->naddrs, 0);
	if (ret)
		return ret;
	braid_obj_entry(obj, BRAID_KEY_NODE)->num = node->number;
	for (i = 0; i < node->nunderlays; i++)
		braid_obj_entry(obj, BRAID_KEY_UNDERLAY)->addr =
			node->underlays[i];
	for (i = 0; i < node->ncidrs; i++) {
		key = braid_obj_entry(obj, BRAID_KEY_ROUTE);
		key->addr = node->cidrs[i].addr;
		key->plen = node->cidrs[i].plen;
	}
	/* Each address is one of the node's own and has a route to the node. */
	for (i = 0; i < node->naddrs; i++) {
		braid_obj_entry(obj, BRAID_KEY_INSIDE)->addr = node->addrs[i];
		key = braid_obj_entry(obj, BRAID_KEY_ROUTE);
		key->addr = node->addrs[i];
		key->plen = 128;
	}
	return 0;
}

/* The route to an own address of the node comes from the entry before it. */
static unsigned int node_blamed(const struct braid_obj *obj, unsigned int i)
{
	return obj->entries[i].key.kind == BRAID_KEY_ROUTE &&
	       obj->entries[i - 1].key.kind == BRAID_KEY_INSIDE ? i - 1 : i;
}

static int node_fill(struct sk_buff *skb, struct net *net,
		     const struct braid_obj *obj)
{
	const struct braid_node *node = container_of(obj, struct braid_node, obj);
	unsigned int i;

	if (nla_put_string(skb, BRAID_NET_A_NODE_NAME, node->name) ||
	    nla_put(skb, BRAID_NET_A_NODE_MAC, ETH_ALEN, node->mac))
		return -EMSGSIZE;
	for (i = 0; i < node->nunderlays; i++)
		if (braid_fill_addr(skb, BRAID_NET_A_NODE_UNDERLAY,
				    &node->underlays[i]))
			return -EMSGSIZE;
	for (i = 0; i < node->ncidrs; i++)
		if (braid_fill_cidr(skb, BRAID_NET_A_NODE_CIDR,
				    &node->cidrs[i]))
			return -EMSGSIZE;
	for (i = 0; i < node->naddrs; i++)
		if (braid_fill_addr(skb, BRAID_NET_A_NODE_ADDRESS,
				    &node->addrs[i]))
			return -EMSGSIZE;
	return 0;
}

static const struct braid_need node_needs[] = {
	{ BRAID_NET_A_NODE_UNDERLAY, "underlay is required" },
	{ BRAID_NET_A_NODE_CIDR, "cidr is required" },
	{}
};

static u32 node_route_node(const struct braid_obj *obj)
{
	return container_of(obj, struct braid_node, obj)->number;
}

static const struct braid_clash node_clashes[] = {
	{ BRAID_KEY_UNDERLAY, BRAID_NET_A_NODE_UNDERLAY, "underlay belongs to another node" },
	{ BRAID_KEY_INSIDE, BRAID_NET_A_NODE_ADDRESS, "address belongs to another node" },
	{ BRAID_KEY_ROUTE, BRAID_NET_A_NODE_CIDR, "prefix belongs to another node" },
	{}
};

const struct braid_kind_ops braid_node_ops = {
	.attr = BRAID_NET_A_NODE,
	.key_attr = BRAID_NET_A_NODE_NAME,
	.maxattr = BRAID_NET_A_NODE_ADDRESS,
	.policy = braid_net_node_nl_policy,
	.needs = node_needs,
	.clashes = node_clashes,
	.exists = "node exists",
	.absent = "node does not exist",
	.in_use = "node is in use",
	.create = node_create,
	.destroy = node_destroy,
	.key = node_key,
	.parse = node_parse,
	.inherit = node_inherit,
	.blamed = node_blamed,
	.route_node = node_route_node,
	.plan = node_plan,
	.fill = node_fill,
};

static struct braid_obj *prefix_create(void)
{
	struct braid_prefix *prefix = kzalloc(sizeof(*prefix),
					      GFP_KERNEL_ACCOUNT);

	return prefix ? &prefix->obj : NULL;
}

static void prefix_destroy(struct braid_obj *obj)
{
	kfree(container_of(obj, struct braid_prefix, obj));
}

static int prefix_key(struct net *net, struct nlattr **tb,
		      struct braid_slot_key *key, struct braid_err *err)
{
	struct braid_cidr cidr;
	int ret;

	ret = braid_net_parse_need(tb, BRAID_NET_A_PREFIX_CIDR, err,
				   "prefix is required");
	if (!ret)
		ret = braid_net_parse_cidr(tb[BRAID_NET_A_PREFIX_CIDR], &cidr, err);
	if (ret)
		return ret;
	key->len = sizeof(cidr.addr) + 1;
	memcpy(key->bytes, &cidr.addr, sizeof(cidr.addr));
	key->bytes[sizeof(cidr.addr)] = cidr.plen;
	return 0;
}

static int prefix_parse(struct net *net, const struct nlattr *nest,
			struct nlattr **tb, struct braid_obj *obj,
			struct braid_err *err)
{
	struct braid_prefix *prefix = container_of(obj, struct braid_prefix, obj);
	int ret;

	ret = braid_net_parse_cidr(tb[BRAID_NET_A_PREFIX_CIDR], &prefix->cidr, err);
	if (!ret && tb[BRAID_NET_A_PREFIX_NODE])
		ret = braid_net_parse_name(tb[BRAID_NET_A_PREFIX_NODE],
					   prefix->node, err);
	if (!ret && tb[BRAID_NET_A_PREFIX_IDENTITY])
		prefix->id = nla_get_u32(tb[BRAID_NET_A_PREFIX_IDENTITY]);
	return ret;
}

static int prefix_inherit(struct braid_obj *obj,
			  const struct braid_obj *old)
{
	const struct braid_prefix *from =
		container_of(old, struct braid_prefix, obj);
	struct braid_prefix *prefix = container_of(obj, struct braid_prefix, obj);

	if (!braid_given(obj, BRAID_NET_A_PREFIX_IDENTITY))
		prefix->id = from->id;
	if (!braid_given(obj, BRAID_NET_A_PREFIX_NODE))
		memcpy(prefix->node, from->node, sizeof(prefix->node));
	return 0;
}

static int prefix_check(const struct braid_obj *obj,
			struct braid_err *err)
{
	const struct braid_prefix *prefix =
		container_of(obj, struct braid_prefix, obj);

	if (!prefix->id)
		return braid_refuse(err, -EINVAL, BRAID_NET_A_PREFIX_IDENTITY,
				    "identity 0 stands for unknown");
	return 0;
}

static int prefix_plan(struct braid_net *bn, struct braid_obj *obj,
		       struct braid_err *err)
{
	struct braid_prefix *prefix = container_of(obj, struct braid_prefix, obj);
	bool routed = prefix->node[0];
	struct braid_slot_key node;
	struct braid_key *key;
	int ret;

	ret = braid_obj_plan(obj, 1 + routed, 2);
	if (!ret)
		ret = braid_identity_ref(bn, obj, prefix->id,
					 BRAID_NET_A_PREFIX_IDENTITY, 0);
	if (ret)
		return ret;
	key = braid_obj_entry(obj, BRAID_KEY_PREFIX);
	key->addr = prefix->cidr.addr;
	key->plen = prefix->cidr.plen;
	if (!routed)
		return 0;
	braid_key_name(&node, prefix->node);
	ret = braid_obj_ref(bn, obj, &braid_node_ops, &node,
			    BRAID_NET_A_PREFIX_NODE, 0);
	if (ret)
		return ret;
	prefix->node_number = obj->refs[obj->nrefs - 1].slot->number;
	key = braid_obj_entry(obj, BRAID_KEY_ROUTE);
	key->addr = prefix->cidr.addr;
	key->plen = prefix->cidr.plen;
	return 0;
}

static int prefix_fill(struct sk_buff *skb, struct net *net,
		       const struct braid_obj *obj)
{
	const struct braid_prefix *prefix =
		container_of(obj, struct braid_prefix, obj);

	if (braid_fill_cidr(skb, BRAID_NET_A_PREFIX_CIDR, &prefix->cidr) ||
	    nla_put_u32(skb, BRAID_NET_A_PREFIX_IDENTITY, prefix->id))
		return -EMSGSIZE;
	if (prefix->node[0] &&
	    nla_put_string(skb, BRAID_NET_A_PREFIX_NODE, prefix->node))
		return -EMSGSIZE;
	return 0;
}

static const struct braid_need prefix_needs[] = {
	{ BRAID_NET_A_PREFIX_IDENTITY, "identity is required" },
	{}
};

static u32 prefix_route_node(const struct braid_obj *obj)
{
	return container_of(obj, struct braid_prefix, obj)->node_number;
}

static const struct braid_clash prefix_clashes[] = {
	{ BRAID_KEY_ROUTE, BRAID_NET_A_PREFIX_NODE, "prefix belongs to another node" },
	{}
};

const struct braid_kind_ops braid_prefix_ops = {
	.attr = BRAID_NET_A_PREFIX,
	.key_attr = BRAID_NET_A_PREFIX_CIDR,
	.maxattr = BRAID_NET_A_PREFIX_NODE,
	.policy = braid_net_prefix_nl_policy,
	.needs = prefix_needs,
	.clashes = prefix_clashes,
	.exists = "prefix exists",
	.absent = "prefix does not exist",
	.in_use = "prefix is in use",
	.create = prefix_create,
	.destroy = prefix_destroy,
	.key = prefix_key,
	.parse = prefix_parse,
	.inherit = prefix_inherit,
	.check = prefix_check,
	.route_node = prefix_route_node,
	.plan = prefix_plan,
	.fill = prefix_fill,
};
