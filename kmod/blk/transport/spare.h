/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_SPARE_H
#define BRAID_BLK_SPARE_H

#include <linux/gfp.h>

struct page;

/*
 * Pages for payloads, used again when they come back. The page allocator of
 * most kernels zeroes every page, which is wasted time because a payload
 * overwrites it completely. Each CPU keeps a few pages of each order, so
 * nothing is shared.
 */

#define BRAID_SPARE_ORDER	3u	/* log2 of the number of pages in the largest piece */

struct page *braid_spare_get(unsigned int order, gfp_t gfp);

void braid_spare_put(struct page *page);

void braid_spare_exit(void);

#endif /* BRAID_BLK_SPARE_H */
