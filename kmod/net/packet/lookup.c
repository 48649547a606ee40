// SPDX-License-Identifier: GPL-2.0-only
/* Lookups that several stages need, and dropping a packet at a hook. */
#include "packet/packet.h"

#include <linux/inetdevice.h>
#include <net/addrconf.h>
#include <net/ip6_route.h>
#include <net/route.h>

#include "model/addr.h"
#include "packet/drop.h"
#include "packet/icmpv6.h"
#include "model/kinds.h"

/**
 * braid_endpoint_by_device() - finds the endpoint of a device
 * @bn: the namespace
 * @dev: a device, or NULL
 * @gen: generation of the traversal
 *
 * Context: any, in an RCU read section that began before @gen was latched.
 * Return: the endpoint, valid until the section ends, or NULL.
 */
struct braid_endpoint *braid_endpoint_by_device(struct braid_net *bn,
						const struct net_device *dev,
						u64 gen)
{
	struct braid_key key = { .kind = BRAID_KEY_ENDPOINT };
	struct braid_life *life;

	if (!dev)
		return NULL;
	key.num = dev->ifindex;
	life = braid_index_find(&bn->index, &key, gen);
	return life ? container_of(braid_obj_of(life), struct braid_endpoint,
				   obj) : NULL;
}

/**
 * braid_endpoint_by_addr() - finds the local endpoint with an address
 * @bn: the namespace
 * @addr: the address
 * @gen: generation of the traversal
 *
 * Context: any, in an RCU read section that began before @gen was latched.
 * Return: the endpoint, valid until the section ends, or NULL.
 */
struct braid_endpoint *braid_endpoint_by_addr(struct braid_net *bn,
					      const struct in6_addr *addr,
					      u64 gen)
{
	struct braid_key key = { .kind = BRAID_KEY_ADDRESS, .addr = *addr };
	struct braid_life *life = braid_index_find(&bn->index, &key, gen);

	return life ? container_of(braid_obj_of(life), struct braid_endpoint,
				   obj) : NULL;
}

/**
 * braid_endpoint_has() - tells whether an address belongs to an endpoint
 * @ep: the endpoint
 * @addr: the address
 *
 * Context: any.
 * Return: true if it does.
 */
bool braid_endpoint_has(const struct braid_endpoint *ep,
			const struct in6_addr *addr)
{
	unsigned int i;

	for (i = 0; i < ep->naddrs; i++)
		if (ipv6_addr_equal(&ep->addrs[i], addr))
			return true;
	return false;
}

/**
 * braid_overlay_now() - finds the overlay
 * @bn: the namespace
 * @gen: generation of the traversal
 *
 * Context: any, in an RCU read section that began before @gen was latched.
 * Return: the overlay, valid until the section ends, or NULL.
 */
struct braid_overlay *braid_overlay_now(struct braid_net *bn, u64 gen)
{
	struct braid_key key = { .kind = BRAID_KEY_OVERLAY };
	struct braid_life *life = braid_index_find(&bn->index, &key, gen);

	return life ? container_of(braid_obj_of(life), struct braid_overlay,
				   obj) : NULL;
}

const char braid_link_kind[] = BRAID_LINK_KIND;

/**
 * braid_is_link() - tells whether a device is the link of an overlay
 * @dev: the device
 *
 * The operations of the link are in a folder above; the string of their kind is here,
 * so its address is compared.
 *
 * Context: any.
 * Return: true if it is.
 */
bool braid_is_link(const struct net_device *dev)
{
	return dev->rtnl_link_ops && dev->rtnl_link_ops->kind == braid_link_kind;
}

/**
 * braid_device_holds() - tells whether an address is configured on a device
 * @dev: the device
 * @addr: the address
 *
 * Context: any, in an RCU read section.
 * Return: true if it is.
 */
bool braid_device_holds(const struct net_device *dev,
			const struct in6_addr *addr)
{
	const struct in_device *in_dev;
	const struct in_ifaddr *ifa;

	if (!braid_addr_is_v4(addr))
		return ipv6_chk_addr(dev_net(dev), addr, dev, 1);
	in_dev = __in_dev_get_rcu(dev);
	if (!in_dev)
		return false;
	in_dev_for_each_ifa_rcu(ifa, in_dev)
		if (ifa->ifa_local == braid_addr_to_v4(addr))
			return true;
	return false;
}

/**
 * braid_is_uplink() - tells whether a device is an uplink
 * @bn: the namespace
 * @dev: the device
 * @gen: generation of the traversal
 *
 * If no uplink is configured, the device with the overlay's local address is one.
 *
 * Context: any, in an RCU read section that began before @gen was latched.
 * Return: true if it is.
 */
bool braid_is_uplink(struct braid_net *bn, const struct net_device *dev,
		     u64 gen)
{
	struct braid_key key = { .kind = BRAID_KEY_UPLINK };
	const struct braid_overlay *overlay;

	if (braid_index_find(&bn->index, &key, gen)) {
		key.num = dev->ifindex;
		return braid_index_find(&bn->index, &key, gen);
	}
	overlay = braid_overlay_now(bn, gen);
	return overlay && braid_device_holds(dev, &overlay->local);
}

/* Return: true for a unicast or broadcast address of the node. */
static bool lookup_is_local4(struct net *net, __be32 addr)
{
	unsigned int type = inet_addr_type(net, addr);

	return type == RTN_LOCAL || type == RTN_BROADCAST;
}

/* Return: true for an address of any device, an anycast address or a local route. */
static bool lookup_is_local6(struct net *net, const struct in6_addr *addr)
{
	struct rt6_info *rt;
	bool local;

	if (ipv6_addr_is_multicast(addr))
		return false;
	if (ipv6_chk_addr(net, addr, NULL, 0))
		return true;
	rt = rt6_lookup(net, addr, NULL, 0, NULL, 0);
	local = rt && rt->rt6i_flags & (RTF_LOCAL | RTF_ANYCAST);
	if (rt)
		ip6_rt_put(rt);
	return local;
}

/* Return: true if packets to an address are for the node and not forwarded. */
static bool lookup_is_local(struct braid_net *bn,
			    const struct in6_addr *addr)
{
	if (braid_addr_is_link_group(addr))
		return true;
	return braid_addr_is_v4(addr) ?
	       lookup_is_local4(bn->net, braid_addr_to_v4(addr)) :
	       lookup_is_local6(bn->net, addr);
}

/* Return: true for an own address of another node, outside or inside the overlay. */
static bool lookup_is_node(struct braid_net *bn,
			   const struct in6_addr *addr, u64 gen)
{
	struct braid_key key = { .kind = BRAID_KEY_UNDERLAY, .addr = *addr };

	if (braid_index_find(&bn->index, &key, gen))
		return true;
	key.kind = BRAID_KEY_INSIDE;
	return braid_index_find(&bn->index, &key, gen);
}

/**
 * braid_addr_identity() - finds the identity of an address
 * @bn: the namespace
 * @addr: the address
 * @gen: generation of the traversal
 *
 * In this order: a local endpoint, the node itself, another node, the longest prefix,
 * the world.
 *
 * Context: any, in an RCU read section that began before @gen was latched.
 * Return: the identity.
 */
u32 braid_addr_identity(struct braid_net *bn, const struct in6_addr *addr,
			u64 gen)
{
	const struct braid_endpoint *ep;
	struct braid_life *life;

	ep = braid_endpoint_by_addr(bn, addr, gen);
	if (ep)
		return ep->id;
	if (lookup_is_local(bn, addr))
		return BRAID_ID_HOST;
	if (lookup_is_node(bn, addr, gen))
		return BRAID_ID_REMOTE_NODE;
	life = braid_index_match(&bn->index, BRAID_KEY_PREFIX, addr, gen);
	if (life)
		return container_of(braid_obj_of(life), struct braid_prefix,
				    obj)->id;
	return BRAID_ID_WORLD;
}

/**
 * braid_packet_mapped() - tells whether an IPv6 packet has a v4-mapped address
 * @skb: packet with an IP header that the stack has checked
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * ::ffff:a.b.c.d stands for a.b.c.d in every table of braid, so policy would use
 * another address than routing. Hosts do not send such packets.
 *
 * Context: any.
 * Return: true if it has one.
 */
bool braid_packet_mapped(const struct sk_buff *skb, u8 pf)
{
	return pf == NFPROTO_IPV6 &&
	       (ipv6_addr_v4mapped(&ipv6_hdr(skb)->saddr) ||
		ipv6_addr_v4mapped(&ipv6_hdr(skb)->daddr));
}

/**
 * braid_packet_init() - reads the generation and the addresses
 * @p: filled in
 * @bn: the namespace
 * @skb: packet with an IP header that the stack has checked
 * @state: state of the hook
 *
 * Context: any, in an RCU read section.
 */
void braid_packet_init(struct braid_packet *p, struct braid_net *bn,
		       struct sk_buff *skb, const struct nf_hook_state *state)
{
	p->bn = bn;
	p->skb = skb;
	p->state = state;
	p->gen = braid_net_gen(bn);
	if (state->pf == NFPROTO_IPV6) {
		p->src = ipv6_hdr(skb)->saddr;
		p->dst = ipv6_hdr(skb)->daddr;
	} else {
		p->src = braid_addr_v4(ip_hdr(skb)->saddr);
		p->dst = braid_addr_v4(ip_hdr(skb)->daddr);
	}
}

/**
 * braid_packet_drop() - reports a drop at a hook
 * @p: the packet
 * @reason: enum braid_reason
 * @dir: enum braid_net_direction
 * @src_id: identity of the source, 0 if it is not known
 * @dst_id: identity of the destination, 0 to look up the destination address
 *
 * Context: any, in an RCU read section.
 * Return: NF_DROP.
 */
unsigned int braid_packet_drop(const struct braid_packet *p,
			       unsigned int reason, u8 dir, u32 src_id,
			       u32 dst_id)
{
	struct braid_drop drop = {
		.reason = reason,
		.dir = dir,
		.src_id = src_id,
		.dst_id = dst_id ?: braid_addr_identity(p->bn, &p->dst, p->gen),
		.dev = p->state->in,
	};

	braid_drop_describe(&drop, p->skb, p->state->pf);
	braid_drop_report(p->bn, &drop);
	return NF_DROP;
}

/* Return: the protocol behind the IP header and IPv6 extension headers. */
static u8 lookup_transport(const struct braid_packet *p)
{
	int at;

	return p->state->pf == NFPROTO_IPV6 ?
	       braid_ipv6_transport(p->skb, &at) : ip_hdr(p->skb)->protocol;
}

/**
 * braid_is_icmp_error() - tells whether a packet is an ICMP error about a connection
 * @p: the packet
 * @ct: the connection that nf_conntrack assigned to it
 * @ctinfo: relation of the packet to @ct
 *
 * Context: any.
 * Return: true for an ICMP error; false for a packet of the connection itself, also
 * of an expected connection.
 */
bool braid_is_icmp_error(const struct braid_packet *p, const struct nf_conn *ct,
			 enum ip_conntrack_info ctinfo)
{
	if (ctinfo != IP_CT_RELATED && ctinfo != IP_CT_RELATED_REPLY)
		return false;
	return !ct->master || lookup_transport(p) != nf_ct_protonum(ct);
}
