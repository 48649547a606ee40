// SPDX-License-Identifier: GPL-2.0-only
/* Stage 5, after routing: checks the device that a packet leaves by. */
#include "packet/packet.h"

#include "model/addr.h"
#include "packet/conn.h"
#include "packet/drop.h"
#include "model/kinds.h"
#include "overlay/link.h"

/* Return: true for a packet of the node to hosts on the link only. */
static bool deliver_is_link_scope(const struct braid_packet *p)
{
	return braid_addr_is_link_group(&p->dst) ||
	       ipv6_addr_type(&p->dst) & IPV6_ADDR_LINKLOCAL;
}

/*
 * Hook at NF_IP_PRI_FIRST of POST_ROUTING. Policy depends on addresses, so a route for
 * another address to the device of an endpoint would bypass it.
 */
unsigned int braid_deliver(void *priv, struct sk_buff *skb,
			   const struct nf_hook_state *state)
{
	const struct braid_endpoint *ep;
	struct braid_packet p;

	braid_packet_init(&p, braid_net_of(state->net), skb, state);
	ep = braid_endpoint_by_device(p.bn, state->out, p.gen);
	if (!ep || braid_endpoint_has(ep, &p.dst) || deliver_is_link_scope(&p))
		return NF_ACCEPT;
	return braid_packet_drop(&p, BRAID_DROP_NOT_ADDRESS,
				 BRAID_NET_DIRECTION_INGRESS, 0, ep->id);
}

/*
 * Hook at NF_IP_PRI_NAT_SRC + 1 of POST_ROUTING, where addresses are final. A reply to
 * a connection from the overlay goes back into the overlay whatever the routes are,
 * since the other node accepts it from there only.
 */
unsigned int braid_deliver_return(void *priv, struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
	const struct braid_overlay *overlay;
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct;
	struct braid_net *bn;

	ct = nf_ct_get(skb, &ctinfo);
	if (!ct || CTINFO2DIR(ctinfo) != IP_CT_DIR_REPLY ||
	    !braid_conn_stamp(ct).tunnel || braid_is_link(state->out))
		return NF_ACCEPT;
	bn = braid_net_of(state->net);
	overlay = braid_overlay_now(bn, braid_net_gen(bn));
	/* The link of a valid overlay exists until a grace period later. */
	if (overlay)
		braid_link_route(overlay->dev, skb, state->pf);
	return NF_ACCEPT;
}
