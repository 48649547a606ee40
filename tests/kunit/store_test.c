// SPDX-License-Identifier: GPL-2.0-only
/*
 * After a failed flush: which I/O is still tried, and which failures count as a
 * failed flush.
 */
#include <kunit/test.h>

#include <linux/module.h>

#include "../../kmod/blk/store/store.c"

/* A fake kind of store: counts calls and returns errors. */
static struct below {
	struct braid_store store;
	int error;		/* result of the next call */
	unsigned int submitted;
	unsigned int synced;
	unsigned int flushed;
} below;

static int said(void)
{
	int error = below.error;

	below.error = 0;
	return error;
}

static void below_submit(struct braid_store *store, struct braid_store_io *io)
{
	below.submitted++;
	braid_store_done(io, said());
}

static int below_sync(struct braid_store *store,
		      const struct braid_store_sync *sync)
{
	below.synced++;
	return said();
}

static int below_flush(struct braid_store *store)
{
	below.flushed++;
	return said();
}

static const struct braid_store_ops below_ops = {
	.submit = below_submit,
	.sync = below_sync,
	.flush = below_flush,
};

static int last_error;

static void note(struct braid_store_io *io, int error)
{
	last_error = error;
}

/* Returns the result of an I/O that ends with @error in the fake store. */
static int ends(enum braid_store_op op, bool fua, int error)
{
	struct braid_store_io io = { .op = op, .fua = fua, .done = note };

	below.error = error;
	last_error = 1;
	braid_store_submit(&below.store, &io);
	return last_error;
}

/* Returns the result of a write of a metadata page that ends with @error. */
static int metadata_ends(struct kunit *test, bool fua, int error)
{
	void *page = kunit_kzalloc(test, BRAID_BLOCK, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	below.error = error;
	return braid_store_meta_write(&below.store, 0, page, BRAID_BLOCK, fua);
}

static int begin(struct kunit *test)
{
	memset(&below, 0, sizeof(below));
	below.store.ops = &below_ops;
	below.store.data_size = BRAID_BLOCK;
	below.store.meta_size = BRAID_BLOCK;
	return 0;
}

static void expect_trust(struct kunit *test, bool trusted)
{
	KUNIT_EXPECT_EQ(test, ends(BRAID_STORE_FLUSH, false, 0),
			trusted ? 0 : -EIO);
	KUNIT_EXPECT_EQ(test, ends(BRAID_STORE_WRITE, true, 0),
			trusted ? 0 : -EIO);
	KUNIT_EXPECT_EQ(test, braid_store_flush(&below.store),
			trusted ? 0 : -EIO);
}

static void failed_flush_is_never_tried_again(struct kunit *test)
{
	expect_trust(test, true);
	KUNIT_EXPECT_EQ(test, ends(BRAID_STORE_FLUSH, false, -EIO), -EIO);
	KUNIT_EXPECT_EQ(test, below.submitted, 3u);
	expect_trust(test, false);
	KUNIT_EXPECT_EQ(test, below.submitted, 3u);
	KUNIT_EXPECT_EQ(test, below.flushed, 1u);
}

/* The region map flushes by itself, without braid_store_submit(). */
static void failed_flush_from_inside_counts_too(struct kunit *test)
{
	below.error = -ENOSPC;
	KUNIT_EXPECT_EQ(test, braid_store_flush(&below.store), -ENOSPC);
	expect_trust(test, false);
	KUNIT_EXPECT_EQ(test, below.flushed, 1u);
}

static void failed_write_that_was_to_be_durable_counts(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, ends(BRAID_STORE_WRITE, false, -EIO), -EIO);
	expect_trust(test, true);
	KUNIT_EXPECT_EQ(test, ends(BRAID_STORE_WRITE, true, -ENOLINK), -EIO);
	expect_trust(test, false);
}

static void lack_of_space_does_not_count(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, ends(BRAID_STORE_WRITE, true, -ENOSPC), -ENOSPC);
	KUNIT_EXPECT_EQ(test, ends(BRAID_STORE_ZERO, true, -EDQUOT), -ENOSPC);
	KUNIT_EXPECT_EQ(test, metadata_ends(test, true, -EDQUOT), -ENOSPC);
	expect_trust(test, true);
}

/*
 * S2: a replica outside the ISR keeps its vote, and a vote is a durable record.
 */
static void records_are_kept_when_data_is_not_trusted(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, ends(BRAID_STORE_FLUSH, false, -EIO), -EIO);
	KUNIT_EXPECT_EQ(test, metadata_ends(test, true, 0), 0);
	KUNIT_EXPECT_EQ(test, below.synced, 1u);
	KUNIT_EXPECT_EQ(test, metadata_ends(test, true, -ENODATA), -EIO);
	KUNIT_EXPECT_EQ(test, metadata_ends(test, true, 0), 0);
	expect_trust(test, false);
}

static void metadata_that_was_to_be_durable_counts(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, metadata_ends(test, false, -EIO), -EIO);
	expect_trust(test, true);
	KUNIT_EXPECT_EQ(test, metadata_ends(test, true, -EIO), -EIO);
	expect_trust(test, false);
}

static struct kunit_case store_cases[] = {
	KUNIT_CASE(failed_flush_is_never_tried_again),
	KUNIT_CASE(failed_flush_from_inside_counts_too),
	KUNIT_CASE(failed_write_that_was_to_be_durable_counts),
	KUNIT_CASE(lack_of_space_does_not_count),
	KUNIT_CASE(records_are_kept_when_data_is_not_trusted),
	KUNIT_CASE(metadata_that_was_to_be_durable_counts),
	{}
};

static struct kunit_suite store_suite = {
	.name = "braid_store",
	.init = begin,
	.test_cases = store_cases,
};

kunit_test_suite(store_suite);

MODULE_DESCRIPTION("KUnit: what braid trusts a store with");
MODULE_LICENSE("GPL");
