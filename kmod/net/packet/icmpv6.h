/* SPDX-License-Identifier: GPL-2.0-only */
/* What an IPv6 packet carries, behind whatever headers stand before it. */
#ifndef BRAID_ICMPV6_H
#define BRAID_ICMPV6_H

#include <linux/skbuff.h>
#include <net/ipv6.h>
#include <net/ndisc.h>

/**
 * braid_ipv6_transport() - the protocol behind an IPv6 packet's headers
 * @skb: with an IPv6 header that the stack has checked
 * @at: where it begins; negative if the headers end before they should
 *
 * Context: any.
 * Return: its number, IPPROTO_NONE if there is none, NEXTHDR_FRAGMENT for a
 * fragment other than the first.
 */
static inline u8 braid_ipv6_transport(const struct sk_buff *skb, int *at)
{
	u8 proto = ipv6_hdr(skb)->nexthdr;
	__be16 fragment;

	*at = ipv6_skip_exthdr(skb, skb_network_offset(skb) +
				    sizeof(struct ipv6hdr), &proto, &fragment);
	return *at < 0 ? IPPROTO_NONE : proto;
}

/**
 * braid_icmpv6_type() - the type of an ICMPv6 message
 * @skb: with an IPv6 header that the stack has checked
 * @at: where the message begins
 *
 * Behind extension headers too: MLD has one.
 *
 * Context: any.
 * Return: the type, 0 if the packet is no ICMPv6.
 */
static inline u8 braid_icmpv6_type(const struct sk_buff *skb, int *at)
{
	u8 type;

	if (braid_ipv6_transport(skb, at) != IPPROTO_ICMPV6 ||
	    skb_copy_bits(skb, *at, &type, sizeof(type)))
		return 0;
	return type;
}

/* Is an ICMPv6 message of this type one of neighbour discovery? */
static inline bool braid_icmpv6_is_nd(u8 type)
{
	return type >= NDISC_ROUTER_SOLICITATION && type <= NDISC_REDIRECT;
}

#endif
