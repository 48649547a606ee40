// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <net/genetlink.h>
#include <net/rtnetlink.h>

#include "device.h"
#include "overlay/link.h"
#include "hook/masquerade.h"
#include "namespace.h"
#include "netlink/netlink.h"
#include "packet/packet.h"
#include "config/txn.h"

/* The netlink family is last, so no request meets a module half initialised. */
static int __init braid_net_module_init(void)
{
	int ret;

	ret = braid_masquerade_init();
	if (ret)
		return ret;
	ret = braid_namespace_init();
	if (ret)
		goto err_exit_masquerade;
	ret = braid_device_init();
	if (ret)
		goto err_exit_net;
	ret = braid_txn_init();
	if (ret)
		goto err_exit_device;
	ret = braid_link_init();
	if (ret)
		goto err_exit_txn;
	ret = braid_net_nl_init();
	if (ret)
		goto err_exit_link;
	return 0;

err_exit_link:
	braid_link_exit();
err_exit_txn:
	braid_txn_exit();
err_exit_device:
	braid_device_exit();
err_exit_net:
	braid_namespace_exit();
	rcu_barrier();
err_exit_masquerade:
	braid_masquerade_exit();
	return ret;
}

static void __exit braid_net_module_exit(void)
{
	braid_net_nl_exit();
	braid_link_exit();
	braid_txn_exit();
	braid_device_exit();
	braid_namespace_exit();
	/* Versions are freed by callbacks in this module's text. */
	rcu_barrier();
	braid_masquerade_exit();
}

module_init(braid_net_module_init);
module_exit(braid_net_module_exit);

MODULE_DESCRIPTION("braid: identity policy, service NAT and overlay");
MODULE_AUTHOR("The braid authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(BRAID_VERSION);
MODULE_ALIAS_GENL_FAMILY("braid_net");
MODULE_ALIAS_RTNL_LINK(BRAID_LINK_KIND);
