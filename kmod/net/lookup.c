// SPDX-License-Identifier: GPL-2.0-only
/* What several stages ask of the configuration, and how a packet is dropped. */
#include "packet.h"

#include <linux/inetdevice.h>
#include <net/route.h>

#include "addr.h"
#include "drop.h"
#include "kinds.h"

/**
 * braid_endpoint_by_device() - the endpoint behind a device
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
 * braid_endpoint_by_addr() - the local endpoint with an address
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
 * braid_overlay_now() - the overlay
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

/**
 * braid_addr_identity() - who has an address
 * @bn: the namespace
 * @addr: the address
 * @gen: generation of the traversal
 *
 * A local endpoint, the node itself, another node, or whom the longest prefix
 * names; the world if nobody claims it.
 *
 * Context: any, in an RCU read section that began before @gen was latched.
 * Return: the identity.
 */
u32 braid_addr_identity(struct braid_net *bn, const struct in6_addr *addr,
			u64 gen)
{
	struct braid_key underlay = { .kind = BRAID_KEY_UNDERLAY, .addr = *addr };
	const struct braid_endpoint *ep;
	struct braid_life *life;

	ep = braid_endpoint_by_addr(bn, addr, gen);
	if (ep)
		return ep->id;
	if (braid_addr_is_v4(addr) &&
	    inet_addr_type(bn->net, braid_addr_to_v4(addr)) == RTN_LOCAL)
		return BRAID_ID_HOST;
	if (braid_index_find(&bn->index, &underlay, gen))
		return BRAID_ID_REMOTE_NODE;
	life = braid_index_match(&bn->index, BRAID_KEY_PREFIX, addr, gen);
	if (life)
		return container_of(braid_obj_of(life), struct braid_prefix,
				    obj)->id;
	return BRAID_ID_WORLD;
}

/**
 * braid_packet_init() - latch the generation and read the addresses
 * @p: filled in
 * @bn: the namespace
 * @skb: with an IP header that the stack has checked
 * @state: the hook's
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
 * braid_packet_drop() - report a drop at a hook
 * @p: the packet
 * @reason: enum braid_reason
 * @dir: enum braid_net_direction
 * @src_id: who sent it, 0 if that is not known
 * @dst_id: whom it is for, 0 to ask its destination address
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

/**
 * braid_is_icmp_error() - does a packet only speak of its connection?
 * @p: the packet
 * @ct: the connection that it was assigned to
 * @ctinfo: how
 *
 * Context: any.
 * Return: true for an ICMP error; false for a packet of the connection itself,
 * that of an expected connection too.
 */
bool braid_is_icmp_error(const struct braid_packet *p, const struct nf_conn *ct,
			 enum ip_conntrack_info ctinfo)
{
	u8 proto = p->state->pf == NFPROTO_IPV6 ? IPPROTO_ICMPV6 :
						  ip_hdr(p->skb)->protocol;

	if (ctinfo != IP_CT_RELATED && ctinfo != IP_CT_RELATED_REPLY)
		return false;
	return !ct->master || proto != nf_ct_protonum(ct);
}
