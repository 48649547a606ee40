// SPDX-License-Identifier: GPL-2.0-only
/* The VXLAN header, byte for byte as in RFC 7348, 5. */
#include "overlay/vxlan.h"

#include "random.h"

union header {
	u8 bytes[8];
	struct braid_vxlan vxlan;
};

static void vxlan_bytes_on_the_wire(struct kunit *test)
{
	static const u8 bytes[8] = {
		0x08, 0x00, 0x00, 0x00, 0x12, 0x34, 0x56, 0x00,
	};
	union header header;

	memset(&header, 0xff, sizeof(header));
	braid_vxlan_encode(&header.vxlan, 0x123456);
	KUNIT_EXPECT_EQ(test, memcmp(header.bytes, bytes, sizeof(bytes)), 0);
}

static void vxlan_round_trip(struct kunit *test)
{
	static const u32 edges[] = { 0, 1, 0xff, 0x100, 0xffff, 0x10000, 0xffffff };
	struct rnd_state rnd;
	union header header;
	u32 identity, read;
	int i;

	random_begin(test, &rnd);
	for (i = 0; i < 1000; i++) {
		identity = i < ARRAY_SIZE(edges) ? edges[i] :
			   random_below(&rnd, BRAID_VNI_MAX + 1);
		braid_vxlan_encode(&header.vxlan, identity);
		KUNIT_ASSERT_EQ(test, header.bytes[4], identity >> 16);
		KUNIT_ASSERT_EQ(test, header.bytes[5], identity >> 8 & 0xff);
		KUNIT_ASSERT_EQ(test, header.bytes[6], identity & 0xff);
		KUNIT_ASSERT_TRUE(test, braid_vxlan_decode(&header.vxlan, &read));
		KUNIT_ASSERT_EQ(test, read, identity);
	}
}

/* With random bytes the I flag decides, and reserved bits are ignored. */
static void vxlan_random_headers(struct kunit *test)
{
	struct rnd_state rnd;
	union header header;
	u32 read, refused = 0;
	bool has_vni;
	int i, j;

	random_begin(test, &rnd);
	for (i = 0; i < 1000; i++) {
		for (j = 0; j < 8; j++)
			header.bytes[j] = prandom_u32_state(&rnd);
		has_vni = header.bytes[0] >> 3 & 1;
		read = 0xdeadbeef;
		KUNIT_ASSERT_EQ(test, braid_vxlan_decode(&header.vxlan, &read),
				has_vni);
		if (has_vni)
			KUNIT_ASSERT_EQ(test, read, header.bytes[4] << 16 |
					header.bytes[5] << 8 | header.bytes[6]);
		else
			refused++;
	}
	KUNIT_EXPECT_GT(test, refused, 0);
}

/* Every flag but I, alone and together. */
static void vxlan_without_the_flag_is_refused(struct kunit *test)
{
	union header header = { .bytes = { [4] = 1 } };
	unsigned int bit;
	u32 read;

	KUNIT_EXPECT_FALSE(test, braid_vxlan_decode(&header.vxlan, &read));
	for (bit = 0; bit < 32; bit++) {
		memset(header.bytes, 0, 4);
		header.bytes[bit / 8] = 1 << bit % 8;
		KUNIT_EXPECT_EQ_MSG(test, braid_vxlan_decode(&header.vxlan, &read),
				    bit == 3, "byte %u, bit %u", bit / 8, bit % 8);
	}
	memset(header.bytes, 0xff, 8);
	header.bytes[0] = 0xf7;
	KUNIT_EXPECT_FALSE(test, braid_vxlan_decode(&header.vxlan, &read));
}

static struct kunit_case vxlan_cases[] = {
	KUNIT_CASE(vxlan_bytes_on_the_wire),
	KUNIT_CASE(vxlan_round_trip),
	KUNIT_CASE(vxlan_random_headers),
	KUNIT_CASE(vxlan_without_the_flag_is_refused),
	{}
};

static struct kunit_suite vxlan_suite = {
	.name = "braid_vxlan",
	.test_cases = vxlan_cases,
};

kunit_test_suite(vxlan_suite);

MODULE_DESCRIPTION("KUnit: VXLAN header of braid");
MODULE_LICENSE("GPL");
