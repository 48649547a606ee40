// SPDX-License-Identifier: GPL-2.0-only
/* The Geneve header, byte for byte as RFC 8926, 3.4 and 3.5 draw it. */
#include "overlay/geneve.h"

#include "random.h"

#define MOST (8 + 63 * 4)

union header {
	u8 bytes[MOST];
	struct braid_geneve geneve;
	struct braid_geneve_sent sent;
};

/* Makes a header with the VNI 0x123456 and a number of bytes of options. */
static void header_of(union header *header, const u8 *options, unsigned int len)
{
	static const u8 base[8] = {
		0x00, 0x00, 0x65, 0x58, 0x12, 0x34, 0x56, 0x00,
	};

	/* Bytes behind the options are not read. */
	memset(header, 0xff, sizeof(*header));
	memcpy(header->bytes, base, sizeof(base));
	header->bytes[0] |= len / 4;
	memcpy(header->bytes + sizeof(base), options, len);
}

static int decode_options(const u8 *options, unsigned int len)
{
	union header header;
	u32 read;

	header_of(&header, options, len);
	return braid_geneve_decode(&header.geneve, &read);
}

static void geneve_bytes_on_the_wire(struct kunit *test)
{
	static const u8 bytes[16] = {
		0x02, 0x00, 0x65, 0x58, 0x12, 0x34, 0x56, 0x00,
		0xff, 0xb1, 0x01, 0x01, 0x00, 0x12, 0x34, 0x56,
	};
	union header header;

	memset(&header, 0xff, sizeof(header));
	braid_geneve_encode(&header.sent, 0x123456);
	KUNIT_EXPECT_EQ(test, memcmp(header.bytes, bytes, sizeof(bytes)), 0);
	KUNIT_EXPECT_EQ(test, header.bytes[16], 0xff);
}

static void geneve_round_trip(struct kunit *test)
{
	static const u32 edges[] = { 0, 1, 0xff, 0x100, 0xffff, 0x10000, 0xffffff };
	struct rnd_state rnd;
	union header header;
	u32 identity, read;
	int i;

	random_begin(test, &rnd);
	for (i = 0; i < 1000; i++) {
		identity = i < ARRAY_SIZE(edges) ? edges[i] :
			   random_below(&rnd, 1 << 24);
		braid_geneve_encode(&header.sent, identity);
		KUNIT_ASSERT_EQ(test, braid_geneve_length(&header.geneve), 16);
		KUNIT_ASSERT_EQ(test, braid_geneve_decode(&header.geneve, &read), 0);
		KUNIT_ASSERT_EQ(test, read, identity);
	}
}

/* Headers of other senders: the VNI alone is the identity. */
static void geneve_without_options(struct kunit *test)
{
	union header header;
	u32 read = 0;

	header_of(&header, NULL, 0);
	KUNIT_EXPECT_EQ(test, braid_geneve_length(&header.geneve), 8);
	KUNIT_EXPECT_EQ(test, braid_geneve_decode(&header.geneve, &read), 0);
	KUNIT_EXPECT_EQ(test, read, 0x123456);
}

/* Every bit of the first four bytes, alone and with all other reserved ones. */
static void geneve_bits(struct kunit *test)
{
	union header header;
	unsigned int bit;
	int wanted;
	u32 read;

	for (bit = 0; bit < 32; bit++) {
		/* Counted from the left as in RFC 8926; another test covers the length. */
		if (bit >= 2 && bit < 8)
			continue;
		header_of(&header, NULL, 0);
		header.bytes[bit / 8] ^= 0x80 >> bit % 8;
		/* Version, O and protocol are refused; C and reserved bits are ignored. */
		wanted = bit < 2 || bit == 8 || bit >= 16 ? -EPROTONOSUPPORT : 0;
		KUNIT_EXPECT_EQ_MSG(test, braid_geneve_decode(&header.geneve, &read),
				    wanted, "bit %u", bit);
	}
	header_of(&header, NULL, 0);
	header.bytes[1] = 0x7f;
	header.bytes[7] = 0xff;
	KUNIT_EXPECT_EQ(test, braid_geneve_decode(&header.geneve, &read), 0);
	KUNIT_EXPECT_EQ(test, read, 0x123456);
}

static void geneve_lengths(struct kunit *test)
{
	union header header = {};
	unsigned int words;

	for (words = 0; words < 64; words++) {
		header.bytes[0] = words;
		KUNIT_EXPECT_EQ(test, braid_geneve_length(&header.geneve),
				8 + words * 4);
		header.bytes[0] |= 0xc0;
		KUNIT_EXPECT_EQ(test, braid_geneve_length(&header.geneve),
				8 + words * 4);
	}
}

/* Options must end at the end of the header, or it is malformed. */
static void geneve_option_lengths(struct kunit *test)
{
	u8 options[63 * 4] = {};
	unsigned int words, len;

	for (words = 1; words < 64; words++)
		for (len = 0; len < 32; len++) {
			memset(options, 0, sizeof(options));
			options[0] = 1;
			/* Reserved bits of an option are ignored. */
			options[3] = 0xe0 | len;
			/* Empty options fill the rest. */
			KUNIT_EXPECT_EQ_MSG(test, decode_options(options, words * 4),
					    len < words ? 0 : -EINVAL,
					    "%u of %u words", len, words);
		}
	/* The last of several options is too long. */
	memset(options, 0, sizeof(options));
	options[62 * 4 + 3] = 1;
	KUNIT_EXPECT_EQ(test, decode_options(options, 63 * 4), -EINVAL);
}

static void geneve_critical_options(struct kunit *test)
{
	static const u8 first[8] = { 0x01, 0x02, 0x80, 0x01 };
	static const u8 second[8] = { 0x01, 0x02, 0x00, 0x00, 0x01, 0x02, 0x81 };
	static const u8 ignored[8] = { 0x01, 0x02, 0x7f, 0x01, 0xff, 0xff, 0xff, 0xff };
	/* The class of braid with another type, another class with the type of braid. */
	static const u8 type[8] = { 0xff, 0xb1, 0x81, 0x01, 0x00, 0x12, 0x34, 0x56 };
	static const u8 class[8] = { 0xff, 0xb2, 0x01, 0x01 };

	KUNIT_EXPECT_EQ(test, decode_options(first, 8), -EPROTONOSUPPORT);
	KUNIT_EXPECT_EQ(test, decode_options(second, 8), -EPROTONOSUPPORT);
	KUNIT_EXPECT_EQ(test, decode_options(ignored, 8), 0);
	KUNIT_EXPECT_EQ(test, decode_options(type, 8), -EPROTONOSUPPORT);
	KUNIT_EXPECT_EQ(test, decode_options(class, 8), 0);
}

/* The option must repeat the VNI and have one word. */
static void geneve_identity_option(struct kunit *test)
{
	u8 options[16] = { 0xff, 0xb1, 0x01, 0x01, 0x00, 0x12, 0x34, 0x56 };
	unsigned int bit;

	KUNIT_EXPECT_EQ(test, decode_options(options, 8), 0);
	for (bit = 0; bit < 32; bit++) {
		options[4 + bit / 8] ^= 1 << bit % 8;
		KUNIT_EXPECT_EQ_MSG(test, decode_options(options, 8), -EINVAL,
				    "bit %u of the identity", bit);
		options[4 + bit / 8] ^= 1 << bit % 8;
	}
	options[3] = 0;
	KUNIT_EXPECT_EQ(test, decode_options(options, 4), -EINVAL);
	options[3] = 2;
	KUNIT_EXPECT_EQ(test, decode_options(options, 12), -EINVAL);
	/* Two options, of which the second has another value. */
	options[3] = 1;
	memcpy(options + 8, options, 8);
	KUNIT_EXPECT_EQ(test, decode_options(options, 16), 0);
	options[15] ^= 1;
	KUNIT_EXPECT_EQ(test, decode_options(options, 16), -EINVAL);
}

/* With random bytes nothing behind the length of the header is read. */
static void geneve_random_headers(struct kunit *test)
{
	unsigned int i, j, len, taken = 0;
	union header header;
	struct rnd_state rnd;
	u8 *copy;
	u32 read;

	random_begin(test, &rnd);
	for (i = 0; i < 2000; i++) {
		for (j = 0; j < sizeof(header.bytes); j++)
			header.bytes[j] = prandom_u32_state(&rnd);
		/* Random ones would be refused for version or protocol. */
		header.bytes[0] &= 0x3f;
		header.bytes[1] &= 0x7f;
		header.geneve.protocol = cpu_to_be16(ETH_P_TEB);
		/* Short options, some of them not critical. */
		for (j = 8; j < sizeof(header.bytes); j += 4) {
			header.bytes[j + 2] &= 0x7f;
			header.bytes[j + 3] &= random_below(&rnd, 8);
		}
		/* A buffer of the exact size, so that KASAN finds reads behind it. */
		len = braid_geneve_length(&header.geneve);
		copy = kmemdup(header.bytes, len, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, copy);
		taken += !braid_geneve_decode((void *)copy, &read);
		kfree(copy);
	}
	KUNIT_EXPECT_GT(test, taken, 0);
	KUNIT_EXPECT_LT(test, taken, 2000);
}

static struct kunit_case geneve_cases[] = {
	KUNIT_CASE(geneve_bytes_on_the_wire),
	KUNIT_CASE(geneve_round_trip),
	KUNIT_CASE(geneve_without_options),
	KUNIT_CASE(geneve_bits),
	KUNIT_CASE(geneve_lengths),
	KUNIT_CASE(geneve_option_lengths),
	KUNIT_CASE(geneve_critical_options),
	KUNIT_CASE(geneve_identity_option),
	KUNIT_CASE(geneve_random_headers),
	{}
};

static struct kunit_suite geneve_suite = {
	.name = "braid_geneve",
	.test_cases = geneve_cases,
};

kunit_test_suite(geneve_suite);

MODULE_DESCRIPTION("KUnit: Geneve header of braid");
MODULE_LICENSE("GPL");
