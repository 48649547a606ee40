/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_AUTH_H
#define BRAID_BLK_AUTH_H

#include <linux/types.h>

/*
 * Mutual authentication by HMAC-SHA256 challenge and response with a shared
 * secret.
 */

#define BRAID_SECRET_MIN	32
#define BRAID_SECRET_MAX	64
#define BRAID_NONCE_SIZE	32
#define BRAID_MAC_SIZE		32

/**
 * struct braid_secrets - shared secrets: one, or two during a rotation
 * @count: 0 to 2; messages are sent with the first secret, and both are
 *	accepted
 * @length: bytes of each secret
 * @secret: the secrets
 *
 * Secrets are never printed and never given to user space.
 * braid_secrets_clear() erases them.
 */
struct braid_secrets {
	u8 count;
	u8 length[2];
	u8 secret[2][BRAID_SECRET_MAX];
};

/* One part of an authenticated message. */
struct braid_auth_part {
	const void *data;
	size_t size;
};

int braid_auth_mac(const u8 *secret, u8 length, const char *label,
		   const struct braid_auth_part *part, unsigned int count,
		   u8 mac[BRAID_MAC_SIZE]);

bool braid_auth_equal(const u8 a[BRAID_MAC_SIZE], const u8 b[BRAID_MAC_SIZE]);

bool braid_secrets_are_valid(const struct braid_secrets *secrets);

void braid_secrets_clear(struct braid_secrets *secrets);

#endif /* BRAID_BLK_AUTH_H */
