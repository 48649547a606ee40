// SPDX-License-Identifier: GPL-2.0-only
/* Stage 5, after routing: whether a packet leaves by the right device. */
#include "packet/packet.h"

#include "model/addr.h"
#include "packet/conn.h"
#include "packet/drop.h"
#include "model/kinds.h"
#include "overlay/link.h"

/* What the node itself says on the link, to one there or to all. */
static bool deliver_is_link_scope(const struct braid_packet *p)
{
	return braid_addr_is_link_group(&p->dst) ||
	       ipv6_addr_type(&p->dst) & IPV6_ADDR_LINKLOCAL;
}

/*
 * Hook: NF_IP_PRI_FIRST at POST_ROUTING. Policy looks at addresses; a route that
 * leads another address to an endpoint's device would get around it.
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
 * Hook: NF_IP_PRI_NAT_SRC + 1 at POST_ROUTING, where addresses are final. Whoever
 * began a connection in the overlay takes no answer from outside of it, whatever
 * the routes say: it goes back into it, and from there to the node that its
 * address belongs to.
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
	/* The link of a valid overlay is there until a grace period later. */
	if (overlay)
		braid_link_route(overlay->dev, skb, state->pf);
	return NF_ACCEPT;
}
