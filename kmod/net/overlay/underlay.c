// SPDX-License-Identifier: GPL-2.0-only
#include "overlay/underlay.h"

#include <linux/etherdevice.h>
#include <linux/icmpv6.h>
#include <linux/inetdevice.h>
#include <net/addrconf.h>
#include <net/icmp.h>
#include <net/inet_ecn.h>
#include <net/ip6_route.h>
#include <net/ip6_tunnel.h>
#include <net/ip_tunnels.h>
#include <net/route.h>
#include <net/udp_tunnel.h>

#include "model/addr.h"
#include "overlay/encap.h"
#include "model/kinds.h"

/* Context: RCU read section. */
static struct net_device *underlay_dev(struct net *net,
				       const struct in6_addr *local)
{
	if (braid_addr_is_v4(local))
		return __ip_dev_find(net, braid_addr_to_v4(local), false);
	return ipv6_dev_find(net, local, NULL);
}

/* Refuses an address that no device has. */
static int underlay_absent(struct net *net, const struct in6_addr *local,
			   struct braid_err *err)
{
	bool tentative = !braid_addr_is_v4(local) &&
			 ipv6_chk_addr_and_flags(net, local, NULL, true, 0, 0);

	return braid_refuse(err, -EADDRNOTAVAIL, BRAID_NET_A_OVERLAY_LOCAL,
			    tentative ?
			    "local cannot be used yet: duplicate address detection has not ended" :
			    "local is not an address of this node");
}

/**
 * braid_underlay_find() - finds the properties of the device that has an address
 * @net: the namespace
 * @local: the address
 * @under: filled in
 * @err: filled in on refusal
 *
 * Context: process.
 * Return: 0 or -EADDRNOTAVAIL.
 */
int braid_underlay_find(struct net *net, const struct in6_addr *local,
			struct braid_underlay *under, struct braid_err *err)
{
	struct net_device *dev;

	rcu_read_lock();
	dev = underlay_dev(net, local);
	if (dev) {
		under->mtu = READ_ONCE(dev->mtu);
		under->headroom = dev->hard_header_len + dev->needed_headroom;
	}
	rcu_read_unlock();
	return dev ? 0 : underlay_absent(net, local, err);
}

static int underlay_blame(int ret, struct braid_err *err)
{
	switch (ret) {
	case -EADDRINUSE:
		return braid_refuse(err, ret, BRAID_NET_A_OVERLAY_PORT,
				    "the UDP port is in use on this node");
	case -EAFNOSUPPORT:
		return braid_refuse(err, ret, BRAID_NET_A_OVERLAY_LOCAL,
				    "this kernel has no such family of addresses");
	case -ENFILE:
		/* The error of the kernel if there is no memory for a socket. */
		return -ENOMEM;
	}
	return ret;
}

/**
 * braid_underlay_open() - opens a UDP socket for tunnel packets
 * @net: the namespace
 * @local: underlay address of this node; only its family is used
 * @port: UDP port, host byte order
 * @sock: filled in with the socket, which the caller owns
 * @err: filled in on refusal
 *
 * The socket is not bound to an address: up to 6.9 GRO looks up the socket a second
 * time by the inner addresses, and merges only if it finds it. So the socket receives
 * packets to other addresses too, see braid_underlay_is_ours().
 *
 * Context: process, may sleep.
 * Return: 0 or an error.
 */
int braid_underlay_open(struct net *net, const struct in6_addr *local, u16 port,
			struct socket **sock, struct braid_err *err)
{
	struct udp_port_cfg cfg = { .local_udp_port = htons(port) };

	if (braid_addr_is_v4(local)) {
		cfg.family = AF_INET;
	} else {
		cfg.family = AF_INET6;
		cfg.ipv6_v6only = true;
		/* A node may omit the checksum (RFC 6936); a present one must be right. */
		cfg.use_udp6_rx_checksums = false;
		cfg.use_udp6_tx_checksums = true;
	}
	return underlay_blame(udp_sock_create(net, &cfg, sock), err);
}

/**
 * braid_underlay_overhead() - computes what the tunnel adds to a packet
 * @local: underlay address of this node
 * @encap: the tunnel header
 *
 * Context: any.
 * Return: bytes of outer IP, UDP, tunnel and inner Ethernet header.
 */
unsigned int braid_underlay_overhead(const struct in6_addr *local,
				     const struct braid_encap *encap)
{
	return (braid_addr_is_v4(local) ? sizeof(struct iphdr) :
					  sizeof(struct ipv6hdr)) +
	       sizeof(struct udphdr) + encap->len + ETH_HLEN;
}

/* Return: true if a received packet is for the overlay's address. Context: any. */
bool braid_underlay_is_ours(const struct braid_link *link,
			    const struct sk_buff *skb)
{
	if (braid_addr_is_v4(&link->local))
		return ip_hdr(skb)->daddr == braid_addr_to_v4(&link->local);
	return ipv6_addr_equal(&ipv6_hdr(skb)->daddr, &link->local);
}

/* Return: the outer source of a received packet. Context: any. */
struct in6_addr braid_underlay_source(const struct braid_link *link,
				      const struct sk_buff *skb)
{
	if (braid_addr_is_v4(&link->local))
		return braid_addr_v4(ip_hdr(skb)->saddr);
	return ipv6_hdr(skb)->saddr;
}

/* Return: the outer DSCP and ECN bits of a packet. Context: any. */
u8 braid_underlay_dsfield(const struct braid_link *link,
			  const struct sk_buff *skb)
{
	if (braid_addr_is_v4(&link->local))
		return ipv4_get_dsfield(ip_hdr(skb));
	return ipv6_get_dsfield(ipv6_hdr(skb));
}

/**
 * braid_underlay_error() - checks that an ICMP error is about a tunnel packet
 * @sk: socket of the overlay
 * @skb: ICMP error; its transport header is the quoted UDP header
 *
 * The kernel calls this before it uses a path MTU, since the source port of a tunnel
 * packet does not identify the socket.
 *
 * Context: softirq, RCU read section.
 * Return: 0 if it is, else a negative errno.
 */
int braid_underlay_error(struct sock *sk, struct sk_buff *skb)
{
	const struct braid_link *link = rcu_dereference_sk_user_data(sk);
	struct braid_key key = { .kind = BRAID_KEY_UNDERLAY };
	unsigned int at = skb_transport_offset(skb);
	u32 id;

	if (!link ||
	    !pskb_may_pull(skb, at + sizeof(struct udphdr) + link->encap->len) ||
	    udp_hdr(skb)->dest != htons(link->port) ||
	    link->encap->length(udp_hdr(skb) + 1) != link->encap->len ||
	    link->encap->decode(udp_hdr(skb) + 1, &id))
		return -EINVAL;
	key.addr = braid_addr_is_v4(&link->local) ?
		   braid_addr_v4(ip_hdr(skb)->daddr) : ipv6_hdr(skb)->daddr;
	return braid_index_find(&link->bn->index, &key,
				braid_net_gen(link->bn)) ? 0 : -ENOENT;
}

/* Return: the first address of a node in the family of the link, or NULL. */
static const struct in6_addr *underlay_of(const struct braid_link *link,
					  const struct braid_node *node)
{
	bool v4 = braid_addr_is_v4(&link->local);
	unsigned int i;

	for (i = 0; i < node->nunderlays; i++)
		if (braid_addr_is_v4(&node->underlays[i]) == v4)
			return &node->underlays[i];
	return NULL;
}

/*
 * The cache belongs to the node and outlives a link, so it may have a route of another
 * link, which may be of the other address family.
 */
static struct dst_entry *underlay_cached4(const struct braid_link *link,
					  struct braid_node *node)
{
	struct rtable *rt;
	__be32 saddr;

	rt = dst_cache_get_ip4(&node->cache, &saddr);
	if (!rt)
		return NULL;
	if (rt->dst.ops->family == AF_INET &&
	    saddr == braid_addr_to_v4(&link->local))
		return &rt->dst;
	dst_release(&rt->dst);
	return NULL;
}

static struct dst_entry *underlay_cached6(const struct braid_link *link,
					  struct braid_node *node)
{
	struct dst_entry *dst;
	struct in6_addr saddr;

	dst = dst_cache_get_ip6(&node->cache, &saddr);
	if (!dst)
		return NULL;
	if (dst->ops->family == AF_INET6 && ipv6_addr_equal(&saddr, &link->local))
		return dst;
	dst_release(dst);
	return NULL;
}

static struct dst_entry *underlay_route4(struct braid_link *link,
					 struct braid_node *node,
					 const struct in6_addr *to)
{
	struct flowi4 fl4 = {
		.flowi4_proto = IPPROTO_UDP,
		.daddr = braid_addr_to_v4(to),
		.saddr = braid_addr_to_v4(&link->local),
	};
	struct rtable *rt = ip_route_output_key(link->bn->net, &fl4);

	if (IS_ERR(rt))
		return ERR_CAST(rt);
	if (rt->dst.dev == link->dev) {
		dst_release(&rt->dst);
		return ERR_PTR(-ELOOP);
	}
	dst_cache_set_ip4(&node->cache, &rt->dst, fl4.saddr);
	return &rt->dst;
}

static struct dst_entry *underlay_route6(struct braid_link *link,
					 struct braid_node *node,
					 const struct in6_addr *to)
{
	struct flowi6 fl6 = {
		.flowi6_proto = IPPROTO_UDP,
		.daddr = *to,
		.saddr = link->local,
	};
	struct dst_entry *dst;

	dst = ip6_dst_lookup_flow(link->bn->net, link->sock->sk, &fl6, NULL);
	if (IS_ERR(dst))
		return dst;
	if (dst->dev == link->dev) {
		dst_release(dst);
		return ERR_PTR(-ELOOP);
	}
	dst_cache_set_ip6(&node->cache, dst, &fl6.saddr);
	return dst;
}

/* Context: BH off, RCU read section: the cache is per CPU. */
static struct dst_entry *underlay_route(struct braid_link *link,
					struct braid_node *node,
					const struct in6_addr *to)
{
	bool v4 = braid_addr_is_v4(to);
	struct dst_entry *dst;

	dst = v4 ? underlay_cached4(link, node) :
		   underlay_cached6(link, node);
	if (dst)
		return dst;
	return v4 ? underlay_route4(link, node, to) :
		    underlay_route6(link, node, to);
}

/* Return: true if routers may fragment the inner packet. */
static bool underlay_breakable(const struct sk_buff *skb)
{
	switch (skb->protocol) {
	case htons(ETH_P_IP):
		return !(ip_hdr(skb)->frag_off & htons(IP_DF));
	case htons(ETH_P_IPV6):
		return false;
	}
	return true;
}

static bool underlay_fits(const struct sk_buff *skb, unsigned int mtu)
{
	if (skb_is_gso(skb))
		return skb_gso_validate_network_len(skb, mtu);
	return skb->len - skb_network_offset(skb) <= mtu;
}

/*
 * Return: true if the inner destination is also the outer one. Its sender would apply
 * the reported MTU to the tunnel packets as well, and the tunnel again to the next
 * inner packets, so the MTU would shrink without end.
 */
static bool underlay_is_to(const struct sk_buff *skb,
			   const struct in6_addr *to)
{
	struct in6_addr dst;

	if (skb->protocol == htons(ETH_P_IPV6))
		dst = ipv6_hdr(skb)->daddr;
	else
		dst = braid_addr_v4(ip_hdr(skb)->daddr);
	return ipv6_addr_equal(&dst, to);
}

/*
 * The path MTU may be below the link's MTU, which routing checks. So the tunnel sends
 * the ICMP error itself. It fragments the outer packet only if the inner packet may be
 * fragmented, or is IPv6 and not longer than the minimum MTU.
 *
 * Return: true if the packet goes no further.
 */
static bool underlay_answer(const struct braid_link *link,
			    struct sk_buff *skb,
			    const struct dst_entry *dst,
			    const struct in6_addr *to, bool *broken)
{
	unsigned int mtu = max_t(int, dst_mtu(dst) - link->overhead,
				 ETH_MIN_MTU);

	*broken = !underlay_fits(skb, mtu);
	if (!*broken)
		return false;
	if (skb->protocol == htons(ETH_P_IPV6))
		mtu = max_t(unsigned int, mtu, IPV6_MIN_MTU);
	if (underlay_breakable(skb) || underlay_fits(skb, mtu) ||
	    underlay_is_to(skb, to))
		return false;
	/* The routes of link_make_routes() are shared by all paths. */
	if (skb_dst(skb) != link->back4 && skb_dst(skb) != link->back6)
		skb_dst_update_pmtu_no_confirm(skb, mtu);
	if (skb->protocol == htons(ETH_P_IPV6))
		icmpv6_ndo_send(skb, ICMPV6_PKT_TOOBIG, 0, mtu);
	else
		icmp_ndo_send(skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED,
			      htonl(mtu));
	return true;
}

/* Return: the outer ECN bits, copied from the inner ones (RFC 6040, 4.1). */
static u8 underlay_ecn(const struct sk_buff *skb)
{
	return ip_tunnel_get_dsfield(ip_hdr(skb), skb) & INET_ECN_MASK;
}

/* Makes room for the outer headers and writes the inner ones that change. */
static int underlay_push(const struct braid_link *link,
			 struct sk_buff *skb, const struct dst_entry *dst,
			 const u8 *mac, u32 id)
{
	bool csum = !braid_addr_is_v4(&link->local);
	int ret;

	ret = skb_cow_head(skb, LL_RESERVED_SPACE(dst->dev) + dst->header_len +
				link->overhead);
	if (ret)
		return ret;
	ether_addr_copy(eth_hdr(skb)->h_dest, mac);
	ret = udp_tunnel_handle_offloads(skb, csum);
	if (ret)
		return ret;
	link->encap->encode(__skb_push(skb, link->encap->len), id);
	skb_set_inner_protocol(skb, htons(ETH_P_TEB));
	return 0;
}

/**
 * braid_underlay_send() - encapsulates a packet and sends it to a node
 * @link: the link
 * @skb: packet with its inner Ethernet and network header set and a valid IP header;
 *	consumed if BRAID_PASS is returned
 * @node: the receiving node
 * @mac: inner destination hardware address
 * @id: identity on the wire
 * @sport: outer source port
 *
 * Context: BH off, RCU read section.
 * Return: BRAID_PASS, or the reason why the packet cannot be sent.
 */
enum braid_reason braid_underlay_send(struct braid_link *link,
				      struct sk_buff *skb,
				      struct braid_node *node, const u8 *mac,
				      u32 id, __be16 sport)
{
	const struct in6_addr *to = underlay_of(link, node);
	__be16 port = htons(link->port);
	struct dst_entry *dst;
	bool broken;
	__be16 df;
	u8 ecn;

	if (!to)
		return BRAID_DROP_NO_ROUTE;
	dst = underlay_route(link, node, to);
	if (IS_ERR(dst))
		return BRAID_DROP_NO_ROUTE;
	if (underlay_answer(link, skb, dst, to, &broken)) {
		dst_release(dst);
		return BRAID_DROP_TOO_BIG;
	}
	df = broken || underlay_breakable(skb) ? 0 : htons(IP_DF);
	ecn = underlay_ecn(skb);
	if (underlay_push(link, skb, dst, mac, id)) {
		dst_release(dst);
		return BRAID_DROP_NO_MEMORY;
	}
	/* Both functions consume the route and the packet. */
	if (braid_addr_is_v4(to)) {
		udp_tunnel_xmit_skb(dst_rtable(dst), link->sock->sk, skb,
				    braid_addr_to_v4(&link->local),
				    braid_addr_to_v4(to), ecn,
				    ip4_dst_hoplimit(dst), df, sport, port,
				    false, true, 0);
		return BRAID_PASS;
	}
	/* The IPv4 function does this itself. */
	skb_scrub_packet(skb, false);
	/* Only the sender fragments IPv6, and only with ignore_df. */
	skb->ignore_df = broken;
	udp_tunnel6_xmit_skb(dst, link->sock->sk, skb, link->dev, &link->local,
			     to, ecn, ip6_dst_hoplimit(dst), 0, sport, port,
			     false, 0);
	return BRAID_PASS;
}
