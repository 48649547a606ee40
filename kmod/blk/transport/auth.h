/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_AUTH_H
#define BRAID_BLK_AUTH_H

#include <linux/types.h>

/* Mutual authentication: HMAC-SHA256 challenge and response over a shared secret. */

#define BRAID_SECRET_MIN	32
#define BRAID_SECRET_MAX	64
#define BRAID_NONCE_SIZE	32
#define BRAID_MAC_SIZE		32

/*
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

/* One piece of what is authenticated. */
struct braid_auth_part {
	const void *data;
	size_t size;
};

/*
 * braid_auth_mac() - HMAC-SHA256 over a label and some pieces, one after another
 * @secret: the key, @length bytes, not empty
 * @label: who speaks, so that no message can be sent back to where it came from;
 *	its terminating NUL is part of what is authenticated; NULL: none
 * @part: pieces of fixed size (a MAC over two that could be cut elsewhere would
 *	say nothing)
 * @count: number of @part
 *
 * Context: may sleep. Return: 0 or a negative errno.
 */
int braid_auth_mac(const u8 *secret, u8 length, const char *label,
		   const struct braid_auth_part *part, unsigned int count,
		   u8 mac[BRAID_MAC_SIZE]);

/* In a time that does not depend on where they differ. */
bool braid_auth_equal(const u8 a[BRAID_MAC_SIZE], const u8 b[BRAID_MAC_SIZE]);

/* Is every secret as long as it must be? */
bool braid_secrets_are_valid(const struct braid_secrets *secrets);

/* Leaves nothing of them in memory. */
void braid_secrets_clear(struct braid_secrets *secrets);

#endif /* BRAID_BLK_AUTH_H */
