/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A packet in the hooks.
 *
 * The first stage reads the generation and finds the source of the packet. The later
 * stages find the result in the control block of the packet, in bytes that neither IP
 * nor netfilter uses between the two hooks.
 */
#ifndef BRAID_PACKET_H
#define BRAID_PACKET_H

#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_conntrack.h>

#include "model/net.h"

/* The kind of the overlay's link, as rtnetlink names it. */
#define BRAID_LINK_KIND "braid"
extern const char braid_link_kind[];

/**
 * enum braid_from - the source of a packet
 * @BRAID_FROM_NOWHERE: not known yet
 * @BRAID_FROM_OUTER: a tunnel packet from or to another node; its inner packet gets
 *	the verdict
 * @BRAID_FROM_ENDPOINT: a local workload
 * @BRAID_FROM_OVERLAY: the overlay's link
 * @BRAID_FROM_HOST: the node itself
 * @BRAID_FROM_ELSEWHERE: any other device
 */
enum braid_from {
	BRAID_FROM_NOWHERE,
	BRAID_FROM_OUTER,
	BRAID_FROM_ENDPOINT,
	BRAID_FROM_OVERLAY,
	BRAID_FROM_HOST,
	BRAID_FROM_ELSEWHERE,
};

/**
 * struct braid_latch - the result of the first stage
 * @gen: generation for all stages
 * @id: identity of the sender
 * @from: enum braid_from
 */
struct braid_latch {
	u64 gen;
	u32 id;
	u8 from;
};

#define BRAID_LATCH_AT (sizeof_field(struct sk_buff, cb) - \
			sizeof(struct braid_latch))

static_assert(sizeof(struct inet_skb_parm) <= BRAID_LATCH_AT);
static_assert(sizeof(struct inet6_skb_parm) <= BRAID_LATCH_AT);

static inline struct braid_latch *braid_latch(struct sk_buff *skb)
{
	return (struct braid_latch *)(skb->cb + BRAID_LATCH_AT);
}

/* Return: direction of a packet, seen from its endpoint. */
static inline u8 braid_latch_dir(const struct braid_latch *latch)
{
	return latch->from == BRAID_FROM_ENDPOINT ?
	       BRAID_NET_DIRECTION_EGRESS : BRAID_NET_DIRECTION_INGRESS;
}

/**
 * struct braid_packet - a packet at a hook; on the stack
 * @bn: the namespace
 * @skb: the packet
 * @state: state of the hook
 * @gen: generation for all stages
 * @src: source address
 * @dst: present destination address
 */
struct braid_packet {
	struct braid_net *bn;
	struct sk_buff *skb;
	const struct nf_hook_state *state;
	u64 gen;
	struct in6_addr src;
	struct in6_addr dst;
};

/**
 * struct braid_net_verdict - the decision about a connection
 * @src_id: identity of the source
 * @dst_id: identity of the destination, after translation
 * @reason: enum braid_reason if the connection is denied, else 0
 * @dir: enum braid_net_direction of the rule that denied it
 * @local: source or destination is an endpoint of this node
 * @rules: rules that decided, by enum braid_net_direction; NULL without a rule
 */
struct braid_net_verdict {
	u32 src_id;
	u32 dst_id;
	u8 reason;
	u8 dir;
	bool local;
	const struct braid_rule *rules[2];
};

struct braid_endpoint *braid_endpoint_by_device(struct braid_net *bn,
						const struct net_device *dev,
						u64 gen);
struct braid_endpoint *braid_endpoint_by_addr(struct braid_net *bn,
					      const struct in6_addr *addr,
					      u64 gen);
bool braid_endpoint_has(const struct braid_endpoint *ep,
			const struct in6_addr *addr);
struct braid_overlay *braid_overlay_now(struct braid_net *bn, u64 gen);
bool braid_is_link(const struct net_device *dev);
bool braid_packet_mapped(const struct sk_buff *skb, u8 pf);
bool braid_device_holds(const struct net_device *dev,
			const struct in6_addr *addr);
bool braid_is_uplink(struct braid_net *bn, const struct net_device *dev,
		     u64 gen);
u32 braid_addr_identity(struct braid_net *bn, const struct in6_addr *addr,
			u64 gen);
void braid_packet_init(struct braid_packet *p, struct braid_net *bn,
		       struct sk_buff *skb, const struct nf_hook_state *state);
unsigned int braid_packet_drop(const struct braid_packet *p,
			       unsigned int reason, u8 dir, u32 src_id,
			       u32 dst_id);
bool braid_is_icmp_error(const struct braid_packet *p, const struct nf_conn *ct,
			 enum ip_conntrack_info ctinfo);
void braid_classify_note(struct nf_conn *ct, enum ip_conntrack_info ctinfo,
			 const struct braid_latch *latch);
unsigned int braid_classify(void *priv, struct sk_buff *skb,
			    const struct nf_hook_state *state);
unsigned int braid_classify_source(struct braid_packet *p,
				   struct braid_latch *latch);
unsigned int braid_verdict_packet(void *priv, struct sk_buff *skb,
				  const struct nf_hook_state *state);
unsigned int braid_translate(void *priv, struct sk_buff *skb,
			     const struct nf_hook_state *state);
unsigned int braid_deliver(void *priv, struct sk_buff *skb,
			   const struct nf_hook_state *state);
unsigned int braid_deliver_return(void *priv, struct sk_buff *skb,
				  const struct nf_hook_state *state);
void braid_verdict_conn(struct braid_net *bn, const struct nf_conn *ct, u64 gen,
			struct braid_net_verdict *v);
unsigned int braid_verdict_again(struct braid_net *bn, struct sk_buff *skb,
				 u64 gen, u8 *dir);
const struct braid_service *braid_translate_service(struct braid_net *bn,
						    const struct nf_conn *ct,
						    u64 gen);
bool braid_translate_stale(struct braid_net *bn, const struct nf_conn *ct,
			   bool inside, u64 gen);

#endif
