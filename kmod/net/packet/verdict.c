// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stage 4, after translation: policy. The verdict is about a connection, by its
 * original direction, and applies to the packets of both directions until the
 * generation changes.
 */
#include "packet/packet.h"

#include <linux/icmp.h>
#include <net/netfilter/nf_conntrack.h>

#include "model/addr.h"
#include "packet/conn.h"
#include "packet/drop.h"
#include "model/kinds.h"

/**
 * struct braid_case - what policy needs of a connection
 * @bn: the namespace
 * @gen: generation of the verdict
 * @src: source address of the first packet
 * @dst: destination address, after translation
 * @src_ep: local endpoint with @src, or NULL
 * @dst_ep: local endpoint with @dst, or NULL
 * @src_id: identity of @src
 * @dst_id: identity of @dst
 * @proto: IP protocol
 * @port: destination port after translation, or the ICMP type; host byte order
 * @sport: source port of the first packet, host byte order
 */
struct braid_case {
	struct braid_net *bn;
	u64 gen;
	struct in6_addr src;
	struct in6_addr dst;
	const struct braid_endpoint *src_ep;
	const struct braid_endpoint *dst_ep;
	u32 src_id;
	u32 dst_id;
	u8 proto;
	u16 port;
	u16 sport;
};

static u16 verdict_case_port(const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *orig =
		&ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	const struct nf_conntrack_tuple *reply =
		&ct->tuplehash[IP_CT_DIR_REPLY].tuple;

	switch (orig->dst.protonum) {
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return orig->dst.u.icmp.type;
	default:
		return ntohs(reply->src.u.all);
	}
}

static void verdict_case_open(struct braid_case *c, struct braid_net *bn,
			      const struct nf_conn *ct,
			      const struct braid_net_stamp *stamp, u64 gen)
{
	c->bn = bn;
	c->gen = gen;
	c->src = braid_tuple_addr(ct,
				  &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple.src.u3);
	c->dst = braid_tuple_addr(ct,
				  &ct->tuplehash[IP_CT_DIR_REPLY].tuple.src.u3);
	c->src_ep = braid_endpoint_by_addr(c->bn, &c->src, c->gen);
	c->dst_ep = braid_endpoint_by_addr(c->bn, &c->dst, c->gen);
	/* The identity from a tunnel header cannot be looked up again. */
	c->src_id = stamp->tunnel ? braid_pair_source(braid_conn_pair(ct)) :
		    braid_addr_identity(c->bn, &c->src, c->gen);
	c->dst_id = braid_addr_identity(c->bn, &c->dst, c->gen);
	c->proto = nf_ct_protonum(ct);
	c->port = verdict_case_port(ct);
	c->sport = ntohs(ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple.src.u.all);
}

/*
 * Return: true if policy allows one direction. Without a rule for the subject it
 * does. The rule that decides is stored in @v.
 */
static bool verdict_case_allowed(const struct braid_case *c, u8 dir,
				 struct braid_net_verdict *v)
{
	bool egress = dir == BRAID_NET_DIRECTION_EGRESS;
	struct braid_query query = {
		.subject = egress ? c->src_id : c->dst_id,
		.peer = egress ? c->dst_id : c->src_id,
		.addr = egress ? &c->dst : &c->src,
		.dir = dir,
		.proto = c->proto,
		.port = c->port,
	};
	const struct braid_rule *rule;

	rule = braid_policy_lookup(&c->bn->policy, &query, c->gen);
	v->rules[dir] = rule;
	if (rule)
		return !rule->deny;
	return !braid_policy_selected(&c->bn->policy, query.subject, dir,
				      c->gen);
}

/*
 * Return: true if a workload would send tunnel packets, as requests or as replies,
 * with which it could choose its identity.
 */
static bool verdict_case_tunnels(const struct braid_case *c)
{
	const struct braid_overlay *overlay;

	if (c->proto != IPPROTO_UDP || (!c->src_ep && !c->dst_ep))
		return false;
	overlay = braid_overlay_now(c->bn, c->gen);
	return overlay && ((c->src_ep && overlay->port == c->port) ||
			   (c->dst_ep && overlay->port == c->sport));
}

static enum braid_reason verdict_case_decide(const struct braid_case *c,
					     struct braid_net_verdict *v)
{
	v->dir = c->src_ep ? BRAID_NET_DIRECTION_EGRESS :
			     BRAID_NET_DIRECTION_INGRESS;
	if (verdict_case_tunnels(c))
		return BRAID_DROP_TUNNEL_PORT;
	/* An endpoint may always connect to itself. */
	if (c->src_ep && c->src_ep == c->dst_ep)
		return BRAID_PASS;
	v->dir = BRAID_NET_DIRECTION_EGRESS;
	if (c->src_ep && !verdict_case_allowed(c, BRAID_NET_DIRECTION_EGRESS, v))
		return BRAID_DROP_POLICY;
	v->dir = BRAID_NET_DIRECTION_INGRESS;
	/* Its own node may always connect to it; other nodes have identity 6. */
	if (c->dst_ep && c->src_id != BRAID_ID_HOST &&
	    !verdict_case_allowed(c, BRAID_NET_DIRECTION_INGRESS, v))
		return BRAID_DROP_POLICY;
	return BRAID_PASS;
}

/**
 * braid_verdict_conn() - decides about a connection
 * @bn: the namespace
 * @ct: the connection; its master is not considered
 * @gen: generation of the reader
 * @v: filled in; its rules are valid until the RCU section ends
 *
 * Context: any, in an RCU read section that began before @gen was latched.
 */
void braid_verdict_conn(struct braid_net *bn, const struct nf_conn *ct, u64 gen,
			struct braid_net_verdict *v)
{
	struct braid_net_stamp stamp = braid_conn_stamp(ct);
	struct braid_case c;

	memset(v, 0, sizeof(*v));
	verdict_case_open(&c, bn, ct, &stamp, gen);
	v->src_id = c.src_id;
	v->dst_id = c.dst_id;
	v->local = c.src_ep || c.dst_ep;
	v->reason = verdict_case_decide(&c, v);
}

static struct braid_net_stamp verdict_decide(struct braid_net *bn, struct nf_conn *ct,
					     u64 gen)
{
	struct braid_net_stamp stamp = braid_conn_stamp(ct);
	struct braid_net_verdict v;

	if (braid_stamp_current(&stamp, gen))
		return stamp;
	braid_verdict_conn(bn, ct, gen, &v);
	stamp.reason = v.reason;
	stamp.dir = v.dir;
	stamp.local = v.local;
	stamp.gen = gen;
	/* Write the identities first: a reader of the stamp must see them. */
	braid_conn_set_pair(ct, v.src_id, v.dst_id);
	braid_conn_set_stamp(ct, &stamp);
	return stamp;
}

/*
 * A commit came between the stages. The source and the service are looked up again,
 * so that all results are of one generation.
 */
static unsigned int verdict_catch_up(struct braid_packet *p,
				     struct braid_latch *latch,
				     const struct nf_conn *ct, bool error)
{
	if (latch->from != BRAID_FROM_OVERLAY) {
		unsigned int ret = braid_classify_source(p, latch);

		if (ret != NF_ACCEPT)
			return ret;
	}
	latch->gen = p->gen;
	if (!error && braid_translate_stale(p->bn, ct,
					    latch->from != BRAID_FROM_ELSEWHERE,
					    p->gen))
		return braid_packet_drop(p, BRAID_DROP_STALE,
					 BRAID_NET_DIRECTION_EGRESS, latch->id,
					 0);
	return NF_ACCEPT;
}

static bool verdict_conn_has(const struct nf_conn *ct, const struct in6_addr *addr)
{
	const struct nf_conntrack_tuple *t;
	struct in6_addr src, dst;
	int dir;

	for (dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		t = &ct->tuplehash[dir].tuple;
		src = braid_tuple_addr(ct, &t->src.u3);
		dst = braid_tuple_addr(ct, &t->dst.u3);
		if (ipv6_addr_equal(&src, addr) || ipv6_addr_equal(&dst, addr))
			return true;
	}
	return false;
}

/*
 * nf_conntrack accepts an ICMP error about a connection from any sender. Routers and
 * the two ends of the connection may send one; another workload may not, or it could
 * disturb connections of workloads that policy forbids it to reach.
 */
static bool verdict_error_meddles(const struct braid_packet *p,
				  const struct braid_latch *latch,
				  const struct nf_conn *ct)
{
	if (latch->from != BRAID_FROM_ENDPOINT &&
	    (latch->from != BRAID_FROM_OVERLAY ||
	     latch->id == BRAID_ID_REMOTE_NODE))
		return false;
	return !verdict_conn_has(ct, &p->src);
}

static unsigned int verdict_deny(const struct braid_packet *p,
				 const struct braid_net_stamp *stamp,
				 const struct nf_conn *ct,
				 enum ip_conntrack_info ctinfo)
{
	u64 pair = braid_conn_pair(ct);
	u32 src = braid_pair_source(pair), dst = braid_pair_destination(pair);

	if (CTINFO2DIR(ctinfo) == IP_CT_DIR_REPLY)
		swap(src, dst);
	return braid_packet_drop(p, stamp->reason, stamp->dir, src, dst);
}

/* Hook at NF_IP_PRI_NAT_DST + 1 of PRE_ROUTING and LOCAL_OUT. */
unsigned int braid_verdict_packet(void *priv, struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
	struct braid_latch *latch = braid_latch(skb);
	enum ip_conntrack_info ctinfo;
	struct braid_packet p;
	struct braid_net_stamp stamp;
	struct nf_conn *ct;
	unsigned int ret;
	bool error;

	ct = nf_ct_get(skb, &ctinfo);
	if (!ct || nf_ct_is_template(ct))
		return NF_ACCEPT;
	braid_packet_init(&p, braid_net_of(state->net), skb, state);
	error = braid_is_icmp_error(&p, ct, ctinfo);
	if (unlikely(latch->gen != p.gen)) {
		ret = verdict_catch_up(&p, latch, ct, error);
		if (ret != NF_ACCEPT)
			return ret;
	}
	/* The node may send errors to its own endpoints. */
	if (latch->from == BRAID_FROM_HOST &&
	    (ctinfo == IP_CT_RELATED || ctinfo == IP_CT_RELATED_REPLY))
		return NF_ACCEPT;
	if (error && verdict_error_meddles(&p, latch, ct))
		return braid_packet_drop(&p, BRAID_DROP_POLICY,
					 braid_latch_dir(latch), latch->id, 0);
	/* An earlier packet may have had another source identity. */
	if (!error)
		braid_classify_note(ct, ctinfo, latch);
	/* A related connection has the verdict of its master. */
	stamp = verdict_decide(p.bn, !error && ct->master ? ct->master : ct,
			       p.gen);
	if (stamp.reason)
		return verdict_deny(&p, &stamp, ct, ctinfo);
	if (stamp.local)
		braid_count_forwarded(p.bn);
	return NF_ACCEPT;
}

/**
 * braid_verdict_again() - decides again about a packet before it is sent
 * @bn: the namespace
 * @skb: the packet
 * @gen: generation of the sender
 * @dir: filled in with enum braid_net_direction for a drop
 *
 * A commit may come between the hooks and the tunnel. A packet whose destination is
 * of the new generation must be allowed by the new generation.
 *
 * Context: any, in an RCU read section that began before @gen was latched.
 * Return: BRAID_PASS, or enum braid_reason.
 */
unsigned int braid_verdict_again(struct braid_net *bn, struct sk_buff *skb,
				 u64 gen, u8 *dir)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);
	struct braid_net_stamp stamp;

	*dir = BRAID_NET_DIRECTION_EGRESS;
	if (!ct || nf_ct_is_template(ct) || !braid_conn_known(ct) ||
	    ctinfo == IP_CT_RELATED || ctinfo == IP_CT_RELATED_REPLY)
		return BRAID_PASS;
	stamp = braid_conn_stamp(ct);
	if (likely(!stamp.gen || braid_stamp_current(&stamp, gen)))
		return BRAID_PASS;
	if (braid_translate_stale(bn, ct, false, gen))
		return BRAID_DROP_STALE;
	stamp = verdict_decide(bn, ct, gen);
	*dir = stamp.dir;
	return stamp.reason;
}
