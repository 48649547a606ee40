// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stage 5, where a packet leaves: a source that the receiver cannot answer is replaced
 * by an address of the node: the overlay address for packets into the overlay and from
 * a workload to itself, the uplink's address for packets out of the cluster.
 */
#include "hook/masquerade.h"

#include <linux/inetdevice.h>
#include <net/addrconf.h>
#include <net/netfilter/nf_nat.h>
#include <net/netfilter/nf_nat_masquerade.h>

#include "model/addr.h"
#include "packet/conn.h"
#include "packet/drop.h"
#include "model/kinds.h"
#include "packet/packet.h"
#include "overlay/vxlan.h"

/*
 * Return: true for an identity outside the cluster. With an overlay, other nodes count
 * too: they accept packets of workloads from the overlay only.
 */
static bool masquerade_is_outside(const struct braid_packet *p, u32 id)
{
	if (id == BRAID_ID_REMOTE_NODE)
		return braid_overlay_now(p->bn, p->gen);
	return id == BRAID_ID_WORLD || id > BRAID_VNI_MAX;
}

/* Finds an address of a device that is valid beyond the link. */
static bool masquerade_device_addr(const struct net_device *dev, u8 pf,
				   struct in6_addr *addr)
{
	const struct in_device *in_dev = __in_dev_get_rcu(dev);
	const struct inet6_dev *in6_dev = __in6_dev_get(dev);
	const struct inet6_ifaddr *ifa6;
	const struct in_ifaddr *ifa;

	if (pf == NFPROTO_IPV4 && in_dev) {
		in_dev_for_each_ifa_rcu(ifa, in_dev) {
			if (ifa->ifa_scope != RT_SCOPE_UNIVERSE)
				continue;
			*addr = braid_addr_v4(ifa->ifa_local);
			return true;
		}
	}
	if (pf == NFPROTO_IPV6 && in6_dev) {
		list_for_each_entry_rcu(ifa6, &in6_dev->addr_list, if_list) {
			if (ifa6->scope == IFA_LINK ||
			    ifa6->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED))
				continue;
			*addr = ifa6->addr;
			return true;
		}
	}
	return false;
}

/* Replaces the source by the address of the outgoing device, and follows its changes. */
static unsigned int masquerade_by(const struct braid_packet *p)
{
	struct nf_nat_range2 range = {};
	struct in6_addr addr;

	if (!masquerade_device_addr(p->state->out, p->state->pf, &addr))
		return NF_ACCEPT;
	if (p->state->pf == NFPROTO_IPV6)
		return nf_nat_masquerade_ipv6(p->skb, &range, p->state->out);
	return nf_nat_masquerade_ipv4(p->skb, p->state->hook, &range,
				      p->state->out);
}

/*
 * A workload that connects to itself through a service would drop packets with its own
 * source. The new source is the overlay link's or the one that the node would select.
 */
static unsigned int masquerade_hairpin(const struct braid_packet *p,
				       struct nf_conn *ct)
{
	const struct braid_overlay *overlay = braid_overlay_now(p->bn, p->gen);
	struct nf_nat_range2 range = { .flags = NF_NAT_RANGE_MAP_IPS };
	struct in6_addr addr = {};

	/* The link of a valid overlay exists until a grace period later. */
	if (overlay && masquerade_device_addr(overlay->dev, p->state->pf, &addr))
		goto setup;
	if (p->state->pf == NFPROTO_IPV4)
		addr = braid_addr_v4(inet_select_addr(p->state->out, 0,
						      RT_SCOPE_UNIVERSE));
	else if (ipv6_dev_get_saddr(p->bn->net, p->state->out, &p->dst, 0,
				    &addr))
		return NF_ACCEPT;
	if (braid_addr_is_v4(&addr) && !braid_addr_to_v4(&addr))
		return NF_ACCEPT;
setup:
	range.min_addr = braid_addr_to_nf(&addr);
	range.max_addr = range.min_addr;
	return nf_nat_setup_info(ct, &range, NF_NAT_MANIP_SRC);
}

/* Return: destination identity of the verdict, or of the address without a verdict. */
static u32 masquerade_reached(const struct braid_packet *p, const struct nf_conn *ct)
{
	u32 id = braid_pair_destination(braid_conn_pair(ct));

	return id ?: braid_addr_identity(p->bn, &p->dst, p->gen);
}

/*
 * A packet into the overlay. The other node accepts a source only from the node that
 * has it, so a source that came from the overlay to a service here is replaced. A
 * connection without labels would lose its identity with the source.
 */
static unsigned int masquerade_inside(const struct braid_packet *p,
				      const struct nf_conn *ct,
				      const struct braid_endpoint *ep)
{
	if (ep || braid_device_holds(p->state->out, &p->src))
		return NF_ACCEPT;
	if (!braid_conn_known(ct))
		return braid_packet_drop(p, BRAID_DROP_NO_MEMORY,
					 BRAID_NET_DIRECTION_EGRESS, 0, 0);
	return masquerade_by(p);
}

/* NAT hook for the first packet of a connection, at POST_ROUTING. */
unsigned int braid_masquerade(void *priv, struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	const struct braid_endpoint *ep;
	enum ip_conntrack_info ctinfo;
	enum braid_reason reason;
	struct braid_packet p;
	struct nf_conn *ct;
	u8 dir;

	ct = nf_ct_get(skb, &ctinfo);
	if (!ct || CTINFO2DIR(ctinfo) != IP_CT_DIR_ORIGINAL)
		return NF_ACCEPT;
	braid_packet_init(&p, braid_net_of(state->net), skb, state);
	/* The translation is final, so it must be of one generation with the verdict. */
	reason = braid_verdict_again(p.bn, skb, p.gen, &dir);
	if (reason)
		return braid_packet_drop(&p, reason, dir,
					 braid_pair_source(braid_conn_pair(ct)),
					 0);
	ep = braid_endpoint_by_addr(p.bn, &p.src, p.gen);
	if (braid_is_link(state->out))
		return masquerade_inside(&p, ct, ep);
	if (!ep)
		return NF_ACCEPT;
	if (braid_endpoint_has(ep, &p.dst))
		return masquerade_hairpin(&p, ct);
	if (braid_is_uplink(p.bn, state->out, p.gen) &&
	    masquerade_is_outside(&p, masquerade_reached(&p, ct)))
		return masquerade_by(&p);
	return NF_ACCEPT;
}

/**
 * braid_masquerade_init() - begins to watch devices and addresses used as sources
 *
 * Context: process, may sleep.
 * Return: 0 or an error.
 */
int __init braid_masquerade_init(void)
{
	return nf_nat_masquerade_inet_register_notifiers();
}

/**
 * braid_masquerade_exit() - stops watching devices and addresses
 *
 * Context: process, may sleep.
 */
void braid_masquerade_exit(void)
{
	nf_nat_masquerade_inet_unregister_notifiers();
}
