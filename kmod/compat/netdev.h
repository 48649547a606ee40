/* SPDX-License-Identifier: GPL-2.0-only */
/* Properties of a device that were feature bits up to 6.11. */
#ifndef BRAID_COMPAT_NETDEV_H
#define BRAID_COMPAT_NETDEV_H

#include <linux/netdevice.h>

/* Declares that the device needs no lock for transmission. */
static inline void braid_dev_set_lltx(struct net_device *dev)
{
#ifdef HAVE_DEV_LLTX
	dev->lltx = true;
#else
	dev->features |= NETIF_F_LLTX;
#endif
}

/* Declares that the device cannot move to another namespace. */
static inline void braid_dev_set_netns_immutable(struct net_device *dev)
{
#if defined(HAVE_DEV_NETNS_IMMUTABLE)
	dev->netns_immutable = true;
#elif defined(HAVE_DEV_NETNS_LOCAL)
	dev->netns_local = true;
#else
	dev->features |= NETIF_F_NETNS_LOCAL;
#endif
}

#endif
