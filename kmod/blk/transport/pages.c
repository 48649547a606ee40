// SPDX-License-Identifier: GPL-2.0-only
#include "transport/pages.h"

#include <linux/bvec.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "store/request.h"
#include "transport/spare.h"

#define RESERVE		(BRAID_PAYLOAD_MAX / PAGE_SIZE)

#define GFP_TRY		(GFP_NOIO | __GFP_NORETRY | __GFP_NOWARN)

/*
 * Retry interval: memory becomes free without a notification, and the payload
 * that has the reserve may take long.
 */
#define AGAIN_MS	20

static void wake_work(struct work_struct *work);

static struct page *reserve[RESERVE];
static DECLARE_DELAYED_WORK(again, wake_work);

static DEFINE_SPINLOCK(reserve_lock);	/* protects: */
static bool reserve_taken;
static LIST_HEAD(waiters);

/**
 * braid_pages_init() - allocate the reserve
 *
 * Context: Process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int braid_pages_init(void)
{
	unsigned int i;

	for (i = 0; i < RESERVE; i++) {
		reserve[i] = alloc_page(GFP_KERNEL);
		if (!reserve[i]) {
			braid_pages_exit();
			return -ENOMEM;
		}
	}
	return 0;
}

/**
 * braid_pages_exit() - free the reserve
 *
 * Context: Process, may sleep. No payload may be in use.
 */
void braid_pages_exit(void)
{
	unsigned int i;

	cancel_delayed_work_sync(&again);
	for (i = 0; i < RESERVE; i++) {
		if (reserve[i])
			put_page(reserve[i]);
		reserve[i] = NULL;
	}
}

static void wake_all(void)
{
	struct braid_pages_waiter *waiter, *next;

	lockdep_assert_held(&reserve_lock);
	list_for_each_entry_safe(waiter, next, &waiters, node) {
		list_del_init(&waiter->node);
		waiter->wake(waiter);
	}
}

static void wake_work(struct work_struct *work)
{
	spin_lock(&reserve_lock);
	wake_all();
	spin_unlock(&reserve_lock);
}

/*
 * Allocates one piece of at most @left bytes, as large as unfragmented memory
 * allows.
 */
static struct page *get_piece(u32 left, u32 *size)
{
	unsigned int order = min_t(unsigned int, get_order(left),
				   BRAID_SPARE_ORDER);
	struct page *page;

	/* The piece must not be larger than @left. */
	while (order && (PAGE_SIZE << order) > left)
		order--;
	*size = PAGE_SIZE << order;
	if (order) {
		page = braid_spare_get(order, GFP_TRY & ~__GFP_DIRECT_RECLAIM);
		if (page)
			return page;
		*size = PAGE_SIZE;
	}
	return braid_spare_get(0, GFP_TRY);
}

static void put_pieces(const struct bio_vec *vec, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		braid_spare_put(vec[i].bv_page);
}

/*
 * Return: true if the caller has the reserve now; else @waiter will be woken.
 */
static bool take_reserve(struct braid_pages_waiter *waiter)
{
	bool taken;

	spin_lock(&reserve_lock);
	taken = !reserve_taken;
	if (taken)
		reserve_taken = true;
	else
		list_move_tail(&waiter->node, &waiters);
	spin_unlock(&reserve_lock);
	if (!taken)
		schedule_delayed_work(&again, msecs_to_jiffies(AGAIN_MS));
	return taken;
}

/**
 * braid_pages_get() - get pages for a payload
 * @length: number of bytes, multiple of BRAID_BLOCK, at most BRAID_PAYLOAD_MAX
 * @vec: filled in; must have room for one entry per page
 * @reserved: set if the pages are the reserve, to which no reference may be
 *	kept
 * @waiter: woken later if there are no pages now; used by one caller at a time
 *
 * Context: Process; may sleep, but not until another payload is put. No I/O.
 * Return: the number of entries of @vec in use; 0 if there are no pages now.
 */
unsigned int braid_pages_get(u32 length, struct bio_vec *vec, bool *reserved,
			     struct braid_pages_waiter *waiter)
{
	unsigned int n = 0;
	struct page *page;
	u32 left, size;

	*reserved = false;
	for (left = length; left; left -= size) {
		page = get_piece(left, &size);
		if (!page)
			break;
		size = min(size, left);
		bvec_set_page(&vec[n++], page, size, 0);
	}
	if (!left)
		return n;
	put_pieces(vec, n);
	if (!take_reserve(waiter))
		return 0;
	*reserved = true;
	for (n = 0, left = length; left; left -= size) {
		size = min_t(u32, left, PAGE_SIZE);
		bvec_set_page(&vec[n], reserve[n], size, 0);
		n++;
	}
	return n;
}

/**
 * braid_pages_put() - give back the pages of a payload
 * @vec: the pages
 * @count: number of @vec
 * @reserved: as set by braid_pages_get()
 *
 * A page to which a network packet still refers is freed with the packet and
 * not used again.
 *
 * Context: Process.
 */
void braid_pages_put(const struct bio_vec *vec, unsigned int count,
		     bool reserved)
{
	if (!reserved) {
		put_pieces(vec, count);
		return;
	}
	spin_lock(&reserve_lock);
	reserve_taken = false;
	wake_all();
	spin_unlock(&reserve_lock);
}

/**
 * braid_pages_leave() - stop waiting for pages
 * @waiter: the waiter, with an initialised @node; it is not woken after this
 *	call
 *
 * Context: Process.
 */
void braid_pages_leave(struct braid_pages_waiter *waiter)
{
	spin_lock(&reserve_lock);
	list_del_init(&waiter->node);
	spin_unlock(&reserve_lock);
}
