/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_SOCK_H
#define BRAID_BLK_SOCK_H

#include <linux/types.h>

#include "proto/voter.h"

struct braid_blk_node;
struct braid_dialling;
struct socket;

/*
 * Sockets of connections, and calls with a deadline on them: connecting, and
 * sending and receiving the messages of a handshake. A socket holds no
 * reference to its network namespace: it counts as a user of its node, which is
 * waited for before the namespace goes. Deadlines are in jiffies.
 */

void braid_sock_module_init(void);

struct socket *braid_sock_connect(struct braid_dialling *dialling,
				  const struct braid_address *address,
				  unsigned long deadline);

struct socket *braid_sock_listen(struct braid_blk_node *node,
				 const struct braid_address *address);
int braid_sock_accept(struct braid_blk_node *node, struct socket *listening,
		      struct socket **sock);

void braid_sock_tune(struct socket *sock, bool writer);

int braid_sock_send(struct socket *sock, const void *data, size_t size,
		    unsigned long deadline);
int braid_sock_receive(struct socket *sock, void *data, size_t size,
		       unsigned long deadline);

void braid_sock_finish(struct socket *sock, unsigned long deadline);

void braid_sock_release(struct braid_blk_node *node, struct socket *sock);

#endif /* BRAID_BLK_SOCK_H */
