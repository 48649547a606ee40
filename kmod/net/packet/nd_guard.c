// SPDX-License-Identifier: GPL-2.0-only
/*
 * Neighbour discovery and ARP from endpoints. nf_conntrack does not track them, so
 * policy does not apply. Instead such packets must stay between the endpoint and its
 * node and may announce addresses of the endpoint only, or a workload could take
 * packets for another one.
 */
#include "packet/nd_guard.h"

#include <linux/icmpv6.h>
#include <linux/if_arp.h>
#include <net/addrconf.h>
#include <net/ndisc.h>

#include "model/addr.h"
#include "packet/icmpv6.h"
#include "model/kinds.h"

#if !IS_ENABLED(CONFIG_NETFILTER_FAMILY_ARP)
#error "braid needs a kernel with CONFIG_NETFILTER_FAMILY_ARP"
#endif

#define BRAID_ND_MLD2_REPORT 143	/* RFC 3810, 5.2 */

static bool nd_guard_is_mld(u8 type)
{
	return type == ICMPV6_MGM_QUERY || type == ICMPV6_MGM_REPORT ||
	       type == ICMPV6_MGM_REDUCTION || type == BRAID_ND_MLD2_REPORT;
}

/**
 * braid_nd_guard_is_nd() - tells whether a packet is neighbour discovery or MLD
 * @p: the packet
 *
 * Context: any.
 * Return: true if it is.
 */
bool braid_nd_guard_is_nd(const struct braid_packet *p)
{
	int at;
	u8 type;

	if (p->state->pf != NFPROTO_IPV6)
		return false;
	type = braid_icmpv6_type(p->skb, &at);
	return braid_icmpv6_is_nd(type) || nd_guard_is_mld(type);
}

/**
 * braid_nd_guard_is_redirect() - tells whether a packet is an ICMPv6 redirect
 * @p: the packet
 *
 * Newer kernels treat a redirect as an error about the connection that it quotes.
 *
 * Context: any.
 * Return: true if it is.
 */
bool braid_nd_guard_is_redirect(const struct braid_packet *p)
{
	int at;

	return p->state->pf == NFPROTO_IPV6 &&
	       braid_icmpv6_type(p->skb, &at) == NDISC_REDIRECT;
}

/* Return: true if the destination is on the link or the node itself. */
static bool nd_guard_stays_on_link(const struct braid_packet *p)
{
	return ipv6_addr_is_multicast(&p->dst) ||
	       ipv6_addr_type(&p->dst) & IPV6_ADDR_LINKLOCAL ||
	       braid_addr_identity(p->bn, &p->dst, p->gen) == BRAID_ID_HOST;
}

/*
 * Return: true if the target of a solicitation or advertisement is an address of the
 * endpoint, or a link-local address that the node neither has on that link nor
 * checks for duplicates: otherwise an endpoint could claim the gateway's address.
 */
static bool nd_guard_owns_target(const struct braid_packet *p,
				 const struct braid_endpoint *ep, int at)
{
	struct nd_msg msg;

	if (skb_copy_bits(p->skb, at, &msg, sizeof(msg)))
		return false;
	if (ipv6_addr_type(&msg.target) & IPV6_ADDR_LINKLOCAL)
		return !ipv6_chk_addr_and_flags(p->bn->net, &msg.target,
						p->state->in, false, 1, 0);
	return braid_endpoint_has(ep, &msg.target);
}

/**
 * braid_nd_guard_admit() - decides about an untracked packet of an endpoint
 * @p: a packet of the endpoint that nf_conntrack does not track
 * @ep: the endpoint
 * @otherwise: result for a packet that is neither neighbour discovery nor MLD
 *
 * Context: any, in an RCU read section.
 * Return: BRAID_PASS, enum braid_reason, or @otherwise.
 */
enum braid_reason braid_nd_guard_admit(const struct braid_packet *p,
				       const struct braid_endpoint *ep,
				       enum braid_reason otherwise)
{
	int at;
	u8 type;

	if (p->state->pf != NFPROTO_IPV6)
		return otherwise;
	type = braid_icmpv6_type(p->skb, &at);
	if (!braid_icmpv6_is_nd(type) && !nd_guard_is_mld(type))
		return otherwise;
	if (!nd_guard_stays_on_link(p))
		return BRAID_DROP_UNTRACKED;
	switch (type) {
	case NDISC_NEIGHBOUR_SOLICITATION:
		/* Only duplicate address detection announces the target. */
		if (!ipv6_addr_any(&p->src))
			return BRAID_PASS;
		fallthrough;
	case NDISC_NEIGHBOUR_ADVERTISEMENT:
		return nd_guard_owns_target(p, ep, at) ? BRAID_PASS :
							 BRAID_DROP_SPOOFED;
	case NDISC_ROUTER_ADVERTISEMENT:
	case NDISC_REDIRECT:
		/* A workload is not a router of its node. */
		return BRAID_DROP_SPOOFED;
	default:
		return BRAID_PASS;
	}
}

/* Hook at NF_ARP_IN. The stack has checked the lengths. */
unsigned int braid_nd_guard_arp(void *priv, struct sk_buff *skb,
				const struct nf_hook_state *state)
{
	struct braid_net *bn = braid_net_of(state->net);
	struct braid_drop drop = {
		.reason = BRAID_DROP_SPOOFED,
		.dir = BRAID_NET_DIRECTION_EGRESS,
		.dev = state->in,
	};
	u64 gen = braid_net_gen(bn);
	const struct braid_endpoint *ep;
	const u8 *at = (u8 *)(arp_hdr(skb) + 1) + state->in->addr_len;
	__be32 sender, target;

	ep = braid_endpoint_by_device(bn, state->in, gen);
	if (!ep || arp_hdr(skb)->ar_pro != htons(ETH_P_IP))
		return NF_ACCEPT;
	memcpy(&sender, at, sizeof(sender));
	memcpy(&target, at + sizeof(sender) + state->in->addr_len,
	       sizeof(target));
	drop.src = braid_addr_v4(sender);
	/* A probe for a duplicate has no sender address. */
	if (!sender || braid_endpoint_has(ep, &drop.src))
		return NF_ACCEPT;
	drop.dst = braid_addr_v4(target);
	drop.src_id = ep->id;
	drop.dst_id = braid_addr_identity(bn, &drop.dst, gen);
	braid_drop_report(bn, &drop);
	return NF_DROP;
}
