// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vxlan or geneve device of the kernel at the other end may ask for the hardware
 * address of the link. The link itself never asks, since it is NOARP.
 */
#include "overlay/neighbour.h"

#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/inetdevice.h>
#include <net/addrconf.h>
#include <net/arp.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>
#include <net/ndisc.h>

#include "model/addr.h"
#include "packet/icmpv6.h"
#include "packet/packet.h"

/* ARP for IPv4 on Ethernet. */
struct braid_neighbour_arp {
	struct arphdr head;
	u8 sender_mac[ETH_ALEN];
	__be32 sender;
	u8 target_mac[ETH_ALEN];
	__be32 target;
} __packed;

/* The neighbour advertisement of an answer; its option is the hardware address. */
struct braid_neighbour_advert {
	struct icmp6hdr head;
	struct in6_addr target;
	u8 type;
	u8 length;
	u8 mac[ETH_ALEN];
};

static_assert(sizeof(struct braid_neighbour_arp) == 28);
static_assert(sizeof(struct braid_neighbour_advert) == 32);

static struct sk_buff *neighbour_arp(const struct braid_link *link,
				     struct sk_buff *skb)
{
	const struct braid_neighbour_arp *arp;
	struct in6_addr target;
	struct sk_buff *answer;

	if (!pskb_network_may_pull(skb, sizeof(*arp)))
		return NULL;
	arp = (struct braid_neighbour_arp *)skb_network_header(skb);
	if (arp->head.ar_hrd != htons(ARPHRD_ETHER) ||
	    arp->head.ar_pro != htons(ETH_P_IP) ||
	    arp->head.ar_hln != ETH_ALEN || arp->head.ar_pln != 4 ||
	    arp->head.ar_op != htons(ARPOP_REQUEST) ||
	    !is_valid_ether_addr(arp->sender_mac))
		return NULL;
	target = braid_addr_v4(arp->target);
	if (!braid_device_holds(link->dev, &target))
		return NULL;
	answer = arp_create(ARPOP_REPLY, ETH_P_ARP, arp->sender, link->dev,
			    arp->target, arp->sender_mac, link->dev->dev_addr,
			    arp->sender_mac);
	if (answer) {
		skb_reset_mac_header(answer);
		skb_reset_transport_header(answer);
	}
	return answer;
}

/* Return: true if the options fill the packet and none is empty (RFC 4861, 7.1.1). */
static bool neighbour_options_ok(const u8 *at, unsigned int left)
{
	unsigned int len;

	for (; left; at += len, left -= len) {
		if (left < 8)
			return false;
		len = at[1] * 8;
		if (!len || len > left)
			return false;
	}
	return true;
}

/* Return: true for a valid neighbour solicitation (RFC 4861, 7.1.1). */
static bool neighbour_solicits(struct sk_buff *skb)
{
	unsigned int at = skb_network_offset(skb) + sizeof(struct ipv6hdr);
	unsigned int len = ntohs(ipv6_hdr(skb)->payload_len);
	const struct ipv6hdr *ip6;
	const struct nd_msg *msg;
	struct in6_addr group;

	if (ipv6_hdr(skb)->nexthdr != IPPROTO_ICMPV6 ||
	    ipv6_hdr(skb)->hop_limit != 255 || len < sizeof(*msg) ||
	    !pskb_may_pull(skb, at + len))
		return false;
	ip6 = ipv6_hdr(skb);
	msg = (struct nd_msg *)(ip6 + 1);
	if (msg->icmph.icmp6_type != NDISC_NEIGHBOUR_SOLICITATION ||
	    msg->icmph.icmp6_code ||
	    !neighbour_options_ok(msg->opt, len - sizeof(*msg)) ||
	    csum_ipv6_magic(&ip6->saddr, &ip6->daddr, len, IPPROTO_ICMPV6,
			    skb_checksum(skb, at, len, 0)))
		return false;
	addrconf_addr_solict_mult(&msg->target, &group);
	/* A host without an address must send to the group. */
	return ipv6_addr_equal(&ip6->daddr, &group) ||
	       (ipv6_addr_equal(&ip6->daddr, &msg->target) &&
		!ipv6_addr_any(&ip6->saddr));
}

static void neighbour_advert(const struct net_device *dev,
			     struct sk_buff *skb,
			     const struct in6_addr *target,
			     const struct in6_addr *asker)
{
	const struct inet6_dev *idev = __in6_dev_get(dev);
	struct braid_neighbour_advert *advert;
	struct ipv6hdr *ip6;

	skb_reset_network_header(skb);
	ip6 = skb_put_zero(skb, sizeof(*ip6));
	ip6_flow_hdr(ip6, 0, 0);
	ip6->payload_len = htons(sizeof(*advert));
	ip6->nexthdr = IPPROTO_ICMPV6;
	ip6->hop_limit = 255;
	ip6->saddr = *target;
	if (ipv6_addr_any(asker))
		ip6->daddr = in6addr_linklocal_allnodes;
	else
		ip6->daddr = *asker;

	skb_reset_transport_header(skb);
	advert = skb_put_zero(skb, sizeof(*advert));
	advert->head.icmp6_type = NDISC_NEIGHBOUR_ADVERTISEMENT;
	advert->head.icmp6_solicited = !ipv6_addr_any(asker);
	advert->head.icmp6_override = 1;
	advert->head.icmp6_router = idev && READ_ONCE(idev->cnf.forwarding);
	advert->target = *target;
	advert->type = ND_OPT_TARGET_LL_ADDR;
	advert->length = 1;
	ether_addr_copy(advert->mac, dev->dev_addr);
	advert->head.icmp6_cksum =
		csum_ipv6_magic(&ip6->saddr, &ip6->daddr, sizeof(*advert),
				IPPROTO_ICMPV6,
				csum_partial(advert, sizeof(*advert), 0));
}

static struct sk_buff *neighbour_nd(const struct braid_link *link,
				    struct sk_buff *skb)
{
	struct net_device *dev = link->dev;
	const struct nd_msg *msg;
	struct sk_buff *answer;

	if (!neighbour_solicits(skb))
		return NULL;
	msg = (struct nd_msg *)(ipv6_hdr(skb) + 1);
	if (!ipv6_chk_addr(link->bn->net, &msg->target, dev, 1))
		return NULL;
	answer = alloc_skb(LL_RESERVED_SPACE(dev) + sizeof(struct ipv6hdr) +
			   sizeof(struct braid_neighbour_advert), GFP_ATOMIC);
	if (!answer)
		return NULL;
	skb_reserve(answer, LL_RESERVED_SPACE(dev));
	answer->dev = dev;
	answer->protocol = htons(ETH_P_IPV6);
	neighbour_advert(dev, answer, &msg->target, &ipv6_hdr(skb)->saddr);
	eth_header(answer, dev, ETH_P_IPV6, eth_hdr(skb)->h_source,
		   dev->dev_addr, answer->len);
	skb_reset_mac_header(answer);
	return answer;
}

/**
 * braid_neighbour_is() - tells whether a packet is about neighbours
 * @skb: packet with its network header set; an IPv6 header is valid
 *
 * Such packets must not pass the tunnel, or one node could change the neighbour
 * tables of another.
 *
 * Context: any.
 * Return: true for ARP and for neighbour discovery.
 */
bool braid_neighbour_is(const struct sk_buff *skb)
{
	int at;

	if (skb->protocol == htons(ETH_P_ARP))
		return true;
	return skb->protocol == htons(ETH_P_IPV6) &&
	       braid_icmpv6_is_nd(braid_icmpv6_type(skb, &at));
}

/**
 * braid_neighbour_answer() - answers a request for an address of the link
 * @link: the link
 * @skb: received packet for which braid_neighbour_is() is true
 *
 * The link learns nothing from the request; the caller sends the answer to the node
 * that the request came from.
 *
 * Context: softirq, RCU read section.
 * Return: a frame, owned by the caller, or NULL if the packet is no valid request for
 * an address of the link or there is no memory.
 */
struct sk_buff *braid_neighbour_answer(const struct braid_link *link,
				       struct sk_buff *skb)
{
	if (!is_valid_ether_addr(eth_hdr(skb)->h_source))
		return NULL;
	return skb->protocol == htons(ETH_P_ARP) ?
	       neighbour_arp(link, skb) : neighbour_nd(link, skb);
}
