// SPDX-License-Identifier: GPL-2.0-only
/* The two slots of a record on a store that loses power and sectors. */
#include "blk_records.h"

#include "../../kmod/blk/proto/map.c"
#include "../../kmod/blk/proto/record.c"
/* Thousands of repairs would flood the console. */
#undef pr_info
#define pr_info(format, ...) no_printk(format, ##__VA_ARGS__)
#undef pr_fmt
#include "../../kmod/blk/store/slots.c"
#include "../../kmod/blk/proto/text.c"

enum { SECTOR = 512, SECTORS = BRAID_SLOT_SIZE / SECTOR };

/* The store: its slots and faults. */
static struct disk {
	u8 slot[2][BRAID_SLOT_SIZE];
	bool unreadable[2];
	int writes_left;	/* writes until the power goes off; < 0: never */
	u64 torn;		/* sectors that the interrupted write still reaches */
	bool off;
	unsigned int writes;
	bool not_durable;	/* a write without FUA was seen */
} disk;

static struct braid_store store;
static u64 room = 64u << 20;

static int which(u64 at)
{
	return at == BRAID_AT_SLOT_B;
}

int braid_store_meta_read(struct braid_store *from, u64 at, void *buffer,
			  size_t length)
{
	if (disk.unreadable[which(at)])
		return -EIO;
	memcpy(buffer, disk.slot[which(at)], length);
	return 0;
}

int braid_store_meta_write(struct braid_store *to, u64 at, const void *buffer,
			   size_t length, bool fua)
{
	u8 *slot = disk.slot[which(at)];
	int i;

	if (disk.off)
		return -EIO;
	disk.writes++;
	disk.not_durable |= !fua;
	if (disk.writes_left < 0 || disk.writes_left--) {
		memcpy(slot, buffer, length);
		disk.unreadable[which(at)] = false;
		return 0;
	}
	for (i = 0; i < SECTORS; i++)
		if (disk.torn & BIT_ULL(i))
			memcpy(slot + i * SECTOR, buffer + i * SECTOR, SECTOR);
	disk.off = true;
	return -EIO;
}

const char *braid_store_set_data(struct braid_store *to, u64 data_at)
{
	to->data_at = data_at;
	to->meta_size = room;
	return data_at == 13 ? "unlucky" : NULL;
}

static void disk_begin(void)
{
	memset(&disk, 0, sizeof(disk));
	disk.writes_left = -1;
	memset(&store, 0, sizeof(store));
	store.path = "/dev/none";
	room = 64u << 20;
}

static void power_goes_in(struct rnd_state *rnd, int writes)
{
	disk.writes_left = writes;
	disk.torn = random_once_in(rnd, 4) ? random_once_in(rnd, 2) - 1 :
					     random_u64(rnd);
}

static void power_returns(void)
{
	disk.writes_left = -1;
	disk.off = false;
}

static struct braid_record *new_record(struct kunit *test)
{
	struct braid_record *record;

	record = kunit_kzalloc(test, sizeof(*record), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, record);
	*record = record_plain(1, 3, 0);
	return record;
}

/*
 * A record that was reported durable stays; an interrupted one is there
 * completely or not at all; an interrupted repair loses nothing.
 */
static void no_power_cut_loses_a_record(struct kunit *test)
{
	struct braid_record *next = new_record(test);
	struct braid_record *read = new_record(test);
	struct rnd_state rnd;
	u64 answered;
	int i, error;

	random_begin(test, &rnd);
	disk_begin();
	next->generation = next->sequence;
	KUNIT_ASSERT_EQ(test, braid_slots_write(&store, next), 0);
	answered = next->sequence;
	for (i = 0; i < 3000; i++) {
		next->sequence++;
		next->generation = next->sequence;
		if (!random_once_in(&rnd, 3))
			power_goes_in(&rnd, random_below(&rnd, 2));
		error = braid_slots_write(&store, next);
		if (!error) {
			answered = next->sequence;
			continue;
		}
		/* The power returns, perhaps for a moment only. */
		do {
			power_returns();
			if (random_once_in(&rnd, 3))
				power_goes_in(&rnd, 0);
			error = braid_slots_read(&store, read, NULL);
		} while (error == -EIO && disk.off);
		KUNIT_ASSERT_EQ(test, error, 0);
		KUNIT_ASSERT_GE(test, read->sequence, answered);
		KUNIT_ASSERT_LE(test, read->sequence, next->sequence);
		KUNIT_ASSERT_EQ(test, (u64)read->generation, read->sequence);
		KUNIT_ASSERT_EQ(test, memcmp(disk.slot[0], disk.slot[1],
					     BRAID_SLOT_SIZE), 0);
		power_returns();
		*next = *read;
		answered = read->sequence;
	}
	KUNIT_EXPECT_FALSE(test, disk.not_durable);
}

static void one_bad_slot_is_written_again(struct kunit *test)
{
	struct braid_record *record = new_record(test);
	struct braid_record *read = new_record(test);
	int bad, kind;

	for (kind = 0; kind < 3; kind++) {
		for (bad = 0; bad < 2; bad++) {
			disk_begin();
			record->sequence = 9;
			braid_slots_write(&store, record);
			record->sequence = 8;
			if (kind == 0)
				disk.slot[bad][100] ^= 1;
			else if (kind == 1)
				disk.unreadable[bad] = true;
			else
				braid_record_encode(record, disk.slot[bad]);
			KUNIT_EXPECT_EQ(test, braid_slots_read(&store, read,
							       NULL), 0);
			KUNIT_EXPECT_EQ(test, read->sequence, 9ULL);
			KUNIT_EXPECT_EQ(test, disk.writes, 3u);
			KUNIT_EXPECT_FALSE(test, disk.unreadable[bad]);
			KUNIT_EXPECT_EQ(test, memcmp(disk.slot[0], disk.slot[1],
						     BRAID_SLOT_SIZE), 0);
		}
	}
}

static void two_good_slots_are_left_alone(struct kunit *test)
{
	struct braid_record *record = new_record(test);

	disk_begin();
	braid_slots_write(&store, record);
	KUNIT_EXPECT_EQ(test, disk.writes, 2u);
	KUNIT_EXPECT_EQ(test, braid_slots_read(&store, record, NULL), 0);
	KUNIT_EXPECT_EQ(test, disk.writes, 2u);
}

static void what_is_no_replica_is_refused(struct kunit *test)
{
	struct braid_record *record = new_record(test);

	disk_begin();
	KUNIT_EXPECT_EQ(test, braid_slots_read(&store, record, NULL), -ENODATA);
	braid_slots_write(&store, new_record(test));
	disk.slot[0][0] ^= 1;
	disk.slot[1][BRAID_SLOT_SIZE - 1] ^= 1;
	KUNIT_EXPECT_EQ(test, braid_slots_read(&store, record, NULL), -ENODATA);
	KUNIT_EXPECT_EQ(test, disk.writes, 2u);
	disk.unreadable[0] = true;
	disk.unreadable[1] = true;
	KUNIT_EXPECT_EQ(test, braid_slots_read(&store, record, NULL), -EIO);
	disk_begin();
	braid_slots_write(&store, new_record(test));
	KUNIT_EXPECT_EQ(test, braid_slots_blank(&store), 0);
	KUNIT_EXPECT_EQ(test, braid_slots_read(&store, record, NULL), -ENODATA);
}

/* A record that was written on another store, or by an attacker. */
static void a_record_of_another_store_is_refused(struct kunit *test)
{
	struct braid_record *record = new_record(test);

	disk_begin();
	record->data_at = 13;
	braid_slots_write(&store, record);
	KUNIT_EXPECT_EQ(test, braid_slots_read(&store, record, NULL), -EINVAL);

	/* 256 regions need one page. */
	record->data_at = 0;
	braid_slots_write(&store, record);
	room = BRAID_AT_MAP;
	KUNIT_EXPECT_EQ(test, braid_slots_read(&store, record, NULL), -EINVAL);
	room = BRAID_AT_MAP + BRAID_MAP_PAGE;
	KUNIT_EXPECT_EQ(test, braid_slots_read(&store, record, NULL), 0);

	/* Without a data space records of both kinds can be read. */
	store.witness = true;
	room = 0;
	KUNIT_EXPECT_EQ(test, braid_slots_read(&store, record, NULL), 0);
	record->flags |= BRAID_RECORD_WITNESS;
	braid_slots_write(&store, record);
	KUNIT_EXPECT_EQ(test, braid_slots_read(&store, record, NULL), 0);
	store.witness = false;
	KUNIT_EXPECT_EQ(test, braid_slots_read(&store, record, NULL), -EINVAL);
}

static struct kunit_case slots_cases[] = {
	KUNIT_CASE(no_power_cut_loses_a_record),
	KUNIT_CASE(one_bad_slot_is_written_again),
	KUNIT_CASE(two_good_slots_are_left_alone),
	KUNIT_CASE(what_is_no_replica_is_refused),
	KUNIT_CASE(a_record_of_another_store_is_refused),
	{}
};

static struct kunit_suite slots_suite = {
	.name = "braid_slots",
	.test_cases = slots_cases,
};

kunit_test_suite(slots_suite);

MODULE_DESCRIPTION("KUnit: the slots of a braid store");
MODULE_LICENSE("GPL");
