// SPDX-License-Identifier: GPL-2.0-only
/*
 * The region map and its ring: after a crash no region is less dirty than its
 * writes require.
 */
#include "../../kmod/blk/proto/map.c"

#include <linux/bitmap.h>
#include <linux/slab.h>

#include "random.h"

#define MAP_ID		0x1122334455667788ULL
#define REGIONS		(2 * BRAID_MAP_PER_PAGE + 37)
#define PAGES		3u
#define RECORDS		8u	/* of the ring in the histories */
#define NOW		1000u

/* A store, and the expected contents of its region map. */
struct world {
	struct braid_map map;
	struct braid_map read;	/* the map as read after a crash */
	u8 *pages;
	u8 *ring;
	u64 next;
	u64 tail;		/* changes of records below are in their pages */
	bool named[REGIONS];	/* the region was in a record at least once */
};

static void map_new(struct kunit *test, struct braid_map *map)
{
	map->map_id = MAP_ID;
	map->regions = REGIONS;
	map->entry = kunit_kcalloc(test, REGIONS, sizeof(u32), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, map->entry);
}

static struct world *world_new(struct kunit *test)
{
	struct world *world = kunit_kzalloc(test, sizeof(*world), GFP_KERNEL);
	u32 page;

	KUNIT_ASSERT_NOT_NULL(test, world);
	map_new(test, &world->map);
	map_new(test, &world->read);
	world->pages = kunit_kzalloc(test, PAGES * BRAID_MAP_PAGE, GFP_KERNEL);
	world->ring = kunit_kzalloc(test, RECORDS * BRAID_MAP_PAGE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, world->pages);
	KUNIT_ASSERT_NOT_NULL(test, world->ring);
	for (page = 0; page < PAGES; page++)
		braid_map_encode_page(&world->map, page,
				      world->pages + page * BRAID_MAP_PAGE);
	world->next = 1;
	world->tail = 1;
	return world;
}

static u8 *world_slot(struct world *world, u64 sequence)
{
	return world->ring + sequence % RECORDS * BRAID_MAP_PAGE;
}

static void world_go_home(struct world *world)
{
	u32 page;

	for (page = 0; page < PAGES; page++)
		braid_map_encode_page(&world->map, page,
				      world->pages + page * BRAID_MAP_PAGE);
	world->tail = world->next;
}

static void world_write(struct world *world, struct rnd_state *rnd)
{
	struct braid_change change[20];
	u32 count = 1 + random_below(rnd, ARRAY_SIZE(change));
	u32 i;

	if (world->next - world->tail == RECORDS - 1)
		world_go_home(world);
	for (i = 0; i < count; i++) {
		change[i].region = random_below(rnd, REGIONS);
		change[i].entry = random_below(rnd, NOW) |
				  (random_below(rnd, 2) ? BRAID_MAP_DIRTY : 0);
		world->map.entry[change[i].region] = change[i].entry;
		world->named[change[i].region] = true;
	}
	braid_ring_encode(world_slot(world, world->next), MAP_ID, world->next,
			  change, count);
	world->next++;
}

static void world_grow(struct world *world, struct rnd_state *rnd)
{
	u32 writes = random_below(rnd, 3 * RECORDS);

	while (writes--)
		world_write(world, rnd);
	if (random_once_in(rnd, 3))
		world_go_home(world);
}

static const char *world_load(struct kunit *test, struct world *world,
			      u64 *next)
{
	const char *wrong;
	u32 page;

	memset(world->read.entry, 0, REGIONS * sizeof(u32));
	for (page = 0; page < PAGES; page++) {
		wrong = braid_map_decode_page(&world->read, page, world->pages +
					      page * BRAID_MAP_PAGE, NOW);
		KUNIT_EXPECT_NULL(test, wrong);
	}
	return braid_ring_replay(&world->read, world->ring, RECORDS, NOW, next);
}

static void expect_whole(struct kunit *test, struct world *world)
{
	const char *wrong;
	u64 next;

	wrong = world_load(test, world, &next);
	KUNIT_ASSERT_NULL_MSG(test, wrong, "%s", wrong);
	KUNIT_ASSERT_EQ(test, next, world->next);
	KUNIT_ASSERT_EQ(test, memcmp(world->read.entry, world->map.entry,
				     REGIONS * sizeof(u32)), 0);
}

static void expect_spoiled(struct kunit *test, struct world *world)
{
	u64 next;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, world_load(test, world, &next));
	for (i = 0; i < REGIONS; i++) {
		KUNIT_ASSERT_TRUE(test, world->read.entry[i] & BRAID_MAP_DIRTY);
		KUNIT_ASSERT_GE(test, braid_map_generation(world->read.entry[i]),
				NOW);
	}
	KUNIT_ASSERT_GE(test, next, world->next - 1);
}

/* Entries */

static void map_entries(struct kunit *test)
{
	struct rnd_state rnd;
	int i;

	random_begin(test, &rnd);
	for (i = 0; i < 5000; i++) {
		const u32 old = random_below(&rnd, 20) |
				(random_below(&rnd, 2) ? BRAID_MAP_DIRTY : 0);
		const u32 now = random_below(&rnd, 20);
		const bool dirty = old & BRAID_MAP_DIRTY;
		const u32 was = old & ~BRAID_MAP_DIRTY;
		const u32 newer = was > now ? was : now;

		KUNIT_ASSERT_EQ(test, braid_map_is_hot(old, now),
				dirty && was >= now);
		KUNIT_ASSERT_EQ(test, braid_map_stamped(old, now),
				newer | BRAID_MAP_DIRTY);
		KUNIT_ASSERT_TRUE(test, braid_map_is_hot(braid_map_stamped(old, now),
							 now));
		KUNIT_ASSERT_EQ(test, braid_map_cleared(old, now, false), was);
		KUNIT_ASSERT_EQ(test, braid_map_cleared(old, now, true), newer);
	}
}

/* Pages */

static void map_page_round_trip(struct kunit *test)
{
	struct world *world = world_new(test);
	struct rnd_state rnd;
	u32 page, i;

	random_begin(test, &rnd);
	for (i = 0; i < REGIONS; i++)
		world->map.entry[i] = prandom_u32_state(&rnd);
	world_go_home(world);
	expect_whole(test, world);
	/* The room behind the last region is zero. */
	page = PAGES - 1;
	KUNIT_EXPECT_NULL(test, memchr_inv(world->pages + page * BRAID_MAP_PAGE +
					   16 + 37 * 4, 0, 4080 - 37 * 4));
}

static void expect_bad_page(struct kunit *test, struct world *world, u32 page,
			    const void *in)
{
	const u32 first = page * BRAID_MAP_PER_PAGE;
	u32 i;

	memset(world->read.entry, 0, REGIONS * sizeof(u32));
	KUNIT_ASSERT_NOT_NULL(test, braid_map_decode_page(&world->read, page, in,
							  NOW));
	for (i = 0; i < REGIONS; i++)
		KUNIT_ASSERT_EQ(test, world->read.entry[i],
				i / BRAID_MAP_PER_PAGE == page ?
				(NOW | BRAID_MAP_DIRTY) : 0);
	KUNIT_ASSERT_LT(test, first, REGIONS);
}

static void map_bad_pages_are_dirty(struct kunit *test)
{
	struct world *world = world_new(test);
	struct rnd_state rnd;
	u8 *page;
	u32 i;

	random_begin(test, &rnd);
	for (i = 0; i < REGIONS; i++)
		world->map.entry[i] = prandom_u32_state(&rnd);
	world_go_home(world);
	for (i = 0; i < 300; i++) {
		const u32 which = random_below(&rnd, PAGES);
		const u32 bit = random_below(&rnd, BRAID_MAP_PAGE * 8);

		page = world->pages + which * BRAID_MAP_PAGE;
		page[bit / 8] ^= 1 << bit % 8;
		expect_bad_page(test, world, which, page);
		page[bit / 8] ^= 1 << bit % 8;
	}
	/* A valid page of another place or another volume. */
	expect_bad_page(test, world, 0, world->pages + BRAID_MAP_PAGE);
	world->read.map_id++;
	expect_bad_page(test, world, 1, world->pages + BRAID_MAP_PAGE);
}

/* Records */

static void ring_round_trip(struct kunit *test)
{
	struct braid_change *change;
	struct braid_ring_record record;
	const struct disk_change *read;
	struct rnd_state rnd;
	u8 *slot;
	u32 count, i;

	random_begin(test, &rnd);
	change = kunit_kcalloc(test, BRAID_RING_PER_RECORD, sizeof(*change),
			       GFP_KERNEL);
	slot = kunit_kzalloc(test, BRAID_MAP_PAGE, GFP_KERNEL);
	for (count = 1; count <= BRAID_RING_PER_RECORD; count += 7) {
		const u64 sequence = 1 + (random_size(&rnd) >> 1);

		for (i = 0; i < count; i++) {
			change[i].region = prandom_u32_state(&rnd);
			change[i].entry = prandom_u32_state(&rnd);
		}
		memset(slot, 0xa5, BRAID_MAP_PAGE);
		braid_ring_encode(slot, MAP_ID, sequence, change, count);
		KUNIT_ASSERT_NULL(test, braid_ring_decode(slot, MAP_ID, &record));
		KUNIT_ASSERT_EQ(test, record.sequence, sequence);
		KUNIT_ASSERT_EQ(test, record.count, count);
		read = record.entries;
		for (i = 0; i < count; i++) {
			KUNIT_ASSERT_EQ(test, le32_to_cpu(read[i].region),
					change[i].region);
			KUNIT_ASSERT_EQ(test, le32_to_cpu(read[i].entry),
					change[i].entry);
		}
		i = random_below(&rnd, BRAID_MAP_PAGE * 8);
		slot[i / 8] ^= 1 << i % 8;
		KUNIT_ASSERT_NOT_NULL(test, braid_ring_decode(slot, MAP_ID,
							      &record));
	}
}

static void seal(void *slot)
{
	struct disk_ring *disk = slot;

	disk->crc = cpu_to_le32(crc_without(disk, offsetof(struct disk_ring,
							   crc)));
}

/* Expects a record with a valid checksum to be refused. */
static void expect_refused(struct kunit *test, struct disk_ring *disk)
{
	const struct braid_change change = { .region = 1, .entry = 2 };
	struct braid_ring_record record;

	seal(disk);
	KUNIT_EXPECT_NOT_NULL(test, braid_ring_decode(disk, MAP_ID, &record));
	braid_ring_encode(disk, MAP_ID, 5, &change, 1);
	KUNIT_EXPECT_NULL(test, braid_ring_decode(disk, MAP_ID, &record));
}

static void ring_nonsense_is_refused(struct kunit *test)
{
	struct disk_ring *disk;

	disk = kunit_kzalloc(test, BRAID_MAP_PAGE, GFP_KERNEL);
	expect_refused(test, disk);
	disk->magic = 0;
	expect_refused(test, disk);
	disk->map_id = cpu_to_le64(MAP_ID + 1);
	expect_refused(test, disk);
	disk->sequence = 0;
	expect_refused(test, disk);
	disk->sequence = cpu_to_le64(U64_MAX);
	expect_refused(test, disk);
	disk->count = 0;
	expect_refused(test, disk);
	disk->count = cpu_to_le32(BRAID_RING_PER_RECORD + 1);
	expect_refused(test, disk);
	disk->count = cpu_to_le32(U32_MAX);
	expect_refused(test, disk);
}

/* Replay */

static void replay_of_what_is_whole(struct kunit *test)
{
	struct world *world = world_new(test);
	struct rnd_state rnd;
	int i;

	random_begin(test, &rnd);
	expect_whole(test, world);
	for (i = 0; i < 400; i++) {
		world_grow(world, &rnd);
		expect_whole(test, world);
	}
}

/* The crash interrupted the write of a new record: the older records count. */
static void replay_of_a_torn_last(struct kunit *test)
{
	struct world *world = world_new(test);
	struct rnd_state rnd;
	struct braid_change *change;
	u8 *old, *slot;
	int i;

	random_begin(test, &rnd);
	old = kunit_kzalloc(test, BRAID_MAP_PAGE, GFP_KERNEL);
	/* The record is full, so that both parts differ at every cut. */
	change = kunit_kcalloc(test, BRAID_RING_PER_RECORD, sizeof(*change),
			       GFP_KERNEL);
	for (i = 0; i < BRAID_RING_PER_RECORD; i++)
		change[i] = (struct braid_change){ .region = i, .entry = i };
	for (i = 0; i < 400; i++) {
		const u32 cut = 512 * (1 + random_below(&rnd, 7));

		world_grow(world, &rnd);
		slot = world_slot(world, world->next);
		memcpy(old, slot, BRAID_MAP_PAGE);
		braid_ring_encode(slot, MAP_ID, world->next, change,
				  BRAID_RING_PER_RECORD);
		if (random_below(&rnd, 2))
			memcpy(slot, old, cut);
		else
			memcpy(slot + cut, old + cut, BRAID_MAP_PAGE - cut);
		expect_whole(test, world);
		memcpy(slot, old, BRAID_MAP_PAGE);
	}
}

/* A record before the last is bad or missing. */
static void replay_with_a_hole(struct kunit *test)
{
	struct world *world = world_new(test);
	struct rnd_state rnd;
	u8 *slot, *old;
	u64 age;
	u32 bit;
	int i;

	random_begin(test, &rnd);
	old = kunit_kzalloc(test, BRAID_MAP_PAGE, GFP_KERNEL);
	for (i = 0; i < 400; i++) {
		world_grow(world, &rnd);
		while (world->next < 4)
			world_write(world, &rnd);
		age = 2 + random_below(&rnd, min(RECORDS - 2,
						 (u32)world->next - 2));
		slot = world_slot(world, world->next - age);
		memcpy(old, slot, BRAID_MAP_PAGE);
		switch (random_below(&rnd, 3)) {
		case 0:
			bit = random_below(&rnd, BRAID_MAP_PAGE * 8);
			slot[bit / 8] ^= 1 << bit % 8;
			break;
		case 1:
			memset(slot, 0, BRAID_MAP_PAGE);
			break;
		default:
			if (world->next - age > RECORDS) {
				struct braid_change change = { .region = 0 };

				braid_ring_encode(slot, MAP_ID,
						  world->next - age - RECORDS,
						  &change, 1);
			} else {
				memset(slot, 0xff, BRAID_MAP_PAGE);
			}
		}
		expect_spoiled(test, world);
		memcpy(slot, old, BRAID_MAP_PAGE);
		expect_whole(test, world);
	}
}

/* A hole in the ring lets no generation go backwards (I6). */
static void replay_with_a_hole_keeps_generations(struct kunit *test)
{
	struct braid_change change = { .region = 9, .entry = NOW + 5 };
	struct world *world = world_new(test);
	struct rnd_state rnd;
	u64 next;

	random_begin(test, &rnd);
	while (world->next < 6)
		world_write(world, &rnd);
	braid_ring_encode(world_slot(world, world->next), MAP_ID, world->next,
			  &change, 1);
	world->next++;
	world_slot(world, world->next - 3)[100] ^= 1;
	KUNIT_EXPECT_NOT_NULL(test, world_load(test, world, &next));
	KUNIT_EXPECT_EQ(test, world->read.entry[9],
			(NOW + 5) | BRAID_MAP_DIRTY);
}

static void replay_of_a_region_beyond(struct kunit *test)
{
	struct world *world = world_new(test);
	struct braid_change change = { .region = REGIONS };
	struct rnd_state rnd;

	random_begin(test, &rnd);
	while (world->next < 6)
		world_write(world, &rnd);
	braid_ring_encode(world_slot(world, 4), MAP_ID, 4, &change, 1);
	expect_spoiled(test, world);
	change.region = REGIONS - 1;
	braid_ring_encode(world_slot(world, 4), MAP_ID, 4, &change, 1);
	world->map.entry[REGIONS - 1] = 0;
	KUNIT_EXPECT_NULL(test, world_load(test, world, &world->next));
}

static void ring_touched_pages(struct kunit *test)
{
	struct world *world = world_new(test);
	DECLARE_BITMAP(touched, PAGES);
	DECLARE_BITMAP(named, PAGES);
	struct rnd_state rnd;
	u32 region;

	random_begin(test, &rnd);
	bitmap_zero(touched, PAGES);
	braid_ring_touched(&world->map, world->ring, RECORDS, touched);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(touched, PAGES));
	world_write(world, &rnd);
	bitmap_zero(named, PAGES);
	for (region = 0; region < REGIONS; region++)
		if (world->named[region])
			__set_bit(region / BRAID_MAP_PER_PAGE, named);
	braid_ring_touched(&world->map, world->ring, RECORDS, touched);
	KUNIT_EXPECT_TRUE(test, bitmap_equal(touched, named, PAGES));
}

static struct kunit_case map_cases[] = {
	KUNIT_CASE(map_entries),
	KUNIT_CASE(map_page_round_trip),
	KUNIT_CASE(map_bad_pages_are_dirty),
	KUNIT_CASE(ring_round_trip),
	KUNIT_CASE(ring_nonsense_is_refused),
	KUNIT_CASE(ring_touched_pages),
	KUNIT_CASE(replay_of_what_is_whole),
	KUNIT_CASE(replay_of_a_torn_last),
	KUNIT_CASE(replay_with_a_hole),
	KUNIT_CASE(replay_with_a_hole_keeps_generations),
	KUNIT_CASE(replay_of_a_region_beyond),
	{}
};

static struct kunit_suite map_suite = {
	.name = "braid_map",
	.test_cases = map_cases,
};

kunit_test_suite(map_suite);

MODULE_DESCRIPTION("Tests of the region map");
MODULE_LICENSE("GPL");
