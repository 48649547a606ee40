// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <net/genetlink.h>

#include "control/attach.h"
#include "transport/conn.h"
#include "volume/event.h"
#include "netlink/netlink.h"
#include "transport/node.h"
#include "transport/sock.h"
#include "replica/replica.h"
#include "transport/spare.h"
#include "target/target.h"

/* Volumes first: what they have in flight fails before connections say why. */
static void kill_node(struct braid_blk_node *node)
{
	braid_volume_kill(node);
	braid_target_kill(node);
}

/*
 * All replicas are closed at once, so that a disk that does not answer keeps none of
 * the others. Nothing of a node depends on the order here.
 */
static void end_node(struct braid_blk_node *node)
{
	braid_replica_end_begin(node);
	braid_volume_end(node);
	braid_target_end(node);
	braid_replica_end(node);
}

static const struct braid_blk_node_ops node_ops = {
	.begin = braid_event_begin,
	.kill = kill_node,
	.cut = braid_target_cut,
	.end = end_node,
};

/*
 * Replicas come before targets and volumes, which use them, and the nodes after all
 * three; the family is last, so that no request meets a half-built module.
 */
static int __init braid_blk_module_init(void)
{
	int error;

	braid_sock_module_init();
	error = braid_conn_module_init();
	if (error)
		return error;
	error = braid_replica_init(braid_target_forget);
	if (error)
		goto err_exit_conn;
	error = braid_target_init();
	if (error)
		goto err_exit_replica;
	error = braid_volume_init();
	if (error)
		goto err_exit_target;
	error = braid_blk_node_init(&node_ops);
	if (error)
		goto err_exit_volume;
	error = braid_nl_init();
	if (error)
		goto err_exit_node;
	return 0;

err_exit_node:
	braid_blk_node_exit();
err_exit_volume:
	braid_volume_exit();
err_exit_target:
	braid_target_exit();
err_exit_replica:
	braid_replica_exit();
err_exit_conn:
	braid_conn_module_exit();
	braid_spare_exit();
	return error;
}

static void __exit braid_blk_module_exit(void)
{
	braid_nl_exit();
	/* Everything that is open, and namespaces that are just going. */
	braid_blk_node_exit();
	braid_volume_exit();
	braid_target_exit();
	braid_replica_exit();
	braid_conn_module_exit();
	/* What is freed by callbacks in this module's text. */
	rcu_barrier();
	braid_spare_exit();
}

module_init(braid_blk_module_init);
module_exit(braid_blk_module_exit);

MODULE_DESCRIPTION("braid: replicated volumes");
MODULE_AUTHOR("The braid authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(BRAID_VERSION);
MODULE_ALIAS_GENL_FAMILY("braid_blk");
MODULE_SOFTDEP("pre: hmac sha256 crc32c");
