/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocations that fail on demand. Included before the source under test, whose
 * calls come here. The kernel's own fault injection fails the allocations of
 * the test as well and prints a stack trace each time, which cannot be told
 * from that of a real fault.
 */
#ifndef BRAID_KUNIT_FAULT_H
#define BRAID_KUNIT_FAULT_H

#include <linux/rhashtable.h>
#include <linux/slab.h>

/* Number of allocations until the one that fails; 0: none. */
static unsigned int fault_at;

static inline bool fault_now(void)
{
	return fault_at && !--fault_at;
}

static inline void *fault_kzalloc(size_t size, gfp_t flags)
{
	return fault_now() ? NULL : kzalloc(size, flags);
}

static inline void *fault_kvzalloc(size_t size, gfp_t flags)
{
	return fault_now() ? NULL : kvzalloc(size, flags);
}

static inline int fault_insert(struct rhashtable *table, struct rhash_head *node,
			       const struct rhashtable_params params)
{
	return fault_now() ? -ENOMEM : rhashtable_insert_fast(table, node, params);
}

static inline int fault_list_insert(struct rhltable *table,
				    struct rhlist_head *node,
				    const struct rhashtable_params params)
{
	return fault_now() ? -ENOMEM : rhltable_insert(table, node, params);
}

#undef kzalloc
#undef kvzalloc
#define kzalloc fault_kzalloc
#define kvzalloc fault_kvzalloc
#define rhashtable_insert_fast fault_insert
#define rhltable_insert fault_list_insert

#endif
