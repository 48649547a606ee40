/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses of both families in one form: 128 bits, IPv4 as ::ffff:a.b.c.d
 * (RFC 4291, 2.5.5.2). Prefix lengths count in that form too, so an IPv4 /24
 * is 120. One key layout then serves every table.
 */
#ifndef BRAID_ADDR_H
#define BRAID_ADDR_H

#include <linux/in.h>
#include <net/ipv6.h>

#define BRAID_V4_BITS 96

static inline struct in6_addr braid_addr_v4(__be32 addr)
{
	struct in6_addr a;

	ipv6_addr_set_v4mapped(addr, &a);
	return a;
}

static inline bool braid_addr_is_v4(const struct in6_addr *addr)
{
	return ipv6_addr_v4mapped(addr);
}

/* Return: the IPv4 address in @addr, for which braid_addr_is_v4() must be true. */
static inline __be32 braid_addr_to_v4(const struct in6_addr *addr)
{
	return addr->s6_addr32[3];
}

/*
 * Return: true for a multicast or broadcast address that no router forwards. It
 * reaches every host on the link, including the sender.
 */
static inline bool braid_addr_is_link_group(const struct in6_addr *addr)
{
	__be32 v4 = braid_addr_to_v4(addr);

	if (braid_addr_is_v4(addr))
		return ipv4_is_local_multicast(v4) || ipv4_is_lbcast(v4);
	return ipv6_addr_is_multicast(addr) &&
	       IPV6_ADDR_MC_SCOPE(addr) <= IPV6_ADDR_SCOPE_LINKLOCAL;
}

void braid_addr_derive_mac(u8 *mac, const struct in6_addr *underlay);

#endif
