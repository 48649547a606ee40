// SPDX-License-Identifier: GPL-2.0-only
#include "tunnel.h"

#include <linux/etherdevice.h>
#include <linux/inetdevice.h>
#include <linux/jhash.h>
#include <net/inet_ecn.h>
#include <net/ip_tunnels.h>
#include <net/route.h>
#include <net/udp_tunnel.h>

#include "addr.h"
#include "conn.h"
#include "drop.h"
#include "kinds.h"
#include "packet.h"
#include "vxlan.h"

/* Count and report a packet that does not get through, and free it. */
static void braid_tunnel_drop(struct braid_link *link, struct sk_buff *skb,
			      enum braid_reason reason, u8 dir, u32 src_id)
{
	struct braid_drop drop = {
		.reason = reason,
		.dir = dir,
		.src_id = src_id,
		.dev = skb->dev,
	};

	if (skb->protocol == htons(ETH_P_IP)) {
		braid_drop_describe(&drop, skb, NFPROTO_IPV4);
		drop.dst_id = braid_addr_identity(link->bn, &drop.dst,
						  braid_net_gen(link->bn));
	}
	braid_drop_report(link->bn, &drop);
	if (dir == BRAID_NET_DIRECTION_EGRESS)
		DEV_STATS_INC(link->dev, tx_dropped);
	else
		DEV_STATS_INC(link->dev, rx_dropped);
	kfree_skb(skb);
}

/* The node that an address is reached through. */
static struct braid_node *braid_tunnel_node(struct braid_net *bn,
					    const struct in6_addr *addr,
					    u64 gen)
{
	struct braid_key key = { .kind = BRAID_KEY_NODE };
	struct braid_life *life;
	struct braid_obj *obj;

	life = braid_index_match(&bn->index, BRAID_KEY_ROUTE, addr, gen);
	if (!life)
		return NULL;
	obj = braid_obj_of(life);
	if (obj->ops == &braid_node_ops)
		return container_of(obj, struct braid_node, obj);
	key.num = container_of(obj, struct braid_prefix, obj)->node_number;
	life = braid_index_find(&bn->index, &key, gen);
	return life ? container_of(braid_obj_of(life), struct braid_node,
				   obj) : NULL;
}

/*
 * Who sends a packet: its connection knows, or else its address. The node
 * itself is a remote node to others.
 */
static u32 braid_tunnel_identity(struct braid_net *bn, const struct sk_buff *skb,
				 u64 gen)
{
	struct in6_addr src = braid_addr_v4(ip_hdr(skb)->saddr);
	const struct braid_endpoint *ep;
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct;
	u32 id = 0;
	u64 pair;

	ep = braid_endpoint_by_addr(bn, &src, gen);
	if (ep)
		return ep->id;
	ct = nf_ct_get(skb, &ctinfo);
	if (ct && ctinfo != IP_CT_RELATED && ctinfo != IP_CT_RELATED_REPLY) {
		pair = braid_conn_pair(ct);
		id = CTINFO2DIR(ctinfo) == IP_CT_DIR_REPLY ?
		     braid_pair_destination(pair) : braid_pair_source(pair);
	}
	if (!id)
		id = braid_addr_identity(bn, &src, gen);
	if (id == BRAID_ID_HOST)
		return BRAID_ID_REMOTE_NODE;
	/* Identities of prefixes stay at home: to others it is the world. */
	return id > BRAID_VNI_MAX ? BRAID_ID_WORLD : id;
}

/* From the connection, the same both ways. */
static __be16 braid_tunnel_sport(struct net *net, struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct = nf_ct_get(skb, &ctinfo);
	const struct nf_conntrack_tuple *t;
	u32 hash, src, dst;
	int min, max;

	if (!ct)
		return udp_flow_src_port(net, skb, 0, 0, true);
	t = &ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	src = (__force u32)t->src.u3.ip ^ t->src.u3.all[3];
	dst = (__force u32)t->dst.u3.ip ^ t->dst.u3.all[3];
	hash = jhash_3words(min(src, dst), max(src, dst),
			    (__force u16)t->src.u.all ^ (__force u16)t->dst.u.all,
			    t->dst.protonum);
	inet_get_local_port_range(net, &min, &max);
	return htons(min + reciprocal_scale(hash, max - min + 1));
}

/* Context: BH off, RCU read section: the cache is per CPU. */
static struct rtable *braid_tunnel_route(struct braid_link *link,
					 struct braid_node *node, __be32 *saddr)
{
	struct flowi4 fl4 = {
		.flowi4_proto = IPPROTO_UDP,
		.daddr = braid_addr_to_v4(&node->underlays[0]),
		.saddr = braid_addr_to_v4(&link->local),
	};
	struct rtable *rt;

	*saddr = fl4.saddr;
	rt = dst_cache_get_ip4(&node->cache, saddr);
	if (rt)
		return rt;
	rt = ip_route_output_key(link->bn->net, &fl4);
	if (IS_ERR(rt))
		return rt;
	if (rt->dst.dev == link->dev) {
		ip_rt_put(rt);
		return ERR_PTR(-ELOOP);
	}
	dst_cache_set_ip4(&node->cache, &rt->dst, fl4.saddr);
	return rt;
}

/* Room for the outer headers; the packet is ours to write then. */
static int braid_tunnel_push(struct sk_buff *skb, const struct rtable *rt,
			     const struct braid_node *node, u32 id)
{
	int ret;

	ret = skb_cow_head(skb, LL_RESERVED_SPACE(rt->dst.dev) +
				rt->dst.header_len + BRAID_TUNNEL_HEADROOM);
	if (ret)
		return ret;
	ether_addr_copy(eth_hdr(skb)->h_dest, node->mac);
	ret = udp_tunnel_handle_offloads(skb, false);
	if (ret)
		return ret;
	braid_vxlan_encode(__skb_push(skb, sizeof(struct braid_vxlan)), id);
	skb_set_inner_protocol(skb, htons(ETH_P_TEB));
	return 0;
}

static void braid_tunnel_send(struct braid_link *link, struct sk_buff *skb,
			      struct braid_node *node, u32 id)
{
	__be16 sport = braid_tunnel_sport(link->bn->net, skb);
	struct rtable *rt;
	__be32 saddr;
	int ret;
	u8 tos;

	rt = braid_tunnel_route(link, node, &saddr);
	if (IS_ERR(rt)) {
		braid_tunnel_drop(link, skb, BRAID_DROP_NO_ROUTE,
				  BRAID_NET_DIRECTION_EGRESS, id);
		return;
	}
	/* Only lowers the route's MTU here; routing answers the next one. */
	skb_tunnel_check_pmtu(skb, &rt->dst, BRAID_TUNNEL_HEADROOM, false);
	tos = ip_tunnel_ecn_encap(0, ip_hdr(skb), skb);
	ret = braid_tunnel_push(skb, rt, node, id);
	if (ret) {
		braid_tunnel_drop(link, skb, BRAID_DROP_NO_MEMORY,
				  BRAID_NET_DIRECTION_EGRESS, id);
		ip_rt_put(rt);
		return;
	}
	/* Consumes the route and the packet. */
	udp_tunnel_xmit_skb(rt, link->sock->sk, skb, saddr,
			    braid_addr_to_v4(&node->underlays[0]), tos,
			    ip4_dst_hoplimit(&rt->dst), 0, sport,
			    htons(link->port), false, true, 0);
}

/* ndo_start_xmit. Context: BH off, RCU read section. */
netdev_tx_t braid_tunnel_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct braid_link *link = netdev_priv(dev);
	u64 gen = braid_net_gen(link->bn);
	enum braid_reason reason;
	struct braid_node *node;
	struct in6_addr dst;
	u32 id;
	u8 dir;

	skb_reset_mac_header(skb);
	if (skb->protocol != htons(ETH_P_IP) ||
	    !pskb_may_pull(skb, ETH_HLEN + sizeof(struct iphdr))) {
		braid_tunnel_drop(link, skb, BRAID_DROP_PROTOCOL,
				  BRAID_NET_DIRECTION_EGRESS, 0);
		return NETDEV_TX_OK;
	}
	skb_set_network_header(skb, ETH_HLEN);
	dst = braid_addr_v4(ip_hdr(skb)->daddr);
	id = braid_tunnel_identity(link->bn, skb, gen);
	reason = braid_judge_again(link->bn, skb, gen, &dir);
	if (reason) {
		braid_tunnel_drop(link, skb, reason, dir, id);
		return NETDEV_TX_OK;
	}
	node = braid_tunnel_node(link->bn, &dst, gen);
	if (!node) {
		braid_tunnel_drop(link, skb, BRAID_DROP_NO_NODE,
				  BRAID_NET_DIRECTION_EGRESS, id);
		return NETDEV_TX_OK;
	}
	braid_tunnel_send(link, skb, node, id);
	return NETDEV_TX_OK;
}

/*
 * Tunnel packets come by an uplink. Without one configured, the device that
 * holds the local address is.
 */
static bool braid_tunnel_uplink(struct braid_link *link,
				const struct net_device *dev, u64 gen)
{
	struct braid_key any = { .kind = BRAID_KEY_UPLINK };
	struct braid_key key = {
		.kind = BRAID_KEY_UPLINK, .num = dev->ifindex,
	};
	struct braid_index *index = &link->bn->index;
	const struct in_device *in_dev;
	const struct in_ifaddr *ifa;

	if (braid_index_find(index, &any, gen))
		return braid_index_find(index, &key, gen);
	in_dev = __in_dev_get_rcu(dev);
	if (!in_dev)
		return false;
	in_dev_for_each_ifa_rcu(ifa, in_dev)
		if (ifa->ifa_local == braid_addr_to_v4(&link->local))
			return true;
	return false;
}

/* Who sent an outer packet, and whether it may. */
static enum braid_reason braid_tunnel_admit(struct braid_link *link,
					    const struct sk_buff *skb, u64 gen,
					    struct braid_node **node)
{
	struct braid_key key = {
		.kind = BRAID_KEY_UNDERLAY,
		.addr = braid_addr_v4(ip_hdr(skb)->saddr),
	};
	struct braid_life *life;

	if (!braid_tunnel_uplink(link, skb->dev, gen))
		return BRAID_DROP_NOT_UPLINK;
	life = braid_index_find(&link->bn->index, &key, gen);
	if (!life)
		return BRAID_DROP_UNKNOWN_NODE;
	*node = container_of(braid_obj_of(life), struct braid_node, obj);
	return BRAID_PASS;
}

/* Take the outer headers off; the network header is the inner one then. */
static enum braid_reason braid_tunnel_pull(struct braid_link *link,
					   struct sk_buff *skb, u32 *id)
{
	const struct iphdr *outer;
	unsigned int at;

	if (!pskb_may_pull(skb, sizeof(struct udphdr) +
				sizeof(struct braid_vxlan) + ETH_HLEN) ||
	    !braid_vxlan_decode((void *)(udp_hdr(skb) + 1), id))
		return BRAID_DROP_MALFORMED;
	if (iptunnel_pull_header(skb, sizeof(struct udphdr) +
				      sizeof(struct braid_vxlan),
				 htons(ETH_P_TEB), false))
		return BRAID_DROP_NO_MEMORY;
	at = skb_network_header(skb) - skb->head;
	skb_reset_mac_header(skb);
	skb->protocol = eth_type_trans(skb, link->dev);
	skb_postpull_rcsum(skb, eth_hdr(skb), ETH_HLEN);
	/* Nodes may send to any hardware address of ours. */
	skb->pkt_type = PACKET_HOST;
	if (skb->protocol != htons(ETH_P_IP))
		return BRAID_DROP_PROTOCOL;
	skb_reset_network_header(skb);
	if (!pskb_may_pull(skb, sizeof(struct iphdr)))
		return BRAID_DROP_MALFORMED;
	outer = (struct iphdr *)(skb->head + at);
	if (ip_hdr(skb)->version != 4 || IP_ECN_decapsulate(outer, skb) > 1)
		return BRAID_DROP_MALFORMED;
	return BRAID_PASS;
}

/* The inner source must live on the node that sent it. */
static bool braid_tunnel_source_ok(struct braid_link *link,
				   const struct sk_buff *skb, u32 id,
				   const struct braid_node *node, u64 gen)
{
	struct in6_addr src = braid_addr_v4(ip_hdr(skb)->saddr);
	struct braid_key key = { .kind = BRAID_KEY_UNDERLAY, .addr = src };
	const struct braid_node *home;
	struct braid_life *life;

	if (id == BRAID_ID_REMOTE_NODE) {
		life = braid_index_find(&link->bn->index, &key, gen);
		if (life == &node->obj.life)
			return true;
	}
	home = braid_tunnel_node(link->bn, &src, gen);
	return home && home->number == node->number;
}

/* The identity travels on by reference; nothing is allocated for a packet. */
static enum braid_reason braid_tunnel_mark(struct braid_link *link,
					   struct sk_buff *skb, u32 id, u64 gen)
{
	struct braid_key key = { .kind = BRAID_KEY_IDENTITY, .num = id };
	const struct braid_identity *identity;
	struct metadata_dst *md;
	struct braid_life *life;

	if (id == BRAID_ID_REMOTE_NODE) {
		md = link->remote;
	} else {
		life = braid_index_find(&link->bn->index, &key, gen);
		if (!life)
			return BRAID_DROP_UNKNOWN_IDENTITY;
		identity = container_of(braid_obj_of(life),
					struct braid_identity, obj);
		md = identity->dst;
	}
	dst_hold(&md->dst);
	skb_dst_set(skb, &md->dst);
	return BRAID_PASS;
}

/* encap_rcv of the overlay's socket. Context: softirq, RCU read section. */
int braid_tunnel_rcv(struct sock *sk, struct sk_buff *skb)
{
	struct braid_link *link = rcu_dereference_sk_user_data(sk);
	struct braid_node *node = NULL;
	enum braid_reason reason;
	unsigned int len;
	u32 id = 0;
	u64 gen;

	if (!link) {
		kfree_skb(skb);
		return 0;
	}
	gen = braid_net_gen(link->bn);
	reason = braid_tunnel_admit(link, skb, gen, &node);
	if (!reason)
		reason = braid_tunnel_pull(link, skb, &id);
	if (!reason && !braid_tunnel_source_ok(link, skb, id, node, gen))
		reason = BRAID_DROP_SPOOFED_INNER;
	if (!reason)
		reason = braid_tunnel_mark(link, skb, id, gen);
	if (reason) {
		braid_tunnel_drop(link, skb, reason,
				  BRAID_NET_DIRECTION_INGRESS, id);
		return 0;
	}
	len = skb->len;
	if (gro_cells_receive(&link->cells, skb) == NET_RX_SUCCESS)
		dev_sw_netstats_rx_add(link->dev, len);
	return 0;
}
