// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <net/genetlink.h>

#include "control/attach.h"
#include "transport/conn.h"
#include "netlink/netlink.h"
#include "replica/replica.h"
#include "transport/spare.h"
#include "target/target.h"

/*
 * What is asked comes before who asks: replicas, targets, volumes; the door of
 * people last, so that nobody meets a half-built module.
 */
static int __init braid_blk_module_init(void)
{
	int error;

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
	error = braid_nl_init();
	if (error)
		goto err_exit_volume;
	return 0;

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
