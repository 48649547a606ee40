/* SPDX-License-Identifier: GPL-2.0-only */
/* The tunnel: passes packets between a link and the underlay. */
#ifndef BRAID_TUNNEL_H
#define BRAID_TUNNEL_H

#include <linux/netdevice.h>
#include <net/dst_metadata.h>
#include <net/gro_cells.h>

#include "model/net.h"

struct braid_encap;
struct braid_node;

/**
 * struct braid_link - private part of the link's device
 * @list: entry in the list of the namespace; protected by rtnl
 * @dev: the device
 * @bn: the namespace; does not change
 * @sock: UDP socket of the address family of @local; owned
 * @cells: queues of received packets
 * @remote: carries the identity of other nodes to the hooks; owned
 * @world: carries the identity of the world to the hooks; owned
 * @back4: route of IPv4 packets into the link; owned
 * @back6: route of IPv6 packets into the link; owned; NULL if the kernel has IPv6
 *	disabled
 * @type: enum braid_net_encap; does not change
 * @encap: the tunnel header of @type
 * @local: underlay address of this node; does not change
 * @port: UDP port, host byte order; does not change
 * @overhead: bytes from the outer IP header to the inner Ethernet header, both
 *	included
 * @applied: generation of the overlay version whose MTU was applied last; protected
 *	by rtnl
 */
struct braid_link {
	struct list_head list;
	struct net_device *dev;
	struct braid_net *bn;
	struct socket *sock;
	struct gro_cells cells;
	struct metadata_dst *remote;
	struct metadata_dst *world;
	struct dst_entry *back4;
	struct dst_entry *back6;
	u32 type;
	const struct braid_encap *encap;
	struct in6_addr local;
	u16 port;
	u16 overhead;
	u64 applied;
};

netdev_tx_t braid_tunnel_xmit(struct sk_buff *skb, struct net_device *dev);
int braid_tunnel_rcv(struct sock *sk, struct sk_buff *skb);

#endif
