// SPDX-License-Identifier: GPL-2.0-only
#include "packet/event.h"

#include <linux/netdevice.h>
#include <linux/timekeeping.h>

#include "model/addr.h"
#include "model/kinds.h"
#include "packet/family.h"

static const struct braid_identity *braid_event_identity(struct braid_net *bn,
							 u32 id)
{
	struct braid_key key = { .kind = BRAID_KEY_IDENTITY, .num = id };
	struct braid_life *life;

	life = braid_index_find(&bn->index, &key, braid_net_gen(bn));
	return life ? container_of(braid_obj_of(life), struct braid_identity,
				   obj) : NULL;
}

static int braid_event_labels(struct sk_buff *skb, int attr,
			      const struct braid_identity *identity)
{
	unsigned int i;

	for (i = 0; identity && i < identity->nlabels; i++)
		if (nla_put_string(skb, attr, identity->labels[i]))
			return -EMSGSIZE;
	return 0;
}

/* Room for the labels of an identity, and its share of the rest. */
static size_t braid_event_size(const struct braid_identity *identity)
{
	return 256 + (identity ? identity->nlabels : 0) *
		     nla_total_size(BRAID_NET_LABEL_MAX + 1);
}

static int braid_event_fill(struct sk_buff *skb, const struct braid_drop *drop)
{
	if (nla_put_string(skb, BRAID_NET_A_EVENT_REASON,
			   braid_reason_text(drop->reason)) ||
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

/**
 * braid_event_drop() - tell listeners of a drop
 * @bn: the namespace
 * @drop: the drop
 *
 * An event that cannot be built or delivered is counted as lost.
 *
 * Context: any but hard interrupt; in an RCU read section.
 */
void braid_event_drop(struct braid_net *bn, const struct braid_drop *drop)
{
	const struct braid_identity *src, *dst;
	struct nlattr *nest;
	struct sk_buff *skb;
	void *hdr;

	if (!braid_nl_drops_wanted(bn->net))
		return;
	src = braid_event_identity(bn, drop->src_id);
	dst = braid_event_identity(bn, drop->dst_id);
	skb = genlmsg_new(braid_event_size(src) + braid_event_size(dst),
			  GFP_ATOMIC);
	if (!skb)
		goto lost;
	hdr = braid_nl_put(skb, 0, 0, 0, BRAID_NET_CMD_DROP_NTF);
	nest = hdr ? nla_nest_start(skb, BRAID_NET_A_EVENT) : NULL;
	if (!nest || braid_event_fill(skb, drop) ||
	    braid_event_labels(skb, BRAID_NET_A_EVENT_SOURCE_LABEL, src) ||
	    braid_event_labels(skb, BRAID_NET_A_EVENT_DESTINATION_LABEL, dst)) {
		nlmsg_free(skb);
		goto lost;
	}
	nla_nest_end(skb, nest);
	genlmsg_end(skb, hdr);
	if (!braid_nl_drops_send(bn->net, skb))
		return;
lost:
	atomic64_inc(&bn->lost);
}
