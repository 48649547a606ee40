// SPDX-License-Identifier: GPL-2.0-only
/* Endpoints: local workloads, each behind a device of its own. */
#include "model/kinds.h"

#include <linux/netdevice.h>
#include <linux/slab.h>

#include "model/net.h"

static struct braid_obj *endpoint_create(void)
{
	struct braid_endpoint *ep = kzalloc(sizeof(*ep), GFP_KERNEL_ACCOUNT);

	return ep ? &ep->obj : NULL;
}

static void endpoint_destroy(struct braid_obj *obj)
{
	kfree(container_of(obj, struct braid_endpoint, obj));
}

static int endpoint_key(struct net *net, struct nlattr **tb,
			struct braid_slot_key *key,
			struct braid_err *err)
{
	int ifindex, ret;

	ret = braid_net_parse_need(tb, BRAID_NET_A_ENDPOINT_DEVICE, err,
				   "device is required");
	if (!ret)
		ret = braid_net_parse_device(net, tb[BRAID_NET_A_ENDPOINT_DEVICE],
					     &ifindex, err);
	if (!ret)
		braid_key_id(key, ifindex);
	return ret;
}

static int endpoint_parse(struct net *net, const struct nlattr *nest,
			  struct nlattr **tb, struct braid_obj *obj,
			  struct braid_err *err)
{
	struct braid_endpoint *ep = container_of(obj, struct braid_endpoint, obj);
	const struct nlattr *nla;
	int rem, ret;

	ret = braid_net_parse_device(net, tb[BRAID_NET_A_ENDPOINT_DEVICE],
				     &ep->ifindex, err);
	if (ret)
		return ret;
	if (tb[BRAID_NET_A_ENDPOINT_IDENTITY])
		ep->id = nla_get_u32(tb[BRAID_NET_A_ENDPOINT_IDENTITY]);
	nla_for_each_nested(nla, nest, rem) {
		if (nla_type(nla) != BRAID_NET_A_ENDPOINT_ADDRESS)
			continue;
		if (ep->naddrs == BRAID_NET_ADDRESSES_MAX)
			return braid_refuse(err, -E2BIG, nla_type(nla),
					    "more than 16 addresses");
		ret = braid_net_parse_addr(nla, &ep->addrs[ep->naddrs++], err);
		if (ret)
			return ret;
	}
	return 0;
}

static int endpoint_inherit(struct braid_obj *obj,
			    const struct braid_obj *old)
{
	const struct braid_endpoint *from =
		container_of(old, struct braid_endpoint, obj);
	struct braid_endpoint *ep = container_of(obj, struct braid_endpoint, obj);

	if (!braid_given(obj, BRAID_NET_A_ENDPOINT_IDENTITY))
		ep->id = from->id;
	if (!braid_given(obj, BRAID_NET_A_ENDPOINT_ADDRESS)) {
		ep->naddrs = from->naddrs;
		memcpy(ep->addrs, from->addrs, sizeof(ep->addrs));
	}
	return 0;
}

static int endpoint_check(const struct braid_obj *obj,
			  struct braid_err *err)
{
	const struct braid_endpoint *ep =
		container_of(obj, struct braid_endpoint, obj);

	return braid_identity_usable(ep->id, BRAID_NET_A_ENDPOINT_IDENTITY, err);
}

static bool endpoint_device_present(struct net *net, int ifindex)
{
	bool present;

	rcu_read_lock();
	present = dev_get_by_index_rcu(net, ifindex);
	rcu_read_unlock();
	return present;
}

static int endpoint_plan(struct braid_net *bn, struct braid_obj *obj,
			 struct braid_err *err)
{
	struct braid_endpoint *ep = container_of(obj, struct braid_endpoint, obj);
	unsigned int i;
	int ret;

	/*
	 * The NETDEV_UNREGISTER of a listed device is still to come and waits for
	 * the mutex, so an endpoint never outlives its device.
	 */
	if (!endpoint_device_present(bn->net, ep->ifindex))
		return braid_refuse(err, -ENODEV, BRAID_NET_A_ENDPOINT_DEVICE,
				    "device does not exist");
	ret = braid_obj_plan(obj, 1 + ep->naddrs, 1);
	if (ret)
		return ret;
	braid_obj_entry(obj, BRAID_KEY_ENDPOINT)->num = ep->ifindex;
	for (i = 0; i < ep->naddrs; i++)
		braid_obj_entry(obj, BRAID_KEY_ADDRESS)->addr = ep->addrs[i];
	return braid_identity_ref(bn, obj, ep->id,
				  BRAID_NET_A_ENDPOINT_IDENTITY, 0);
}

static int endpoint_fill_device(struct sk_buff *skb, struct net *net, int attr,
				int ifindex)
{
	struct net_device *dev;
	int ret = 0;

	rcu_read_lock();
	dev = dev_get_by_index_rcu(net, ifindex);
	if (dev)
		ret = nla_put_string(skb, attr, dev->name);
	rcu_read_unlock();
	return ret;
}

static int endpoint_fill(struct sk_buff *skb, struct net *net,
			 const struct braid_obj *obj)
{
	const struct braid_endpoint *ep =
		container_of(obj, struct braid_endpoint, obj);
	unsigned int i;

	if (endpoint_fill_device(skb, net, BRAID_NET_A_ENDPOINT_DEVICE,
				 ep->ifindex) ||
	    nla_put_u32(skb, BRAID_NET_A_ENDPOINT_IFINDEX, ep->ifindex) ||
	    nla_put_u32(skb, BRAID_NET_A_ENDPOINT_IDENTITY, ep->id))
		return -EMSGSIZE;
	for (i = 0; i < ep->naddrs; i++)
		if (braid_fill_addr(skb, BRAID_NET_A_ENDPOINT_ADDRESS,
				    &ep->addrs[i]))
			return -EMSGSIZE;
	return 0;
}

static const struct braid_need endpoint_needs[] = {
	{ BRAID_NET_A_ENDPOINT_IDENTITY, "identity is required" },
	{ BRAID_NET_A_ENDPOINT_ADDRESS, "address is required" },
	{}
};

static const struct braid_clash endpoint_clashes[] = {
	{ BRAID_KEY_ADDRESS, BRAID_NET_A_ENDPOINT_ADDRESS,
	  "address belongs to another endpoint" },
	{}
};

const struct braid_kind_ops braid_endpoint_ops = {
	.attr = BRAID_NET_A_ENDPOINT,
	.key_attr = BRAID_NET_A_ENDPOINT_DEVICE,
	.maxattr = BRAID_NET_A_ENDPOINT_ADDRESS,
	.policy = braid_net_endpoint_nl_policy,
	.needs = endpoint_needs,
	.clashes = endpoint_clashes,
	.exists = "device is an endpoint already",
	.absent = "device is not an endpoint",
	.in_use = "endpoint is in use",
	.create = endpoint_create,
	.destroy = endpoint_destroy,
	.key = endpoint_key,
	.parse = endpoint_parse,
	.inherit = endpoint_inherit,
	.check = endpoint_check,
	.plan = endpoint_plan,
	.fill = endpoint_fill,
};

static struct braid_obj *uplink_create(void)
{
	struct braid_uplink *uplink = kzalloc(sizeof(*uplink),
					      GFP_KERNEL_ACCOUNT);

	return uplink ? &uplink->obj : NULL;
}

static void uplink_destroy(struct braid_obj *obj)
{
	kfree(container_of(obj, struct braid_uplink, obj));
}

static int uplink_key(struct net *net, struct nlattr **tb,
		      struct braid_slot_key *key, struct braid_err *err)
{
	int ifindex, ret;

	ret = braid_net_parse_need(tb, BRAID_NET_A_UPLINK_DEVICE, err,
				   "device is required");
	if (!ret)
		ret = braid_net_parse_device(net, tb[BRAID_NET_A_UPLINK_DEVICE],
					     &ifindex, err);
	if (!ret)
		braid_key_id(key, ifindex);
	return ret;
}

static int uplink_parse(struct net *net, const struct nlattr *nest,
			struct nlattr **tb, struct braid_obj *obj,
			struct braid_err *err)
{
	struct braid_uplink *uplink = container_of(obj, struct braid_uplink, obj);

	return braid_net_parse_device(net, tb[BRAID_NET_A_UPLINK_DEVICE],
				      &uplink->ifindex, err);
}

static int uplink_plan(struct braid_net *bn, struct braid_obj *obj,
		       struct braid_err *err)
{
	struct braid_uplink *uplink = container_of(obj, struct braid_uplink, obj);
	int ret;

	if (!endpoint_device_present(bn->net, uplink->ifindex))
		return braid_refuse(err, -ENODEV, BRAID_NET_A_UPLINK_DEVICE,
				    "device does not exist");
	ret = braid_obj_plan(obj, 2, 0);
	if (ret)
		return ret;
	braid_obj_entry(obj, BRAID_KEY_UPLINK)->num = uplink->ifindex;
	braid_obj_entry(obj, BRAID_KEY_UPLINK)->num = 0;
	return 0;
}

/* Every uplink has a key with number 0, by which a lookup finds any uplink. */
static bool uplink_shares(const struct braid_obj *obj, unsigned int i)
{
	return !obj->entries[i].key.num;
}

static int uplink_fill(struct sk_buff *skb, struct net *net,
		       const struct braid_obj *obj)
{
	const struct braid_uplink *uplink =
		container_of(obj, struct braid_uplink, obj);

	if (endpoint_fill_device(skb, net, BRAID_NET_A_UPLINK_DEVICE,
				 uplink->ifindex) ||
	    nla_put_u32(skb, BRAID_NET_A_UPLINK_IFINDEX, uplink->ifindex))
		return -EMSGSIZE;
	return 0;
}

const struct braid_kind_ops braid_uplink_ops = {
	.attr = BRAID_NET_A_UPLINK,
	.key_attr = BRAID_NET_A_UPLINK_DEVICE,
	.maxattr = BRAID_NET_A_UPLINK_IFINDEX,
	.policy = braid_net_uplink_nl_policy,
	.exists = "device is an uplink already",
	.absent = "device is not an uplink",
	.in_use = "uplink is in use",
	.create = uplink_create,
	.destroy = uplink_destroy,
	.key = uplink_key,
	.shares = uplink_shares,
	.parse = uplink_parse,
	.plan = uplink_plan,
	.fill = uplink_fill,
};
