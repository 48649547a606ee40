/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks of neighbour discovery and ARP from endpoints. */
#ifndef BRAID_ND_GUARD_H
#define BRAID_ND_GUARD_H

#include "packet/drop.h"
#include "packet/packet.h"

bool braid_nd_guard_is_redirect(const struct braid_packet *p);
bool braid_nd_guard_is_nd(const struct braid_packet *p);
enum braid_reason braid_nd_guard_admit(const struct braid_packet *p,
				       const struct braid_endpoint *ep,
				       enum braid_reason otherwise);
unsigned int braid_nd_guard_arp(void *priv, struct sk_buff *skb,
				const struct nf_hook_state *state);

#endif
