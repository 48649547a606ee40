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
 * Return: offset of the UDP header, or 0 if the packet cannot be a tunnel packet.
 * Tunnel packets have no IPv6 extension headers.
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

/* Return: true for a tunnel packet from or to a known node. */
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
	/* Tunnel packets of an endpoint are tracked, and policy drops them. */
	return !braid_endpoint_by_device(p.bn, state->in, p.gen);
}

/* Hook at NF_IP_PRI_RAW of PRE_ROUTING and LOCAL_OUT: tunnel packets need no state. */
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

/* In the order of the stages, so that a packet at a later stage passed the first. */
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

/* Removes later stages first; the kernel would remove the table from its start. */
static void hooks_leave(struct net *net)
{
	unsigned int i = ARRAY_SIZE(hooks_table);

	while (i--)
		nf_unregister_net_hook(net, &hooks_table[i]);
}

/* Clears stamps, which a later load of the module must not use. */
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
 * braid_hooks_register() - registers the hooks of a namespace
 * @bn: the namespace
 *
 * Context: process, may sleep, namespace mutex held.
 * Return: 0 or a negative errno of netfilter.
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
	/* Register NAT hooks last: a translated packet must have been classified. */
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
 * braid_hooks_unregister() - unregisters the hooks of a namespace
 * @bn: the namespace, which may have no hooks
 *
 * No packet is in a hook when this returns.
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
