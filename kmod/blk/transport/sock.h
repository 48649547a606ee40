/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_SOCK_H
#define BRAID_BLK_SOCK_H

#include <linux/types.h>

#include "proto/voter.h"

struct net;
struct socket;

/*
 * Sockets, and what waits on them with a limit: opening, listening, and the
 * handshake.  They hold no reference to their namespace, and are released before it
 * goes.  Deadlines are in jiffies.
 */

/*
 * Return: the socket or an ERR_PTR: -ECONNREFUSED, -ETIMEDOUT, -EHOSTUNREACH,
 * -EINTR.  Context: may sleep.
 */
struct socket *braid_sock_connect(struct net *net,
				  const struct braid_address *address,
				  unsigned long deadline);

struct socket *braid_sock_listen(struct net *net,
				 const struct braid_address *address);

/* What every connection is set to; @writer: it must work when memory is short. */
void braid_sock_tune(struct socket *sock, bool writer);

/* Everything or an error: -ETIMEDOUT, -ECONNRESET, -EINTR ... May sleep. */
int braid_sock_send(struct socket *sock, const void *data, size_t size,
		    unsigned long deadline);
int braid_sock_receive(struct socket *sock, void *data, size_t size,
		       unsigned long deadline);

/* Nothing more is sent; waits until the peer has closed, too, or the deadline. */
void braid_sock_finish(struct socket *sock, unsigned long deadline);

/*
 * Ends what @writer of braid_sock_tune() began, and the socket.  It is reset: one
 * that waited for its peer's last word would outlive its namespace.
 */
void braid_sock_release(struct socket *sock);

#endif /* BRAID_BLK_SOCK_H */
