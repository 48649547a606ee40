/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_DIAL_H
#define BRAID_BLK_DIAL_H

#include <linux/types.h>

#include "transport/handshake.h"
#include "proto/voter.h"

struct braid_secrets;
struct net;
struct socket;

/*
 * braid_dial() - connect to a target and shake hands
 * @net: from this namespace
 * @which: secret to try first; on success, the one that was accepted
 * @deadline: jiffies, for all of it
 * @got: what the target said
 * @features: agreed
 * @sock: the connected socket; frames come next
 *
 * A target that refuses the first secret is asked with the second.
 * Context: may sleep. Return: as braid_remote_connect().
 */
int braid_dial(struct net *net, const struct braid_address *address,
	       const struct braid_secrets *secrets, unsigned int *which,
	       const struct braid_handshake_want *want, unsigned long deadline,
	       struct braid_handshake_got *got, u32 *features,
	       struct socket **sock);

#endif /* BRAID_BLK_DIAL_H */
