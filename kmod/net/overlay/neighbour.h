/* SPDX-License-Identifier: GPL-2.0-only */
/* Answers requests for the hardware address of the link. */
#ifndef BRAID_NEIGHBOUR_H
#define BRAID_NEIGHBOUR_H

#include "overlay/tunnel.h"

bool braid_neighbour_is(const struct sk_buff *skb);
struct sk_buff *braid_neighbour_answer(const struct braid_link *link,
				       struct sk_buff *skb);

#endif
