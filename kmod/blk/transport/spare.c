// SPDX-License-Identifier: GPL-2.0-only
#include "transport/spare.h"

#include <linux/cpumask.h>
#include <linux/local_lock.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/topology.h>

/* Pages kept of each order: 128 KiB. */
#define KEEP_PAGES	32u
#define ORDERS		(BRAID_SPARE_ORDER + 1)

/**
 * struct spare - pages that a CPU keeps
 * @lock: protects the other fields; taken in any context
 * @count: number of @page, by order
 * @page: pages without any other reference
 */
struct spare {
	local_lock_t lock; /* see the comment above */
	unsigned int count[ORDERS];
	struct page *page[ORDERS][KEEP_PAGES];
};

static DEFINE_PER_CPU(struct spare, spares) = {
	.lock = INIT_LOCAL_LOCK(lock),
};

/**
 * braid_spare_get() - get a page
 * @order: order of the page, at most BRAID_SPARE_ORDER
 * @gfp: how to allocate a page if none is kept
 *
 * The contents are undefined, so the caller must write before it reads.
 *
 * Context: Any that @gfp allows.
 * Return: a page (compound if @order is not 0) with one reference, or NULL.
 */
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
 * Return: true if @page may be kept: not if a socket still refers to it and may
 * send it again; not if it belongs to another NUMA node, which is slow from
 * here; not if it comes from the memory reserves, or if it is broken.
 */
static bool is_worth_keeping(struct page *page)
{
	return page_ref_count(page) == 1 && !page_is_pfmemalloc(page) &&
	       !PageHWPoison(page) &&
	       page_to_nid(page) == numa_mem_id();
}

/**
 * braid_spare_put() - put a reference to a page
 * @page: the page; kept if this was the last reference and there is room
 *
 * Context: Any.
 */
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

/**
 * braid_spare_exit() - free all pages
 *
 * Context: Process, may sleep. No page may be got or put any more.
 */
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
