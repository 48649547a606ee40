// SPDX-License-Identifier: GPL-2.0-only
/*
 * The journal of the region map on a store in memory that loses power:
 * everything that was reported durable is found again, and no region is dirty
 * without a reason.
 */
#include "../../kmod/blk/proto/map.c"
#undef RING_MAGIC
#include "../../kmod/blk/store/tracker.c"
#undef pr_fmt
#include "../../kmod/blk/store/journal.c"
#include "../../kmod/blk/store/journal_open.c"

#include <linux/delay.h>
#include <linux/mutex.h>
#include <linux/vmalloc.h>

#include "random.h"

#define MAP_ID		0x8877665544332211ULL
#define REGIONS		(20 * BRAID_MAP_PER_PAGE + 11)
#define PAGES		21u
#define META_SIZE	(BRAID_AT_MAP + PAGES * BRAID_MAP_PAGE)
#define BLOCKS		(META_SIZE / BRAID_MAP_PAGE)
#define OPENED_AT	3u	/* generation of the record */

/**
 * struct medium - a disk with a cache that writes in any order
 * @store: the store as the journal knows it; first field
 * @lock: protects the fields below
 * @cache: contents that are read
 * @durable: contents that survive a power cut
 * @pending: blocks of @cache that a power cut may lose
 * @rnd: decides which of these survive
 * @left: number of writes and flushes until the power cut; 0: no power cut
 * @off: the power is off
 * @fail_at: byte at which the next write fails, once; 0: none
 * @fail_flush: the next flush fails, once
 * @hold_from: first byte of the range where writes wait for @go_on
 * @hold_to: byte behind that range
 * @held: a write is waiting there
 * @go_on: completed when the test has seen @held
 * @torn_page: a page of the map is neither old nor new
 */
struct medium {
	struct braid_store store;
	/* protects the fields below */
	struct mutex lock;
	u8 *cache;
	u8 *durable;
	unsigned long *pending;
	struct rnd_state rnd;
	u32 left;
	bool off;
	u64 fail_at;
	bool fail_flush;
	u64 hold_from;
	u64 hold_to;
	struct completion held;
	struct completion go_on;
	bool torn_page;
};

static struct medium *medium_of(struct braid_store *store)
{
	return container_of(store, struct medium, store);
}

/* Counts a write or flush. Return: true if there is still power for it. */
static bool power(struct medium *medium)
{
	if (!medium->off && medium->left && !--medium->left)
		medium->off = true;
	return !medium->off;
}

int braid_store_meta_read(struct braid_store *store, u64 at, void *buffer,
			  size_t length)
{
	struct medium *medium = medium_of(store);

	memcpy(buffer, medium->cache + at, length);
	return 0;
}

static void settle(struct medium *medium, u32 block)
{
	memcpy(medium->durable + block * BRAID_MAP_PAGE,
	       medium->cache + block * BRAID_MAP_PAGE, BRAID_MAP_PAGE);
	clear_bit(block, medium->pending);
}

int braid_store_meta_write(struct braid_store *store, u64 at,
			   const void *buffer, size_t length, bool fua)
{
	struct medium *medium = medium_of(store);
	u32 first = at / BRAID_MAP_PAGE;
	u32 blocks = length / BRAID_MAP_PAGE;
	bool on, fails;
	u32 i;

	if (at >= medium->hold_from && at < medium->hold_to) {
		complete(&medium->held);
		wait_for_completion(&medium->go_on);
	}
	mutex_lock(&medium->lock);
	fails = medium->fail_at && medium->fail_at == at;
	on = !medium->off && !fails;
	if (fails)
		medium->fail_at = 0;
	if (on) {
		memcpy(medium->cache + at, buffer, length);
		bitmap_set(medium->pending, first, blocks);
		/*
		 * A block that is written while the power goes off is pending.
		 */
		on = power(medium);
	}
	if (on && fua)
		for (i = first; i < first + blocks; i++)
			settle(medium, i);
	mutex_unlock(&medium->lock);
	return on ? 0 : -EIO;
}

int braid_store_flush(struct braid_store *store)
{
	struct medium *medium = medium_of(store);
	bool on;
	u32 block;

	mutex_lock(&medium->lock);
	on = power(medium) && !medium->fail_flush;
	medium->fail_flush = false;
	if (on)
		for_each_set_bit(block, medium->pending, BLOCKS)
			settle(medium, block);
	mutex_unlock(&medium->lock);
	return on ? 0 : -EIO;
}

/* Each block that was not flushed is old, new, or torn at a sector. */
static void lose_power(struct medium *medium)
{
	u32 block;

	medium->torn_page = false;
	for_each_set_bit(block, medium->pending, BLOCKS) {
		u8 *old = medium->durable + block * BRAID_MAP_PAGE;
		u8 *new = medium->cache + block * BRAID_MAP_PAGE;
		u32 cut = 512 * random_below(&medium->rnd, 9);

		/*
		 * Rarely: a torn page hides other regions that are dirty
		 * without reason.
		 */
		if (random_below(&medium->rnd, 16))
			cut = random_below(&medium->rnd, 2) ? BRAID_MAP_PAGE : 0;
		if (block >= BRAID_AT_MAP / BRAID_MAP_PAGE && cut &&
		    memcmp(old, new, cut) &&
		    memcmp(old + cut, new + cut, BRAID_MAP_PAGE - cut))
			medium->torn_page = true;
		memcpy(old, new, cut);
	}
	bitmap_zero(medium->pending, BLOCKS);
	memcpy(medium->cache, medium->durable, META_SIZE);
	medium->off = false;
	medium->left = 0;
}

static void medium_free(void *context)
{
	struct medium *medium = context;

	vfree(medium->cache);
	vfree(medium->durable);
	bitmap_free(medium->pending);
	kfree(medium);
}

static struct medium *medium_new(struct kunit *test)
{
	struct medium *medium = kzalloc(sizeof(*medium), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, medium);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, medium_free,
							medium), 0);
	random_begin(test, &medium->rnd);
	mutex_init(&medium->lock);
	init_completion(&medium->held);
	init_completion(&medium->go_on);
	medium->cache = vzalloc(META_SIZE);
	medium->durable = vzalloc(META_SIZE);
	medium->pending = bitmap_zalloc(BLOCKS, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, medium->cache);
	KUNIT_ASSERT_NOT_NULL(test, medium->durable);
	KUNIT_ASSERT_NOT_NULL(test, medium->pending);
	medium->store.path = "memory";
	medium->store.meta_size = META_SIZE;
	KUNIT_ASSERT_EQ(test, braid_journal_format(&medium->store, MAP_ID,
						   REGIONS), 0);
	KUNIT_ASSERT_TRUE(test, bitmap_empty(medium->pending, BLOCKS));
	return medium;
}

static struct braid_journal *journal_open(struct kunit *test,
					  struct medium *medium)
{
	struct braid_journal *journal = NULL;

	KUNIT_ASSERT_EQ(test, braid_journal_open(&medium->store, MAP_ID,
						 REGIONS, OPENED_AT, &journal,
						 NULL), 0);
	KUNIT_ASSERT_NOT_NULL(test, journal);
	return journal;
}

/* A write as a replica does it. */
struct write {
	struct braid_stamp stamp;
	u64 n;
	bool waits;
	int error;
	struct completion done;
};

static void write_stamped(struct braid_stamp *stamp, int error)
{
	struct write *write = container_of(stamp, struct write, stamp);

	write->error = error;
	complete(&write->done);
}

/* Return: true if the write may begin at once. */
static bool write_begin(struct braid_journal *journal, struct write *write,
			u32 first, u32 last, u32 generation, u64 n)
{
	write->stamp.first = first;
	write->stamp.last = last;
	write->stamp.generation = generation;
	write->stamp.done = write_stamped;
	write->n = n;
	write->error = 0;
	init_completion(&write->done);
	write->waits = !braid_journal_begin(journal, &write->stamp, n);
	return !write->waits;
}

static int write_wait(struct write *write)
{
	if (write->waits)
		wait_for_completion(&write->done);
	write->waits = false;
	return write->error;
}

/* Does a complete write. */
static int write_one(struct braid_journal *journal, u32 first, u32 last,
		     u32 generation, u64 n)
{
	struct write write;
	int error;

	write_begin(journal, &write, first, last, generation, n);
	error = write_wait(&write);
	braid_journal_end(journal, &write.stamp);
	return error;
}

static int clear_one(struct braid_journal *journal, u32 region, u64 n,
		     u32 generation, bool stamp)
{
	const struct braid_journal_clear clear = { .region = region, .n = n };

	return braid_journal_clear(journal, &clear, 1, generation, stamp);
}

/* Directed */

static void expect_entry(struct kunit *test, struct braid_journal *journal,
			 u32 region, u32 entry)
{
	KUNIT_EXPECT_EQ_MSG(test, braid_journal_entry(journal, region), entry,
			    "region %u", region);
}

static void journal_stamps_and_clears(struct kunit *test)
{
	struct medium *medium = medium_new(test);
	struct braid_journal *journal = journal_open(test, medium);
	struct write write;

	KUNIT_EXPECT_EQ(test, write_one(journal, 5, 5, 7, 1), 0);
	expect_entry(test, journal, 5, 7 | BRAID_MAP_DIRTY);
	KUNIT_EXPECT_EQ(test, braid_journal_dirty_count(journal), 1u);
	/* The region is hot: no change of the map. */
	KUNIT_EXPECT_TRUE(test, write_begin(journal, &write, 5, 5, 7, 2));
	/* The write is in flight: the region is not cleared (C2). */
	KUNIT_EXPECT_EQ(test, clear_one(journal, 5, 9, 7, false), 0);
	expect_entry(test, journal, 5, 7 | BRAID_MAP_DIRTY);
	braid_journal_end(journal, &write.stamp);
	/* A later write was received: the region is not cleared (C1). */
	KUNIT_EXPECT_EQ(test, clear_one(journal, 5, 1, 7, false), 0);
	expect_entry(test, journal, 5, 7 | BRAID_MAP_DIRTY);
	KUNIT_EXPECT_EQ(test, clear_one(journal, 5, 2, 9, false), 0);
	expect_entry(test, journal, 5, 7);
	/*
	 * A replica is outside the ISR: the clear stamps its generation (C3).
	 */
	KUNIT_EXPECT_EQ(test, clear_one(journal, 5, 2, 9, true), 0);
	expect_entry(test, journal, 5, 9);
	/*
	 * A later generation stamps the region again, an earlier one changes
	 * nothing.
	 */
	KUNIT_EXPECT_EQ(test, write_one(journal, 5, 5, 10, 3), 0);
	expect_entry(test, journal, 5, 10 | BRAID_MAP_DIRTY);
	KUNIT_EXPECT_TRUE(test, write_begin(journal, &write, 5, 5, 8, 4));
	braid_journal_end(journal, &write.stamp);
	expect_entry(test, journal, 5, 10 | BRAID_MAP_DIRTY);

	lose_power(medium);
	braid_journal_close(journal);
	journal = journal_open(test, medium);
	expect_entry(test, journal, 5, 10 | BRAID_MAP_DIRTY);
	KUNIT_EXPECT_EQ(test, braid_journal_dirty_count(journal), 1u);
	braid_journal_close(journal);
}

/* More regions than fit into one record, some of them listed twice. */
static void journal_spans_records(struct kunit *test)
{
	struct medium *medium = medium_new(test);
	struct braid_journal *journal = journal_open(test, medium);
	struct write *write;
	u32 i, from = 0, found = 0;
	__le32 out[50];

	write = kunit_kcalloc(test, 4, sizeof(*write), GFP_KERNEL);
	write_begin(journal, &write[0], 100, 1123, 4, 1);
	write_begin(journal, &write[1], 900, 1900, 5, 2);
	write_begin(journal, &write[2], 0, 2, 5, 3);
	write_begin(journal, &write[3], 2, 3, 4, 4);
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_EQ(test, write_wait(&write[i]), 0);
		braid_journal_end(journal, &write[i].stamp);
	}
	lose_power(medium);
	braid_journal_close(journal);
	journal = journal_open(test, medium);
	for (i = 0; i < REGIONS; i++) {
		u32 expected = 0;

		if (i <= 2 || (i >= 900 && i <= 1900))
			expected = 5 | BRAID_MAP_DIRTY;
		else if (i == 3 || (i >= 100 && i <= 1123))
			expected = 4 | BRAID_MAP_DIRTY;
		KUNIT_ASSERT_EQ_MSG(test, braid_journal_entry(journal, i),
				    expected, "region %u", i);
	}
	while (from < REGIONS) {
		u32 count = braid_journal_dirty(journal, &from, out,
						ARRAY_SIZE(out));

		for (i = 0; i < count; i++)
			KUNIT_ASSERT_TRUE(test,
					  braid_journal_entry(journal, le32_to_cpu(out[i])) &
					  BRAID_MAP_DIRTY);
		found += count;
	}
	KUNIT_EXPECT_EQ(test, found, 4u + 1801u);
	KUNIT_EXPECT_EQ(test, found, braid_journal_dirty_count(journal));
	braid_journal_close(journal);
}

struct clearing {
	struct work_struct work;
	struct braid_journal *journal;
	u32 region;
	u64 n;
	int error;
};

static void clearing_work(struct work_struct *work)
{
	struct clearing *clearing = container_of(work, struct clearing, work);

	clearing->error = clear_one(clearing->journal, clearing->region,
				    clearing->n, 4, false);
}

/*
 * A write that meets a clear being written waits and sets the bit again (C1).
 */
static void journal_write_meets_clear(struct kunit *test)
{
	struct medium *medium = medium_new(test);
	struct braid_journal *journal = journal_open(test, medium);
	struct clearing clearing = { .journal = journal, .region = 8, .n = 5 };
	struct write write;

	KUNIT_EXPECT_EQ(test, write_one(journal, 8, 8, 4, 5), 0);
	medium->hold_from = BRAID_AT_RING;
	medium->hold_to = BRAID_AT_MAP;
	INIT_WORK_ONSTACK(&clearing.work, clearing_work);
	schedule_work(&clearing.work);
	wait_for_completion(&medium->held);
	/*
	 * The same write counter, as of a write that is sent again: it must not
	 * help.
	 */
	KUNIT_EXPECT_FALSE(test, write_begin(journal, &write, 8, 8, 4, 5));
	msleep(20);
	KUNIT_EXPECT_FALSE(test, completion_done(&write.done));
	medium->hold_to = 0;
	complete(&medium->go_on);
	KUNIT_EXPECT_EQ(test, write_wait(&write), 0);
	flush_work(&clearing.work);
	destroy_work_on_stack(&clearing.work);
	KUNIT_EXPECT_EQ(test, clearing.error, 0);
	lose_power(medium);
	braid_journal_end(journal, &write.stamp);
	braid_journal_close(journal);
	journal = journal_open(test, medium);
	expect_entry(test, journal, 8, 4 | BRAID_MAP_DIRTY);
	braid_journal_close(journal);
}

/* No ring record is overwritten before its changes are in their pages. */
static void journal_ring_waits_for_pages(struct kunit *test)
{
	struct medium *medium = medium_new(test);
	struct braid_journal *journal = journal_open(test, medium);
	struct write write;
	u32 i;

	medium->hold_from = BRAID_AT_MAP;
	medium->hold_to = META_SIZE;
	/* One slot stays free, and one is kept for a clear. */
	for (i = 0; i < BRAID_RING_RECORDS - 2; i++)
		KUNIT_ASSERT_EQ(test, write_one(journal, 3 * i, 3 * i, 4, 1 + i), 0);
	wait_for_completion(&medium->held);
	KUNIT_EXPECT_FALSE(test, write_begin(journal, &write, 3 * i, 3 * i, 4,
					     1 + i));
	msleep(50);
	KUNIT_EXPECT_FALSE(test, completion_done(&write.done));
	medium->hold_to = 0;
	complete_all(&medium->go_on);
	KUNIT_EXPECT_EQ(test, write_wait(&write), 0);
	braid_journal_end(journal, &write.stamp);
	lose_power(medium);
	braid_journal_close(journal);
	journal = journal_open(test, medium);
	for (i = 0; i < BRAID_RING_RECORDS - 1; i++)
		expect_entry(test, journal, 3 * i, 4 | BRAID_MAP_DIRTY);
	KUNIT_EXPECT_EQ(test, braid_journal_dirty_count(journal),
			BRAID_RING_RECORDS - 1);
	braid_journal_close(journal);
}

/* A transient error fails the journal for good. */
static void journal_fails_for_good(struct kunit *test)
{
	struct medium *medium = medium_new(test);
	struct braid_journal *journal = journal_open(test, medium);
	int error;
	u32 i;

	KUNIT_EXPECT_EQ(test, write_one(journal, 1, 1, 4, 1), 0);
	medium->fail_at = BRAID_AT_RING + 2 * BRAID_MAP_PAGE;
	KUNIT_EXPECT_EQ(test, write_one(journal, 2, 2, 4, 2), -EIO);
	KUNIT_EXPECT_EQ(test, medium->fail_at, 0ULL);
	KUNIT_EXPECT_TRUE(test, braid_journal_failed(journal));
	expect_entry(test, journal, 2, 0);
	KUNIT_EXPECT_EQ(test, write_one(journal, 2, 2, 4, 3), -EIO);
	KUNIT_EXPECT_EQ(test, write_one(journal, 1, 1, 4, 4), -EIO);
	KUNIT_EXPECT_EQ(test, clear_one(journal, 1, 9, 4, false), -EIO);
	braid_journal_close(journal);

	/* First a page, then the flush after the pages fails. */
	for (i = 0; i < 2; i++) {
		u32 at;

		journal = journal_open(test, medium);
		if (i)
			medium->fail_flush = true;
		else
			medium->fail_at = BRAID_AT_MAP;
		error = 0;
		for (at = 0; at < 2 * BRAID_RING_RECORDS && !error; at++)
			error = write_one(journal, at, at, 5 + i, 5 + at);
		KUNIT_EXPECT_EQ(test, error, -EIO);
		KUNIT_EXPECT_TRUE(test, braid_journal_failed(journal));
		braid_journal_close(journal);
	}
}

/* A hole in the ring costs one complete pass, not one at each opening. */
static void journal_mends_a_hole(struct kunit *test)
{
	struct medium *medium = medium_new(test);
	struct braid_journal *journal = journal_open(test, medium);
	struct braid_journal_clear clear = { .n = 1 };
	u32 i;

	for (i = 0; i < 9; i++)
		KUNIT_EXPECT_EQ(test, write_one(journal, i, i, 4, 1 + i), 0);
	lose_power(medium);
	braid_journal_close(journal);
	medium->cache[BRAID_AT_RING + 4 * BRAID_MAP_PAGE + 50] ^= 1;
	journal = journal_open(test, medium);
	KUNIT_EXPECT_EQ(test, braid_journal_dirty_count(journal), REGIONS);
	for (i = 20; i < 40; i++) {
		clear.region = i;
		KUNIT_EXPECT_EQ(test, braid_journal_clear(journal, &clear, 1, 4,
							  false), 0);
	}
	lose_power(medium);
	braid_journal_close(journal);
	journal = journal_open(test, medium);
	KUNIT_EXPECT_EQ(test, braid_journal_dirty_count(journal), REGIONS - 20);
	braid_journal_close(journal);
}

/* Writes without trackers prevent clears, not writes. */
static void journal_without_trackers(struct kunit *test)
{
	struct medium *medium = medium_new(test);
	struct braid_journal *journal = journal_open(test, medium);
	struct write write;

	journal->trackers.max = 4;
	KUNIT_EXPECT_EQ(test, write_one(journal, 0, 2, 4, 1), 0);
	KUNIT_EXPECT_EQ(test, journal->trackers.count, 3u);
	KUNIT_EXPECT_FALSE(test, write_begin(journal, &write, 2, 5, 4, 9));
	KUNIT_EXPECT_EQ(test, write_wait(&write), 0);
	KUNIT_EXPECT_FALSE(test, write.stamp.tracked);
	KUNIT_EXPECT_EQ(test, journal->trackers.untracked, 1u);
	/* A write is in flight in an unknown region. */
	KUNIT_EXPECT_EQ(test, clear_one(journal, 0, 20, 4, false), 0);
	expect_entry(test, journal, 0, 4 | BRAID_MAP_DIRTY);
	braid_journal_end(journal, &write.stamp);
	/* That write may have been later. */
	KUNIT_EXPECT_EQ(test, clear_one(journal, 5, 8, 4, false), 0);
	expect_entry(test, journal, 5, 4 | BRAID_MAP_DIRTY);
	KUNIT_EXPECT_EQ(test, clear_one(journal, 5, 9, 4, false), 0);
	expect_entry(test, journal, 5, 4);
	KUNIT_EXPECT_EQ(test, clear_one(journal, 0, 9, 4, false), 0);
	expect_entry(test, journal, 0, 4);
	/* The next writer counts its writes from 1. */
	braid_journal_renew(journal);
	KUNIT_EXPECT_EQ(test, clear_one(journal, 1, 0, 4, false), 0);
	expect_entry(test, journal, 1, 4);
	braid_journal_close(journal);
}

/* Random */

#define FLIGHTS		12u

/**
 * struct history - actions on a journal until the power cut
 * @journal: the journal
 * @generation: present generation
 * @n: write counter of the last write
 * @flight: writes
 * @begun: bit for each of @flight that is in flight
 * @durable: bit for each region that must be dirty
 * @written: bit for each region that may have been written
 * @least: least generation of each region
 * @last: write counter of the last write to each region
 * @busy: number of writes in flight in each region
 */
struct history {
	struct braid_journal *journal;
	u32 generation;
	u64 n;
	struct write flight[FLIGHTS];
	bool begun[FLIGHTS];
	unsigned long *durable;
	unsigned long *written;
	u32 *least;
	u64 *last;
	u32 *busy;
};

static struct history *history_new(struct kunit *test)
{
	struct history *history = kunit_kzalloc(test, sizeof(*history),
						GFP_KERNEL);

	history->durable = kunit_kcalloc(test, BITS_TO_LONGS(REGIONS),
					 sizeof(long), GFP_KERNEL);
	history->written = kunit_kcalloc(test, BITS_TO_LONGS(REGIONS),
					 sizeof(long), GFP_KERNEL);
	history->least = kunit_kcalloc(test, REGIONS, sizeof(u32), GFP_KERNEL);
	history->last = kunit_kcalloc(test, REGIONS, sizeof(u64), GFP_KERNEL);
	history->busy = kunit_kcalloc(test, REGIONS, sizeof(u32), GFP_KERNEL);
	history->generation = OPENED_AT;
	return history;
}

static u32 some_region(struct rnd_state *rnd)
{
	/* Most writes meet in a few regions, some are far away. */
	return random_once_in(rnd, 3) ? random_below(rnd, REGIONS) :
					random_below(rnd, 40);
}

static void history_begin(struct history *history, struct rnd_state *rnd,
			  u32 at)
{
	u32 first = some_region(rnd);
	u32 span = random_once_in(rnd, 10) ? random_below(rnd, 1024) :
					     random_below(rnd, 2);
	u32 last = min(first + span, REGIONS - 1);
	u32 i;

	history->n++;
	for (i = first; i <= last; i++) {
		history->last[i] = history->n;
		history->busy[i]++;
		set_bit(i, history->written);
	}
	history->begun[at] = true;
	write_begin(history->journal, &history->flight[at], first, last,
		    history->generation - random_below(rnd, 2), history->n);
}

/*
 * Ends a write; from here on its regions must be durably dirty if it succeeded.
 */
static void history_end(struct history *history, u32 at)
{
	struct write *write = &history->flight[at];
	int error = write_wait(write);
	u32 i;

	for (i = write->stamp.first; i <= write->stamp.last; i++) {
		history->busy[i]--;
		if (error)
			continue;
		set_bit(i, history->durable);
		history->least[i] = max(history->least[i],
					write->stamp.generation);
	}
	history->begun[at] = false;
	braid_journal_end(history->journal, &write->stamp);
}

/*
 * Clears regions: those that may be clean now are not expected to be dirty any
 * more; the others are.
 */
static void history_clear(struct history *history, struct rnd_state *rnd)
{
	struct braid_journal_clear clear[30];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(clear); i++) {
		const u32 region = some_region(rnd);
		const u64 last = history->last[region];

		clear[i].region = region;
		clear[i].n = last - (last && random_once_in(rnd, 3));
		if (!history->busy[region] && clear[i].n == last)
			clear_bit(region, history->durable);
	}
	braid_journal_clear(history->journal, clear, ARRAY_SIZE(clear),
			    history->generation, false);
}

static void history_step(struct history *history, struct rnd_state *rnd)
{
	const u32 at = random_below(rnd, FLIGHTS);

	if (random_once_in(rnd, 25))
		history->generation++;
	if (random_once_in(rnd, 12))
		history_clear(history, rnd);
	else if (history->begun[at])
		history_end(history, at);
	else
		history_begin(history, rnd, at);
}

static void history_check(struct kunit *test, struct history *history,
			  const struct medium *medium)
{
	u32 i;

	for (i = 0; i < REGIONS; i++) {
		const u32 entry = braid_journal_entry(history->journal, i);

		if (test_bit(i, history->durable))
			KUNIT_ASSERT_TRUE_MSG(test, entry & BRAID_MAP_DIRTY,
					      "region %u is %#x", i, entry);
		KUNIT_ASSERT_GE_MSG(test, braid_map_generation(entry),
				    history->least[i], "region %u", i);
		if (!test_bit(i, history->written) && !medium->torn_page)
			KUNIT_ASSERT_EQ_MSG(test, entry, 0, "region %u", i);
	}
}

static void history_run(struct kunit *test, struct medium *medium,
			struct history *history, struct rnd_state *rnd)
{
	u32 steps, i;

	medium->left = 1 + random_below(rnd, 400);
	for (steps = 0; steps < 1200 &&
	     !braid_journal_failed(history->journal); steps++)
		history_step(history, rnd);
	for (i = 0; i < FLIGHTS; i++)
		if (history->begun[i])
			history_end(history, i);
	/* No write that was submitted before the power cut is still running. */
	drain_workqueue(history->journal->workqueue);
	mutex_lock(&medium->lock);
	medium->off = true;
	lose_power(medium);
	medium->off = true;
	mutex_unlock(&medium->lock);
	braid_journal_close(history->journal);
	medium->off = false;
}

/*
 * The power goes off at any write, and the next opening finds everything.
 * Repeated on the same medium, also while the journal repairs the damage of the
 * last cut.
 */
static void journal_loses_power(struct kunit *test)
{
	struct medium *medium = medium_new(test);
	struct history *history = history_new(test);
	struct rnd_state rnd;
	u32 i, went = 0;

	random_begin(test, &rnd);
	for (i = 0; i < 15; i++) {
		struct braid_journal *journal = NULL;

		medium->left = random_once_in(&rnd, 3) ?
			       1 + random_below(&rnd, 4) : 0;
		if (braid_journal_open(&medium->store, MAP_ID, REGIONS,
				       history->generation, &journal, NULL)) {
			KUNIT_ASSERT_TRUE(test, medium->off);
			lose_power(medium);
			went++;
			/*
			 * A page that is torn now is found by the next opening.
			 */
			if (medium->torn_page)
				bitmap_fill(history->written, REGIONS);
			continue;
		}
		medium->left = 0;
		history->journal = journal;
		history_check(test, history, medium);
		if (medium->torn_page)
			bitmap_fill(history->written, REGIONS);
		/* Writes before this opening have no counter. */
		memset(history->last, 0, REGIONS * sizeof(u64));
		history_run(test, medium, history, &rnd);
	}
	KUNIT_EXPECT_GT(test, went, 0u);
}

static struct kunit_case journal_cases[] = {
	KUNIT_CASE(journal_stamps_and_clears),
	KUNIT_CASE(journal_spans_records),
	KUNIT_CASE(journal_write_meets_clear),
	KUNIT_CASE(journal_ring_waits_for_pages),
	KUNIT_CASE(journal_fails_for_good),
	KUNIT_CASE(journal_mends_a_hole),
	KUNIT_CASE(journal_without_trackers),
	KUNIT_CASE_SLOW(journal_loses_power),
	{}
};

static struct kunit_suite journal_suite = {
	.name = "braid_journal",
	.test_cases = journal_cases,
};

kunit_test_suite(journal_suite);

MODULE_DESCRIPTION("Tests of the journal of the region map");
MODULE_LICENSE("GPL");
