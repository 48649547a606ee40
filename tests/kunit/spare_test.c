// SPDX-License-Identifier: GPL-2.0-only
/* Pages that are kept for the next payload. */
#include "../../kmod/blk/transport/spare.c"

#include <kunit/test.h>
#include <linux/module.h>
#include <linux/preempt.h>

/* Pages of one order, more than are kept. */
#define MANY	(2 * KEEP_PAGES)

static void forget(struct kunit *test)
{
	braid_spare_exit();
}

static struct page *get(struct kunit *test, unsigned int order)
{
	struct page *page = braid_spare_get(order, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 1);
	return page;
}

static void spare_is_used_again(struct kunit *test)
{
	struct page *page[ORDERS];
	unsigned int order;

	/* Another CPU keeps other pages. */
	migrate_disable();
	for (order = 0; order < ORDERS; order++)
		page[order] = get(test, order);
	for (order = 0; order < ORDERS; order++)
		braid_spare_put(page[order]);
	for (order = 0; order < ORDERS; order++) {
		KUNIT_EXPECT_PTR_EQ(test, get(test, order), page[order]);
		KUNIT_EXPECT_EQ(test, compound_order(page[order]), order);
	}
	for (order = 0; order < ORDERS; order++)
		braid_spare_put(page[order]);
	migrate_enable();
}

/*
 * A socket may send the page again, so it is not used before the socket drops
 * it.
 */
static void spare_is_not_referred_to(struct kunit *test)
{
	struct page *page, *next;
	unsigned int order;

	migrate_disable();
	for (order = 0; order < ORDERS; order++) {
		page = get(test, order);
		get_page(page);
		braid_spare_put(page);
		KUNIT_EXPECT_EQ(test, page_ref_count(page), 1);
		next = get(test, order);
		KUNIT_EXPECT_PTR_NE(test, next, page);
		put_page(next);
		put_page(page);
	}
	migrate_enable();
}

/* Pages beyond the limit of a CPU are freed. */
static void spare_is_bounded(struct kunit *test)
{
	struct page **page;
	unsigned int order, i;

	page = kunit_kcalloc(test, MANY, sizeof(*page), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	migrate_disable();
	for (order = 0; order < ORDERS; order++) {
		for (i = 0; i < MANY; i++)
			page[i] = get(test, order);
		for (i = 0; i < MANY; i++)
			braid_spare_put(page[i]);
		KUNIT_EXPECT_EQ(test, this_cpu_read(spares.count[order]),
				KEEP_PAGES >> order);
	}
	braid_spare_exit();
	for (order = 0; order < ORDERS; order++)
		KUNIT_EXPECT_EQ(test, this_cpu_read(spares.count[order]), 0);
	migrate_enable();
}

static struct kunit_case spare_cases[] = {
	KUNIT_CASE(spare_is_used_again),
	KUNIT_CASE(spare_is_not_referred_to),
	KUNIT_CASE(spare_is_bounded),
	{}
};

static struct kunit_suite spare_suite = {
	.name = "braid_spare",
	.exit = forget,
	.test_cases = spare_cases,
};

kunit_test_suite(spare_suite);

MODULE_DESCRIPTION("KUnit: pages kept for payload of braid volumes");
MODULE_LICENSE("GPL");
