/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_BACKOFF_H
#define BRAID_BLK_BACKOFF_H

#include <linux/minmax.h>
#include <linux/types.h>

#define BRAID_BACKOFF_MIN_MS	100u
#define BRAID_BACKOFF_MAX_MS	2000u

/*
 * Returns the delay before the next attempt in ms. The delay doubles with each
 * of @tried failures; its upper half depends on @random, so that two nodes
 * which collided do not collide again. Pure.
 */
static inline unsigned int braid_backoff_ms(unsigned int tried, u32 random)
{
	unsigned int most = min(BRAID_BACKOFF_MIN_MS << min(tried, 5u),
				BRAID_BACKOFF_MAX_MS);

	return most / 2 + random % (most / 2 + 1);
}

#endif /* BRAID_BLK_BACKOFF_H */
