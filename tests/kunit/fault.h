/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocations that fail when a test says so. Included before the source under
 * test, whose calls come here. The kernel's own fault injection would do, but
 * it fails the test's allocations too, and says so with a stack trace each
 * time, which nobody can tell from a real complaint.
 */
#ifndef BRAID_KUNIT_FAULT_H
#define BRAID_KUNIT_FAULT_H

#include <linux/rhashtable.h>
#include <linux/slab.h>

/* Which of the allocations to come fails, 0 for none; counts down. */
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
