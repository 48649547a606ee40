// SPDX-License-Identifier: GPL-2.0-only
/* The generations in which a version is valid. */
#include "model/life.h"

#include "random.h"

static void life_begins_once_and_for_good(struct kunit *test)
{
	struct braid_life life = { .dies = 3, .leaving = true };

	braid_life_begin(&life, 7);
	KUNIT_EXPECT_FALSE(test, life.leaving);
	KUNIT_EXPECT_FALSE(test, braid_life_visible(&life, 0));
	KUNIT_EXPECT_FALSE(test, braid_life_visible(&life, 6));
	KUNIT_EXPECT_TRUE(test, braid_life_visible(&life, 7));
	KUNIT_EXPECT_TRUE(test, braid_life_visible(&life, U64_MAX - 1));
}

static void life_ends_with_its_last_generation(struct kunit *test)
{
	struct braid_life life;

	braid_life_begin(&life, 7);
	braid_life_end(&life, 9);
	KUNIT_EXPECT_FALSE(test, braid_life_visible(&life, 6));
	KUNIT_EXPECT_TRUE(test, braid_life_visible(&life, 7));
	KUNIT_EXPECT_TRUE(test, braid_life_visible(&life, 8));
	KUNIT_EXPECT_FALSE(test, braid_life_visible(&life, 9));
	KUNIT_EXPECT_FALSE(test, braid_life_visible(&life, U64_MAX));
}

/* A version that an undone commit was to replace stays valid. */
static void life_goes_on_when_the_end_is_taken_back(struct kunit *test)
{
	struct braid_life life;

	braid_life_begin(&life, 1);
	braid_life_end(&life, 5);
	braid_life_end(&life, BRAID_NEVER);
	KUNIT_EXPECT_TRUE(test, braid_life_visible(&life, 5));
}

/* Of two versions that follow each other each generation has exactly one. */
static void life_has_no_gap(struct kunit *test)
{
	enum { VERSIONS = 20 };
	struct braid_life versions[VERSIONS];
	struct rnd_state rnd;
	u64 gen = 1, at;
	int i, seen;

	random_begin(test, &rnd);
	for (i = 0; i < VERSIONS; i++) {
		if (i)
			braid_life_end(&versions[i - 1], gen);
		braid_life_begin(&versions[i], gen);
		gen += 1 + random_below(&rnd, 3);
	}
	for (at = 1; at < gen; at++) {
		for (i = seen = 0; i < VERSIONS; i++)
			seen += braid_life_visible(&versions[i], at);
		KUNIT_EXPECT_EQ_MSG(test, seen, 1, "at generation %llu", at);
	}
}

static struct kunit_case life_cases[] = {
	KUNIT_CASE(life_begins_once_and_for_good),
	KUNIT_CASE(life_ends_with_its_last_generation),
	KUNIT_CASE(life_goes_on_when_the_end_is_taken_back),
	KUNIT_CASE(life_has_no_gap),
	{}
};

static struct kunit_suite life_suite = {
	.name = "braid_life",
	.test_cases = life_cases,
};

kunit_test_suite(life_suite);

MODULE_DESCRIPTION("KUnit: validity of versions of braid objects");
MODULE_LICENSE("GPL");
