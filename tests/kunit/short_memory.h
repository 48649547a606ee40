/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages that cannot be allocated on demand, for a source whose calls of
 * alloc_page() and alloc_pages() come here. Counts calls that would make the
 * kernel retry for ever.
 */
#ifndef BRAID_KUNIT_SHORT_MEMORY_H
#define BRAID_KUNIT_SHORT_MEMORY_H

#include <linux/atomic.h>
#include <linux/gfp.h>

static bool memory_is_short;
static atomic_t memory_refused;
static atomic_t looked_for_ever;

static inline struct page *short_pages(gfp_t gfp, unsigned int order)
{
	if (!READ_ONCE(memory_is_short))
		return alloc_pages(gfp, order);
	atomic_inc(&memory_refused);
	if (gfp & __GFP_DIRECT_RECLAIM &&
	    !(gfp & (__GFP_NORETRY | __GFP_RETRY_MAYFAIL)))
		atomic_inc(&looked_for_ever);
	return NULL;
}

static inline void memory_becomes_short(bool is_short)
{
	atomic_set(&memory_refused, 0);
	atomic_set(&looked_for_ever, 0);
	WRITE_ONCE(memory_is_short, is_short);
}

#endif
