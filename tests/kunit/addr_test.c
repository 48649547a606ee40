// SPDX-License-Identifier: GPL-2.0-only
/* Addresses of both families in one form. */
#include "model/addr.h"

#include <linux/inet.h>

#include "cidr.h"

static void addr_v4_is_mapped(struct kunit *test)
{
	static const u8 bytes[16] = {
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 3,
	};
	struct in6_addr addr = braid_addr_v4(cpu_to_be32(0x0a010203));

	KUNIT_EXPECT_EQ(test, memcmp(&addr, bytes, sizeof(bytes)), 0);
}

static void addr_v4_round_trip(struct kunit *test)
{
	struct rnd_state rnd;
	struct in6_addr addr;
	__be32 v4;
	int i;

	random_begin(test, &rnd);
	for (i = 0; i < 1000; i++) {
		v4 = cpu_to_be32(prandom_u32_state(&rnd));
		addr = braid_addr_v4(v4);
		KUNIT_ASSERT_TRUE(test, braid_addr_is_v4(&addr));
		KUNIT_ASSERT_TRUE(test, braid_addr_to_v4(&addr) == v4);
	}
}

/* An address that differs from ::ffff:0:0/96 in one of its 96 bits is not IPv4. */
static void addr_v6_is_not_v4(struct kunit *test)
{
	struct in6_addr addr;
	unsigned int bit;

	for (bit = 0; bit < 128; bit++) {
		addr = braid_addr_v4(cpu_to_be32(0x0a010203));
		addr.s6_addr[bit / 8] ^= 0x80 >> bit % 8;
		KUNIT_EXPECT_EQ_MSG(test, braid_addr_is_v4(&addr),
				    bit >= BRAID_V4_BITS, "bit %u flipped", bit);
	}
}

static void addr_families_of_random_addresses(struct kunit *test)
{
	struct rnd_state rnd;
	struct cidr address;
	int i;

	random_begin(test, &rnd);
	for (i = 0; i < 1000; i++) {
		random_address(&rnd, &address);
		KUNIT_ASSERT_EQ(test, braid_addr_is_v4(&address.addr),
				address.v4);
	}
}

/* The first and last address of every range that stays on a link, and their neighbours. */
static void addr_groups_of_a_link(struct kunit *test)
{
	static const struct {
		const char *addr;
		bool group;
	} cases[] = {
		{ "223.255.255.255", false },
		{ "224.0.0.0", true },
		{ "224.0.0.251", true },
		{ "224.0.0.255", true },
		{ "224.0.1.0", false },
		{ "239.255.255.255", false },
		{ "255.255.255.254", false },
		{ "255.255.255.255", true },
		{ "10.255.255.255", false },
		{ "0.0.0.0", false },
		{ "ff01::1", true },
		{ "ff02::", true },
		{ "ff02::1:ff00:1", true },
		{ "ff02:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true },
		/* The flags do not matter: 12 is link scope with the transient flag. */
		{ "ff12::1", true },
		{ "ff03::1", false },
		{ "ff05::2", false },
		{ "ff0e::1", false },
		/* A unicast link-local address, and the unspecified one. */
		{ "fe80::1", false },
		{ "fe02::1", false },
		{ "fd00::1", false },
		{ "::", false },
		{ "::1", false },
		/* Not an IPv4 address, although it ends like a group. */
		{ "::224.0.0.1", false },
	};
	struct in6_addr addr;
	__be32 v4;
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (in4_pton(cases[i].addr, -1, (u8 *)&v4, -1, NULL))
			addr = braid_addr_v4(v4);
		else
			KUNIT_ASSERT_TRUE(test,
					  in6_pton(cases[i].addr, -1,
						   addr.s6_addr, -1, NULL));
		KUNIT_EXPECT_EQ_MSG(test, braid_addr_is_link_group(&addr),
				    cases[i].group, "%s", cases[i].addr);
	}
}

static struct kunit_case addr_cases[] = {
	KUNIT_CASE(addr_v4_is_mapped),
	KUNIT_CASE(addr_v4_round_trip),
	KUNIT_CASE(addr_v6_is_not_v4),
	KUNIT_CASE(addr_families_of_random_addresses),
	KUNIT_CASE(addr_groups_of_a_link),
	{}
};

static struct kunit_suite addr_suite = {
	.name = "braid_addr",
	.test_cases = addr_cases,
};

kunit_test_suite(addr_suite);

MODULE_DESCRIPTION("KUnit: addresses of both families in one form");
MODULE_LICENSE("GPL");
