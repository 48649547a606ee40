/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_BACKOFF_H
#define BRAID_BLK_BACKOFF_H

#include <linux/minmax.h>
#include <linux/types.h>

#define BRAID_BACKOFF_MIN_MS	100u
#define BRAID_BACKOFF_MAX_MS	2000u

/*
 * How long to wait before the next try, ms: doubled with each of @tried
 * failures, of which the upper half is left to chance (@random), so that two
 * who meet do not meet again.  Pure.
 */
static inline unsigned int braid_backoff_ms(unsigned int tried, u32 random)
{
	unsigned int most = min(BRAID_BACKOFF_MIN_MS << min(tried, 5u),
				BRAID_BACKOFF_MAX_MS);

	return most / 2 + random % (most / 2 + 1);
}

#endif /* BRAID_BLK_BACKOFF_H */
