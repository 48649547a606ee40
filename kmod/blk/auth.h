/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_AUTH_H
#define BRAID_BLK_AUTH_H

#include <linux/types.h>

/* Mutual authentication: HMAC-SHA256 challenge and response over a shared secret. */

#define BRAID_SECRET_MIN	32
#define BRAID_SECRET_MAX	64
#define BRAID_NONCE_SIZE	32
#define BRAID_MAC_SIZE		32

/**
 * struct braid_secrets - up to two, while they are rotated
 * @count: 0 to 2; the first is the one to begin with, both are accepted
 *
 * Never printed, never given to user space; cleared with memzero_explicit().
 */
struct braid_secrets {
	u8 count;
	u8 length[2];
	u8 secret[2][BRAID_SECRET_MAX];
};

#endif /* BRAID_BLK_AUTH_H */
