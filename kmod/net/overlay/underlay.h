/* SPDX-License-Identifier: GPL-2.0-only */
/* The underlay: hides whether IPv4 or IPv6 is the outer protocol. */
#ifndef BRAID_UNDERLAY_H
#define BRAID_UNDERLAY_H

#include "packet/drop.h"
#include "model/parse.h"
#include "overlay/tunnel.h"

struct braid_overlay;

/**
 * struct braid_underlay - the device that holds an overlay's local address
 * @mtu: MTU of the device in bytes
 * @headroom: bytes that the device needs before a packet
 */
struct braid_underlay {
	unsigned int mtu;
	unsigned int headroom;
};

int braid_underlay_find(struct net *net, const struct in6_addr *local,
			struct braid_underlay *under, struct braid_err *err);
int braid_underlay_open(struct net *net, const struct in6_addr *local, u16 port,
			struct socket **sock, struct braid_err *err);
unsigned int braid_underlay_overhead(const struct in6_addr *local,
				     const struct braid_encap *encap);
bool braid_underlay_is_ours(const struct braid_link *link,
			    const struct sk_buff *skb);
struct in6_addr braid_underlay_source(const struct braid_link *link,
				      const struct sk_buff *skb);
u8 braid_underlay_dsfield(const struct braid_link *link,
			  const struct sk_buff *skb);
int braid_underlay_error(struct sock *sk, struct sk_buff *skb);
enum braid_reason braid_underlay_send(struct braid_link *link,
				      struct sk_buff *skb,
				      struct braid_node *node, const u8 *mac,
				      u32 id, __be16 sport);

#endif
