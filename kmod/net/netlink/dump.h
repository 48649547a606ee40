/* SPDX-License-Identifier: GPL-2.0-only */
/* Listings of objects. */
#ifndef BRAID_DUMP_H
#define BRAID_DUMP_H

#include <linux/netlink.h>

#include "model/net.h"

int braid_dump(struct sk_buff *skb, struct netlink_callback *cb,
	       struct braid_net *bn, unsigned int kind);

#endif
