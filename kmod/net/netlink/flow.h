/* SPDX-License-Identifier: GPL-2.0-only */
/* Flows: the connections of nf_conntrack that have a verdict of braid. */
#ifndef BRAID_FLOW_H
#define BRAID_FLOW_H

#include <linux/netlink.h>

#include "model/net.h"

int braid_flow_dump(struct sk_buff *skb, struct netlink_callback *cb,
		    struct braid_net *bn);
u64 braid_flow_count(struct braid_net *bn);
u64 braid_flow_flush(struct braid_net *bn);

#endif
