// SPDX-License-Identifier: GPL-2.0-only
/* Stage 3: services. The first packet of a connection selects a backend. */
#include "packet/packet.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/random.h>
#include <net/dst_metadata.h>
#include <net/netfilter/ipv4/nf_reject.h>
#include <net/netfilter/ipv6/nf_reject.h>
#include <net/netfilter/nf_nat.h>

#include "model/addr.h"
#include "packet/conn.h"
#include "packet/drop.h"
#include "model/kinds.h"

static const struct braid_service *
translate_service_at(struct braid_net *bn, const struct in6_addr *addr, __be16 port,
		     u8 proto, u64 gen)
{
	struct braid_key key = {
		.kind = BRAID_KEY_FRONTEND,
		.addr = *addr,
		.port = port,
		.num = proto,
	};
	struct braid_life *life;

	if (proto != IPPROTO_TCP && proto != IPPROTO_UDP &&
	    proto != IPPROTO_SCTP)
		return NULL;
	life = braid_index_find(&bn->index, &key, gen);
	return life ? container_of(braid_obj_of(life), struct braid_service,
				   obj) : NULL;
}

/**
 * braid_translate_service() - finds the service of a connection
 * @bn: the namespace
 * @ct: the connection
 * @gen: generation of the traversal
 *
 * Context: any, in an RCU read section that began before @gen was latched.
 * Return: the service at its original destination, valid until the section ends, or
 * NULL.
 */
const struct braid_service *braid_translate_service(struct braid_net *bn,
						    const struct nf_conn *ct,
						    u64 gen)
{
	const struct nf_conntrack_tuple *orig =
		&ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	struct in6_addr addr = braid_tuple_addr(ct, &orig->dst.u3);

	return translate_service_at(bn, &addr, orig->dst.u.all, orig->dst.protonum,
				    gen);
}

/**
 * braid_translate_stale() - tells whether a connection contradicts its service
 * @bn: the namespace
 * @ct: the connection
 * @inside: the connection began on this node or in the overlay and may use services
 * @gen: generation of the traversal
 *
 * A connection is stale if it was translated to a backend that is removed, or if it
 * was not translated and its destination is a frontend.
 *
 * Context: any, in an RCU read section that began before @gen was latched.
 * Return: true if it is stale.
 */
bool braid_translate_stale(struct braid_net *bn, const struct nf_conn *ct,
			   bool inside, u64 gen)
{
	const struct nf_conntrack_tuple *reply =
		&ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	struct braid_net_stamp stamp = braid_conn_stamp(ct);
	const struct braid_service *service = braid_translate_service(bn, ct, gen);
	struct braid_key key = { .kind = BRAID_KEY_BACKEND };

	if (!stamp.service)
		return service && inside && !(ct->status & IPS_DST_NAT);
	if (!service)
		return true;
	key.num = service->number;
	key.addr = braid_tuple_addr(ct, &reply->src.u3);
	key.port = reply->src.u.all;
	return !braid_index_find(&bn->index, &key, gen);
}

static void translate_refuse4(const struct braid_packet *p, u8 proto)
{
	if (proto == IPPROTO_TCP)
		nf_send_reset(p->state->net, p->state->sk, p->skb,
			      p->state->hook);
	else
		nf_send_unreach(p->skb, ICMP_PORT_UNREACH, p->state->hook);
}

static void translate_refuse6(const struct braid_packet *p, u8 proto)
{
	if (proto == IPPROTO_TCP)
		nf_send_reset6(p->state->net, p->state->sk, p->skb,
			       p->state->hook);
	else
		nf_send_unreach6(p->state->net, p->skb, ICMPV6_PORT_UNREACH,
				 p->state->hook);
}

/* Without a backend, answers like a host that has no listener. */
static unsigned int translate_refuse(struct braid_packet *p,
				     const struct braid_latch *latch,
				     u8 proto)
{
	/* Before routing the dst can only be metadata of the tunnel, not a route. */
	if (!skb_valid_dst(p->skb))
		skb_dst_drop(p->skb);
	if (p->state->pf == NFPROTO_IPV6)
		translate_refuse6(p, proto);
	else
		translate_refuse4(p, proto);
	return braid_packet_drop(p, BRAID_DROP_NO_BACKEND,
				 BRAID_NET_DIRECTION_EGRESS, latch->id, 0);
}

static unsigned int translate_to(struct nf_conn *ct,
				 const struct braid_target *target)
{
	struct nf_nat_range2 range = {
		.flags = NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED,
		.min_addr = braid_addr_to_nf(&target->addr),
		.max_addr = braid_addr_to_nf(&target->addr),
		.min_proto.all = target->port,
		.max_proto.all = target->port,
	};
	struct braid_net_stamp stamp = braid_conn_stamp(ct);

	stamp.service = true;
	braid_conn_set_stamp(ct, &stamp);
	return nf_nat_setup_info(ct, &range, NF_NAT_MANIP_DST);
}

/* NAT hook for the first packet of a connection, at PRE_ROUTING and LOCAL_OUT. */
unsigned int braid_translate(void *priv, struct sk_buff *skb,
			     const struct nf_hook_state *state)
{
	const struct braid_latch *latch = braid_latch(skb);
	const struct braid_service *service;
	enum ip_conntrack_info ctinfo;
	struct braid_packet p;
	struct nf_conn *ct;
	u32 pick;

	ct = nf_ct_get(skb, &ctinfo);
	/* A related packet, such as a refusal from below, selects no backend. */
	if (!ct || ctinfo != IP_CT_NEW || latch->from == BRAID_FROM_ELSEWHERE)
		return NF_ACCEPT;
	braid_packet_init(&p, braid_net_of(state->net), skb, state);
	p.gen = latch->gen;
	service = braid_translate_service(p.bn, ct, p.gen);
	if (!service)
		return NF_ACCEPT;
	if (!service->ntargets)
		return translate_refuse(&p, latch, nf_ct_protonum(ct));
	/* The later stages have no state in a connection without labels. */
	if (!braid_conn_known(ct))
		return braid_packet_drop(&p, BRAID_DROP_NO_MEMORY,
					 BRAID_NET_DIRECTION_EGRESS, latch->id,
					 0);
	pick = reciprocal_scale(get_random_u32(), service->ntargets);
	return translate_to(ct, &service->targets[pick]);
}
