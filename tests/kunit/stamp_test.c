// SPDX-License-Identifier: GPL-2.0-only
/* The state of a connection in its labels. */
#include "packet/stamp.h"

#include "random.h"

static struct braid_net_stamp random_stamp(struct rnd_state *rnd)
{
	return (struct braid_net_stamp){
		.gen = random_size(rnd) & BRAID_STAMP_GEN_MASK,
		.reason = prandom_u32_state(rnd),
		.dir = random_below(rnd, 2),
		.service = random_below(rnd, 2),
		.tunnel = random_below(rnd, 2),
	};
}

static void expect_same(struct kunit *test, const struct braid_net_stamp *a,
			const struct braid_net_stamp *b)
{
	KUNIT_ASSERT_EQ(test, a->gen, b->gen);
	KUNIT_ASSERT_EQ(test, a->reason, b->reason);
	KUNIT_ASSERT_EQ(test, a->dir, b->dir);
	KUNIT_ASSERT_EQ(test, a->service, b->service);
	KUNIT_ASSERT_EQ(test, a->tunnel, b->tunnel);
}

static void stamp_round_trip(struct kunit *test)
{
	struct braid_net_stamp stamp, read;
	struct rnd_state rnd;
	int i;

	random_begin(test, &rnd);
	for (i = 0; i < 2000; i++) {
		stamp = random_stamp(&rnd);
		read = braid_stamp_decode(braid_stamp_encode(&stamp));
		expect_same(test, &stamp, &read);
	}
}

/* Each field with its largest value alone does not change another field. */
static void stamp_fields_are_apart(struct kunit *test)
{
	static const struct braid_net_stamp alone[] = {
		{},
		{ .gen = BRAID_STAMP_GEN_MASK },
		{ .reason = U8_MAX },
		{ .dir = 1 },
		{ .service = true },
		{ .tunnel = true },
	};
	struct braid_net_stamp read;
	u64 word, seen = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(alone); i++) {
		word = braid_stamp_encode(&alone[i]);
		KUNIT_EXPECT_EQ_MSG(test, seen & word, 0, "field %d", i);
		KUNIT_EXPECT_EQ_MSG(test, !word, !i, "field %d", i);
		seen |= word;
		read = braid_stamp_decode(word);
		expect_same(test, &alone[i], &read);
	}
}

/* A connection without labels reads as zero and has no verdict. */
static void stamp_zero_is_never_current(struct kunit *test)
{
	struct braid_net_stamp stamp = braid_stamp_decode(0);
	struct rnd_state rnd;
	int i;

	random_begin(test, &rnd);
	KUNIT_EXPECT_FALSE(test, braid_stamp_current(&stamp, 0));
	KUNIT_EXPECT_FALSE(test, braid_stamp_current(&stamp, 1ull << 40));
	KUNIT_EXPECT_FALSE(test, braid_stamp_current(&stamp, U64_MAX << 40));
	for (i = 0; i < 1000; i++)
		KUNIT_ASSERT_FALSE(test, braid_stamp_current(&stamp,
							     random_size(&rnd)));
}

static void stamp_is_current_in_its_generation_only(struct kunit *test)
{
	struct braid_net_stamp stamp, read;
	struct rnd_state rnd;
	u64 gen, other;
	int i;

	random_begin(test, &rnd);
	for (i = 0; i < 2000; i++) {
		gen = (random_size(&rnd) & BRAID_STAMP_GEN_MASK) ?: 1;
		other = gen ^ 1ull << random_below(&rnd, BRAID_STAMP_GEN_BITS);
		stamp = random_stamp(&rnd);
		stamp.gen = gen;
		read = braid_stamp_decode(braid_stamp_encode(&stamp));
		KUNIT_ASSERT_TRUE(test, braid_stamp_current(&read, gen));
		KUNIT_ASSERT_FALSE(test, braid_stamp_current(&read, other));
	}
}

/* A generation keeps its low 40 bits; if they are 0, no stamp is current. */
static void stamp_generation_wraps(struct kunit *test)
{
	const u64 turn = 1ull << 40;
	struct braid_net_stamp stamp = { .gen = turn + 5, .reason = 3 };
	struct braid_net_stamp read = braid_stamp_decode(braid_stamp_encode(&stamp));

	KUNIT_EXPECT_EQ(test, read.gen, 5);
	KUNIT_EXPECT_EQ(test, read.reason, 3);
	KUNIT_EXPECT_TRUE(test, braid_stamp_current(&read, turn + 5));
	KUNIT_EXPECT_FALSE(test, braid_stamp_current(&read, turn + 6));
	KUNIT_EXPECT_FALSE(test, braid_stamp_current(&read, turn));

	stamp.gen = turn;
	read = braid_stamp_decode(braid_stamp_encode(&stamp));
	KUNIT_EXPECT_FALSE(test, braid_stamp_current(&read, turn));
	KUNIT_EXPECT_FALSE(test, braid_stamp_current(&read, 0));

	stamp.gen = turn - 1;
	read = braid_stamp_decode(braid_stamp_encode(&stamp));
	KUNIT_EXPECT_TRUE(test, braid_stamp_current(&read, turn - 1));
	KUNIT_EXPECT_FALSE(test, braid_stamp_current(&read, turn));
}

static void stamp_pair_round_trip(struct kunit *test)
{
	struct rnd_state rnd;
	u32 source, destination;
	u64 word;
	int i;

	random_begin(test, &rnd);
	for (i = 0; i < 1000; i++) {
		source = random_size(&rnd);
		destination = random_size(&rnd);
		word = braid_pair_encode(source, destination);
		KUNIT_ASSERT_EQ(test, braid_pair_source(word), source);
		KUNIT_ASSERT_EQ(test, braid_pair_destination(word), destination);
	}
}

static struct kunit_case stamp_cases[] = {
	KUNIT_CASE(stamp_round_trip),
	KUNIT_CASE(stamp_fields_are_apart),
	KUNIT_CASE(stamp_zero_is_never_current),
	KUNIT_CASE(stamp_is_current_in_its_generation_only),
	KUNIT_CASE(stamp_generation_wraps),
	KUNIT_CASE(stamp_pair_round_trip),
	{}
};

static struct kunit_suite stamp_suite = {
	.name = "braid_stamp",
	.test_cases = stamp_cases,
};

kunit_test_suite(stamp_suite);

MODULE_DESCRIPTION("KUnit: state of a connection of braid");
MODULE_LICENSE("GPL");
