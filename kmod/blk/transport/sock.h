/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_SOCK_H
#define BRAID_BLK_SOCK_H

#include <linux/types.h>

#include "proto/voter.h"

struct net;
struct socket;

/*
 * Sockets of connections, and calls with a deadline on them: connecting, and
 * sending and receiving the messages of a handshake. A socket holds no
 * reference to its network namespace and is released before the namespace goes.
 * Deadlines are in jiffies.
 */

struct socket *braid_sock_connect(struct net *net,
				  const struct braid_address *address,
				  unsigned long deadline);

struct socket *braid_sock_listen(struct net *net,
				 const struct braid_address *address);

void braid_sock_tune(struct socket *sock, bool writer);

int braid_sock_send(struct socket *sock, const void *data, size_t size,
		    unsigned long deadline);
int braid_sock_receive(struct socket *sock, void *data, size_t size,
		       unsigned long deadline);

void braid_sock_finish(struct socket *sock, unsigned long deadline);

void braid_sock_release(struct socket *sock);

#endif /* BRAID_BLK_SOCK_H */
