/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_DIAL_H
#define BRAID_BLK_DIAL_H

#include <linux/types.h>

#include "transport/handshake.h"
#include "proto/voter.h"

struct braid_dialling;
struct braid_secrets;
struct socket;

int braid_dial(struct braid_dialling *dialling,
	       const struct braid_address *address,
	       const struct braid_secrets *secrets, unsigned int *which,
	       const struct braid_handshake_want *want, unsigned long deadline,
	       struct braid_handshake_got *got, u32 *features,
	       struct socket **sock);

#endif /* BRAID_BLK_DIAL_H */
