/* SPDX-License-Identifier: GPL-2.0-only */
/* Translation of sources where a packet leaves the node. */
#ifndef BRAID_MASQUERADE_H
#define BRAID_MASQUERADE_H

#include <linux/netfilter.h>
#include <linux/skbuff.h>

unsigned int braid_masquerade(void *priv, struct sk_buff *skb,
			      const struct nf_hook_state *state);
int braid_masquerade_init(void);
void braid_masquerade_exit(void);

#endif
