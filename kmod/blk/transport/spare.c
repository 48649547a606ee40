// SPDX-License-Identifier: GPL-2.0-only
#include "transport/spare.h"

#include <linux/cpumask.h>
#include <linux/local_lock.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/topology.h>

/* Of each order as many bytes: 128 KiB. */
#define KEEP_PAGES	32u
#define ORDERS		(BRAID_SPARE_ORDER + 1)

/**
 * struct spare - what a processor keeps
 * @lock: protects the rest; taken in any context
 * @count: of @page, by order
 * @page: nobody else refers to them
 */
struct spare {
	local_lock_t lock; /* see above */
	unsigned int count[ORDERS];
	struct page *page[ORDERS][KEEP_PAGES];
};

static DEFINE_PER_CPU(struct spare, spares) = {
	.lock = INIT_LOCAL_LOCK(lock),
};

struct page *braid_spare_get(unsigned int order, gfp_t gfp)
{
	struct page *page = NULL;
	struct spare *spare;
	unsigned long flags;

	local_lock_irqsave(&spares.lock, flags);
	spare = this_cpu_ptr(&spares);
	if (spare->count[order])
		page = spare->page[order][--spare->count[order]];
	local_unlock_irqrestore(&spares.lock, flags);
	if (page)
		return page;
	return alloc_pages(order ? gfp | __GFP_COMP : gfp, order);
}

/*
 * Not one that a socket still refers to, which may send it once more; of another
 * node, which is slow from here; of the reserve for who frees memory; or in which
 * memory was found to fail.
 */
static bool is_worth_keeping(struct page *page)
{
	return page_ref_count(page) == 1 && !page_is_pfmemalloc(page) &&
	       !PageHWPoison(page) &&
	       page_to_nid(page) == numa_mem_id();
}

void braid_spare_put(struct page *page)
{
	const unsigned int order = PageCompound(page) ? compound_order(page) : 0;
	struct spare *spare;
	unsigned long flags;
	bool kept = false;

	if (order < ORDERS && is_worth_keeping(page)) {
		local_lock_irqsave(&spares.lock, flags);
		spare = this_cpu_ptr(&spares);
		kept = spare->count[order] < KEEP_PAGES >> order;
		if (kept)
			spare->page[order][spare->count[order]++] = page;
		local_unlock_irqrestore(&spares.lock, flags);
	}
	if (!kept)
		put_page(page);
}

void braid_spare_exit(void)
{
	struct spare *spare;
	unsigned int order;
	int cpu;

	for_each_possible_cpu(cpu) {
		spare = per_cpu_ptr(&spares, cpu);
		for (order = 0; order < ORDERS; order++)
			while (spare->count[order])
				put_page(spare->page[order][--spare->count[order]]);
	}
}
