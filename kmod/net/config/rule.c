// SPDX-License-Identifier: GPL-2.0-only
/* Rules, as they are configured. */
#include "model/kinds.h"

#include <linux/in.h>
#include <linux/slab.h>

#include "model/addr.h"
#include "model/net.h"

#define BRAID_RULE_PRIORITY 1000

static struct braid_rule_obj *rule_of(struct braid_obj *obj)
{
	return container_of(obj, struct braid_rule_obj, obj);
}

static struct braid_obj *rule_create(void)
{
	struct braid_rule_obj *rule = kzalloc(sizeof(*rule), GFP_KERNEL_ACCOUNT);

	if (!rule)
		return NULL;
	rule->rule.life = &rule->obj.life;
	rule->rule.name = rule->name;
	rule->rule.priority = BRAID_RULE_PRIORITY;
	return &rule->obj;
}

static void rule_destroy(struct braid_obj *obj)
{
	struct braid_rule_obj *rule = rule_of(obj);

	braid_policy_free(rule->placement);
	kfree(rule->rule.peers);
	kfree(rule);
}

static int rule_key(struct net *net, struct nlattr **tb,
		    struct braid_slot_key *key, struct braid_err *err)
{
	char name[BRAID_NET_NAME_MAX + 1];
	int ret;

	ret = braid_net_parse_need(tb, BRAID_NET_A_RULE_NAME, err,
				   "name is required");
	if (!ret)
		ret = braid_net_parse_name(tb[BRAID_NET_A_RULE_NAME], name, err);
	if (!ret)
		braid_key_name(key, name);
	return ret;
}

static bool rule_given_peer(const struct braid_obj *obj)
{
	return braid_given(obj, BRAID_NET_A_RULE_PEER_ANY) ||
	       braid_given(obj, BRAID_NET_A_RULE_PEER_IDENTITY) ||
	       braid_given(obj, BRAID_NET_A_RULE_PEER_CIDR);
}

static int rule_parse_peer(const struct nlattr *nla,
			   struct braid_rule_peer *peer, struct braid_err *err)
{
	struct braid_cidr cidr;
	int ret;

	if (nla_type(nla) == BRAID_NET_A_RULE_PEER_IDENTITY) {
		peer->id = nla_get_u32(nla);
		return 0;
	}
	ret = braid_net_parse_cidr(nla, &cidr, err);
	if (!ret) {
		peer->addr = cidr.addr;
		peer->plen = cidr.plen;
	}
	return ret;
}

/*
 * Return: the attribute of the peers, which are all of one kind, 0 without peers, or
 * -EINVAL.
 */
static int rule_peer_attr(struct nlattr **tb, struct braid_rule *rule,
			  struct braid_err *err)
{
	u16 attr = 0;

	if (tb[BRAID_NET_A_RULE_PEER_ANY]) {
		attr = BRAID_NET_A_RULE_PEER_ANY;
		rule->peer_kind = BRAID_PEER_ANY;
	}
	if (tb[BRAID_NET_A_RULE_PEER_IDENTITY]) {
		if (attr)
			goto twice;
		attr = BRAID_NET_A_RULE_PEER_IDENTITY;
		rule->peer_kind = BRAID_PEER_IDENTITY;
	}
	if (tb[BRAID_NET_A_RULE_PEER_CIDR]) {
		if (attr)
			goto twice;
		attr = BRAID_NET_A_RULE_PEER_CIDR;
		rule->peer_kind = BRAID_PEER_CIDR;
	}
	return attr;

twice:
	return braid_refuse(err, -EINVAL, attr, "more than one kind of peer");
}

static int rule_parse_peers(const struct nlattr *nest,
			    struct nlattr **tb, struct braid_rule *rule,
			    struct braid_err *err)
{
	const struct nlattr *nla;
	unsigned int n = 0;
	int attr, rem, ret;

	attr = rule_peer_attr(tb, rule, err);
	if (attr <= 0)
		return attr;
	nla_for_each_nested(nla, nest, rem)
		n += nla_type(nla) == attr;
	if (n > BRAID_NET_PEERS_MAX)
		return braid_refuse(err, -E2BIG, attr, "more than 256 peers");
	rule->peers = kcalloc(n, sizeof(*rule->peers), GFP_KERNEL_ACCOUNT);
	if (!rule->peers)
		return -ENOMEM;
	if (rule->peer_kind == BRAID_PEER_ANY) {
		rule->npeers = 1;
		return 0;
	}
	nla_for_each_nested(nla, nest, rem) {
		if (nla_type(nla) != attr)
			continue;
		ret = rule_parse_peer(nla, &rule->peers[rule->npeers++],
				      err);
		if (ret)
			return ret;
	}
	return 0;
}

static int rule_parse_ports(struct nlattr **tb, struct braid_rule *rule,
			    struct braid_err *err)
{
	int ret;

	if (tb[BRAID_NET_A_RULE_TYPE]) {
		if (tb[BRAID_NET_A_RULE_PORT_MIN] || tb[BRAID_NET_A_RULE_PORT_MAX])
			return braid_refuse(err, -EINVAL, BRAID_NET_A_RULE_TYPE,
					    "a type and a port exclude each other");
		rule->min = nla_get_u8(tb[BRAID_NET_A_RULE_TYPE]);
		rule->max = rule->min;
		rule->ranged = true;
		return 0;
	}
	if (!tb[BRAID_NET_A_RULE_PORT_MIN]) {
		if (tb[BRAID_NET_A_RULE_PORT_MAX])
			return braid_refuse(err, -EINVAL,
					    BRAID_NET_A_RULE_PORT_MAX,
					    "a last port needs a first one");
		return 0;
	}
	ret = braid_net_parse_port(tb[BRAID_NET_A_RULE_PORT_MIN], &rule->min, err);
	rule->max = rule->min;
	if (!ret && tb[BRAID_NET_A_RULE_PORT_MAX])
		ret = braid_net_parse_port(tb[BRAID_NET_A_RULE_PORT_MAX],
					   &rule->max, err);
	if (!ret && rule->max < rule->min)
		return braid_refuse(err, -EINVAL, BRAID_NET_A_RULE_PORT_MAX,
				    "last port is before the first");
	rule->ranged = true;
	return ret;
}

static int rule_parse(struct net *net, const struct nlattr *nest,
		      struct nlattr **tb, struct braid_obj *obj,
		      struct braid_err *err)
{
	struct braid_rule_obj *rule = rule_of(obj);
	int ret;

	ret = braid_net_parse_name(tb[BRAID_NET_A_RULE_NAME], rule->name, err);
	if (!ret)
		ret = rule_parse_peers(nest, tb, &rule->rule, err);
	if (!ret)
		ret = rule_parse_ports(tb, &rule->rule, err);
	if (ret)
		return ret;
	rule->typed = tb[BRAID_NET_A_RULE_TYPE];
	if (tb[BRAID_NET_A_RULE_SUBJECT])
		rule->rule.subject = nla_get_u32(tb[BRAID_NET_A_RULE_SUBJECT]);
	if (tb[BRAID_NET_A_RULE_DIRECTION])
		rule->rule.dir = nla_get_u32(tb[BRAID_NET_A_RULE_DIRECTION]);
	if (tb[BRAID_NET_A_RULE_PROTOCOL])
		rule->rule.proto = nla_get_u8(tb[BRAID_NET_A_RULE_PROTOCOL]);
	if (tb[BRAID_NET_A_RULE_ACTION])
		rule->action = nla_get_u32(tb[BRAID_NET_A_RULE_ACTION]);
	if (tb[BRAID_NET_A_RULE_PRIORITY])
		rule->rule.priority = nla_get_u32(tb[BRAID_NET_A_RULE_PRIORITY]);
	rule->rule.deny = rule->action == BRAID_NET_ACTION_DENY;
	return 0;
}

static int rule_inherit(struct braid_obj *obj,
			const struct braid_obj *old)
{
	const struct braid_rule_obj *from =
		container_of(old, struct braid_rule_obj, obj);
	struct braid_rule_obj *rule = rule_of(obj);

	if (!braid_given(obj, BRAID_NET_A_RULE_SUBJECT))
		rule->rule.subject = from->rule.subject;
	if (!braid_given(obj, BRAID_NET_A_RULE_DIRECTION))
		rule->rule.dir = from->rule.dir;
	if (!braid_given(obj, BRAID_NET_A_RULE_ACTION)) {
		rule->action = from->action;
		rule->rule.deny = from->rule.deny;
	}
	if (!braid_given(obj, BRAID_NET_A_RULE_PRIORITY))
		rule->rule.priority = from->rule.priority;
	if (!braid_given(obj, BRAID_NET_A_RULE_PROTOCOL))
		rule->rule.proto = from->rule.proto;
	/* A change of the protocol alone keeps the ports, or the rule would widen. */
	if (!rule->rule.ranged) {
		rule->typed = from->typed;
		rule->rule.ranged = from->rule.ranged;
		rule->rule.min = from->rule.min;
		rule->rule.max = from->rule.max;
	}
	if (rule_given_peer(obj))
		return 0;
	rule->rule.peers = kmemdup(from->rule.peers,
				   from->rule.npeers * sizeof(*from->rule.peers),
				   GFP_KERNEL_ACCOUNT);
	if (!rule->rule.peers)
		return -ENOMEM;
	rule->rule.npeers = from->rule.npeers;
	rule->rule.peer_kind = from->rule.peer_kind;
	return 0;
}

/* Return: the attribute to report: the port or type if given, else the protocol. */
static u16 rule_blame(const struct braid_rule_obj *rule)
{
	u16 attr = rule->typed ? BRAID_NET_A_RULE_TYPE :
				 BRAID_NET_A_RULE_PORT_MIN;

	return braid_given(&rule->obj, attr) ? attr : BRAID_NET_A_RULE_PROTOCOL;
}

static int rule_check_ports(const struct braid_rule_obj *rule,
			    struct braid_err *err)
{
	bool typed = rule->rule.ranged && rule->typed;
	bool ports = rule->rule.ranged && !rule->typed;
	u16 attr = rule_blame(rule);

	switch (rule->rule.proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
		if (typed)
			return braid_refuse(err, -EINVAL, attr,
					    "a type needs protocol icmp or icmpv6");
		return 0;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (ports)
			return braid_refuse(err, -EINVAL, attr,
					    rule->rule.proto == IPPROTO_ICMP ?
					    "icmp has no port" :
					    "icmpv6 has no port");
		return 0;
	case 0:
		if (typed || ports)
			return braid_refuse(err, -EINVAL, attr, typed ?
					    "a type needs protocol icmp or icmpv6" :
					    "a port needs protocol tcp, udp or sctp");
		return 0;
	default:
		return braid_refuse(err, -EINVAL, BRAID_NET_A_RULE_PROTOCOL,
				    "protocol is not any, tcp, udp, sctp, icmp or icmpv6");
	}
}

static int rule_check(const struct braid_obj *obj, struct braid_err *err)
{
	const struct braid_rule_obj *rule =
		container_of(obj, struct braid_rule_obj, obj);

	int ret;

	ret = braid_identity_usable(rule->rule.subject,
				    BRAID_NET_A_RULE_SUBJECT, err);
	if (ret)
		return ret;
	if (!rule->rule.npeers)
		return braid_refuse(err, -EINVAL, BRAID_NET_A_RULE_PEER_ANY,
				    "peer is required");
	return rule_check_ports(rule, err);
}

static int rule_plan(struct braid_net *bn, struct braid_obj *obj,
		     struct braid_err *err)
{
	struct braid_rule_obj *rule = rule_of(obj);
	unsigned int i;
	int ret;

	ret = braid_obj_plan(obj, 0, 1 + rule->rule.npeers);
	if (!ret)
		ret = braid_identity_ref(bn, obj, rule->rule.subject,
					 BRAID_NET_A_RULE_SUBJECT, 0);
	if (ret || rule->rule.peer_kind != BRAID_PEER_IDENTITY)
		return ret;
	for (i = 0; i < rule->rule.npeers && !ret; i++)
		ret = braid_identity_ref(bn, obj, rule->rule.peers[i].id,
					 BRAID_NET_A_RULE_PEER_IDENTITY, i);
	return ret;
}

static int rule_publish(struct braid_net *bn, struct braid_obj *obj)
{
	struct braid_rule_obj *rule = rule_of(obj);
	struct braid_placement *placement;

	placement = braid_policy_insert(&bn->policy, &rule->rule);
	if (IS_ERR(placement))
		return PTR_ERR(placement);
	rule->placement = placement;
	return 0;
}

static void rule_withdraw(struct braid_net *bn, struct braid_obj *obj)
{
	braid_policy_remove(&bn->policy, rule_of(obj)->placement);
}

static int rule_fill_peers(struct sk_buff *skb,
			   const struct braid_rule *rule)
{
	unsigned int i;
	int ret = 0;

	if (rule->peer_kind == BRAID_PEER_ANY)
		return nla_put_flag(skb, BRAID_NET_A_RULE_PEER_ANY);
	for (i = 0; i < rule->npeers && !ret; i++) {
		const struct braid_rule_peer *peer = &rule->peers[i];
		struct braid_cidr cidr = { peer->addr, peer->plen };

		ret = rule->peer_kind == BRAID_PEER_IDENTITY ?
			nla_put_u32(skb, BRAID_NET_A_RULE_PEER_IDENTITY,
				    peer->id) :
			braid_fill_cidr(skb, BRAID_NET_A_RULE_PEER_CIDR, &cidr);
	}
	return ret;
}

static int rule_fill_ports(struct sk_buff *skb,
			   const struct braid_rule *rule)
{
	if (!rule->ranged)
		return 0;
	if (rule->proto == IPPROTO_ICMP || rule->proto == IPPROTO_ICMPV6)
		return nla_put_u8(skb, BRAID_NET_A_RULE_TYPE, rule->min);
	return nla_put_u16(skb, BRAID_NET_A_RULE_PORT_MIN, rule->min) ?:
	       nla_put_u16(skb, BRAID_NET_A_RULE_PORT_MAX, rule->max);
}

static int rule_fill(struct sk_buff *skb, struct net *net,
		     const struct braid_obj *obj)
{
	const struct braid_rule_obj *rule =
		container_of(obj, struct braid_rule_obj, obj);

	if (nla_put_string(skb, BRAID_NET_A_RULE_NAME, rule->name) ||
	    nla_put_u32(skb, BRAID_NET_A_RULE_SUBJECT, rule->rule.subject) ||
	    nla_put_u32(skb, BRAID_NET_A_RULE_DIRECTION, rule->rule.dir) ||
	    rule_fill_peers(skb, &rule->rule) ||
	    nla_put_u8(skb, BRAID_NET_A_RULE_PROTOCOL, rule->rule.proto) ||
	    rule_fill_ports(skb, &rule->rule) ||
	    nla_put_u32(skb, BRAID_NET_A_RULE_ACTION, rule->action) ||
	    nla_put_u32(skb, BRAID_NET_A_RULE_PRIORITY, rule->rule.priority))
		return -EMSGSIZE;
	return 0;
}

static const struct braid_need rule_needs[] = {
	{ BRAID_NET_A_RULE_SUBJECT, "subject is required" },
	{ BRAID_NET_A_RULE_DIRECTION, "direction is required" },
	{ BRAID_NET_A_RULE_PROTOCOL, "protocol is required" },
	{ BRAID_NET_A_RULE_ACTION, "action is required" },
	{}
};

const struct braid_kind_ops braid_rule_ops = {
	.attr = BRAID_NET_A_RULE,
	.key_attr = BRAID_NET_A_RULE_NAME,
	.maxattr = BRAID_NET_A_RULE_PRIORITY,
	.policy = braid_net_rule_nl_policy,
	.needs = rule_needs,
	.exists = "rule exists",
	.absent = "rule does not exist",
	.in_use = "rule is in use",
	.create = rule_create,
	.destroy = rule_destroy,
	.key = rule_key,
	.parse = rule_parse,
	.inherit = rule_inherit,
	.check = rule_check,
	.plan = rule_plan,
	.publish = rule_publish,
	.withdraw = rule_withdraw,
	.fill = rule_fill,
};
