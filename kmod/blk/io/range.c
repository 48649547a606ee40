// SPDX-License-Identifier: GPL-2.0-only
/* Range locks: an interval tree of those held and of those that wait. */
#include "io/range.h"

#include <linux/interval_tree_generic.h>

#define START(range)	((range)->first)
#define LAST(range)	((range)->last)

INTERVAL_TREE_DEFINE(struct braid_range, rb, u64, __subtree_last, START, LAST,
		     static inline, range_tree)

void braid_ranges_init(struct braid_ranges *ranges)
{
	spin_lock_init(&ranges->lock);
	ranges->tree = RB_ROOT_CACHED;
	ranges->arrivals = 0;
}

static bool conflict(const struct braid_range *a, const struct braid_range *b)
{
	return a->exclusive || b->exclusive;
}

/*
 * One waits for every range that overlaps, conflicts and came earlier, whether
 * it is held or waits itself: so nobody is overtaken, and since everybody waits
 * for earlier ones only, nobody waits in a circle.
 */
bool braid_range_lock(struct braid_ranges *ranges, struct braid_range *range)
{
	struct braid_range *other;
	unsigned long flags;
	bool held;

	INIT_LIST_HEAD(&range->node);
	range->blockers = 0;
	spin_lock_irqsave(&ranges->lock, flags);
	range->arrival = ++ranges->arrivals;
	for (other = range_tree_iter_first(&ranges->tree, range->first,
					   range->last);
	     other; other = range_tree_iter_next(other, range->first,
						 range->last))
		range->blockers += conflict(range, other);
	range_tree_insert(range, &ranges->tree);
	/* Not to be read after the unlock: it may be granted and gone. */
	held = !range->blockers;
	spin_unlock_irqrestore(&ranges->lock, flags);
	return held;
}

void braid_range_unlock(struct braid_ranges *ranges, struct braid_range *range)
{
	struct braid_range *other, *next;
	unsigned long flags;
	LIST_HEAD(turn);

	spin_lock_irqsave(&ranges->lock, flags);
	WARN_ON_ONCE(range->blockers);
	range_tree_remove(range, &ranges->tree);
	for (other = range_tree_iter_first(&ranges->tree, range->first,
					   range->last);
	     other; other = range_tree_iter_next(other, range->first,
						 range->last)) {
		/* A shared one that is held beside this one waits for nobody. */
		if (other->arrival < range->arrival || !conflict(range, other))
			continue;
		if (!--other->blockers)
			list_add_tail(&other->node, &turn);
	}
	spin_unlock_irqrestore(&ranges->lock, flags);

	/* They hold their ranges from here on, so none of them can go. */
	list_for_each_entry_safe(other, next, &turn, node) {
		list_del_init(&other->node);
		other->granted(other);
	}
}
