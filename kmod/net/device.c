// SPDX-License-Identifier: GPL-2.0-only
#include "device.h"

#include <linux/netdevice.h>

#include "config/commit.h"

/* The event also comes when a device moves to another namespace. */
static int device_event(struct notifier_block *nb, unsigned long event,
			void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);

	if (event == NETDEV_UNREGISTER)
		braid_commit_remove_device(braid_net_of(dev_net(dev)),
					   dev->ifindex);
	return NOTIFY_DONE;
}

static struct notifier_block device_notifier = {
	.notifier_call = device_event,
};

/**
 * braid_device_init() - begins to watch devices
 *
 * Context: process, may sleep; namespaces are initialised.
 * Return: 0 or an error.
 */
int braid_device_init(void)
{
	return register_netdevice_notifier(&device_notifier);
}

/**
 * braid_device_exit() - stops watching devices
 *
 * The kernel reports every device of every namespace as unregistered, so all
 * endpoints, uplinks and overlays are removed when this returns.
 *
 * Context: process, may sleep.
 */
void braid_device_exit(void)
{
	unregister_netdevice_notifier(&device_notifier);
}
