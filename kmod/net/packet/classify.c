// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stages 1 and 2, after nf_conntrack: the source of a packet, whether the sender may
 * use that address, and whether a service of the connection has changed.
 */
#include "packet/packet.h"

#include <net/dst_metadata.h>
#include <net/netfilter/nf_conntrack_core.h>

#include "model/addr.h"
#include "packet/nd_guard.h"
#include "packet/conn.h"
#include "packet/drop.h"
#include "model/kinds.h"

/*
 * Return: true for a link-local or unspecified source; the stack never forwards such
 * packets, so they stay between an endpoint and its node.
 */
static bool classify_stays_on_link(const struct braid_packet *p)
{
	return p->state->pf == NFPROTO_IPV6 &&
	       (ipv6_addr_any(&p->src) ||
		ipv6_addr_type(&p->src) & IPV6_ADDR_LINKLOCAL);
}

static unsigned int classify_overlay(struct braid_packet *p,
				     struct braid_latch *latch)
{
	const struct metadata_dst *md = skb_metadata_dst(p->skb);

	latch->from = BRAID_FROM_OVERLAY;
	/* The tunnel gives every packet an identity; others do not come from it. */
	if (!md || md->type != METADATA_IP_TUNNEL)
		return braid_packet_drop(p, BRAID_DROP_UNKNOWN_IDENTITY,
					 BRAID_NET_DIRECTION_INGRESS, 0, 0);
	latch->id = be64_to_cpu(md->u.tun_info.key.tun_id);
	return NF_ACCEPT;
}

/* Return: true for a source that is a local endpoint or behind the overlay. */
static bool classify_spoofs(struct braid_packet *p)
{
	if (braid_endpoint_by_addr(p->bn, &p->src, p->gen))
		return true;
	return braid_overlay_now(p->bn, p->gen) &&
	       braid_index_match(&p->bn->index, BRAID_KEY_ROUTE, &p->src,
				 p->gen);
}

static unsigned int classify_elsewhere(struct braid_packet *p,
				       struct braid_latch *latch)
{
	latch->from = BRAID_FROM_ELSEWHERE;
	latch->id = BRAID_ID_WORLD;
	if (classify_stays_on_link(p))
		return NF_ACCEPT;
	if (classify_spoofs(p))
		return braid_packet_drop(p, BRAID_DROP_SPOOFED,
					 BRAID_NET_DIRECTION_INGRESS, 0, 0);
	latch->id = braid_addr_identity(p->bn, &p->src, p->gen);
	/* Routing drops such packets only if accept_local is not set. */
	if (latch->id == BRAID_ID_HOST)
		return braid_packet_drop(p, BRAID_DROP_SPOOFED,
					 BRAID_NET_DIRECTION_INGRESS, 0, 0);
	return NF_ACCEPT;
}

/**
 * braid_classify_source() - finds the source of a packet
 * @p: the packet
 * @latch: filled in
 *
 * A packet of the overlay is classified only once: routing replaces the metadata that
 * has its identity.
 *
 * Context: any, in an RCU read section.
 * Return: NF_ACCEPT or NF_DROP.
 */
unsigned int braid_classify_source(struct braid_packet *p,
				   struct braid_latch *latch)
{
	const struct net_device *in = p->state->in;
	const struct braid_endpoint *ep;

	latch->gen = p->gen;
	/* Packets on loopback and looped-back multicast passed the hooks before. */
	if (p->state->hook == NF_INET_LOCAL_OUT ||
	    p->skb->pkt_type == PACKET_LOOPBACK || in->flags & IFF_LOOPBACK) {
		latch->from = BRAID_FROM_HOST;
		latch->id = BRAID_ID_HOST;
		return NF_ACCEPT;
	}
	ep = braid_endpoint_by_device(p->bn, in, p->gen);
	if (ep) {
		latch->from = BRAID_FROM_ENDPOINT;
		latch->id = ep->id;
		if (braid_endpoint_has(ep, &p->src) || classify_stays_on_link(p))
			return NF_ACCEPT;
		return braid_packet_drop(p, BRAID_DROP_SPOOFED,
					 BRAID_NET_DIRECTION_EGRESS, ep->id, 0);
	}
	if (braid_is_link(in))
		return classify_overlay(p, latch);
	return classify_elsewhere(p, latch);
}

/* Decides about a packet of an endpoint that nf_conntrack does not track. */
static unsigned int classify_untracked_out(struct braid_packet *p,
					   const struct braid_latch *latch,
					   enum braid_reason reason)
{
	const struct braid_endpoint *ep;

	ep = braid_endpoint_by_device(p->bn, p->state->in, p->gen);
	/* A commit has just removed the endpoint. */
	if (!ep)
		reason = BRAID_DROP_SPOOFED;
	else
		reason = braid_nd_guard_admit(p, ep, classify_stays_on_link(p) ?
						     BRAID_PASS : reason);
	return reason ? braid_packet_drop(p, reason, BRAID_NET_DIRECTION_EGRESS,
					  latch->id, 0) : NF_ACCEPT;
}

/* Decides about a packet that nf_conntrack does not track. */
static unsigned int classify_untracked(struct braid_packet *p,
				       const struct braid_latch *latch,
				       enum ip_conntrack_info ctinfo)
{
	enum braid_reason reason = ctinfo == IP_CT_UNTRACKED ?
				   BRAID_DROP_UNTRACKED : BRAID_DROP_INVALID;
	const struct braid_endpoint *ep;

	if (latch->from == BRAID_FROM_ENDPOINT)
		return classify_untracked_out(p, latch, reason);
	ep = braid_endpoint_by_addr(p->bn, &p->dst, p->gen);
	/* The node may look for the hardware addresses of its endpoints. */
	if (latch->from == BRAID_FROM_HOST && braid_nd_guard_is_nd(p))
		return NF_ACCEPT;
	if (ep || latch->from == BRAID_FROM_OVERLAY)
		return braid_packet_drop(p, reason, BRAID_NET_DIRECTION_INGRESS,
					 latch->id, ep ? ep->id : 0);
	return NF_ACCEPT;
}

/*
 * Removes a confirmed connection whose service has changed. A packet in the original
 * direction begins a new connection, which gets a backend; a reply is dropped.
 */
static unsigned int classify_retrack(struct braid_packet *p,
				     const struct braid_latch *latch,
				     struct nf_conn *ct,
				     enum ip_conntrack_info ctinfo)
{
	bool reply = CTINFO2DIR(ctinfo) == IP_CT_DIR_REPLY;

	nf_ct_kill(ct);
	if (reply)
		return braid_packet_drop(p, BRAID_DROP_STALE,
					 braid_latch_dir(latch), latch->id, 0);
	nf_reset_ct(p->skb);
	return nf_conntrack_in(p->skb, p->state);
}

/* A workload may send errors about its own connections, but no redirect. */
static unsigned int classify_error(struct braid_packet *p,
				   const struct braid_latch *latch)
{
	if (latch->from != BRAID_FROM_ENDPOINT || !braid_nd_guard_is_redirect(p))
		return NF_ACCEPT;
	return braid_packet_drop(p, BRAID_DROP_SPOOFED,
				 BRAID_NET_DIRECTION_EGRESS, latch->id, 0);
}

/**
 * braid_classify_note() - stores the source identity in a connection
 * @ct: the connection
 * @ctinfo: relation of the packet to @ct
 * @latch: source of the packet, which may differ from that of earlier packets
 *
 * Context: any.
 */
void braid_classify_note(struct nf_conn *ct, enum ip_conntrack_info ctinfo,
			 const struct braid_latch *latch)
{
	bool tunnel = latch->from == BRAID_FROM_OVERLAY;
	struct braid_net_stamp stamp;
	u64 pair;

	if (CTINFO2DIR(ctinfo) != IP_CT_DIR_ORIGINAL || !braid_conn_known(ct))
		return;
	pair = braid_conn_pair(ct);
	stamp = braid_conn_stamp(ct);
	if (stamp.gen && braid_pair_source(pair) == latch->id &&
	    stamp.tunnel == tunnel)
		return;
	stamp.gen = 0;
	stamp.tunnel = tunnel;
	braid_conn_set_pair(ct, latch->id, braid_pair_destination(pair));
	braid_conn_set_stamp(ct, &stamp);
}

/* Hook at NF_IP_PRI_CONNTRACK + 1 of PRE_ROUTING and LOCAL_OUT. */
unsigned int braid_classify(void *priv, struct sk_buff *skb,
			    const struct nf_hook_state *state)
{
	struct braid_latch *latch = braid_latch(skb);
	enum ip_conntrack_info ctinfo;
	struct braid_packet p;
	struct braid_net_stamp stamp;
	struct nf_conn *ct;
	unsigned int ret;

	/* If another module tracks the packet, policy still applies. */
	if (latch->from == BRAID_FROM_OUTER && !skb_nfct(skb))
		return NF_ACCEPT;
	braid_packet_init(&p, braid_net_of(state->net), skb, state);
	if (braid_packet_mapped(skb, state->pf))
		return braid_packet_drop(&p, BRAID_DROP_MALFORMED,
					 BRAID_NET_DIRECTION_INGRESS, 0, 0);
	ret = braid_classify_source(&p, latch);
	if (ret != NF_ACCEPT)
		return ret;
	ct = nf_ct_get(skb, &ctinfo);
	if (!ct || nf_ct_is_template(ct))
		return classify_untracked(&p, latch, ctinfo);
	if (braid_is_icmp_error(&p, ct, ctinfo))
		return classify_error(&p, latch);
	stamp = braid_conn_stamp(ct);
	if (!braid_stamp_current(&stamp, p.gen) && nf_ct_is_confirmed(ct) &&
	    braid_translate_stale(p.bn, ct, latch->from != BRAID_FROM_ELSEWHERE,
				  p.gen)) {
		ret = classify_retrack(&p, latch, ct, ctinfo);
		if (ret != NF_ACCEPT)
			return ret;
		ct = nf_ct_get(skb, &ctinfo);
		if (!ct)
			return classify_untracked(&p, latch, ctinfo);
	}
	braid_classify_note(ct, ctinfo, latch);
	return NF_ACCEPT;
}
