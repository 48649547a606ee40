// SPDX-License-Identifier: GPL-2.0-only
/* Layout of a store, and the largest volume that fits. */
#include "random.h"

#include "../../kmod/blk/store/layout.c"
#include "../../kmod/blk/proto/map.c"
#include "../../kmod/blk/proto/record.c"

static void parts_do_not_meet(struct kunit *test)
{
	KUNIT_EXPECT_GE(test, BRAID_AT_SLOT_B - BRAID_AT_SLOT_A, 1u << 20);
	KUNIT_EXPECT_GE(test, BRAID_WITNESS_SIZE,
			BRAID_AT_SLOT_B + BRAID_SLOT_SIZE);
	KUNIT_EXPECT_GE(test, BRAID_AT_RING, BRAID_WITNESS_SIZE);
	KUNIT_EXPECT_GE(test, BRAID_AT_MAP, BRAID_AT_RING +
			BRAID_RING_RECORDS * BRAID_MAP_PAGE);
}

/* Counts pages for a number of regions one by one. */
static u64 naive_pages(u64 regions)
{
	return regions / BRAID_MAP_PER_PAGE +
	       (regions % BRAID_MAP_PER_PAGE ? 1 : 0);
}

static void metadata_has_room_for_growth(struct kunit *test)
{
	static const u32 edge[] = {
		0, 1, 63, 64, 65, 1020, 16320, 16384, 1u << 24, U32_MAX,
	};
	struct rnd_state rnd;
	int i;

	random_begin(test, &rnd);
	for (i = 0; i < 20000; i++) {
		u32 regions = i < ARRAY_SIZE(edge) ?
				      edge[i] : (u32)random_size(&rnd);
		u64 need = BRAID_AT_MAP + naive_pages((u64)regions * 16) * 4096;
		u64 size = braid_layout_meta_size(regions);

		KUNIT_ASSERT_EQ(test, size % (4u << 20), 0ULL);
		KUNIT_ASSERT_GE(test, size, need);
		KUNIT_ASSERT_LT(test, size - need, 4ULL << 20);
	}
}

static void metadata_of_a_size_is_that_of_its_regions(struct kunit *test)
{
	/* 1 GiB: 4096 regions, 65536 entries, 65 pages. */
	KUNIT_EXPECT_EQ(test, braid_layout_meta_of(1ULL << 30), 4ULL << 20);
	/* 1 TiB: 4 Mi regions, 64 Mi entries, 65794 pages: 257 MiB and 3. */
	KUNIT_EXPECT_EQ(test, braid_layout_meta_of(1ULL << 40), 264ULL << 20);
}

static bool fits(u64 size, u64 space)
{
	return braid_layout_meta_of(size) + size <= space;
}

static void check_fit(struct kunit *test, u64 space)
{
	u64 size = braid_layout_fit(space);

	KUNIT_ASSERT_EQ(test, size % BRAID_BLOCK, 0ULL);
	KUNIT_ASSERT_LE(test, size, BRAID_SIZE_MAX);
	if (!size) {
		KUNIT_ASSERT_FALSE(test, fits(BRAID_BLOCK, space));
		return;
	}
	KUNIT_ASSERT_TRUE(test, fits(size, space));
	/* No more space is left over than rounding the metadata takes. */
	if (size + 2 * BRAID_DATA_ALIGN <= BRAID_SIZE_MAX)
		KUNIT_ASSERT_FALSE(test, fits(size + 2 * BRAID_DATA_ALIGN,
					      space));
}

static void what_fits_fits(struct kunit *test)
{
	struct rnd_state rnd;
	int i, shift;

	random_begin(test, &rnd);
	check_fit(test, 0);
	check_fit(test, BRAID_DATA_ALIGN);
	check_fit(test, BRAID_DATA_ALIGN + BRAID_BLOCK - 1);
	check_fit(test, BRAID_DATA_ALIGN + BRAID_BLOCK);
	check_fit(test, U64_MAX);
	for (i = 0; i < 20000; i++)
		check_fit(test, random_size(&rnd));
	/* Around the sizes where the default region size changes. */
	for (shift = BRAID_REGION_SHIFT_DEFAULT; shift < 22; shift++) {
		u64 edge = (u64)(16384 * BRAID_MAP_PER_PAGE) << shift;

		for (i = -2000; i < 2000; i++)
			check_fit(test, edge + i * (1LL << 20));
	}
}

static struct kunit_case layout_cases[] = {
	KUNIT_CASE(parts_do_not_meet),
	KUNIT_CASE(metadata_has_room_for_growth),
	KUNIT_CASE(metadata_of_a_size_is_that_of_its_regions),
	KUNIT_CASE(what_fits_fits),
	{}
};

static struct kunit_suite layout_suite = {
	.name = "braid_layout",
	.test_cases = layout_cases,
};

kunit_test_suite(layout_suite);

MODULE_DESCRIPTION("KUnit: layout of braid stores");
MODULE_LICENSE("GPL");
