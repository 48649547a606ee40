/* SPDX-License-Identifier: GPL-2.0-only */
/* The tunnel: packets between a link and the underlay. */
#ifndef BRAID_TUNNEL_H
#define BRAID_TUNNEL_H

#include <linux/netdevice.h>
#include <net/dst_metadata.h>
#include <net/gro_cells.h>

#include "net.h"

/* Outer IPv4, UDP and VXLAN headers and the inner Ethernet header. */
#define BRAID_TUNNEL_HEADROOM 50

/**
 * struct braid_link - private part of a link
 * @list: in the namespace; rtnl
 * @dev: the device
 * @bn: the namespace; does not change
 * @sock: its UDP socket
 * @cells: received packets on their way up
 * @remote: carries the identity of other nodes to the hooks; owned
 * @local: own underlay address
 * @port: UDP port, host byte order
 */
struct braid_link {
	struct list_head list;
	struct net_device *dev;
	struct braid_net *bn;
	struct socket *sock;
	struct gro_cells cells;
	struct metadata_dst *remote;
	struct in6_addr local;
	u16 port;
};

netdev_tx_t braid_tunnel_xmit(struct sk_buff *skb, struct net_device *dev);
int braid_tunnel_rcv(struct sock *sk, struct sk_buff *skb);

#endif
