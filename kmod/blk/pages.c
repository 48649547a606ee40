// SPDX-License-Identifier: GPL-2.0-only
#include "pages.h"

#include <linux/bvec.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/mempool.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>

#include "request.h"

#define RESERVE		(BRAID_PAYLOAD_MAX / PAGE_SIZE)

/* Larger than this, and the page allocator has no list a processor for it. */
#define ORDER_MAX	PAGE_ALLOC_COSTLY_ORDER

#define GFP_TRY		(GFP_NOIO | __GFP_NORETRY | __GFP_NOWARN)

static mempool_t *reserve;
/* Held by the payload that takes from the reserve until it has all. */
static DEFINE_MUTEX(reserve_lock);

int braid_pages_init(void)
{
	reserve = mempool_create_page_pool(RESERVE, 0);
	return reserve ? 0 : -ENOMEM;
}

void braid_pages_exit(void)
{
	mempool_destroy(reserve);
}

/* As few pieces as memory is whole. */
static struct page *get_piece(u32 left, u32 *size)
{
	unsigned int order = min_t(unsigned int, get_order(left), ORDER_MAX);
	struct page *page;

	/* No larger than what is left. */
	while (order && (PAGE_SIZE << order) > left)
		order--;
	*size = PAGE_SIZE << order;
	if (order) {
		page = alloc_pages((GFP_TRY & ~__GFP_DIRECT_RECLAIM) | __GFP_COMP,
				   order);
		if (page)
			return page;
		*size = PAGE_SIZE;
	}
	return alloc_page(GFP_TRY);
}

unsigned int braid_pages_get(u32 length, struct bio_vec *vec, bool *reserved)
{
	unsigned int n = 0;
	struct page *page;
	u32 size;

	*reserved = false;
	while (length) {
		page = *reserved ? NULL : get_piece(length, &size);
		if (!page) {
			if (!*reserved)
				mutex_lock(&reserve_lock);
			*reserved = true;
			page = mempool_alloc(reserve, GFP_NOIO);
			size = PAGE_SIZE;
		}
		size = min(size, length);
		bvec_set_page(&vec[n++], page, size, 0);
		length -= size;
	}
	if (*reserved)
		mutex_unlock(&reserve_lock);
	return n;
}

/* A page that a packet still refers to goes with it; it is not used again. */
void braid_pages_put(const struct bio_vec *vec, unsigned int count,
		     bool reserved)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (reserved && vec[i].bv_len <= PAGE_SIZE &&
		    !PageCompound(vec[i].bv_page))
			mempool_free(vec[i].bv_page, reserve);
		else
			put_page(vec[i].bv_page);
	}
}
