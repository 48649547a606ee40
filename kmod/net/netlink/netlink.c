// SPDX-License-Identifier: GPL-2.0-only
#include "netlink/netlink.h"

#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "config/commit.h"
#include "config/kinds.h"
#include "config/txn.h"
#include "netlink/dump.h"
#include "netlink/flow.h"
#include "netlink/netlink-gen.h"
#include "model/netlink-policy-gen.h"
#include "model/parse.h"
#include "packet/drop.h"
#include "packet/family.h"

#define BRAID_NL_MAX (ARRAY_SIZE(braid_net_braid_nl_policy) - 1)

/* Sets a message that is in a variable; NL_SET_ERR_MSG() takes literals only. */
static void netlink_text(struct genl_info *info, const char *msg)
{
	if (info->extack)
		info->extack->_msg = msg;
}

/* Return: the attribute in the object's nest that causes the refusal, or NULL. */
static const struct nlattr *netlink_culprit(const struct nlattr *nest,
					    const struct braid_err *err)
{
	const struct nlattr *nla;
	u16 nth = err->nth;
	int rem;

	nla_for_each_nested(nla, nest, rem)
		if (nla_type(nla) == err->attr && !nth--)
			return nla;
	return NULL;
}

/* Reports the reason of a refusal and the attribute that causes it. */
static void netlink_explain(struct genl_info *info, const struct nlattr *nest,
			    const struct braid_err *err)
{
	const struct nlattr *culprit = err->nla;

	if (!err->msg)
		return;
	netlink_text(info, err->msg);
	if (!culprit && nest && err->attr)
		culprit = netlink_culprit(nest, err);
	if (culprit)
		NL_SET_BAD_ATTR(info->extack, culprit);
	else if (nest && err->attr)
		NL_SET_ERR_ATTR_MISS(info->extack, nest, err->attr);
}

/* Parses the top level of a message; @tb has BRAID_NL_MAX + 1 elements. */
static int netlink_parse(const struct genl_info *info, struct nlattr **tb)
{
	return nlmsg_parse(info->nlhdr, GENL_HDRLEN, tb, BRAID_NL_MAX,
			   braid_net_braid_nl_policy, info->extack);
}

/* Parses the top level of a message that starts a listing. */
static int netlink_parse_dump(struct netlink_callback *cb, struct nlattr **tb)
{
	return nlmsg_parse(cb->nlh, GENL_HDRLEN, tb, BRAID_NL_MAX,
			   braid_net_braid_nl_policy, cb->extack);
}

/* Finds the kind of the object in a message, which must have exactly one object. */
static int netlink_kind(struct genl_info *info, struct nlattr **tb,
			unsigned int *kind)
{
	unsigned int i, n = 0;

	for (i = 0; i < BRAID_KINDS; i++) {
		if (tb[braid_kinds[i]->attr]) {
			*kind = i;
			n++;
		}
	}
	if (n == 1)
		return 0;
	netlink_text(info, n ? "more than one object in a message" :
			       "no object in the message");
	return -EINVAL;
}

static int netlink_check_needs(const struct braid_kind_ops *ops,
			       struct nlattr **tb, struct braid_err *err)
{
	const struct braid_need *need;
	int ret = 0;

	for (need = ops->needs; need && need->attr && !ret; need++)
		ret = braid_net_parse_need(tb, need->attr, err, need->msg);
	return ret;
}

static int netlink_parse_object(struct net *net, const struct nlattr *nest,
				struct nlattr **tb,
				struct braid_net_change *change,
				struct braid_err *err)
{
	const struct braid_kind_ops *ops = braid_kinds[change->kind];
	struct braid_obj *obj;
	unsigned int i;
	int ret;

	obj = ops->create();
	if (!obj)
		return -ENOMEM;
	obj->ops = ops;
	change->obj = obj;
	for (i = 1; i <= ops->maxattr; i++)
		obj->given |= tb[i] ? BIT(i) : 0;
	ret = ops->parse(net, nest, tb, obj, err);
	if (ret || change->op == BRAID_NET_OP_SET)
		return ret;
	ret = netlink_check_needs(ops, tb, err);
	if (!ret && ops->check)
		ret = ops->check(obj, err);
	return ret;
}

#define BRAID_NL_ATTRS_MAX 32	/* bits of braid_obj.given */

static int netlink_parse_change(struct net *net, struct genl_info *info,
				const struct nlattr *nest,
				struct braid_net_change *change,
				struct braid_err *err)
{
	const struct braid_kind_ops *ops = braid_kinds[change->kind];
	struct nlattr *tb[BRAID_NL_ATTRS_MAX];
	int ret;

	if (WARN_ON_ONCE(ops->maxattr >= BRAID_NL_ATTRS_MAX))
		return -EINVAL;
	ret = nla_parse_nested(tb, ops->maxattr, nest, ops->policy,
			       info->extack);
	if (!ret)
		ret = ops->key(net, tb, &change->key, err);
	if (ret || change->op == BRAID_NET_OP_DEL)
		return ret;
	if (change->op == BRAID_NET_OP_SET && !ops->inherit)
		return braid_refuse(err, -EOPNOTSUPP, ops->key_attr,
				    "nothing of this object can be set");
	return netlink_parse_object(net, nest, tb, change, err);
}

/* Stages a change; commits it at once if the socket has no transaction. */
static int netlink_submit(struct braid_net *bn, struct genl_info *info,
			  struct braid_net_change *change, struct braid_err *err)
{
	LIST_HEAD(changes);
	int ret;

	if (braid_txn_stage(bn, info->snd_portid, change, &ret, err)) {
		if (ret)
			braid_txn_free_change(change);
		return ret;
	}
	list_add(&change->list, &changes);
	ret = braid_commit(bn, &changes, BRAID_ANY_GEN, false, NULL, err);
	braid_txn_free_change(change);
	return ret;
}

static struct braid_net_change *netlink_change_alloc(const struct genl_info *info,
						     enum braid_net_op op,
						     unsigned int kind)
{
	struct braid_net_change *change;

	change = kzalloc(sizeof(*change), GFP_KERNEL_ACCOUNT);
	if (!change)
		return NULL;
	change->op = op;
	change->kind = kind;
	change->seq = info->snd_seq;
	return change;
}

static int netlink_change(struct genl_info *info, enum braid_net_op op)
{
	struct net *net = genl_info_net(info);
	struct braid_net *bn = braid_net_of(net);
	struct nlattr *tb[BRAID_NL_MAX + 1];
	struct braid_net_change *change;
	const struct nlattr *nest;
	struct braid_err err = {};
	unsigned int kind;
	int ret;

	ret = netlink_parse(info, tb) ?: netlink_kind(info, tb, &kind);
	if (ret)
		goto err_fail;
	nest = tb[braid_kinds[kind]->attr];
	change = netlink_change_alloc(info, op, kind);
	if (!change) {
		ret = -ENOMEM;
		goto err_fail;
	}
	ret = netlink_parse_change(net, info, nest, change, &err);
	if (ret) {
		braid_txn_free_change(change);
		netlink_explain(info, nest, &err);
		goto err_fail;
	}
	ret = netlink_submit(bn, info, change, &err);
	if (ret)
		netlink_explain(info, nest, &err);
	return ret;

err_fail:
	braid_txn_fail(bn, info->snd_portid);
	return ret;
}

int braid_net_nl_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	return netlink_change(info, BRAID_NET_OP_ADD);
}

int braid_net_nl_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	return netlink_change(info, BRAID_NET_OP_SET);
}

int braid_net_nl_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	return netlink_change(info, BRAID_NET_OP_DEL);
}

int braid_net_nl_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct braid_net *bn = braid_net_of(genl_info_net(info));
	struct nlattr *tb[BRAID_NL_MAX + 1];
	struct braid_net_change *change;
	struct braid_err err = {};
	int ret;

	ret = netlink_parse(info, tb);
	if (ret)
		goto err_fail;
	if (!tb[BRAID_NET_A_OBJECT]) {
		NL_SET_ERR_MSG(info->extack, "kind of objects is required");
		ret = -EINVAL;
		goto err_fail;
	}
	change = netlink_change_alloc(info, BRAID_NET_OP_FLUSH,
				      nla_get_u32(tb[BRAID_NET_A_OBJECT]));
	if (!change) {
		ret = -ENOMEM;
		goto err_fail;
	}
	ret = netlink_submit(bn, info, change, &err);
	if (ret)
		netlink_explain(info, NULL, &err);
	return ret;

err_fail:
	braid_txn_fail(bn, info->snd_portid);
	return ret;
}

static struct sk_buff *netlink_reply_alloc(void)
{
	return genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
}

/* Sends the generation as the answer; consumes @msg. */
static int netlink_reply_gen(struct sk_buff *msg, struct genl_info *info,
			     u8 cmd, u64 gen, const char *version)
{
	void *hdr;

	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &braid_net_family, 0, cmd);
	if (!hdr || (version && nla_put_string(msg, BRAID_NET_A_VERSION, version)) ||
	    nla_put_u64_64bit(msg, BRAID_NET_A_GENERATION, gen,
			      BRAID_NET_A_PAD)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

int braid_net_nl_status_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct braid_net *bn = braid_net_of(genl_info_net(info));
	struct nlattr *tb[BRAID_NL_MAX + 1];

	return netlink_parse(info, tb) ?:
	       netlink_reply_gen(netlink_reply_alloc(), info,
				 BRAID_NET_CMD_STATUS, braid_net_gen(bn),
				 BRAID_VERSION);
}

int braid_net_nl_begin_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct braid_net *bn = braid_net_of(genl_info_net(info));
	struct nlattr *tb[BRAID_NL_MAX + 1];
	u64 gen;
	int ret;

	/* Later changes never belong to an earlier transaction, even if this fails. */
	braid_txn_free(braid_txn_take(bn, info->snd_portid));
	ret = netlink_parse(info, tb);
	if (ret)
		return ret;
	ret = braid_txn_begin(bn, info->snd_portid, &gen);
	if (ret == -ENOSPC)
		NL_SET_ERR_MSG(info->extack,
			       "too many transactions are open in the namespace");
	if (ret)
		return ret;
	ret = netlink_reply_gen(netlink_reply_alloc(), info,
				BRAID_NET_CMD_BEGIN, gen, NULL);
	/* The caller gets an error, so no transaction may be open. */
	if (ret)
		braid_txn_free(braid_txn_take(bn, info->snd_portid));
	return ret;
}

/* Reports the message, attribute and index of a refused change in a cookie. */
static void netlink_explain_commit(struct genl_info *info,
				   const struct braid_err *err)
{
	struct {
		u32 seq;
		u16 attr;
		u16 nth;
	} cookie = { err->seq, err->attr, err->nth };
	u64 word;

	BUILD_BUG_ON(sizeof(cookie) != sizeof(word));
	if (err->msg)
		netlink_text(info, err->msg);
	if (!err->seq)
		return;
	memcpy(&word, &cookie, sizeof(word));
	nl_set_extack_cookie_u64(info->extack, word);
}

/* Commits a transaction and sends the answer; consumes @msg. */
static int netlink_commit(struct braid_net *bn, struct genl_info *info,
			  struct braid_txn *txn, bool dry_run,
			  struct sk_buff *msg)
{
	struct braid_err err = {};
	u64 gen = 0;
	int ret;

	if (txn->failed)
		ret = braid_refuse(&err, -ECANCELED, 0,
				   "a change of the transaction was refused");
	else
		ret = braid_commit(bn, &txn->changes, txn->gen, dry_run, &gen,
				   &err);
	if (ret) {
		netlink_explain_commit(info, &err);
		nlmsg_free(msg);
		return ret;
	}
	/* The commit is done even if the socket has no room for the answer. */
	netlink_reply_gen(msg, info, BRAID_NET_CMD_COMMIT, gen, NULL);
	return 0;
}

/* Takes the transaction that a message ends, even if the message is refused. */
static struct braid_txn *netlink_take(struct genl_info *info,
				      struct nlattr **tb, int *ret)
{
	struct braid_net *bn = braid_net_of(genl_info_net(info));
	struct braid_txn *txn = braid_txn_take(bn, info->snd_portid);

	*ret = netlink_parse(info, tb);
	if (!*ret && !txn) {
		NL_SET_ERR_MSG(info->extack,
			       "this socket has no transaction open");
		*ret = -EINVAL;
	}
	return txn;
}

int braid_net_nl_commit_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct braid_net *bn = braid_net_of(genl_info_net(info));
	struct nlattr *tb[BRAID_NL_MAX + 1];
	struct braid_txn *txn;
	struct sk_buff *msg;
	int ret;

	txn = netlink_take(info, tb, &ret);
	if (!ret) {
		/* Allocated before, so that a finished commit is not reported as failed. */
		msg = netlink_reply_alloc();
		ret = msg ? netlink_commit(bn, info, txn,
					   tb[BRAID_NET_A_DRY_RUN], msg) :
			    -ENOMEM;
	}
	braid_txn_free(txn);
	return ret;
}

int braid_net_nl_abort_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *tb[BRAID_NL_MAX + 1];
	int ret;

	braid_txn_free(netlink_take(info, tb, &ret));
	return ret;
}

int braid_net_nl_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nlattr *tb[BRAID_NL_MAX + 1];
	int ret;

	ret = netlink_parse_dump(cb, tb);
	if (ret)
		return ret;
	if (!tb[BRAID_NET_A_OBJECT]) {
		NL_SET_ERR_MSG(cb->extack, "kind of objects is required");
		return -EINVAL;
	}
	return braid_dump(skb, cb, braid_net_of(sock_net(skb->sk)),
			  nla_get_u32(tb[BRAID_NET_A_OBJECT]));
}

static int netlink_fill_drops(struct sk_buff *msg, struct braid_net *bn)
{
	struct nlattr *nest;
	unsigned int reason;
	u8 dir;

	for (reason = BRAID_PASS + 1; reason < BRAID_REASON_COUNT; reason++) {
		for (dir = 0; dir < 2; dir++) {
			nest = nla_nest_start(msg, BRAID_NET_A_DROP);
			if (!nest ||
			    nla_put_string(msg, BRAID_NET_A_DROP_REASON,
					   braid_drop_text(reason)) ||
			    nla_put_u32(msg, BRAID_NET_A_DROP_DIRECTION, dir) ||
			    nla_put_u64_64bit(msg, BRAID_NET_A_DROP_PACKETS,
					      braid_stats_drops(bn, reason, dir),
					      BRAID_NET_A_DROP_PAD))
				return -EMSGSIZE;
			nla_nest_end(msg, nest);
		}
	}
	return 0;
}

int braid_net_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct braid_net *bn = braid_net_of(genl_info_net(info));
	struct nlattr *tb[BRAID_NL_MAX + 1];
	struct sk_buff *msg;
	void *hdr;
	int ret;

	ret = netlink_parse(info, tb);
	if (ret)
		return ret;
	msg = genlmsg_new(256 + BRAID_REASON_COUNT * 2 * 80, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &braid_net_family, 0,
				BRAID_NET_CMD_STATS_GET);
	if (!hdr || netlink_fill_drops(msg, bn) ||
	    nla_put_u64_64bit(msg, BRAID_NET_A_FORWARDED,
			      braid_stats_forwarded(bn), BRAID_NET_A_PAD) ||
	    nla_put_u64_64bit(msg, BRAID_NET_A_LOST, atomic64_read(&bn->lost),
			      BRAID_NET_A_PAD)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

int braid_net_nl_stats_reset_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *tb[BRAID_NL_MAX + 1];
	int ret;

	ret = netlink_parse(info, tb);
	if (!ret)
		braid_stats_reset(braid_net_of(genl_info_net(info)));
	return ret;
}

int braid_net_nl_flow_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	struct nlattr *tb[BRAID_NL_MAX + 1];

	return netlink_parse_dump(cb, tb) ?:
	       braid_flow_dump(skb, cb, braid_net_of(sock_net(skb->sk)));
}

static int netlink_reply_flows(struct sk_buff *msg, struct genl_info *info,
			       u8 cmd, u64 flows)
{
	void *hdr;

	hdr = genlmsg_put_reply(msg, info, &braid_net_family, 0, cmd);
	if (!hdr || nla_put_u64_64bit(msg, BRAID_NET_A_FLOWS, flows,
				      BRAID_NET_A_PAD)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

int braid_net_nl_flow_count_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct braid_net *bn = braid_net_of(genl_info_net(info));
	struct nlattr *tb[BRAID_NL_MAX + 1];
	struct sk_buff *msg;
	int ret;

	ret = netlink_parse(info, tb);
	if (ret)
		return ret;
	msg = netlink_reply_alloc();
	return msg ? netlink_reply_flows(msg, info, BRAID_NET_CMD_FLOW_COUNT,
					 braid_flow_count(bn)) : -ENOMEM;
}

int braid_net_nl_flow_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct braid_net *bn = braid_net_of(genl_info_net(info));
	struct nlattr *tb[BRAID_NL_MAX + 1];
	struct sk_buff *msg;
	int ret;

	ret = netlink_parse(info, tb);
	if (ret)
		return ret;
	/* Allocated before, so that a finished flush is not reported as failed. */
	msg = netlink_reply_alloc();
	if (!msg)
		return -ENOMEM;
	/* The flush is done even if the socket has no room for the answer. */
	netlink_reply_flows(msg, info, BRAID_NET_CMD_FLOW_FLUSH,
			    braid_flow_flush(bn));
	return 0;
}

/**
 * braid_net_nl_init() - registers the family
 *
 * Context: process, may sleep; everything else is initialised.
 * Return: 0 or an error.
 */
int __init braid_net_nl_init(void)
{
	braid_net_family.small_ops = braid_net_nl_ops;
	braid_net_family.n_small_ops = ARRAY_SIZE(braid_net_nl_ops);
	return genl_register_family(&braid_net_family);
}

/**
 * braid_net_nl_exit() - unregisters the family
 *
 * Context: process, may sleep.
 */
void braid_net_nl_exit(void)
{
	genl_unregister_family(&braid_net_family);
}
