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

/* Memory comes back without a word; who has the reserve may be slow. */
#define AGAIN_MS	20

static void wake_work(struct work_struct *work);

static struct page *reserve[RESERVE];
static DECLARE_DELAYED_WORK(again, wake_work);

static DEFINE_SPINLOCK(reserve_lock);	/* protects: */
static bool reserve_taken;
static LIST_HEAD(waiters);

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

/* As few pieces as memory is whole. */
static struct page *get_piece(u32 left, u32 *size)
{
	unsigned int order = min_t(unsigned int, get_order(left),
				   BRAID_SPARE_ORDER);
	struct page *page;

	/* No larger than what is left. */
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

/* Return: whether the reserve is ours now; else @waiter is woken. */
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

/* A page that a packet still refers to goes with it; it is not used again. */
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

void braid_pages_leave(struct braid_pages_waiter *waiter)
{
	spin_lock(&reserve_lock);
	list_del_init(&waiter->node);
	spin_unlock(&reserve_lock);
}
