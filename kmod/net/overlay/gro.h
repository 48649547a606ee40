/* SPDX-License-Identifier: GPL-2.0-only */
/* Merges tunnel packets before the tunnel receives them. */
#ifndef BRAID_GRO_H
#define BRAID_GRO_H

#include <linux/list.h>

struct sk_buff;
struct sock;

struct sk_buff *braid_gro_receive(struct sock *sk, struct list_head *head,
				  struct sk_buff *skb);
int braid_gro_complete(struct sock *sk, struct sk_buff *skb, int nhoff);

#endif
