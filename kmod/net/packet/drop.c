// SPDX-License-Identifier: GPL-2.0-only
#include "packet/drop.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/icmp.h>
#include <linux/in.h>
#include <linux/netdevice.h>
#include <linux/percpu.h>
#include <linux/timekeeping.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "model/addr.h"
#include "model/kinds.h"
#include "packet/family.h"

static const char *const drop_texts[BRAID_REASON_COUNT] = {
	[BRAID_PASS] = "pass",
#define X(name, text) [BRAID_DROP_##name] = text,
	BRAID_REASONS(X)
#undef X
};

/**
 * braid_drop_text() - finds the name of a reason
 * @reason: a reason
 *
 * Context: any.
 * Return: a static word; programs depend on it.
 */
const char *braid_drop_text(enum braid_reason reason)
{
	return drop_texts[reason];
}

static void drop_ports(struct braid_drop *drop, const struct sk_buff *skb,
		       unsigned int offset)
{
	__be16 ports[2];

	switch (drop->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
		if (skb_copy_bits(skb, offset, ports, sizeof(ports)))
			return;
		drop->sport = ntohs(ports[0]);
		drop->dport = ntohs(ports[1]);
		return;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (!skb_copy_bits(skb, offset, ports, sizeof(ports)))
			drop->dport = ntohs(ports[0]) >> 8;
	}
}

/**
 * braid_drop_describe() - fills in what the headers of a packet contain
 * @drop: addresses, protocol and ports are filled in
 * @skb: packet with its network header set; truncated headers are left out
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * Context: any.
 */
void braid_drop_describe(struct braid_drop *drop, const struct sk_buff *skb,
			 u8 pf)
{
	unsigned int offset = skb_network_offset(skb);
	struct ipv6hdr ip6;
	struct iphdr ip;
	__be16 frag;
	int at;

	if (pf == NFPROTO_IPV6) {
		if (skb_copy_bits(skb, offset, &ip6, sizeof(ip6)))
			return;
		drop->src = ip6.saddr;
		drop->dst = ip6.daddr;
		drop->proto = ip6.nexthdr;
		at = ipv6_skip_exthdr(skb, offset + sizeof(ip6), &drop->proto,
				      &frag);
		if (at >= 0 && !(frag & htons(IP6_OFFSET)))
			drop_ports(drop, skb, at);
		return;
	}
	if (skb_copy_bits(skb, offset, &ip, sizeof(ip)))
		return;
	drop->src = braid_addr_v4(ip.saddr);
	drop->dst = braid_addr_v4(ip.daddr);
	drop->proto = ip.protocol;
	if (!(ip.frag_off & htons(IP_OFFSET)))
		drop_ports(drop, skb, offset + ip.ihl * 4);
}

static const struct braid_identity *drop_event_identity(struct braid_net *bn,
							u32 id)
{
	struct braid_key key = { .kind = BRAID_KEY_IDENTITY, .num = id };
	struct braid_life *life;

	life = braid_index_find(&bn->index, &key, braid_net_gen(bn));
	return life ? container_of(braid_obj_of(life), struct braid_identity,
				   obj) : NULL;
}

static int drop_event_labels(struct sk_buff *skb, int attr,
			     const struct braid_identity *identity)
{
	unsigned int i;

	for (i = 0; identity && i < identity->nlabels; i++)
		if (nla_put_string(skb, attr, identity->labels[i]))
			return -EMSGSIZE;
	return 0;
}

/* Return: size of the labels of an identity, and half of the other attributes. */
static size_t drop_event_size(const struct braid_identity *identity)
{
	return 256 + (identity ? identity->nlabels : 0) *
		     nla_total_size(BRAID_NET_LABEL_MAX + 1);
}

static int drop_event_fill(struct sk_buff *skb, const struct braid_drop *drop)
{
	if (nla_put_string(skb, BRAID_NET_A_EVENT_REASON,
			   braid_drop_text(drop->reason)) ||
	    nla_put_u32(skb, BRAID_NET_A_EVENT_DIRECTION, drop->dir) ||
	    nla_put_u32(skb, BRAID_NET_A_EVENT_SOURCE_IDENTITY, drop->src_id) ||
	    nla_put_u32(skb, BRAID_NET_A_EVENT_DESTINATION_IDENTITY,
			drop->dst_id) ||
	    braid_fill_addr(skb, BRAID_NET_A_EVENT_SOURCE, &drop->src) ||
	    braid_fill_addr(skb, BRAID_NET_A_EVENT_DESTINATION, &drop->dst) ||
	    nla_put_u8(skb, BRAID_NET_A_EVENT_PROTOCOL, drop->proto) ||
	    nla_put_u16(skb, BRAID_NET_A_EVENT_SOURCE_PORT, drop->sport) ||
	    nla_put_u16(skb, BRAID_NET_A_EVENT_DESTINATION_PORT, drop->dport) ||
	    nla_put_u64_64bit(skb, BRAID_NET_A_EVENT_TIME,
			      ktime_get_real_ns(), BRAID_NET_A_EVENT_PAD))
		return -EMSGSIZE;
	if (drop->dev &&
	    nla_put_string(skb, BRAID_NET_A_EVENT_DEVICE, drop->dev->name))
		return -EMSGSIZE;
	return 0;
}

/* Sends an event; an event that cannot be built or sent is counted as lost. */
static void drop_event_send(struct braid_net *bn, const struct braid_drop *drop)
{
	const struct braid_identity *src, *dst;
	struct nlattr *nest;
	struct sk_buff *skb;
	void *hdr;

	if (!braid_net_family_drops_wanted(bn->net))
		return;
	src = drop_event_identity(bn, drop->src_id);
	dst = drop_event_identity(bn, drop->dst_id);
	skb = genlmsg_new(drop_event_size(src) + drop_event_size(dst),
			  GFP_ATOMIC);
	if (!skb)
		goto lost;
	hdr = braid_net_family_put(skb, 0, 0, 0, BRAID_NET_CMD_DROP_NTF);
	nest = hdr ? nla_nest_start(skb, BRAID_NET_A_EVENT) : NULL;
	if (!nest || drop_event_fill(skb, drop) ||
	    drop_event_labels(skb, BRAID_NET_A_EVENT_SOURCE_LABEL, src) ||
	    drop_event_labels(skb, BRAID_NET_A_EVENT_DESTINATION_LABEL, dst)) {
		nlmsg_free(skb);
		goto lost;
	}
	nla_nest_end(skb, nest);
	genlmsg_end(skb, hdr);
	if (!braid_net_family_drops_send(bn->net, skb))
		return;
lost:
	atomic64_inc(&bn->lost);
}

/**
 * braid_drop_report() - counts a drop and sends an event
 * @bn: the namespace
 * @drop: the drop, completely filled in
 *
 * Context: any but hard interrupt; in an RCU read section.
 */
void braid_drop_report(struct braid_net *bn, const struct braid_drop *drop)
{
	this_cpu_inc(bn->counters->drops[drop->reason][drop->dir]);
	drop_event_send(bn, drop);
}

/* Counts a packet of an endpoint that passed policy. Context: any. */
void braid_count_forwarded(struct braid_net *bn)
{
	this_cpu_inc(bn->counters->forwarded);
}

/* Return: the number of packets dropped for a reason in a direction. Context: any. */
u64 braid_stats_drops(struct braid_net *bn, enum braid_reason reason, u8 dir)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(bn->counters, cpu)->drops[reason][dir]);
	return sum;
}

/* Return: the number of packets of endpoints that passed policy. Context: any. */
u64 braid_stats_forwarded(struct braid_net *bn)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(bn->counters, cpu)->forwarded);
	return sum;
}

/**
 * braid_stats_reset() - sets all counters to zero
 * @bn: the namespace
 *
 * Packets that other CPUs count at the same time may be lost from the counters.
 *
 * Context: any.
 */
void braid_stats_reset(struct braid_net *bn)
{
	int cpu;

	for_each_possible_cpu(cpu)
		memset(per_cpu_ptr(bn->counters, cpu), 0,
		       sizeof(*bn->counters));
	atomic64_set(&bn->lost, 0);
}
