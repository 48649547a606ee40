/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds the transport header behind IPv6 extension headers. */
#ifndef BRAID_ICMPV6_H
#define BRAID_ICMPV6_H

#include <linux/skbuff.h>
#include <net/ipv6.h>
#include <net/ndisc.h>

/**
 * braid_ipv6_transport() - finds the transport header of an IPv6 packet
 * @skb: packet with an IPv6 header that the stack has checked
 * @at: filled in with the offset of the header; negative if headers are truncated
 *
 * Context: any.
 * Return: the IP protocol, IPPROTO_NONE if there is none, NEXTHDR_FRAGMENT for a
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
 * braid_icmpv6_type() - finds the type of an ICMPv6 message
 * @skb: packet with an IPv6 header that the stack has checked
 * @at: filled in with the offset of the message
 *
 * The message may follow extension headers; MLD has one.
 *
 * Context: any.
 * Return: the type, or 0 if the packet is not ICMPv6.
 */
static inline u8 braid_icmpv6_type(const struct sk_buff *skb, int *at)
{
	u8 type;

	if (braid_ipv6_transport(skb, at) != IPPROTO_ICMPV6 ||
	    skb_copy_bits(skb, *at, &type, sizeof(type)))
		return 0;
	return type;
}

/* Return: true if the type belongs to neighbour discovery. */
static inline bool braid_icmpv6_is_nd(u8 type)
{
	return type >= NDISC_ROUTER_SOLICITATION && type <= NDISC_REDIRECT;
}

#endif
