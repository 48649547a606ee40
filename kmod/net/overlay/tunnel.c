// SPDX-License-Identifier: GPL-2.0-only
#include "overlay/tunnel.h"

#include <linux/etherdevice.h>
#include <linux/jhash.h>
#include <net/inet_ecn.h>
#include <net/ip_tunnels.h>
#include <net/udp_tunnel.h>

#include "model/addr.h"
#include "packet/conn.h"
#include "packet/drop.h"
#include "overlay/encap.h"
#include "model/kinds.h"
#include "overlay/neighbour.h"
#include "packet/packet.h"
#include "overlay/underlay.h"
#include "overlay/vxlan.h"

static u8 tunnel_family(const struct sk_buff *skb)
{
	return skb->protocol == htons(ETH_P_IP) ? NFPROTO_IPV4 :
	       skb->protocol == htons(ETH_P_IPV6) ? NFPROTO_IPV6 :
						    NFPROTO_UNSPEC;
}

/* Counts, reports and frees a packet. */
static void tunnel_drop(struct braid_link *link, struct sk_buff *skb,
			enum braid_reason reason, u8 dir, u32 src_id)
{
	struct braid_drop drop = {
		.reason = reason,
		.dir = dir,
		.src_id = src_id,
		.dev = skb->dev,
	};

	if (tunnel_family(skb) != NFPROTO_UNSPEC) {
		braid_drop_describe(&drop, skb, tunnel_family(skb));
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

static struct braid_node *tunnel_node_of(struct braid_life *life)
{
	return life ? container_of(braid_obj_of(life), struct braid_node, obj) :
		      NULL;
}

/* Return: the node of the longest route of an address, or NULL. */
static struct braid_node *tunnel_home(struct braid_net *bn,
				      const struct in6_addr *addr, u64 gen)
{
	struct braid_key key = { .kind = BRAID_KEY_NODE };
	struct braid_life *life;
	struct braid_obj *obj;

	life = braid_index_match(&bn->index, BRAID_KEY_ROUTE, addr, gen);
	if (!life)
		return NULL;
	obj = braid_obj_of(life);
	if (braid_kind_of(obj->ops) == BRAID_NET_OBJECT_NODE)
		return tunnel_node_of(life);
	key.num = container_of(obj, struct braid_prefix, obj)->node_number;
	return tunnel_node_of(braid_index_find(&bn->index, &key, gen));
}

/* Return: the node that has an own address, inside or outside the overlay, or NULL. */
static struct braid_node *tunnel_owner(struct braid_net *bn, u8 kind,
				       const struct in6_addr *addr,
				       u64 gen)
{
	struct braid_key key = { .kind = kind, .addr = *addr };

	return tunnel_node_of(braid_index_find(&bn->index, &key, gen));
}

/*
 * Return: the node to send packets for an address to, or NULL. Replies to a node's own
 * underlay address inside the overlay go through the overlay too.
 */
static struct braid_node *tunnel_node(struct braid_net *bn,
				      const struct in6_addr *addr,
				      u64 gen)
{
	return tunnel_owner(bn, BRAID_KEY_UNDERLAY, addr, gen) ?:
	       tunnel_home(bn, addr, gen);
}

static struct in6_addr tunnel_src(const struct sk_buff *skb)
{
	return skb->protocol == htons(ETH_P_IPV6) ?
	       ipv6_hdr(skb)->saddr : braid_addr_v4(ip_hdr(skb)->saddr);
}

static struct in6_addr tunnel_dst(const struct sk_buff *skb)
{
	return skb->protocol == htons(ETH_P_IPV6) ?
	       ipv6_hdr(skb)->daddr : braid_addr_v4(ip_hdr(skb)->daddr);
}

/*
 * Return: the source identity for the tunnel header, from the connection or else from
 * the address. For other nodes this node has the identity of a remote node.
 */
static u32 tunnel_identity(struct braid_net *bn, const struct sk_buff *skb,
			   u64 gen)
{
	struct in6_addr src = tunnel_src(skb);
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
	/* Identities of prefixes are local; other nodes see the world instead. */
	return id > BRAID_VNI_MAX ? BRAID_ID_WORLD : id;
}

/* Return: an address as a word. The unused words of an IPv4 address are 0. */
static u32 tunnel_fold(const union nf_inet_addr *addr)
{
	return (__force u32)(addr->ip6[0] ^ addr->ip6[1] ^ addr->ip6[2] ^
			     addr->ip6[3]);
}

/* Return: the outer source port, equal in both directions of a connection. */
static __be16 tunnel_sport(struct net *net, struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct = nf_ct_get(skb, &ctinfo);
	const struct nf_conntrack_tuple *t;
	u32 hash, src, dst;
	int min, max;

	if (!ct)
		return udp_flow_src_port(net, skb, 0, 0, true);
	t = &ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	src = tunnel_fold(&t->src.u3);
	dst = tunnel_fold(&t->dst.u3);
	hash = jhash_3words(min(src, dst), max(src, dst),
			    (__force u16)t->src.u.all ^ (__force u16)t->dst.u.all,
			    t->dst.protonum);
	inet_get_local_port_range(net, &min, &max);
	return htons(min + reciprocal_scale(hash, max - min + 1));
}

/*
 * Checks the IP header of a frame and makes it linear. A length in the header that is
 * above the packet's or below the header's makes the packet malformed.
 */
static enum braid_reason tunnel_inner(struct sk_buff *skb)
{
	unsigned int left = skb->len - skb_network_offset(skb);
	const struct ipv6hdr *ip6;
	const struct iphdr *ip;

	switch (tunnel_family(skb)) {
	case NFPROTO_IPV4:
		if (!pskb_network_may_pull(skb, sizeof(*ip)))
			return BRAID_DROP_MALFORMED;
		ip = ip_hdr(skb);
		if (ip->version != 4 || ip->ihl < 5 ||
		    (!skb_is_gso(skb) && (ntohs(ip->tot_len) < ip->ihl * 4 ||
					  ntohs(ip->tot_len) > left)))
			return BRAID_DROP_MALFORMED;
		return BRAID_PASS;
	case NFPROTO_IPV6:
		if (!pskb_network_may_pull(skb, sizeof(*ip6)))
			return BRAID_DROP_MALFORMED;
		ip6 = ipv6_hdr(skb);
		if (ip6->version != 6 ||
		    braid_packet_mapped(skb, NFPROTO_IPV6) ||
		    (!skb_is_gso(skb) &&
		     ntohs(ip6->payload_len) > left - sizeof(*ip6)))
			return BRAID_DROP_MALFORMED;
		return BRAID_PASS;
	}
	return BRAID_DROP_PROTOCOL;
}

/*
 * Return: true for packets that the stack sends to hosts on the link: group reports,
 * router and neighbour solicitations, redirects. The link has no such hosts. The stack
 * sends them in normal operation, so they are not reported as drops.
 */
static bool tunnel_is_chatter(const struct sk_buff *skb)
{
	struct in6_addr dst = tunnel_dst(skb);

	return braid_addr_is_link_group(&dst) ||
	       (skb->protocol == htons(ETH_P_IPV6) &&
		ipv6_addr_type(&ipv6_hdr(skb)->saddr) & IPV6_ADDR_LINKLOCAL);
}

/* Finds the node that a packet goes to, and checks policy again. */
static enum braid_reason tunnel_out(struct braid_link *link,
				    struct sk_buff *skb, u64 gen, u8 *dir,
				    u32 *id, struct braid_node **node)
{
	struct in6_addr dst = tunnel_dst(skb);
	enum braid_reason reason;

	*id = tunnel_identity(link->bn, skb, gen);
	reason = braid_verdict_again(link->bn, skb, gen, dir);
	if (reason)
		return reason;
	*dir = BRAID_NET_DIRECTION_EGRESS;
	*node = tunnel_node(link->bn, &dst, gen);
	return *node ? BRAID_PASS : BRAID_DROP_NO_NODE;
}

/* ndo_start_xmit. Context: BH off, RCU read section. */
netdev_tx_t braid_tunnel_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct braid_link *link = netdev_priv(dev);
	u64 gen = braid_net_gen(link->bn);
	u8 dir = BRAID_NET_DIRECTION_EGRESS;
	struct braid_node *node = NULL;
	enum braid_reason reason;
	u32 id = 0;

	skb_reset_mac_header(skb);
	skb_set_network_header(skb, ETH_HLEN);
	reason = skb->len < ETH_HLEN ? BRAID_DROP_MALFORMED :
				       tunnel_inner(skb);
	if (!reason && tunnel_is_chatter(skb)) {
		consume_skb(skb);
		return NETDEV_TX_OK;
	}
	if (!reason)
		reason = tunnel_out(link, skb, gen, &dir, &id, &node);
	if (!reason)
		reason = braid_underlay_send(link, skb, node, node->mac, id,
					     tunnel_sport(link->bn->net,
							  skb));
	if (reason)
		tunnel_drop(link, skb, reason, dir, id);
	return NETDEV_TX_OK;
}

/* Finds the node that sent a tunnel packet. */
static enum braid_reason tunnel_admit(struct braid_link *link,
				      const struct sk_buff *skb, u64 gen,
				      struct braid_node **node)
{
	struct in6_addr src = braid_underlay_source(link, skb);

	if (!(link->dev->flags & IFF_UP))
		return BRAID_DROP_LINK_DOWN;
	if (!braid_underlay_is_ours(link, skb) ||
	    !braid_is_uplink(link->bn, skb->dev, gen))
		return BRAID_DROP_NOT_UPLINK;
	*node = tunnel_owner(link->bn, BRAID_KEY_UNDERLAY, &src, gen);
	return *node ? BRAID_PASS : BRAID_DROP_UNKNOWN_NODE;
}

/* Combines outer and inner ECN bits (RFC 6040, 4.2). */
static enum braid_reason tunnel_ecn(struct sk_buff *skb, u8 outer)
{
	unsigned int len = skb_network_offset(skb);
	u8 inner;

	/* The bytes may be shared with a tap; only these two codes write to them. */
	if ((outer & INET_ECN_MASK) == INET_ECN_CE ||
	    (outer & INET_ECN_MASK) == INET_ECN_ECT_1) {
		len += skb->protocol == htons(ETH_P_IP) ?
		       sizeof(struct iphdr) : sizeof(struct ipv6hdr);
		if (skb_ensure_writable(skb, len))
			return BRAID_DROP_NO_MEMORY;
	}
	inner = ip_tunnel_get_dsfield(ip_hdr(skb), skb);
	return INET_ECN_decapsulate(skb, outer, inner) > 1 ?
	       BRAID_DROP_MALFORMED : BRAID_PASS;
}

/* Checks the tunnel header; fills in its length in bytes and the identity. */
static enum braid_reason tunnel_header(const struct braid_encap *encap,
				       struct sk_buff *skb,
				       unsigned int *len, u32 *id)
{
	if (!pskb_may_pull(skb, sizeof(struct udphdr) + encap->base))
		return BRAID_DROP_MALFORMED;
	*len = encap->length(udp_hdr(skb) + 1);
	if (!pskb_may_pull(skb, sizeof(struct udphdr) + *len + ETH_HLEN))
		return BRAID_DROP_MALFORMED;
	switch (encap->decode(udp_hdr(skb) + 1, id)) {
	case 0:
		return BRAID_PASS;
	case -EPROTONOSUPPORT:
		return BRAID_DROP_PROTOCOL;
	}
	return BRAID_DROP_MALFORMED;
}

/* Removes the outer headers and checks the inner ones. */
static enum braid_reason tunnel_pull(struct braid_link *link,
				     struct sk_buff *skb, u32 *id)
{
	u8 outer = braid_underlay_dsfield(link, skb);
	enum braid_reason reason;
	unsigned int len;

	reason = tunnel_header(link->encap, skb, &len, id);
	if (reason)
		return reason;
	if (iptunnel_pull_header(skb, sizeof(struct udphdr) + len,
				 htons(ETH_P_TEB), false))
		return BRAID_DROP_NO_MEMORY;
	skb_reset_mac_header(skb);
	skb->protocol = eth_type_trans(skb, link->dev);
	skb_postpull_rcsum(skb, eth_hdr(skb), ETH_HLEN);
	/* Nodes may send to any hardware address. */
	skb->pkt_type = PACKET_HOST;
	skb_reset_network_header(skb);
	if (skb->protocol == htons(ETH_P_ARP))
		return BRAID_PASS;
	reason = tunnel_inner(skb);
	return reason ?: tunnel_ecn(skb, outer);
}

/* Sends an answer to the node that asked, to the hardware address that asked. */
static void tunnel_reply(struct braid_link *link, struct sk_buff *skb,
			 struct braid_node *node)
{
	__be16 sport = udp_flow_src_port(link->bn->net, skb, 0, 0, true);
	enum braid_reason reason;
	u8 mac[ETH_ALEN];

	ether_addr_copy(mac, eth_hdr(skb)->h_dest);
	reason = braid_underlay_send(link, skb, node, mac, BRAID_ID_REMOTE_NODE,
				     sport);
	if (reason)
		tunnel_drop(link, skb, reason, BRAID_NET_DIRECTION_EGRESS,
			    BRAID_ID_REMOTE_NODE);
}

/* Answers neighbour requests; drops packets that are for hosts on the link only. */
static enum braid_reason tunnel_local(struct braid_link *link,
				      struct sk_buff *skb,
				      struct braid_node *node,
				      bool *answered)
{
	struct sk_buff *answer;

	if (!braid_neighbour_is(skb))
		return tunnel_is_chatter(skb) ? BRAID_DROP_PROTOCOL :
						BRAID_PASS;
	answer = braid_neighbour_answer(link, skb);
	if (!answer)
		return BRAID_DROP_PROTOCOL;
	*answered = true;
	tunnel_reply(link, answer, node);
	return BRAID_PASS;
}

/* Return: true if the inner source belongs to the node that sent the packet. */
static bool tunnel_source_ok(struct braid_link *link,
			     const struct sk_buff *skb, u32 id,
			     const struct braid_node *node, u64 gen)
{
	struct in6_addr src = tunnel_src(skb);
	struct braid_net *bn = link->bn;

	/* The node itself, or a source that it replaced by its own address. */
	if ((id == BRAID_ID_REMOTE_NODE || id == BRAID_ID_WORLD) &&
	    (tunnel_owner(bn, BRAID_KEY_INSIDE, &src, gen) == node ||
	     tunnel_owner(bn, BRAID_KEY_UNDERLAY, &src, gen) == node))
		return true;
	return id != BRAID_ID_WORLD &&
	       tunnel_home(bn, &src, gen) == node;
}

/* Attaches the identity as shared metadata; a packet needs no allocation. */
static enum braid_reason tunnel_mark(struct braid_link *link,
				     struct sk_buff *skb, u32 id, u64 gen)
{
	struct braid_key key = { .kind = BRAID_KEY_IDENTITY, .num = id };
	const struct braid_identity *identity;
	struct metadata_dst *md;
	struct braid_life *life;

	if (id == BRAID_ID_REMOTE_NODE) {
		md = link->remote;
	} else if (id == BRAID_ID_WORLD) {
		md = link->world;
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

/* Queues a packet to the link; a full queue frees it. */
static void tunnel_up(struct braid_link *link, struct sk_buff *skb, u32 id)
{
	struct braid_drop drop = {
		.reason = BRAID_DROP_NO_MEMORY,
		.dir = BRAID_NET_DIRECTION_INGRESS,
		.src_id = id,
		.dev = link->dev,
	};
	unsigned int len = skb->len;

	if (gro_cells_receive(&link->cells, skb) == NET_RX_SUCCESS)
		dev_sw_netstats_rx_add(link->dev, len);
	else
		braid_drop_report(link->bn, &drop);
}

/* Does all checks of a received packet; answers neighbour requests. */
static enum braid_reason tunnel_in(struct braid_link *link,
				   struct sk_buff *skb, u32 *id,
				   bool *answered)
{
	u64 gen = braid_net_gen(link->bn);
	struct braid_node *node = NULL;
	enum braid_reason reason;

	reason = tunnel_admit(link, skb, gen, &node);
	if (!reason)
		reason = tunnel_pull(link, skb, id);
	if (!reason && *id <= BRAID_ID_HOST)
		reason = BRAID_DROP_UNKNOWN_IDENTITY;
	if (!reason)
		reason = tunnel_local(link, skb, node, answered);
	if (reason || *answered)
		return reason;
	if (!tunnel_source_ok(link, skb, *id, node, gen))
		return BRAID_DROP_SPOOFED_INNER;
	return tunnel_mark(link, skb, *id, gen);
}

/* encap_rcv of the overlay's socket. Context: softirq, RCU read section. */
int braid_tunnel_rcv(struct sock *sk, struct sk_buff *skb)
{
	struct braid_link *link = rcu_dereference_sk_user_data(sk);
	enum braid_reason reason;
	bool answered = false;
	u32 id = 0;

	if (!link) {
		kfree_skb(skb);
		return 0;
	}
	reason = tunnel_in(link, skb, &id, &answered);
	if (reason) {
		tunnel_drop(link, skb, reason,
			    BRAID_NET_DIRECTION_INGRESS, id);
	} else if (answered) {
		dev_sw_netstats_rx_add(link->dev, skb->len);
		consume_skb(skb);
	} else {
		tunnel_up(link, skb, id);
	}
	return 0;
}
