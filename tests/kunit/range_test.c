// SPDX-License-Identifier: GPL-2.0-only
/* Range locks, against a list in the order of arrival. */
#include "../../kmod/blk/io/range.c"

#include <linux/slab.h>

#include "random.h"

/* A range and what the naive model says of it. */
struct held {
	struct braid_range range;
	bool there;	/* locked or waiting */
	bool has;	/* as the code says */
	u64 arrival;
};

enum { RANGES = 64, BLOCKS = 48 };

static void range_granted(struct braid_range *range)
{
	struct held *held = container_of(range, struct held, range);

	/* Called once, and only of those that had to wait. */
	WARN_ON(held->has);
	held->has = true;
}

static void range_set(struct held *held, u64 first, u64 last, bool exclusive)
{
	memset(held, 0, sizeof(*held));
	held->range.first = first;
	held->range.last = last;
	held->range.exclusive = exclusive;
	held->range.granted = range_granted;
}

/* May it have its turn?  By the words of range.h alone. */
static bool model_has(const struct held *all, int i)
{
	int other;

	for (other = 0; other < RANGES; other++) {
		if (!all[other].there || all[other].arrival >= all[i].arrival)
			continue;
		if (!all[other].range.exclusive && !all[i].range.exclusive)
			continue;
		if (all[other].range.first <= all[i].range.last &&
		    all[i].range.first <= all[other].range.last)
			return false;
	}
	return true;
}

static void range_is_as_the_model_says(struct kunit *test)
{
	struct braid_ranges ranges;
	struct rnd_state rnd;
	struct held *all;
	u64 arrivals = 0;
	int i, round;

	all = kunit_kcalloc(test, RANGES, sizeof(*all), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, all);
	random_begin(test, &rnd);
	braid_ranges_init(&ranges);
	for (round = 0; round < 20000; round++) {
		struct held *one = &all[random_below(&rnd, RANGES)];
		u64 first;

		if (!one->there) {
			first = random_below(&rnd, BLOCKS);
			range_set(one, first,
				  first + random_below(&rnd, BLOCKS / 6),
				  random_once_in(&rnd, 2));
			one->there = true;
			one->arrival = ++arrivals;
			one->has = braid_range_lock(&ranges, &one->range);
		} else if (one->has) {
			one->there = false;
			one->has = false;
			braid_range_unlock(&ranges, &one->range);
		}
		for (i = 0; i < RANGES; i++)
			if (all[i].there)
				KUNIT_ASSERT_EQ_MSG(test, all[i].has,
						    model_has(all, i),
						    "round %d range %d", round,
						    i);
	}
}

/* Whatever the order, all have their turn when those before them go. */
static void range_leaves_nobody_waiting(struct kunit *test)
{
	struct braid_ranges ranges;
	struct rnd_state rnd;
	struct held *all;
	int i, left = RANGES, before;

	all = kunit_kcalloc(test, RANGES, sizeof(*all), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, all);
	random_begin(test, &rnd);
	braid_ranges_init(&ranges);
	for (i = 0; i < RANGES; i++) {
		u64 first = random_below(&rnd, BLOCKS);

		range_set(&all[i], first, first + random_below(&rnd, BLOCKS),
			  !random_once_in(&rnd, 3));
		all[i].there = true;
		all[i].has = braid_range_lock(&ranges, &all[i].range);
	}
	while (left) {
		before = left;
		for (i = 0; i < RANGES; i++) {
			if (!all[i].there || !all[i].has)
				continue;
			all[i].there = false;
			left--;
			braid_range_unlock(&ranges, &all[i].range);
		}
		KUNIT_ASSERT_LT(test, left, before);
	}
	KUNIT_EXPECT_TRUE(test, RB_EMPTY_ROOT(&ranges.tree.rb_root));
}

static void range_shares_reads(struct kunit *test)
{
	struct braid_ranges ranges;
	struct held a, b, write, late;

	braid_ranges_init(&ranges);
	range_set(&a, 0, 9, false);
	range_set(&b, 5, 14, false);
	range_set(&write, 9, 9, true);
	range_set(&late, 0, 20, false);
	KUNIT_EXPECT_TRUE(test, braid_range_lock(&ranges, &a.range));
	KUNIT_EXPECT_TRUE(test, braid_range_lock(&ranges, &b.range));
	KUNIT_EXPECT_FALSE(test, braid_range_lock(&ranges, &write.range));
	/* A read does not overtake a write that waits: else it waits for ever. */
	KUNIT_EXPECT_FALSE(test, braid_range_lock(&ranges, &late.range));
	braid_range_unlock(&ranges, &b.range);
	KUNIT_EXPECT_FALSE(test, write.has);
	braid_range_unlock(&ranges, &a.range);
	KUNIT_EXPECT_TRUE(test, write.has);
	KUNIT_EXPECT_FALSE(test, late.has);
	braid_range_unlock(&ranges, &write.range);
	KUNIT_EXPECT_TRUE(test, late.has);
	braid_range_unlock(&ranges, &late.range);
}

/* The highest block of the largest volume, and neighbours that do not touch. */
static void range_ends_are_inclusive(struct kunit *test)
{
	struct braid_ranges ranges;
	struct held low, high, touch;

	braid_ranges_init(&ranges);
	range_set(&low, 0, U64_MAX - 1, true);
	range_set(&high, U64_MAX, U64_MAX, true);
	range_set(&touch, U64_MAX - 1, U64_MAX, true);
	KUNIT_EXPECT_TRUE(test, braid_range_lock(&ranges, &low.range));
	KUNIT_EXPECT_TRUE(test, braid_range_lock(&ranges, &high.range));
	KUNIT_EXPECT_FALSE(test, braid_range_lock(&ranges, &touch.range));
	braid_range_unlock(&ranges, &high.range);
	KUNIT_EXPECT_FALSE(test, touch.has);
	braid_range_unlock(&ranges, &low.range);
	KUNIT_EXPECT_TRUE(test, touch.has);
	braid_range_unlock(&ranges, &touch.range);
}

static struct kunit_case range_cases[] = {
	KUNIT_CASE(range_is_as_the_model_says),
	KUNIT_CASE(range_leaves_nobody_waiting),
	KUNIT_CASE(range_shares_reads),
	KUNIT_CASE(range_ends_are_inclusive),
	{}
};

static struct kunit_suite range_suite = {
	.name = "braid_range",
	.test_cases = range_cases,
};

kunit_test_suite(range_suite);

MODULE_DESCRIPTION("KUnit: range locks of braid volumes");
MODULE_LICENSE("GPL");
