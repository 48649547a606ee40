// SPDX-License-Identifier: GPL-2.0-only
#include "overlay/gro.h"

#include <linux/etherdevice.h>
#include <linux/string.h>
#include <net/gro.h>

#include "overlay/encap.h"
#include "overlay/tunnel.h"

/*
 * Return: the tunnel header of a packet that may be merged, or NULL. A packet that the
 * tunnel would drop is not merged, so that it is dropped alone with its own reason.
 */
static const void *gro_header(const struct braid_encap *encap,
			      struct sk_buff *skb, unsigned int *len)
{
	unsigned int at = skb_gro_offset(skb);
	const void *header;
	u32 id;

	header = skb_gro_header(skb, at + encap->base, at);
	if (!header)
		return NULL;
	*len = encap->length(header);
	header = skb_gro_header(skb, at + *len, at);
	if (!header || encap->decode(header, &id))
		return NULL;
	return header;
}

/*
 * Only packets with equal headers, and so with the same identity, are merged. The
 * length is in the first @base bytes, so the rest is compared between headers of equal
 * length only.
 */
static void gro_compare(const struct braid_encap *encap,
			struct list_head *head, const void *header,
			unsigned int len, unsigned int at)
{
	struct sk_buff *p;

	list_for_each_entry(p, head, list) {
		if (!NAPI_GRO_CB(p)->same_flow)
			continue;
		if (memcmp(header, p->data + at, encap->base) ||
		    memcmp(header, p->data + at, len))
			NAPI_GRO_CB(p)->same_flow = 0;
	}
}

/* gro_receive of the overlay's socket. Context: softirq, RCU read section. */
struct sk_buff *braid_gro_receive(struct sock *sk, struct list_head *head,
				  struct sk_buff *skb)
{
	const struct braid_link *link = rcu_dereference_sk_user_data(sk);
	unsigned int at = skb_gro_offset(skb), len = 0;
	const void *header;

	header = link ? gro_header(link->encap, skb, &len) : NULL;
	if (!header) {
		NAPI_GRO_CB(skb)->flush |= 1;
		return NULL;
	}
	gro_compare(link->encap, head, header, len, at);
	skb_gro_pull(skb, len);
	skb_gro_postpull_rcsum(skb, header, len);
	return call_gro_receive(eth_gro_receive, head, skb);
}

/* gro_complete of the overlay's socket. Context: softirq, RCU read section. */
int braid_gro_complete(struct sock *sk, struct sk_buff *skb, int nhoff)
{
	const struct braid_link *link = rcu_dereference_sk_user_data(sk);

	/* The link may have been removed since braid_gro_receive(). */
	if (!link)
		return -ENOENT;
	/* This also sets the inner headers of the encapsulated packet. */
	return eth_gro_complete(skb, nhoff +
				     link->encap->length(skb->data + nhoff));
}
