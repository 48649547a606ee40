// SPDX-License-Identifier: GPL-2.0-only
#include "link.h"

#include <linux/etherdevice.h>
#include <linux/inetdevice.h>
#include <net/rtnetlink.h>
#include <net/udp_tunnel.h>

#include "../compat/netdev.h"
#include "addr.h"
#include "kinds.h"
#include "tunnel.h"
#include "txn.h"

static struct rtnl_link_ops braid_link_ops;

/**
 * braid_is_link() - is a device the link of an overlay?
 * @dev: the device
 *
 * Context: any.
 */
bool braid_is_link(const struct net_device *dev)
{
	return dev->rtnl_link_ops == &braid_link_ops;
}

static int braid_link_open_socket(struct braid_link *link)
{
	struct udp_port_cfg port = {
		.family = AF_INET,
		.local_ip.s_addr = braid_addr_to_v4(&link->local),
		.local_udp_port = htons(link->port),
	};
	struct udp_tunnel_sock_cfg tunnel = {
		.sk_user_data = link,
		.encap_type = 1,
		.encap_rcv = braid_tunnel_rcv,
	};
	int ret;

	ret = udp_sock_create(link->bn->net, &port, &link->sock);
	if (!ret)
		setup_udp_tunnel_sock(link->bn->net, link->sock->sk, &tunnel);
	return ret;
}

/* The socket goes first: after that nothing is received any more. */
static void braid_link_uninit(struct net_device *dev)
{
	struct braid_link *link = netdev_priv(dev);

	list_del(&link->list);
	udp_tunnel_sock_release(link->sock->sk);
	synchronize_net();
	gro_cells_destroy(&link->cells);
	dst_release(&link->remote->dst);
}

static int braid_link_init_dev(struct net_device *dev)
{
	struct braid_link *link = netdev_priv(dev);
	int ret;

	link->remote = metadata_dst_alloc(0, METADATA_IP_TUNNEL, GFP_KERNEL);
	if (!link->remote)
		return -ENOMEM;
	link->remote->u.tun_info.key.tun_id = cpu_to_be64(BRAID_ID_REMOTE_NODE);
	ret = gro_cells_init(&link->cells, dev);
	if (ret)
		goto err_release;
	ret = braid_link_open_socket(link);
	if (ret)
		goto err_cells;
	list_add(&link->list, &link->bn->links);
	return 0;

err_cells:
	gro_cells_destroy(&link->cells);
err_release:
	dst_release(&link->remote->dst);
	return ret;
}

static const struct net_device_ops braid_link_netdev_ops = {
	.ndo_init = braid_link_init_dev,
	.ndo_uninit = braid_link_uninit,
	.ndo_start_xmit = braid_tunnel_xmit,
	.ndo_get_stats64 = dev_get_tstats64,
	.ndo_set_mac_address = eth_mac_addr,
};

static const struct device_type braid_link_type = {
	.name = "braid",
};

static void braid_link_setup(struct net_device *dev)
{
	ether_setup(dev);
	dev->netdev_ops = &braid_link_netdev_ops;
	dev->rtnl_link_ops = &braid_link_ops;
	SET_NETDEV_DEVTYPE(dev, &braid_link_type);
	dev->needs_free_netdev = true;
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	dev->flags = IFF_NOARP;
	dev->priv_flags |= IFF_NO_QUEUE | IFF_LIVE_ADDR_CHANGE;
	dev->features = NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_FRAGLIST |
			NETIF_F_RXCSUM | NETIF_F_GSO_SOFTWARE;
	dev->hw_features = dev->features;
	dev->needed_headroom = BRAID_TUNNEL_HEADROOM;
	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = ETH_MAX_MTU;
	/* It sends into the underlay of its own namespace, and stays there. */
	braid_dev_set_lltx(dev);
	braid_dev_set_netns_immutable(dev);
	netif_keep_dst(dev);
}

static int braid_link_validate(struct nlattr *tb[], struct nlattr *data[],
			       struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG(extack, "links of kind braid are made with 'braid overlay add'");
	return -EOPNOTSUPP;
}

static struct rtnl_link_ops braid_link_ops __read_mostly = {
	.kind = "braid",
	.priv_size = sizeof(struct braid_link),
	.setup = braid_link_setup,
	.validate = braid_link_validate,
};

/* What the device that holds the local address leaves to the link. */
static int braid_link_underlay(struct braid_net *bn,
			       struct braid_overlay *overlay,
			       struct braid_err *err)
{
	unsigned int mtu = 0, headroom = 0;
	struct net_device *dev;

	rcu_read_lock();
	dev = __ip_dev_find(bn->net, braid_addr_to_v4(&overlay->local), false);
	if (dev) {
		mtu = dev->mtu;
		headroom = dev->hard_header_len + dev->needed_headroom;
	}
	rcu_read_unlock();
	if (!mtu)
		return braid_refuse(err, -EADDRNOTAVAIL,
				    BRAID_NET_A_OVERLAY_LOCAL,
				    "local is not an address of this node");
	if (!overlay->mtu)
		overlay->mtu = max_t(int, mtu - BRAID_TUNNEL_HEADROOM,
				     ETH_MIN_MTU);
	overlay->dev->needed_headroom += headroom;
	return 0;
}

static int braid_link_register(struct net_device *dev, struct braid_err *err)
{
	int ret;

	ret = register_netdevice(dev);
	if (ret == -EEXIST)
		return braid_refuse(err, ret, BRAID_NET_A_OVERLAY_NAME,
				    "a device has this name already");
	if (ret == -EADDRINUSE)
		return braid_refuse(err, ret, BRAID_NET_A_OVERLAY_PORT,
				    "the UDP port is in use on this node");
	return ret;
}

static int braid_link_create(struct braid_net *bn, struct braid_overlay *overlay,
			     struct braid_err *err)
{
	struct braid_link *link;
	struct net_device *dev;
	u8 mac[ETH_ALEN];
	int ret;

	dev = alloc_netdev(sizeof(*link), overlay->name, NET_NAME_USER,
			   braid_link_setup);
	if (!dev)
		return -ENOMEM;
	dev_net_set(dev, bn->net);
	link = netdev_priv(dev);
	link->dev = dev;
	link->bn = bn;
	link->local = overlay->local;
	link->port = overlay->port;
	braid_mac_derive(mac, &overlay->local);
	eth_hw_addr_set(dev, mac);
	overlay->dev = dev;
	ret = braid_link_underlay(bn, overlay, err);
	if (!ret) {
		dev->mtu = overlay->mtu;
		ret = braid_link_register(dev, err);
	}
	if (ret) {
		overlay->dev = NULL;
		free_netdev(dev);
	}
	return ret;
}

/**
 * braid_link_needed() - does a commit change the overlay?
 * @changes: of struct braid_change
 *
 * Return: true if the commit needs rtnl.
 */
bool braid_link_needed(struct list_head *changes)
{
	struct braid_change *change;

	list_for_each_entry(change, changes, list)
		if (change->kind == BRAID_NET_OBJECT_OVERLAY)
			return true;
	return false;
}

/**
 * braid_link_create_all() - make the links that a commit needs
 * @bn: the namespace
 * @changes: of struct braid_change
 * @err: filled in on refusal
 *
 * What the commit does not take, braid_link_sync() removes.
 *
 * Context: process, rtnl held.
 * Return: 0 or an error.
 */
int braid_link_create_all(struct braid_net *bn, struct list_head *changes,
			  struct braid_err *err)
{
	struct braid_change *change;
	int ret;

	list_for_each_entry(change, changes, list) {
		if (change->kind != BRAID_NET_OBJECT_OVERLAY ||
		    change->op != BRAID_OP_ADD)
			continue;
		err->seq = change->seq;
		ret = braid_link_create(bn, container_of(change->obj,
							 struct braid_overlay,
							 obj), err);
		if (ret)
			return ret;
	}
	return 0;
}

/* The committed overlay of a link; overlays change under rtnl only. */
static struct braid_overlay *braid_link_overlay(struct braid_net *bn,
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

/**
 * braid_link_sync() - bring links in line with the committed overlay
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
		overlay = braid_link_overlay(bn, link->dev);
		if (!overlay)
			unregister_netdevice_queue(link->dev, &gone);
		else if (overlay->mtu != link->dev->mtu)
			dev_set_mtu(link->dev, overlay->mtu);
	}
	unregister_netdevice_many(&gone);
}

/**
 * braid_link_slot() - the overlay of a device
 * @bn: the namespace
 * @ifindex: of the device
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
		overlay = braid_link_overlay(bn, link->dev);
		return overlay ? overlay->obj.slot : NULL;
	}
	return NULL;
}

/**
 * braid_link_init() - register the kind of link
 *
 * Context: process, may sleep.
 * Return: 0 or an error.
 */
int braid_link_init(void)
{
	return rtnl_link_register(&braid_link_ops);
}

/**
 * braid_link_exit() - remove every link, in all namespaces, and their kind
 *
 * Context: process, may sleep.
 */
void braid_link_exit(void)
{
	rtnl_link_unregister(&braid_link_ops);
}
