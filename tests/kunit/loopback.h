/* SPDX-License-Identifier: GPL-2.0-only */
/* Address and secret of a target and writer in a test. */
#ifndef BRAID_KUNIT_LOOPBACK_H
#define BRAID_KUNIT_LOOPBACK_H

#include <linux/socket.h>
#include <linux/string.h>

#include "../../kmod/blk/transport/auth.h"
#include "../../kmod/blk/proto/voter.h"

static inline void loopback(struct braid_address *address, u16 port,
			    struct braid_secrets *secrets)
{
	static const u8 localhost[] = { 127, 0, 0, 1 };

	address->family = AF_INET;
	address->port = port;
	memcpy(address->ip, localhost, sizeof(localhost));
	secrets->count = 1;
	secrets->length[0] = BRAID_SECRET_MIN;
	memset(secrets->secret[0], 's', BRAID_SECRET_MIN);
}

#endif /* BRAID_KUNIT_LOOPBACK_H */
