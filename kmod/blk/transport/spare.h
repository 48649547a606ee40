/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_SPARE_H
#define BRAID_BLK_SPARE_H

#include <linux/gfp.h>

struct page;

/*
 * Pages for payload, used again as they come back: the allocator would fill each
 * with zeroes first, as most kernels are configured to, and payload overwrites
 * them whole.  A processor keeps a little of each size, so nothing is shared.
 */

#define BRAID_SPARE_ORDER	3u	/* log2 of the pages of the largest piece */

/*
 * braid_spare_get() - a page, compound if it is of an order
 * @order: at most BRAID_SPARE_ORDER
 * @gfp: how it is asked for when none is kept
 *
 * What is in it is anybody's: it is written to before it is read.
 * Context: any, as @gfp allows. Return: the page, one reference; or NULL.
 */
struct page *braid_spare_get(unsigned int order, gfp_t gfp);

/*
 * Gives a reference back; the page is kept if that was the last one and there is
 * room.  Context: any.
 */
void braid_spare_put(struct page *page);

/* Frees all.  Nobody gets or puts any more.  May sleep. */
void braid_spare_exit(void);

#endif /* BRAID_BLK_SPARE_H */
