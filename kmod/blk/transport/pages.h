/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_PAGES_H
#define BRAID_BLK_PAGES_H

#include <linux/list.h>
#include <linux/types.h>

struct bio_vec;

/*
 * Pages for the payloads that a target holds. If memory is short they come from
 * a reserve that is large enough for one payload. One payload at a time gets
 * the whole reserve, so it can be written and answered, and then the next
 * payload gets the reserve.
 *
 * No caller sleeps until pages are available: the payload that has the reserve
 * may need that very task to send its answer.
 */

/**
 * struct braid_pages_waiter - wait for pages
 * @wake: called when another attempt is worthwhile; may not sleep, nor get or
 *	put pages
 * @node: entry in the list of waiters; empty while not waiting
 */
struct braid_pages_waiter {
	void (*wake)(struct braid_pages_waiter *waiter);
	struct list_head node;
};

int braid_pages_init(void);
void braid_pages_exit(void);

unsigned int braid_pages_get(u32 length, struct bio_vec *vec, bool *reserved,
			     struct braid_pages_waiter *waiter);
void braid_pages_put(const struct bio_vec *vec, unsigned int count,
		     bool reserved);

void braid_pages_leave(struct braid_pages_waiter *waiter);

#endif /* BRAID_BLK_PAGES_H */
