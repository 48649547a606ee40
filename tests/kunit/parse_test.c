// SPDX-License-Identifier: GPL-2.0-only
/*
 * Values in netlink attributes: refusals, the attribute that they report, and reading
 * back written values.
 */
#include "model/parse.c"

#include "random.h"

enum {
	ATTR = 3,	/* type of the attribute, as in a nest */
};

/* The generated file with this policy needs the whole module. */
const struct nla_policy braid_net_cidr_nl_policy[BRAID_NET_A_CIDR_LENGTH + 1] = {
	[BRAID_NET_A_CIDR_ADDRESS] = { .type = NLA_BINARY, },
	[BRAID_NET_A_CIDR_LENGTH] = { .type = NLA_U8, },
};

static int message_init(struct kunit *test)
{
	test->priv = alloc_skb(512, GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

static void message_exit(struct kunit *test)
{
	kfree_skb(test->priv);
}

/* Makes a message with one attribute. */
static const struct nlattr *message_with(struct kunit *test, const void *data, int len)
{
	struct sk_buff *skb = test->priv;

	skb_trim(skb, 0);
	KUNIT_ASSERT_EQ(test, nla_put(skb, ATTR, len, data), 0);
	return (const struct nlattr *)skb->data;
}

/* Checks that @ret is @want, and that a refusal has a text and the attribute. */
static void expect_verdict(struct kunit *test, int ret, int want,
			   const struct braid_err *err, const struct nlattr *nla)
{
	KUNIT_ASSERT_EQ(test, ret, want);
	if (!ret)
		return;
	KUNIT_ASSERT_NOT_NULL(test, err->msg);
	KUNIT_ASSERT_EQ(test, err->attr, ATTR);
	KUNIT_ASSERT_PTR_EQ(test, err->nla, nla);
}

static int name_verdict(const char *name, size_t len)
{
	size_t i;

	if (!len || len > 63)
		return len ? -ERANGE : -EINVAL;
	for (i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] > '~' || name[i] == ',' || name[i] == '#')
			return -EINVAL;
	return 0;
}

static void parse_names(struct kunit *test)
{
	char name[72], read[BRAID_NET_NAME_MAX + 1];
	unsigned int accepted = 0, round;
	const struct nlattr *nla;
	struct braid_err err;
	struct rnd_state rnd;
	size_t len, i;
	int want;

	random_begin(test, &rnd);
	for (round = 0; round < 3000; round++) {
		len = random_below(&rnd, sizeof(name));
		for (i = 0; i < len; i++)
			name[i] = 'a' + random_below(&rnd, 26);
		/* Any byte but 0, at any position. */
		if (len && random_once_in(&rnd, 2))
			name[random_below(&rnd, len)] = 1 + random_below(&rnd, 255);
		name[len] = 0;
		nla = message_with(test, name, len + 1);
		memset(&err, 0, sizeof(err));
		want = name_verdict(name, len);
		expect_verdict(test, braid_net_parse_name(nla, read, &err), want, &err, nla);
		if (!want) {
			KUNIT_ASSERT_STREQ(test, read, name);
			accepted++;
		}
	}
	KUNIT_EXPECT_GT(test, accepted, 1000);
}

static const u8 v4_mapped[12] = { [10] = 0xff, [11] = 0xff };

static int addr_verdict6(const u8 *bytes)
{
	static const u8 none[16], loopback[16] = { [15] = 1 };

	if (!memcmp(bytes, v4_mapped, 12) || !memcmp(bytes, none, 16) ||
	    !memcmp(bytes, loopback, 16) || bytes[0] == 0xff ||
	    (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80))
		return -EINVAL;
	return 0;
}

static int addr_verdict(const u8 *bytes, int len)
{
	if (len == 16)
		return addr_verdict6(bytes);
	if (len != 4 || bytes[0] == 127 || (bytes[0] >= 224 && bytes[0] <= 239) ||
	    (bytes[0] | bytes[1] | bytes[2] | bytes[3]) == 0 ||
	    (bytes[0] & bytes[1] & bytes[2] & bytes[3]) == 255)
		return -EINVAL;
	return 0;
}

static void parse_addresses(struct kunit *test)
{
	static const u8 firsts[] = { 0, 1, 10, 126, 127, 128, 223, 224, 239, 240, 255 };
	const struct nlattr *nla;
	struct in6_addr addr;
	struct braid_err err;
	struct rnd_state rnd;
	unsigned int round;
	int want, len, i;
	u8 bytes[20];

	random_begin(test, &rnd);
	for (round = 0; round < 2000; round++) {
		for (i = 0; i < sizeof(bytes); i++)
			bytes[i] = prandom_u32_state(&rnd);
		if (random_once_in(&rnd, 8))
			memset(bytes, bytes[0] & 1 ? 0xff : 0, sizeof(bytes));
		else
			bytes[0] = firsts[random_below(&rnd, ARRAY_SIZE(firsts))];
		len = random_once_in(&rnd, 8) ? random_below(&rnd, sizeof(bytes)) : 4;
		nla = message_with(test, bytes, len);
		memset(&err, 0, sizeof(err));
		want = addr_verdict(bytes, len);
		expect_verdict(test, braid_net_parse_addr(nla, &addr, &err), want, &err, nla);
		if (!want && len == 4) {
			KUNIT_ASSERT_EQ(test, memcmp(addr.s6_addr + 12, bytes, 4), 0);
			KUNIT_ASSERT_TRUE(test, braid_addr_is_v4(&addr));
		}
	}
}

static void parse_addresses6(struct kunit *test)
{
	static const u8 firsts[] = { 0x20, 0xfc, 0xfd, 0xfe, 0xfe, 0xff };
	unsigned int accepted = 0, round;
	const struct nlattr *nla;
	struct in6_addr addr;
	struct braid_err err;
	struct rnd_state rnd;
	u8 bytes[16];
	int want, i;

	random_begin(test, &rnd);
	for (round = 0; round < 2000; round++) {
		for (i = 0; i < sizeof(bytes); i++)
			bytes[i] = prandom_u32_state(&rnd);
		if (random_once_in(&rnd, 8))
			memcpy(bytes, v4_mapped, sizeof(v4_mapped));
		else if (random_once_in(&rnd, 8))
			memset(bytes, 0, 15);
		else
			bytes[0] = firsts[random_below(&rnd, ARRAY_SIZE(firsts))];
		if (random_once_in(&rnd, 2))
			bytes[15] &= 1;
		nla = message_with(test, bytes, sizeof(bytes));
		memset(&err, 0, sizeof(err));
		want = addr_verdict6(bytes);
		expect_verdict(test, braid_net_parse_addr(nla, &addr, &err), want, &err, nla);
		if (!want) {
			KUNIT_ASSERT_MEMEQ(test, addr.s6_addr, bytes, sizeof(bytes));
			accepted++;
		}
	}
	KUNIT_EXPECT_GT(test, accepted, 500);
}

static const struct nlattr *message_with_cidr(struct kunit *test, const u8 *bytes,
					      int len, int plen)
{
	struct sk_buff *skb = test->priv;
	struct nlattr *nest;

	skb_trim(skb, 0);
	nest = nla_nest_start(skb, ATTR);
	KUNIT_ASSERT_NOT_NULL(test, nest);
	if (len >= 0)
		KUNIT_ASSERT_EQ(test, nla_put(skb, BRAID_NET_A_CIDR_ADDRESS, len, bytes), 0);
	if (plen >= 0)
		KUNIT_ASSERT_EQ(test, nla_put_u8(skb, BRAID_NET_A_CIDR_LENGTH, plen), 0);
	nla_nest_end(skb, nest);
	return (const struct nlattr *)skb->data;
}

static int cidr_verdict(const u8 *bytes, int len, int plen)
{
	int i;

	if ((len != 4 && len != 16) || plen < 0 || plen > 8 * len ||
	    (len == 16 && !memcmp(bytes, v4_mapped, 12)))
		return -EINVAL;
	for (i = plen; i < 8 * len; i++)
		if (bytes[i / 8] & 0x80 >> i % 8)
			return -EINVAL;
	return 0;
}

static void parse_cidrs(struct kunit *test)
{
	static const int odd_lens[] = { -1, 0, 3, 5, 15, 17 };
	unsigned int accepted = 0, round;
	const struct nlattr *nla;
	struct braid_cidr cidr;
	struct braid_err err;
	struct rnd_state rnd;
	int want, bits, len, plen, i;
	u8 bytes[20];

	random_begin(test, &rnd);
	for (round = 0; round < 2000; round++) {
		bits = random_once_in(&rnd, 2) ? 32 : 128;
		len = random_once_in(&rnd, 8) ?
		      odd_lens[random_below(&rnd, ARRAY_SIZE(odd_lens))] : bits / 8;
		plen = (int)random_below(&rnd, bits + 4) - 1;
		for (i = 0; i < sizeof(bytes); i++)
			bytes[i] = prandom_u32_state(&rnd);
		if (random_once_in(&rnd, 8))
			memcpy(bytes, v4_mapped, sizeof(v4_mapped));
		/* No host bit, or one. */
		for (i = max(plen, 0); i < bits; i++)
			bytes[i / 8] &= ~(0x80 >> i % 8);
		if (random_once_in(&rnd, 3))
			bytes[random_below(&rnd, bits / 8)] |= 1 << random_below(&rnd, 8);
		nla = message_with_cidr(test, bytes, len, plen);
		memset(&err, 0, sizeof(err));
		want = cidr_verdict(bytes, len, plen);
		expect_verdict(test, braid_net_parse_cidr(nla, &cidr, &err), want, &err, nla);
		if (!want) {
			KUNIT_ASSERT_EQ(test, memcmp(cidr.addr.s6_addr + 16 - len, bytes, len), 0);
			KUNIT_ASSERT_EQ(test, braid_addr_is_v4(&cidr.addr), len == 4);
			KUNIT_ASSERT_EQ(test, cidr.plen, 128 - 8 * len + plen);
			accepted++;
		}
	}
	KUNIT_EXPECT_GT(test, accepted, 500);
}

/* Invalid nests: their content is not an attribute. */
static void parse_cidr_of_rubbish(struct kunit *test)
{
	const struct nlattr *nla;
	struct braid_cidr cidr;
	struct braid_err err;
	struct rnd_state rnd;
	unsigned int round;
	u8 bytes[24];
	int i;

	random_begin(test, &rnd);
	for (round = 0; round < 500; round++) {
		for (i = 0; i < sizeof(bytes); i++)
			bytes[i] = prandom_u32_state(&rnd);
		nla = message_with(test, bytes, random_below(&rnd, sizeof(bytes) + 1));
		memset(&err, 0, sizeof(err));
		expect_verdict(test, braid_net_parse_cidr(nla, &cidr, &err), -EINVAL, &err, nla);
	}
}

static void parse_what_fill_wrote(struct kunit *test)
{
	struct sk_buff *skb = test->priv;
	struct braid_cidr cidr, read;
	struct braid_err err = {};
	struct in6_addr addr;
	struct rnd_state rnd;
	unsigned int round;

	random_begin(test, &rnd);
	for (round = 0; round < 500; round++) {
		cidr.plen = 96 + random_below(&rnd, 33);
		addr = braid_addr_v4(cpu_to_be32(prandom_u32_state(&rnd)));
		ipv6_addr_prefix(&cidr.addr, &addr, cidr.plen);
		skb_trim(skb, 0);
		KUNIT_ASSERT_EQ(test, braid_fill_cidr(skb, ATTR, &cidr), 0);
		KUNIT_ASSERT_EQ(test, braid_net_parse_cidr((void *)skb->data, &read, &err), 0);
		KUNIT_ASSERT_EQ(test, read.plen, cidr.plen);
		KUNIT_ASSERT_TRUE(test, ipv6_addr_equal(&read.addr, &cidr.addr));

		addr.s6_addr[12] = 10;
		skb_trim(skb, 0);
		KUNIT_ASSERT_EQ(test, braid_fill_addr(skb, ATTR, &addr), 0);
		KUNIT_ASSERT_EQ(test, nla_len((void *)skb->data), 4);
		KUNIT_ASSERT_EQ(test, braid_net_parse_addr((void *)skb->data, &cidr.addr, &err), 0);
		KUNIT_ASSERT_TRUE(test, ipv6_addr_equal(&cidr.addr, &addr));
	}
}

/* An IPv6 prefix is written with its own 16 bytes and its own length. */
static void parse_fill_v6(struct kunit *test)
{
	struct braid_cidr cidr = { .plen = 48 };
	struct nlattr *tb[BRAID_NET_A_CIDR_LENGTH + 1];
	struct sk_buff *skb = test->priv;

	cidr.addr.s6_addr[0] = 0xfd;
	KUNIT_ASSERT_EQ(test, braid_fill_cidr(skb, ATTR, &cidr), 0);
	KUNIT_ASSERT_EQ(test, nla_parse_nested(tb, BRAID_NET_A_CIDR_LENGTH,
					       (void *)skb->data,
					       braid_net_cidr_nl_policy, NULL), 0);
	KUNIT_ASSERT_EQ(test, nla_len(tb[BRAID_NET_A_CIDR_ADDRESS]), 16);
	KUNIT_EXPECT_EQ(test, memcmp(nla_data(tb[BRAID_NET_A_CIDR_ADDRESS]),
				     &cidr.addr, 16), 0);
	KUNIT_EXPECT_EQ(test, nla_get_u8(tb[BRAID_NET_A_CIDR_LENGTH]), 48);
}

static void parse_fill_into_a_full_message(struct kunit *test)
{
	struct braid_cidr cidr = { .addr = braid_addr_v4(0), .plen = 96 };
	struct sk_buff *skb = test->priv;
	int room;

	/* The header of the nest, the address, the length. */
	for (room = 0; room <= 4 + 8 + 8; room++) {
		skb_trim(skb, 0);
		skb_put(skb, skb_tailroom(skb) - room);
		KUNIT_EXPECT_EQ(test, braid_fill_cidr(skb, ATTR, &cidr),
				room < 4 + 8 + 8 ? -EMSGSIZE : 0);
	}
}

static void parse_ports(struct kunit *test)
{
	static const u16 ports[] = { 0, 1, 80, 255, 256, 65535 };
	const struct nlattr *nla;
	struct braid_err err;
	unsigned int i;
	u16 port;

	for (i = 0; i < ARRAY_SIZE(ports); i++) {
		nla = message_with(test, &ports[i], sizeof(ports[i]));
		memset(&err, 0, sizeof(err));
		expect_verdict(test, braid_net_parse_port(nla, &port, &err),
			       ports[i] ? 0 : -EINVAL, &err, nla);
		KUNIT_EXPECT_EQ(test, port, ports[i]);
	}
}

static void parse_needs(struct kunit *test)
{
	struct nlattr *tb[4] = {}, there;
	struct braid_err err = {};

	tb[1] = &there;
	KUNIT_EXPECT_EQ(test, braid_net_parse_need(tb, 1, &err, "one"), 0);
	KUNIT_EXPECT_NULL(test, err.msg);
	KUNIT_EXPECT_EQ(test, braid_net_parse_need(tb, 3, &err, "three"), -EINVAL);
	KUNIT_EXPECT_STREQ(test, err.msg, "three");
	KUNIT_EXPECT_EQ(test, err.attr, 3);
}

/* Keys have the order of numbers or of names, which is that of listings. */
static void parse_keys_are_ordered(struct kunit *test)
{
	struct braid_slot_key a, b;
	struct rnd_state rnd;
	unsigned int round;
	u32 x, y;

	random_begin(test, &rnd);
	for (round = 0; round < 1000; round++) {
		x = random_size(&rnd);
		y = random_size(&rnd);
		braid_key_id(&a, x);
		braid_key_id(&b, y);
		KUNIT_ASSERT_EQ(test, a.len, 4);
		KUNIT_ASSERT_EQ(test, memcmp(a.bytes, b.bytes, 4) < 0, x < y);
		KUNIT_ASSERT_EQ(test, memcmp(a.bytes, b.bytes, 4) == 0, x == y);
	}
	braid_key_name(&a, "web");
	braid_key_name(&b, "web2");
	KUNIT_EXPECT_EQ(test, a.len, 3);
	KUNIT_EXPECT_EQ(test, b.len, 4);
	KUNIT_EXPECT_LT(test, memcmp(a.bytes, b.bytes, BRAID_NET_NAME_MAX + 1), 0);
}

static struct kunit_case parse_cases[] = {
	KUNIT_CASE(parse_names),
	KUNIT_CASE(parse_addresses),
	KUNIT_CASE(parse_addresses6),
	KUNIT_CASE(parse_cidrs),
	KUNIT_CASE(parse_cidr_of_rubbish),
	KUNIT_CASE(parse_what_fill_wrote),
	KUNIT_CASE(parse_fill_v6),
	KUNIT_CASE(parse_fill_into_a_full_message),
	KUNIT_CASE(parse_ports),
	KUNIT_CASE(parse_needs),
	KUNIT_CASE(parse_keys_are_ordered),
	{}
};

static struct kunit_suite parse_suite = {
	.name = "braid_parse",
	.init = message_init,
	.exit = message_exit,
	.test_cases = parse_cases,
};

kunit_test_suite(parse_suite);

MODULE_DESCRIPTION("KUnit: values in netlink attributes of braid");
MODULE_LICENSE("GPL");
