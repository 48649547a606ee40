/* SPDX-License-Identifier: GPL-2.0-only */
/* The overlay's link: a network device that sends its packets into the tunnel. */
#ifndef BRAID_LINK_H
#define BRAID_LINK_H

#include <linux/netdevice.h>

#include "model/net.h"

void braid_link_route(struct net_device *dev, struct sk_buff *skb, u8 pf);
bool braid_link_needed(struct list_head *changes);
int braid_link_create_all(struct braid_net *bn, struct list_head *changes,
			  bool dry_run, struct braid_err *err);
void braid_link_sync(struct braid_net *bn);
struct braid_slot *braid_link_slot(struct braid_net *bn, int ifindex);
int braid_link_init(void);
void braid_link_exit(void);

#endif
