// SPDX-License-Identifier: GPL-2.0-only
/* The control record and its two slots: only valid records are read. */
#include "../../kmod/blk/proto/record.c"
#include "../../kmod/blk/proto/map.c"

#include <linux/slab.h>

#include "blk_records.h"

static u8 *slot_new(struct kunit *test)
{
	u8 *slot = kunit_kzalloc(test, BRAID_SLOT_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, slot);
	return slot;
}

/* Updates the checksum after a change. */
static void slot_seal(void *slot)
{
	struct disk_record *disk = slot;

	disk->crc = 0;
	disk->crc = cpu_to_le32(crc32c(~0, slot, BRAID_SLOT_SIZE));
}

static void record_round_trip(struct kunit *test)
{
	struct braid_record in, out;
	struct rnd_state rnd;
	u8 *slot = slot_new(test);
	const char *wrong;
	int i;

	random_begin(test, &rnd);
	for (i = 0; i < 500; i++) {
		in = record_random(&rnd);
		memset(slot, 0xa5, BRAID_SLOT_SIZE);
		braid_record_encode(&in, slot);
		wrong = braid_record_decode(&out, slot);
		KUNIT_ASSERT_NULL_MSG(test, wrong, "%s", wrong);
		KUNIT_ASSERT_TRUE(test, uuid_equal(&in.volume, &out.volume));
		KUNIT_ASSERT_STREQ(test, in.name, out.name);
		KUNIT_ASSERT_STREQ(test, in.holder, out.holder);
		KUNIT_ASSERT_EQ(test, in.own, out.own);
		KUNIT_ASSERT_EQ(test, in.flags, out.flags);
		KUNIT_ASSERT_EQ(test, in.size, out.size);
		KUNIT_ASSERT_EQ(test, in.data_at, out.data_at);
		KUNIT_ASSERT_EQ(test, in.isr, out.isr);
		KUNIT_ASSERT_EQ(test, in.sequence, out.sequence);
		KUNIT_ASSERT_EQ(test, in.generation, out.generation);
		KUNIT_ASSERT_EQ(test, in.last_insync_gen, out.last_insync_gen);
		KUNIT_ASSERT_EQ(test, braid_mver_cmp(&in.mver, &out.mver), 0);
		KUNIT_ASSERT_EQ(test, braid_mver_cmp(&in.joining, &out.joining), 0);
		KUNIT_ASSERT_EQ(test, memcmp(&in.voters, &out.voters,
					     sizeof(in.voters)), 0);
		KUNIT_ASSERT_EQ(test, memcmp(&in.next, &out.next,
					     sizeof(in.next)), 0);
		KUNIT_ASSERT_EQ(test, memcmp(in.known, out.known,
					     sizeof(in.known)), 0);
		KUNIT_ASSERT_EQ(test, memcmp(in.stores, out.stores,
					     sizeof(in.stores)), 0);
	}
}

/* Each bit of the slot is flipped, including unused bytes. */
static void record_flipped_bits_are_seen(struct kunit *test)
{
	struct braid_record record = record_plain(1, 3, 0);
	u8 *slot = slot_new(test);
	int i;

	braid_record_encode(&record, slot);
	for (i = 0; i < BRAID_SLOT_SIZE; i++) {
		slot[i] ^= 1 << i % 8;
		KUNIT_ASSERT_NOT_NULL_MSG(test, braid_record_decode(&record, slot),
					  "byte %d", i);
		slot[i] ^= 1 << i % 8;
	}
	KUNIT_EXPECT_NULL(test, braid_record_decode(&record, slot));
}

/* The write of a slot stops after each sector. */
static void record_torn_slots_fall_back(struct kunit *test)
{
	struct braid_record old = record_plain(1, 3, 0), new, got;
	u8 *a = slot_new(test), *b = slot_new(test);
	u8 *fresh = slot_new(test);
	const char *why;
	int sector;

	new = old;
	new.sequence = 9;
	new.generation = 5;
	braid_record_encode(&new, fresh);
	for (sector = 1; sector < 8; sector++) {
		braid_record_encode(&old, a);
		braid_record_encode(&old, b);
		memcpy(a, fresh, sector * 512);
		KUNIT_ASSERT_EQ(test, braid_record_choose(&got, a, b, &why), 0);
		/*
		 * Both are zero behind the fields, so this is the complete new
		 * record.
		 */
		if (sector * 512 < sizeof(struct disk_record)) {
			KUNIT_EXPECT_EQ(test, got.sequence, 2ULL);
			KUNIT_EXPECT_NOT_NULL(test, why);
		} else {
			KUNIT_EXPECT_EQ(test, got.sequence, 9ULL);
		}
		KUNIT_EXPECT_EQ(test, braid_record_choose(&got, b, a, NULL), 0);
	}
}

static void record_higher_sequence_is_chosen(struct kunit *test)
{
	struct braid_record one = record_plain(1, 3, 0), two = one, got;
	u8 *a = slot_new(test), *b = slot_new(test);
	const char *why = "";

	two.sequence = 3;
	braid_record_encode(&one, a);
	braid_record_encode(&two, b);
	KUNIT_EXPECT_EQ(test, braid_record_choose(&got, a, b, &why), 0);
	KUNIT_EXPECT_EQ(test, got.sequence, 3ULL);
	KUNIT_EXPECT_NULL(test, why);
	KUNIT_EXPECT_EQ(test, braid_record_choose(&got, b, a, &why), 0);
	KUNIT_EXPECT_EQ(test, got.sequence, 3ULL);
	memset(b, 0, BRAID_SLOT_SIZE);
	KUNIT_EXPECT_EQ(test, braid_record_choose(&got, a, b, &why), 0);
	KUNIT_EXPECT_EQ(test, got.sequence, 2ULL);
	KUNIT_EXPECT_STREQ(test, why, "blank");
	memset(a, 0x5a, BRAID_SLOT_SIZE);
	KUNIT_EXPECT_EQ(test, braid_record_choose(&got, a, b, &why), -ENODATA);
	KUNIT_EXPECT_STREQ(test, why, "not a record");
}

/* Records with a valid checksum and invalid contents. */
static void record_nonsense_is_refused(struct kunit *test)
{
	struct braid_record good = record_plain(1, 2, 1), bad;
	u8 *slot = slot_new(test);
	struct disk_record *disk = (struct disk_record *)slot;

#define REFUSED(change, text) do {					\
	bad = good;							\
	change;								\
	braid_record_encode(&bad, slot);				\
	KUNIT_EXPECT_STREQ(test, braid_record_decode(&bad, slot) ?: "taken", \
			   text);					\
} while (0)
	REFUSED((void)0, "taken");
	REFUSED(bad.volume = uuid_null, "volume UUID is nil");
	REFUSED(bad.name[0] = 0, "volume name is empty");
	REFUSED(bad.name[0] = '/', "text with an invalid character");
	REFUSED(bad.voter = 0, "voter id out of range");
	REFUSED(bad.voter = 64, "voter id out of range");
	REFUSED(bad.flags |= BIT(7), "unknown flags");
	REFUSED(bad.last_insync_gen = 2, "generation out of range");
	REFUSED(bad.generation = 0x80000000, "generation out of range");
	REFUSED(bad.isr |= BRAID_VOTER_BIT(3), "ISR names no data replica");
	REFUSED(bad.isr = 0, "ISR is empty");
	REFUSED(bad.lease_ms = 0, "lease out of range");
	REFUSED(bad.size = 4095, "size is not a multiple of 4096 bytes");
	REFUSED(bad.size = 0, "size is not a multiple of 4096 bytes");
	REFUSED(bad.size = BRAID_SIZE_MAX + 4096, "size is above 16 TiB");
	REFUSED(bad.region_shift = 15, "region size is not between 64 KiB and 4 MiB");
	REFUSED(bad.region_shift = 23, "region size is not between 64 KiB and 4 MiB");
	REFUSED(bad.own = 3, "own state unknown");
	REFUSED(bad.voters.voter[1].id = 1, "voter id twice");
	REFUSED(bad.voters.voter[1].id = 0, "voter id out of range");
	REFUSED(bad.voters.voter[0].address.ip[9] = 1, "voter address malformed");
	REFUSED((bad.voters.voter[0].witness = true,
		 bad.voters.voter[1].witness = true),
		"voters without a data replica");
	REFUSED((bad.next = bad.voters, bad.voters.count = 0, bad.isr = 2),
		"new voters without old ones");
#undef REFUSED
	braid_record_encode(&good, slot);
	disk->voters.count = 8;
	slot_seal(slot);
	KUNIT_EXPECT_STREQ(test, braid_record_decode(&bad, slot), "too many voters");
	braid_record_encode(&good, slot);
	disk->voters.voter[5].id = 1;
	slot_seal(slot);
	KUNIT_EXPECT_STREQ(test, braid_record_decode(&bad, slot), "voters malformed");
	braid_record_encode(&good, slot);
	disk->format = cpu_to_le32(2);
	slot_seal(slot);
	KUNIT_EXPECT_STREQ(test, braid_record_decode(&bad, slot),
			   "format of another version");
	braid_record_encode(&good, slot);
	slot[sizeof(*disk)] = 1;
	slot_seal(slot);
	KUNIT_EXPECT_STREQ(test, braid_record_decode(&bad, slot), "unknown fields");
}

/* The witness of a volume that was not created yet does not know the size. */
static void record_size_may_wait_at_a_witness(struct kunit *test)
{
	struct braid_record record = record_plain(3, 2, 1);
	u8 *slot = slot_new(test);

	record.size = 0;
	braid_record_encode(&record, slot);
	KUNIT_EXPECT_NOT_NULL(test, braid_record_decode(&record, slot));
	record = record_plain(3, 2, 1);
	record.size = 0;
	record.isr = 0;
	memset(&record.voters, 0, sizeof(record.voters));
	braid_record_encode(&record, slot);
	KUNIT_EXPECT_NULL(test, braid_record_decode(&record, slot));
}

static void record_default_regions(struct kunit *test)
{
	static const struct { u64 size; u8 shift; } table[] = {
		{ 4096, 18 }, { 1ULL << 30, 18 }, { 1ULL << 40, 18 },
		{ 3ULL << 40, 18 }, { 4ULL << 40, 19 }, { 5ULL << 40, 19 },
		{ 8ULL << 40, 20 }, { 15ULL << 40, 20 }, { 16ULL << 40, 21 },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		KUNIT_EXPECT_EQ_MSG(test, braid_record_region_shift(table[i].size),
				    table[i].shift, "size %llu", table[i].size);
	KUNIT_EXPECT_EQ(test, braid_record_regions(4096, 18), 1u);
	KUNIT_EXPECT_EQ(test, braid_record_regions((1 << 18) + 4096, 18), 2u);
	KUNIT_EXPECT_EQ(test, braid_record_regions(BRAID_SIZE_MAX, 16), 1u << 28);
}

static struct kunit_case record_cases[] = {
	KUNIT_CASE(record_round_trip),
	KUNIT_CASE(record_flipped_bits_are_seen),
	KUNIT_CASE(record_torn_slots_fall_back),
	KUNIT_CASE(record_higher_sequence_is_chosen),
	KUNIT_CASE(record_nonsense_is_refused),
	KUNIT_CASE(record_size_may_wait_at_a_witness),
	KUNIT_CASE(record_default_regions),
	{}
};

static struct kunit_suite record_suite = {
	.name = "braid_record",
	.test_cases = record_cases,
};

kunit_test_suite(record_suite);

MODULE_DESCRIPTION("Tests of the control record");
MODULE_LICENSE("GPL");
