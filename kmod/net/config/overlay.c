// SPDX-License-Identifier: GPL-2.0-only
/* The configuration of the overlay; link.c has its link. */
#include "model/kinds.h"

#include <linux/netdevice.h>
#include <linux/slab.h>

#include "overlay/encap.h"
#include "model/net.h"

static struct braid_obj *overlay_create(void)
{
	struct braid_overlay *overlay = kzalloc(sizeof(*overlay),
						GFP_KERNEL_ACCOUNT);

	return overlay ? &overlay->obj : NULL;
}

static void overlay_destroy(struct braid_obj *obj)
{
	kfree(container_of(obj, struct braid_overlay, obj));
}

static int overlay_key(struct net *net, struct nlattr **tb,
		       struct braid_slot_key *key, struct braid_err *err)
{
	char name[BRAID_NET_NAME_MAX + 1];
	int ret;

	ret = braid_net_parse_need(tb, BRAID_NET_A_OVERLAY_NAME, err,
				   "name is required");
	if (!ret)
		ret = braid_net_parse_name(tb[BRAID_NET_A_OVERLAY_NAME], name, err);
	if (ret)
		return ret;
	/* A name with a percent sign is a pattern for the kernel. */
	if (!dev_valid_name(name) || strchr(name, '%'))
		return braid_refuse(err, -EINVAL, BRAID_NET_A_OVERLAY_NAME,
				    "not a name of a device");
	braid_key_name(key, name);
	return 0;
}

static int overlay_parse(struct net *net, const struct nlattr *nest,
			 struct nlattr **tb, struct braid_obj *obj,
			 struct braid_err *err)
{
	struct braid_overlay *overlay =
		container_of(obj, struct braid_overlay, obj);
	int ret = 0;

	strscpy(overlay->name, nla_data(tb[BRAID_NET_A_OVERLAY_NAME]),
		sizeof(overlay->name));
	if (tb[BRAID_NET_A_OVERLAY_TYPE])
		overlay->encap = nla_get_u32(tb[BRAID_NET_A_OVERLAY_TYPE]);
	overlay->port = braid_encap_of(overlay->encap)->port;
	if (tb[BRAID_NET_A_OVERLAY_LOCAL])
		ret = braid_net_parse_addr(tb[BRAID_NET_A_OVERLAY_LOCAL],
					   &overlay->local, err);
	if (!ret && tb[BRAID_NET_A_OVERLAY_PORT])
		ret = braid_net_parse_port(tb[BRAID_NET_A_OVERLAY_PORT],
					   &overlay->port, err);
	if (ret)
		return ret;
	if (tb[BRAID_NET_A_OVERLAY_MTU])
		overlay->mtu = nla_get_u32(tb[BRAID_NET_A_OVERLAY_MTU]);
	return 0;
}

static int overlay_inherit(struct braid_obj *obj,
			   const struct braid_obj *old)
{
	const struct braid_overlay *from =
		container_of(old, struct braid_overlay, obj);
	struct braid_overlay *overlay =
		container_of(obj, struct braid_overlay, obj);

	overlay->encap = from->encap;
	overlay->local = from->local;
	overlay->port = from->port;
	overlay->made = from->made;
	overlay->dev = from->dev;
	if (!braid_given(obj, BRAID_NET_A_OVERLAY_MTU))
		overlay->mtu = from->mtu;
	return 0;
}

static int overlay_check(const struct braid_obj *obj,
			 struct braid_err *err)
{
	static const u16 fixed[] = {
		BRAID_NET_A_OVERLAY_TYPE, BRAID_NET_A_OVERLAY_LOCAL,
		BRAID_NET_A_OVERLAY_PORT,
	};
	const struct braid_overlay *overlay =
		container_of(obj, struct braid_overlay, obj);
	unsigned int i;

	if (braid_given(obj, BRAID_NET_A_OVERLAY_MTU) &&
	    (overlay->mtu < ETH_MIN_MTU || overlay->mtu > ETH_MAX_MTU))
		return braid_refuse(err, -EINVAL, BRAID_NET_A_OVERLAY_MTU,
				    "mtu is not between 68 and 65535");
	if (ipv6_addr_type(&overlay->local) & IPV6_ADDR_LINKLOCAL)
		return braid_refuse(err, -EINVAL, BRAID_NET_A_OVERLAY_LOCAL,
				    "local is a link-local address, which does not reach other nodes");
	/* The link of an existing overlay cannot be changed in these. */
	for (i = 0; overlay->made && i < ARRAY_SIZE(fixed); i++)
		if (braid_given(obj, fixed[i]))
			return braid_refuse(err, -EOPNOTSUPP, fixed[i],
					    "only the mtu of an overlay can be set");
	return 0;
}

static int overlay_plan(struct braid_net *bn, struct braid_obj *obj,
			struct braid_err *err)
{
	int ret = braid_obj_plan(obj, 1, 0);

	if (!ret)
		braid_obj_entry(obj, BRAID_KEY_OVERLAY);
	return ret;
}

static int overlay_fill(struct sk_buff *skb, struct net *net,
			const struct braid_obj *obj)
{
	const struct braid_overlay *overlay =
		container_of(obj, struct braid_overlay, obj);

	if (nla_put_string(skb, BRAID_NET_A_OVERLAY_NAME, overlay->name) ||
	    nla_put_u32(skb, BRAID_NET_A_OVERLAY_TYPE, overlay->encap) ||
	    braid_fill_addr(skb, BRAID_NET_A_OVERLAY_LOCAL, &overlay->local) ||
	    nla_put_u16(skb, BRAID_NET_A_OVERLAY_PORT, overlay->port) ||
	    nla_put_u32(skb, BRAID_NET_A_OVERLAY_MTU,
			READ_ONCE(overlay->dev->mtu)) ||
	    nla_put_u32(skb, BRAID_NET_A_OVERLAY_IFINDEX,
			overlay->dev->ifindex))
		return -EMSGSIZE;
	return 0;
}

static const struct braid_need overlay_needs[] = {
	{ BRAID_NET_A_OVERLAY_TYPE, "type is required" },
	{ BRAID_NET_A_OVERLAY_LOCAL, "local is required" },
	{}
};

static const struct braid_clash overlay_clashes[] = {
	{ BRAID_KEY_OVERLAY, BRAID_NET_A_OVERLAY_NAME,
	  "the namespace has an overlay already" },
	{}
};

const struct braid_kind_ops braid_overlay_ops = {
	.attr = BRAID_NET_A_OVERLAY,
	.key_attr = BRAID_NET_A_OVERLAY_NAME,
	.maxattr = BRAID_NET_A_OVERLAY_IFINDEX,
	.policy = braid_net_overlay_nl_policy,
	.needs = overlay_needs,
	.clashes = overlay_clashes,
	.exists = "overlay exists",
	.absent = "overlay does not exist",
	.in_use = "overlay is in use",
	.create = overlay_create,
	.destroy = overlay_destroy,
	.key = overlay_key,
	.parse = overlay_parse,
	.inherit = overlay_inherit,
	.check = overlay_check,
	.plan = overlay_plan,
	.fill = overlay_fill,
};
