/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random addresses and prefixes that often match, and a naive test whether a prefix
 * covers an address: the family is stored separately and bits are compared one by
 * one, so that the model shares no code with the index and the policy.
 */
#ifndef BRAID_KUNIT_CIDR_H
#define BRAID_KUNIT_CIDR_H

#include <linux/in6.h>
#include <linux/string.h>

#include "random.h"

/**
 * struct cidr - an address or a prefix
 * @v4: of IPv4
 * @plen: of @addr, so at least 96 with @v4
 * @addr: no bits beyond @plen
 */
struct cidr {
	bool v4;
	u8 plen;
	struct in6_addr addr;
};

static inline bool cidr_bit(const struct in6_addr *addr, unsigned int i)
{
	return addr->s6_addr[i / 8] >> (7 - i % 8) & 1;
}

static inline bool cidr_covers(const struct cidr *prefix,
			       const struct cidr *address)
{
	unsigned int i;

	if (prefix->v4 != address->v4)
		return false;
	for (i = 0; i < prefix->plen; i++)
		if (cidr_bit(&prefix->addr, i) != cidr_bit(&address->addr, i))
			return false;
	return true;
}

static inline void cidr_set(struct in6_addr *addr, const char *bytes)
{
	memcpy(addr->s6_addr, bytes, 16);
}

/*
 * An address of a few networks. Those of IPv6 include neighbours of ::ffff:0:0/96, the
 * form of IPv4 addresses, but not that network itself.
 */
static inline void random_address(struct rnd_state *rnd, struct cidr *address)
{
	struct in6_addr *addr = &address->addr;

	address->v4 = random_below(rnd, 2);
	address->plen = 128;
	if (address->v4) {
		cidr_set(addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\0");
		if (random_once_in(rnd, 8))
			addr->s6_addr[12] = prandom_u32_state(rnd);
		addr->s6_addr[13] = random_below(rnd, 2);
		addr->s6_addr[14] = random_below(rnd, 4) << 6;
		addr->s6_addr[15] = prandom_u32_state(rnd);
		return;
	}
	cidr_set(addr, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
	switch (random_below(rnd, 4)) {
	case 0:
		addr->s6_addr[0] = 0;
		break;
	case 1:
		cidr_set(addr, "\0\0\0\0\0\0\0\0\0\0\xff\xfe\x0a\0\0\0");
		break;
	case 2:
		cidr_set(addr, "\0\0\0\0\0\0\0\0\xff\xff\0\0\x0a\0\0\0");
		break;
	}
	addr->s6_addr[5] = random_below(rnd, 2) << 7;
	addr->s6_addr[8] ^= random_below(rnd, 2);
	addr->s6_addr[15] = prandom_u32_state(rnd);
}

/* A prefix of a random address; /0 and prefixes of one host are frequent. */
static inline void random_prefix(struct rnd_state *rnd, struct cidr *prefix)
{
	unsigned int shortest, i;

	random_address(rnd, prefix);
	shortest = prefix->v4 ? 96 : 0;
	switch (random_below(rnd, 8)) {
	case 0:
		prefix->plen = shortest;
		break;
	case 1:
		prefix->plen = 128;
		break;
	default:
		prefix->plen = shortest + random_below(rnd, 129 - shortest);
	}
	for (i = prefix->plen; i < 128; i++)
		prefix->addr.s6_addr[i / 8] &= ~(1 << (7 - i % 8));
}

#endif
