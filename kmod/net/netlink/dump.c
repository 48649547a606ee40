// SPDX-License-Identifier: GPL-2.0-only
#include "netlink/dump.h"

#include <net/genetlink.h>

#include "packet/family.h"

/**
 * struct braid_dump_state - state of a listing between two messages
 * @gen: generation of the first message
 * @last: number of the last slot listed, 0 at the beginning
 */
struct braid_dump_state {
	u64 gen;
	u32 last;
};

static int dump_one(struct sk_buff *skb, struct netlink_callback *cb,
		    struct net *net, const struct braid_slot *slot)
{
	const struct braid_kind_ops *ops = slot->ops;
	struct nlattr *nest;
	void *hdr;

	hdr = braid_net_family_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				   NLM_F_MULTI, BRAID_NET_CMD_GET);
	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	nest = nla_nest_start(skb, ops->attr);
	if (!nest || ops->fill(skb, net, slot->cur)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	genlmsg_end(skb, hdr);
	return 0;
}

/* Return: the slot after the last one listed, or NULL at the end. */
static struct braid_slot *dump_resume(struct braid_net *bn,
				      unsigned int kind,
				      const struct braid_dump_state *state)
{
	struct braid_slot *slot = braid_slot_first(bn, kind, NULL);

	if (!state->last)
		return slot;
	while (slot && slot->number != state->last)
		slot = braid_slot_next(slot);
	return slot ? braid_slot_next(slot) : NULL;
}

/**
 * braid_dump() - lists the objects of a kind
 * @skb: message to fill
 * @cb: state of the listing; a commit between two messages marks it as interrupted
 * @bn: the namespace
 * @kind: enum braid_net_object
 *
 * Context: process, may sleep, takes the namespace mutex.
 * Return: length of @skb, 0 at the end, or an error.
 */
int braid_dump(struct sk_buff *skb, struct netlink_callback *cb,
	       struct braid_net *bn, unsigned int kind)
{
	struct braid_dump_state *state = (void *)cb->ctx;
	struct braid_slot *slot;
	int ret = 0;

	BUILD_BUG_ON(sizeof(*state) > sizeof(cb->ctx));
	mutex_lock(&bn->lock);
	if (!state->gen)
		state->gen = bn->gen;
	/* A sequence of 0 would disable the check. */
	cb->seq = (u32)bn->gen ?: 1;
	for (slot = dump_resume(bn, kind, state); slot;
	     slot = braid_slot_next(slot)) {
		if (!slot->cur)
			continue;
		ret = dump_one(skb, cb, bn->net, slot);
		if (ret)
			break;
		state->last = slot->number;
	}
	mutex_unlock(&bn->lock);
	return ret && !skb->len ? ret : skb->len;
}
