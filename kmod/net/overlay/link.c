// SPDX-License-Identifier: GPL-2.0-only
#include "overlay/link.h"

#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <net/ip6_route.h>
#include <net/route.h>
#include <net/rtnetlink.h>
#include <net/udp_tunnel.h>

#include "../compat/netdev.h"
#include "overlay/encap.h"
#include "overlay/gro.h"
#include "model/addr.h"
#include "model/change.h"
#include "model/kinds.h"
#include "overlay/tunnel.h"
#include "overlay/underlay.h"
#include "packet/packet.h"

static struct rtnl_link_ops link_ops;

/* Begins to receive packets. */
static void link_listen(struct braid_link *link)
{
	struct udp_tunnel_sock_cfg tunnel = {
		.sk_user_data = link,
		.encap_type = 1,
		.encap_rcv = braid_tunnel_rcv,
		.encap_err_lookup = braid_underlay_error,
		.gro_receive = braid_gro_receive,
		.gro_complete = braid_gro_complete,
	};

	setup_udp_tunnel_sock(link->bn->net, link->sock->sk, &tunnel);
}

/* A queued packet may still hold a route; the route must not hold the device. */
static void link_put_routes(struct braid_link *link)
{
	if (link->back6) {
		dst_dev_put(link->back6);
		dst_release(link->back6);
	}
	if (link->back4) {
		dst_dev_put(link->back4);
		dst_release(link->back4);
	}
}

static int link_make_route6(struct braid_link *link,
			    struct dst_metrics *metrics)
{
	struct rt6_info *rt;

	if (!ipv6_mod_enabled())
		return 0;
	rt = ip6_dst_alloc(link->bn->net, link->dev, DST_NOPOLICY | DST_NOXFRM);
	if (!rt)
		return -ENOMEM;
	rt->dst.output = ip6_output;
	ip_dst_init_metrics(&rt->dst, metrics);
	link->back6 = &rt->dst;
	return 0;
}

/*
 * The routes have the largest MTU: the packet's first route has checked its size, and
 * the tunnel checks the path MTU and sends the ICMP error.
 */
static int link_make_routes(struct braid_link *link)
{
	struct dst_metrics *metrics = kzalloc(sizeof(*metrics), GFP_KERNEL);
	struct rtable *rt;
	int ret = -ENOMEM;

	if (!metrics)
		return ret;
	refcount_set(&metrics->refcnt, 1);
	metrics->metrics[RTAX_MTU - 1] = IP_MAX_MTU;
	rt = rt_dst_alloc(link->dev, 0, RTN_UNICAST, true);
	if (!rt)
		goto out;
	ip_dst_init_metrics(&rt->dst, metrics);
	link->back4 = &rt->dst;
	ret = link_make_route6(link, metrics);
	if (ret)
		link_put_routes(link);
out:
	ip_fib_metrics_put(metrics);
	return ret;
}

/**
 * braid_link_route() - replaces the route of a packet with one into the link
 * @dev: the link
 * @skb: packet at POST_ROUTING
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * Context: any, in an RCU read section in which @dev was found.
 */
void braid_link_route(struct net_device *dev, struct sk_buff *skb, u8 pf)
{
	const struct braid_link *link = netdev_priv(dev);
	struct dst_entry *dst = pf == NFPROTO_IPV6 ? link->back6 : link->back4;

	if (!dst)
		return;
	skb_dst_drop(skb);
	dst_hold(dst);
	skb_dst_set(skb, dst);
	skb->dev = dev;
}

/* Releases the socket first: after the grace period no packet is received. */
static void link_uninit(struct net_device *dev)
{
	struct braid_link *link = netdev_priv(dev);

	list_del(&link->list);
	udp_tunnel_sock_release(link->sock->sk);
	link->sock = NULL;
	synchronize_net();
	gro_cells_destroy(&link->cells);
	link_put_routes(link);
	dst_release(&link->world->dst);
	dst_release(&link->remote->dst);
}

static struct metadata_dst *link_metadata(u32 id)
{
	struct metadata_dst *md;

	md = metadata_dst_alloc(0, METADATA_IP_TUNNEL, GFP_KERNEL);
	if (md)
		md->u.tun_info.key.tun_id = cpu_to_be64(id);
	return md;
}

static int link_init_dev(struct net_device *dev)
{
	struct braid_link *link = netdev_priv(dev);
	int ret = -ENOMEM;

	link->remote = link_metadata(BRAID_ID_REMOTE_NODE);
	if (!link->remote)
		return ret;
	link->world = link_metadata(BRAID_ID_WORLD);
	if (!link->world)
		goto err_remote;
	ret = link_make_routes(link);
	if (ret)
		goto err_world;
	ret = gro_cells_init(&link->cells, dev);
	if (ret)
		goto err_routes;
	link_listen(link);
	list_add(&link->list, &link->bn->links);
	return 0;

err_routes:
	link_put_routes(link);
err_world:
	dst_release(&link->world->dst);
err_remote:
	dst_release(&link->remote->dst);
	return ret;
}

static const struct net_device_ops link_netdev_ops = {
	.ndo_init = link_init_dev,
	.ndo_uninit = link_uninit,
	.ndo_start_xmit = braid_tunnel_xmit,
	.ndo_get_stats64 = dev_get_tstats64,
	.ndo_set_mac_address = eth_mac_addr,
};

static void link_drvinfo(struct net_device *dev,
			 struct ethtool_drvinfo *info)
{
	strscpy(info->driver, "braid", sizeof(info->driver));
	strscpy(info->version, BRAID_VERSION, sizeof(info->version));
}

static const struct ethtool_ops link_ethtool_ops = {
	.get_drvinfo = link_drvinfo,
	.get_link = ethtool_op_get_link,
};

static const struct device_type link_type = {
	.name = "braid",
};

static void link_setup(struct net_device *dev)
{
	ether_setup(dev);
	dev->netdev_ops = &link_netdev_ops;
	dev->ethtool_ops = &link_ethtool_ops;
	dev->rtnl_link_ops = &link_ops;
	SET_NETDEV_DEVTYPE(dev, &link_type);
	dev->needs_free_netdev = true;
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	dev->flags = IFF_NOARP;
	dev->priv_flags |= IFF_NO_QUEUE | IFF_LIVE_ADDR_CHANGE;
	dev->features = NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_FRAGLIST |
			NETIF_F_RXCSUM | NETIF_F_GSO_SOFTWARE;
	dev->hw_features = dev->features;
	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = ETH_MAX_MTU;
	/* The link sends into the underlay of its namespace and cannot leave it. */
	braid_dev_set_lltx(dev);
	braid_dev_set_netns_immutable(dev);
	netif_keep_dst(dev);
}

/* rtnetlink calls this first when a link of the kind is created or changed. */
static int link_validate(struct nlattr *tb[], struct nlattr *data[],
			 struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG(extack,
		       "links of kind braid are made with 'braid overlay add' and changed with 'braid overlay set'");
	return -EOPNOTSUPP;
}

static size_t link_size(const struct net_device *dev)
{
	return nla_total_size(sizeof(u32)) +
	       nla_total_size(sizeof(struct in6_addr)) +
	       nla_total_size(sizeof(u16));
}

/* Adds attributes with the numbers of the overlay's in the family braid_net. */
static int link_fill(struct sk_buff *skb, const struct net_device *dev)
{
	const struct braid_link *link = netdev_priv(dev);

	if (nla_put_u32(skb, BRAID_NET_A_OVERLAY_TYPE, link->type) ||
	    braid_fill_addr(skb, BRAID_NET_A_OVERLAY_LOCAL, &link->local) ||
	    nla_put_u16(skb, BRAID_NET_A_OVERLAY_PORT, link->port))
		return -EMSGSIZE;
	return 0;
}

static struct rtnl_link_ops link_ops __read_mostly = {
	.kind = braid_link_kind,
	.priv_size = sizeof(struct braid_link),
	.setup = link_setup,
	.validate = link_validate,
	.get_size = link_size,
	.fill_info = link_fill,
};

/* Gives the socket to the device; releases both on failure. */
static int link_register(struct net_device *dev, struct socket *sock)
{
	struct braid_link *link = netdev_priv(dev);
	int ret;

	link->sock = sock;
	ret = register_netdevice(dev);
	if (!ret)
		return 0;
	/* link_uninit() has released the socket if link_init_dev() had succeeded. */
	if (link->sock)
		udp_tunnel_sock_release(link->sock->sk);
	free_netdev(dev);
	return ret;
}

static struct net_device *link_alloc(struct braid_net *bn,
				     struct braid_overlay *overlay,
				     const struct braid_underlay *under)
{
	struct braid_link *link;
	struct net_device *dev;
	u8 mac[ETH_ALEN];

	dev = alloc_netdev(sizeof(*link), overlay->name, NET_NAME_USER,
			   link_setup);
	if (!dev)
		return NULL;
	dev_net_set(dev, bn->net);
	link = netdev_priv(dev);
	link->dev = dev;
	link->bn = bn;
	link->type = overlay->encap;
	link->encap = braid_encap_of(overlay->encap);
	link->local = overlay->local;
	link->port = overlay->port;
	link->overhead = braid_underlay_overhead(&link->local, link->encap);
	braid_addr_derive_mac(mac, &overlay->local);
	eth_hw_addr_set(dev, mac);
	dev->needed_headroom = link->overhead + under->headroom;
	if (!overlay->mtu)
		overlay->mtu = max_t(int, under->mtu - link->overhead,
				     ETH_MIN_MTU);
	dev->mtu = overlay->mtu;
	return dev;
}

/* A dry run does the checks and creates no device. */
static int link_create(struct braid_net *bn, struct braid_overlay *overlay,
		       bool dry_run, struct braid_err *err)
{
	struct braid_underlay under;
	struct net_device *dev;
	struct socket *sock;
	int ret;

	overlay->made = true;
	ret = braid_underlay_find(bn->net, &overlay->local, &under, err);
	if (ret)
		return ret;
	if (netdev_name_in_use(bn->net, overlay->name))
		return braid_refuse(err, -EEXIST, BRAID_NET_A_OVERLAY_NAME,
				    "a device has this name already");
	ret = braid_underlay_open(bn->net, &overlay->local, overlay->port,
				  &sock, err);
	if (ret)
		return ret;
	dev = dry_run ? NULL : link_alloc(bn, overlay, &under);
	if (!dev) {
		udp_tunnel_sock_release(sock->sk);
		return dry_run ? 0 : -ENOMEM;
	}
	ret = link_register(dev, sock);
	if (!ret)
		overlay->dev = dev;
	return ret;
}

/**
 * braid_link_needed() - tells whether a commit changes the overlay
 * @changes: list of struct braid_net_change
 *
 * Context: any.
 * Return: true if the commit needs rtnl.
 */
bool braid_link_needed(struct list_head *changes)
{
	struct braid_net_change *change;

	list_for_each_entry(change, changes, list)
		if (change->kind == BRAID_NET_OBJECT_OVERLAY)
			return true;
	return false;
}

/**
 * braid_link_create_all() - creates the links that a commit needs
 * @bn: the namespace
 * @changes: list of struct braid_net_change
 * @dry_run: only check that the links can be created
 * @err: filled in on refusal
 *
 * braid_link_sync() removes the links again if the commit fails.
 *
 * Context: process, rtnl held.
 * Return: 0 or an error.
 */
int braid_link_create_all(struct braid_net *bn, struct list_head *changes,
			  bool dry_run, struct braid_err *err)
{
	struct braid_net_change *change;
	int ret;

	list_for_each_entry(change, changes, list) {
		if (change->kind != BRAID_NET_OBJECT_OVERLAY ||
		    change->op != BRAID_NET_OP_ADD)
			continue;
		err->seq = change->seq;
		ret = link_create(bn, container_of(change->obj,
						   struct braid_overlay,
						   obj), dry_run, err);
		if (ret)
			return ret;
	}
	return 0;
}

/* Return: the committed overlay of a link, or NULL. Overlays change under rtnl. */
static struct braid_overlay *link_overlay(struct braid_net *bn,
					  const struct net_device *dev)
{
	struct braid_overlay *overlay;
	struct braid_slot *slot;

	for (slot = braid_slot_first(bn, BRAID_NET_OBJECT_OVERLAY, NULL); slot;
	     slot = braid_slot_next(slot)) {
		if (!slot->cur)
			continue;
		overlay = container_of(slot->cur, struct braid_overlay, obj);
		if (overlay->dev == dev)
			return overlay;
	}
	return NULL;
}

/*
 * Sets the MTU once for each version of the overlay whose message had it, so that a
 * later 'ip link set mtu' stays in effect.
 */
static void link_apply(struct braid_link *link,
		       const struct braid_overlay *overlay)
{
	if (link->applied == overlay->obj.life.born)
		return;
	link->applied = overlay->obj.life.born;
	if (braid_given(&overlay->obj, BRAID_NET_A_OVERLAY_MTU) &&
	    overlay->mtu != link->dev->mtu)
		dev_set_mtu(link->dev, overlay->mtu);
}

/**
 * braid_link_sync() - adapts the links to the committed overlay
 * @bn: the namespace
 *
 * Context: process, rtnl held, namespace mutex not held.
 */
void braid_link_sync(struct braid_net *bn)
{
	const struct braid_overlay *overlay;
	struct braid_link *link;
	LIST_HEAD(gone);

	list_for_each_entry(link, &bn->links, list) {
		overlay = link_overlay(bn, link->dev);
		if (overlay)
			link_apply(link, overlay);
		else
			unregister_netdevice_queue(link->dev, &gone);
	}
	unregister_netdevice_many(&gone);
}

/**
 * braid_link_slot() - finds the overlay of a device
 * @bn: the namespace
 * @ifindex: index of the device
 *
 * Context: process, rtnl and namespace mutex held.
 * Return: the slot of the committed overlay, or NULL.
 */
struct braid_slot *braid_link_slot(struct braid_net *bn, int ifindex)
{
	struct braid_overlay *overlay;
	struct braid_link *link;

	list_for_each_entry(link, &bn->links, list) {
		if (link->dev->ifindex != ifindex)
			continue;
		overlay = link_overlay(bn, link->dev);
		return overlay ? overlay->obj.slot : NULL;
	}
	return NULL;
}

/**
 * braid_link_init() - registers the kind of link
 *
 * Context: process, may sleep.
 * Return: 0 or an error.
 */
int braid_link_init(void)
{
	return rtnl_link_register(&link_ops);
}

/**
 * braid_link_exit() - removes the links of all namespaces and unregisters their kind
 *
 * Context: process, may sleep.
 */
void braid_link_exit(void)
{
	rtnl_link_unregister(&link_ops);
}
