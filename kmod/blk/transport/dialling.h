/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_DIALLING_H
#define BRAID_BLK_DIALLING_H

#include <linux/mutex.h>
#include <linux/types.h>

struct braid_blk_node;
struct socket;

/* A task that connects may be given up by another one. */

/**
 * struct braid_dialling - the socket of a task that connects, for other tasks
 * @node: node that the task connects from
 * @lock: protects the fields below
 * @sock: the socket, from its creation until the end of the handshake
 * @stopped: no further socket is connected
 */
struct braid_dialling {
	struct braid_blk_node *node;
	struct mutex lock; /* protects all below */
	struct socket *sock;
	bool stopped;
};

void braid_dialling_init(struct braid_dialling *dialling,
			 struct braid_blk_node *node);
void braid_dialling_stop(struct braid_dialling *dialling);
bool braid_dialling_begin(struct braid_dialling *dialling, struct socket *sock);
bool braid_dialling_done(struct braid_dialling *dialling);

#endif /* BRAID_BLK_DIALLING_H */
