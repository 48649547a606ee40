// SPDX-License-Identifier: GPL-2.0-only
#include "transport/dialling.h"

#include <linux/net.h>

/**
 * braid_dialling_init() - initialise
 * @dialling: the dialling
 * @node: node to connect from
 */
void braid_dialling_init(struct braid_dialling *dialling,
			 struct braid_blk_node *node)
{
	dialling->node = node;
	mutex_init(&dialling->lock);
	dialling->sock = NULL;
	dialling->stopped = false;
}

/**
 * braid_dialling_stop() - have a task that connects return soon
 * @dialling: the dialling; connects nothing any more
 *
 * Context: Process, may sleep, but waits for no peer.
 */
void braid_dialling_stop(struct braid_dialling *dialling)
{
	mutex_lock(&dialling->lock);
	dialling->stopped = true;
	if (dialling->sock)
		kernel_sock_shutdown(dialling->sock, SHUT_RDWR);
	mutex_unlock(&dialling->lock);
}

/**
 * braid_dialling_begin() - show the socket that is about to connect
 * @dialling: the dialling
 * @sock: the socket
 *
 * Context: Process, may sleep.
 * Return: false if it was stopped.
 */
bool braid_dialling_begin(struct braid_dialling *dialling, struct socket *sock)
{
	mutex_lock(&dialling->lock);
	if (!dialling->stopped)
		dialling->sock = sock;
	mutex_unlock(&dialling->lock);
	return dialling->sock;
}

/**
 * braid_dialling_done() - take back the socket, which nothing shuts down any more
 * @dialling: the dialling
 *
 * Context: Process, may sleep.
 * Return: false if it was stopped.
 */
bool braid_dialling_done(struct braid_dialling *dialling)
{
	bool stopped;

	mutex_lock(&dialling->lock);
	dialling->sock = NULL;
	stopped = dialling->stopped;
	mutex_unlock(&dialling->lock);
	return !stopped;
}
