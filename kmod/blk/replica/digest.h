/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_DIGEST_H
#define BRAID_BLK_DIGEST_H

#include <linux/types.h>

struct braid_session;
struct braid_store;
struct crypto_shash;

#define BRAID_DIGEST_SIZE	32u

int braid_digest(struct braid_store *store, struct crypto_shash *sha256,
		 const struct braid_session *session, u64 offset, u64 length,
		 u8 *out);

#endif /* BRAID_BLK_DIGEST_H */
