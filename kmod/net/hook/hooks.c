// SPDX-License-Identifier: GPL-2.0-only
#include "hook/hooks.h"

#include <linux/netfilter_arp.h>
#include <linux/netfilter_ipv4.h>
#include <linux/udp.h>
#include <net/netfilter/nf_nat.h>

#include "model/addr.h"
#include "packet/nd_guard.h"
#include "packet/conn.h"
#include "model/kinds.h"
#include "hook/masquerade.h"
#include "packet/packet.h"

#define BRAID_LABEL_BITS 128

/*
 * Where the UDP header of a packet is that nodes could have sent each other; 0
 * if it is none. Their tunnel packets have no IPv6 extension headers.
 */
static int hooks_udp_at(const struct sk_buff *skb,
			const struct nf_hook_state *state)
{
	const struct iphdr *iph = ip_hdr(skb);

	if (braid_packet_mapped(skb, state->pf))
		return 0;
	if (state->pf == NFPROTO_IPV6)
		return ipv6_hdr(skb)->nexthdr != IPPROTO_UDP ? 0 :
		       skb_network_offset(skb) + sizeof(struct ipv6hdr);
	if (iph->protocol != IPPROTO_UDP || ip_is_fragment(iph))
		return 0;
	return skb_network_offset(skb) + iph->ihl * 4;
}

/* Is it a tunnel packet from or to a node that we know? */
static bool hooks_is_outer(struct sk_buff *skb,
			   const struct nf_hook_state *state)
{
	struct braid_key key = { .kind = BRAID_KEY_UNDERLAY };
	const struct braid_overlay *overlay;
	struct udphdr *udp, buf;
	struct braid_packet p;
	bool out;
	int at;

	at = hooks_udp_at(skb, state);
	if (!at)
		return false;
	udp = skb_header_pointer(skb, at, sizeof(buf), &buf);
	braid_packet_init(&p, braid_net_of(state->net), skb, state);
	overlay = braid_overlay_now(p.bn, p.gen);
	if (!udp || !overlay || ntohs(udp->dest) != overlay->port)
		return false;
	out = state->hook == NF_INET_LOCAL_OUT;
	if (!ipv6_addr_equal(&overlay->local, out ? &p.src : &p.dst))
		return false;
	key.addr = out ? p.dst : p.src;
	if (!braid_index_find(&p.bn->index, &key, p.gen))
		return false;
	/* An endpoint's are tracked, judged, and dropped with a reason. */
	return !braid_endpoint_by_device(p.bn, state->in, p.gen);
}

/* Hook: raw at PRE_ROUTING and LOCAL_OUT. Nodes among themselves need no state. */
static unsigned int hooks_untrack(void *priv, struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
	struct braid_latch *latch = braid_latch(skb);

	latch->from = BRAID_FROM_NOWHERE;
	if (!skb_nfct(skb) && hooks_is_outer(skb, state)) {
		latch->from = BRAID_FROM_OUTER;
		nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
	}
	return NF_ACCEPT;
}

/* In the order of a packet's way: who sees a later stage has seen the first. */
static const struct nf_hook_ops hooks_table[] = {
	{
		.hook = hooks_untrack,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP_PRI_RAW,
	},
	{
		.hook = hooks_untrack,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = NF_IP_PRI_RAW,
	},
	{
		.hook = braid_classify,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP_PRI_CONNTRACK + 1,
	},
	{
		.hook = braid_classify,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = NF_IP_PRI_CONNTRACK + 1,
	},
	{
		.hook = braid_verdict_packet,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP_PRI_NAT_DST + 1,
	},
	{
		.hook = braid_verdict_packet,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = NF_IP_PRI_NAT_DST + 1,
	},
	{
		.hook = braid_deliver,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_POST_ROUTING,
		.priority = NF_IP_PRI_FIRST,
	},
	{
		.hook = braid_deliver_return,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_POST_ROUTING,
		.priority = NF_IP_PRI_NAT_SRC + 1,
	},
	{
		.hook = braid_nd_guard_arp,
		.pf = NFPROTO_ARP,
		.hooknum = NF_ARP_IN,
		.priority = NF_IP_PRI_FIRST,
	},
};

static const struct nf_hook_ops hooks_nat_table[] = {
	{
		.hook = braid_translate,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP_PRI_NAT_DST,
	},
	{
		.hook = braid_translate,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = NF_IP_PRI_NAT_DST,
	},
	{
		.hook = braid_masquerade,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_POST_ROUTING,
		.priority = NF_IP_PRI_NAT_SRC,
	},
};

/* The kernel takes hooks away in order; a stage must not go before a later one. */
static void hooks_leave(struct net *net)
{
	unsigned int i = ARRAY_SIZE(hooks_table);

	while (i--)
		nf_unregister_net_hook(net, &hooks_table[i]);
}

/* A later load of the module must not take these stamps for its own. */
static int hooks_forget_conn(struct nf_conn *ct, void *data)
{
	struct nf_conn_labels *labels = nf_ct_labels_find(ct);

	if (labels) {
		WRITE_ONCE(labels->bits[0], 0);
		WRITE_ONCE(labels->bits[1], 0);
	}
	return 0;
}

/**
 * braid_hooks_register() - begin to see a namespace's packets
 * @bn: the namespace
 *
 * Context: process, may sleep, namespace mutex held.
 * Return: 0, or an error of netfilter's.
 */
int braid_hooks_register(struct braid_net *bn)
{
	struct net *net = bn->net;
	unsigned int i;
	int ret;

	ret = nf_ct_netns_get(net, NFPROTO_INET);
	if (ret)
		return ret;
	ret = nf_connlabels_get(net, BRAID_LABEL_BITS - 1);
	if (ret)
		goto err_put_ct;
	ret = nf_register_net_hooks(net, hooks_table,
				    ARRAY_SIZE(hooks_table));
	if (ret)
		goto err_put_labels;
	/* Who is translated has been classified. */
	synchronize_net();
	for (i = 0; i < ARRAY_SIZE(hooks_nat_table); i++) {
		ret = nf_nat_inet_register_fn(net, &hooks_nat_table[i]);
		if (ret)
			goto err_unregister_nat;
	}
	return 0;

err_unregister_nat:
	while (i--)
		nf_nat_inet_unregister_fn(net, &hooks_nat_table[i]);
	hooks_leave(net);
	synchronize_net();
err_put_labels:
	nf_connlabels_put(net);
err_put_ct:
	nf_ct_netns_put(net, NFPROTO_INET);
	return ret;
}

/**
 * braid_hooks_unregister() - stop seeing a namespace's packets
 * @bn: the namespace; nothing is done if it has no hooks
 *
 * No packet is in a hook of ours when it returns.
 *
 * Context: process, may sleep, namespace mutex held.
 */
void braid_hooks_unregister(struct braid_net *bn)
{
	struct nf_ct_iter_data iter = { .net = bn->net };
	unsigned int i = ARRAY_SIZE(hooks_nat_table);
	struct net *net = bn->net;

	if (!bn->active)
		return;
	bn->active = false;
	while (i--)
		nf_nat_inet_unregister_fn(net, &hooks_nat_table[i]);
	synchronize_net();
	hooks_leave(net);
	synchronize_net();
	nf_ct_iterate_cleanup_net(hooks_forget_conn, &iter);
	nf_connlabels_put(net);
	nf_ct_netns_put(net, NFPROTO_INET);
}
