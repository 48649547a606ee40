/* SPDX-License-Identifier: GPL-2.0-only */
/* The tunnel: packets between a link and the underlay. */
#ifndef BRAID_TUNNEL_H
#define BRAID_TUNNEL_H

#include <linux/netdevice.h>
#include <net/dst_metadata.h>
#include <net/gro_cells.h>

#include "model/net.h"

struct braid_encap;
struct braid_node;

/**
 * struct braid_link - private part of a link
 * @list: in the namespace; rtnl
 * @dev: the device
 * @bn: the namespace; does not change
 * @sock: its UDP socket, of the family of @local
 * @cells: received packets on their way up
 * @remote: carries the identity of other nodes to the hooks; owned
 * @world: the same for the world; owned
 * @back4: routes IPv4 packets into the link; owned
 * @back6: the same for IPv6; NULL where the kernel has it switched off
 * @type: enum braid_net_encap; does not change
 * @encap: the tunnel header of @type
 * @local: own underlay address; does not change
 * @port: UDP port, host byte order; does not change
 * @overhead: bytes from the outer IP header to the inner Ethernet header, both
 *	included
 * @applied: the generation whose MTU it has been given; rtnl
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
