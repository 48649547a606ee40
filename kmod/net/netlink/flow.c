// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flows: the connections of nf_conntrack that have a verdict of braid. Braid has
 * no table of flows: a listing walks the table of nf_conntrack and shows for each
 * flow the verdict that its next packet would get.
 */
#include "netlink/flow.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <net/genetlink.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_acct.h>
#include <net/netfilter/nf_conntrack_core.h>

#include "model/addr.h"
#include "packet/conn.h"
#include "packet/drop.h"
#include "model/kinds.h"
#include "packet/family.h"
#include "packet/packet.h"

/* The names of nf_conntrack in lower case. */
static const char *const flow_tcp_states[TCP_CONNTRACK_MAX] = {
	[TCP_CONNTRACK_NONE] = "none",
	[TCP_CONNTRACK_SYN_SENT] = "syn_sent",
	[TCP_CONNTRACK_SYN_RECV] = "syn_recv",
	[TCP_CONNTRACK_ESTABLISHED] = "established",
	[TCP_CONNTRACK_FIN_WAIT] = "fin_wait",
	[TCP_CONNTRACK_CLOSE_WAIT] = "close_wait",
	[TCP_CONNTRACK_LAST_ACK] = "last_ack",
	[TCP_CONNTRACK_TIME_WAIT] = "time_wait",
	[TCP_CONNTRACK_CLOSE] = "close",
	[TCP_CONNTRACK_SYN_SENT2] = "syn_sent2",
};

static const char *const flow_sctp_states[SCTP_CONNTRACK_MAX] = {
	[SCTP_CONNTRACK_NONE] = "none",
	[SCTP_CONNTRACK_CLOSED] = "closed",
	[SCTP_CONNTRACK_COOKIE_WAIT] = "cookie_wait",
	[SCTP_CONNTRACK_COOKIE_ECHOED] = "cookie_echoed",
	[SCTP_CONNTRACK_ESTABLISHED] = "established",
	[SCTP_CONNTRACK_SHUTDOWN_SENT] = "shutdown_sent",
	[SCTP_CONNTRACK_SHUTDOWN_RECD] = "shutdown_recd",
	[SCTP_CONNTRACK_SHUTDOWN_ACK_SENT] = "shutdown_ack_sent",
	[SCTP_CONNTRACK_HEARTBEAT_SENT] = "heartbeat_sent",
};

static const char *flow_state(const struct nf_conn *ct)
{
	const char *state = NULL;
	u8 now;

	switch (nf_ct_protonum(ct)) {
	case IPPROTO_TCP:
		now = READ_ONCE(ct->proto.tcp.state);
		if (now < ARRAY_SIZE(flow_tcp_states))
			state = flow_tcp_states[now];
		break;
	case IPPROTO_SCTP:
		now = READ_ONCE(ct->proto.sctp.state);
		if (now < ARRAY_SIZE(flow_sctp_states))
			state = flow_sctp_states[now];
		break;
	}
	if (state)
		return state;
	if (test_bit(IPS_ASSURED_BIT, &ct->status))
		return "assured";
	return test_bit(IPS_SEEN_REPLY_BIT, &ct->status) ? "replied" : "new";
}

/* Return: the connection whose verdict counts: a related one has its master's. */
static const struct nf_conn *flow_judged(const struct nf_conn *ct)
{
	return ct->master ?: ct;
}

/* Return: true if packets can still match the connection and it has a verdict. */
static bool flow_is(const struct nf_conn *ct)
{
	return !nf_ct_is_expired(ct) && !nf_ct_is_dying(ct) &&
	       braid_conn_stamp(flow_judged(ct)).gen;
}

static int flow_put_ends(struct sk_buff *skb, const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *orig =
		&ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	u16 sport = ntohs(orig->src.u.all), dport = ntohs(orig->dst.u.all);
	struct in6_addr src = braid_tuple_addr(ct, &orig->src.u3);
	struct in6_addr dst = braid_tuple_addr(ct, &orig->dst.u3);

	/* A tuple has type and code in one word. */
	if (orig->dst.protonum == IPPROTO_ICMP ||
	    orig->dst.protonum == IPPROTO_ICMPV6)
		dport = orig->dst.u.icmp.type;
	if (braid_fill_addr(skb, BRAID_NET_A_FLOW_SOURCE, &src) ||
	    braid_fill_addr(skb, BRAID_NET_A_FLOW_DESTINATION, &dst) ||
	    nla_put_u8(skb, BRAID_NET_A_FLOW_PROTOCOL, orig->dst.protonum) ||
	    nla_put_u16(skb, BRAID_NET_A_FLOW_SOURCE_PORT, sport) ||
	    nla_put_u16(skb, BRAID_NET_A_FLOW_DESTINATION_PORT, dport))
		return -EMSGSIZE;
	return 0;
}

/* Adds the backend that a service chose, and the service if it still exists. */
static int flow_put_service(struct sk_buff *skb, struct braid_net *bn,
			    const struct nf_conn *ct, u64 gen)
{
	const struct nf_conntrack_tuple *reply =
		&ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	struct in6_addr backend = braid_tuple_addr(ct, &reply->src.u3);
	const struct braid_service *service;

	if (!braid_conn_stamp(ct).service)
		return 0;
	service = braid_translate_service(bn, ct, gen);
	if ((service && nla_put_string(skb, BRAID_NET_A_FLOW_SERVICE,
				       service->name)) ||
	    braid_fill_addr(skb, BRAID_NET_A_FLOW_BACKEND, &backend) ||
	    nla_put_u16(skb, BRAID_NET_A_FLOW_BACKEND_PORT,
			ntohs(reply->src.u.all)))
		return -EMSGSIZE;
	return 0;
}

static int flow_put_rules(struct sk_buff *skb,
			  const struct braid_net_verdict *v)
{
	static const u8 order[] = {
		BRAID_NET_DIRECTION_EGRESS, BRAID_NET_DIRECTION_INGRESS
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(order); i++)
		if (v->rules[order[i]] &&
		    nla_put_string(skb, BRAID_NET_A_FLOW_RULE,
				   v->rules[order[i]]->name))
			return -EMSGSIZE;
	return 0;
}

/* Return: true if the connection may use services, as the datapath decides it. */
static bool flow_inside(struct braid_net *bn, const struct nf_conn *ct,
			const struct braid_net_verdict *v, u64 gen)
{
	struct in6_addr src =
		braid_tuple_addr(ct, &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple.src.u3);

	return v->src_id == BRAID_ID_HOST || braid_conn_stamp(ct).tunnel ||
	       braid_endpoint_by_addr(bn, &src, gen);
}

/* Adds the verdict that the next packet would get, and the rules that decide. */
static int flow_put_verdict(struct sk_buff *skb, struct braid_net *bn,
			    const struct nf_conn *ct, u64 gen)
{
	const struct nf_conn *judged = flow_judged(ct);
	struct braid_net_verdict v, own;
	unsigned int reason;

	braid_verdict_conn(bn, judged, gen, &v);
	own = v;
	if (judged != ct)
		braid_verdict_conn(bn, ct, gen, &own);
	reason = braid_translate_stale(bn, ct, flow_inside(bn, ct, &own, gen),
				       gen) ? BRAID_DROP_STALE : v.reason;
	if (nla_put_u32(skb, BRAID_NET_A_FLOW_SOURCE_IDENTITY, own.src_id) ||
	    nla_put_u32(skb, BRAID_NET_A_FLOW_DESTINATION_IDENTITY, own.dst_id) ||
	    flow_put_rules(skb, &v) ||
	    nla_put_string(skb, BRAID_NET_A_FLOW_VERDICT,
			   reason ? braid_drop_text(reason) : "allow"))
		return -EMSGSIZE;
	return 0;
}

static int flow_put_counts(struct sk_buff *skb, const struct nf_conn *ct)
{
	const struct nf_conn_acct *acct = nf_conn_acct_find(ct);
	u64 packets = 0, bytes = 0;
	int dir;

	if (!acct)
		return 0;
	for (dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		packets += atomic64_read(&acct->counter[dir].packets);
		bytes += atomic64_read(&acct->counter[dir].bytes);
	}
	if (nla_put_u64_64bit(skb, BRAID_NET_A_FLOW_PACKETS, packets,
			      BRAID_NET_A_FLOW_PAD) ||
	    nla_put_u64_64bit(skb, BRAID_NET_A_FLOW_BYTES, bytes,
			      BRAID_NET_A_FLOW_PAD))
		return -EMSGSIZE;
	return 0;
}

static int flow_put(struct sk_buff *skb, struct netlink_callback *cb,
		    struct braid_net *bn, const struct nf_conn *ct,
		    u64 gen)
{
	struct nlattr *nest;
	void *hdr;

	hdr = braid_net_family_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				   NLM_F_MULTI, BRAID_NET_CMD_FLOW_GET);
	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	nest = nla_nest_start(skb, BRAID_NET_A_FLOW);
	if (!nest || flow_put_ends(skb, ct) ||
	    flow_put_verdict(skb, bn, ct, gen) ||
	    flow_put_service(skb, bn, ct, gen) ||
	    nla_put_string(skb, BRAID_NET_A_FLOW_STATE, flow_state(ct)) ||
	    flow_put_counts(skb, ct)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	genlmsg_end(skb, hdr);
	return 0;
}

/* Return: the id of a connection, never 0. */
static u32 flow_id(const struct nf_conn *ct)
{
	return nf_ct_get_id(ct) ?: 1;
}

/**
 * struct braid_flow_at - state of a listing between two messages
 * @bucket: bucket of the table of nf_conntrack
 * @last: id of the last connection listed of @bucket, 0 for none
 */
struct braid_flow_at {
	unsigned int bucket;
	u32 last;
};

/*
 * Lists the connections of a bucket behind the one with id @from, or all if @from
 * is 0. nf_conntrack adds connections at the head of a bucket, so those behind a
 * listed one are older.
 */
static int flow_list(struct sk_buff *skb, struct netlink_callback *cb,
		     struct braid_net *bn, struct braid_flow_at *at,
		     u32 from, bool *found)
{
	struct nf_conntrack_tuple_hash *h;
	struct hlist_nulls_node *n;
	struct nf_conn *ct;
	u64 gen = braid_net_gen(bn);

	*found = !from;
	hlist_nulls_for_each_entry(h, n, &nf_conntrack_hash[at->bucket], hnnode) {
		ct = nf_ct_tuplehash_to_ctrack(h);
		/* Each is in the table twice; after a clash only as a reply. */
		if (NF_CT_DIRECTION(h) != IP_CT_DIR_REPLY ||
		    !net_eq(bn->net, nf_ct_net(ct)))
			continue;
		if (!*found) {
			*found = flow_id(ct) == from;
			continue;
		}
		if (!flow_is(ct))
			continue;
		if (flow_put(skb, cb, bn, ct, gen))
			return -EMSGSIZE;
		at->last = flow_id(ct);
	}
	return 0;
}

/*
 * A message ends between two buckets, so that no connection is listed twice or left
 * out because another one was removed. Only a bucket that does not fit into a message
 * is listed in parts, and again from its head if the last listed connection is gone.
 */
static int flow_bucket(struct sk_buff *skb, struct netlink_callback *cb,
		       struct braid_net *bn, struct braid_flow_at *at)
{
	unsigned int begin = skb->len;
	u32 from = at->last;
	bool found;
	int ret;

	ret = flow_list(skb, cb, bn, at, from, &found);
	if (!found)
		ret = flow_list(skb, cb, bn, at, 0, &found);
	if (ret && begin) {
		nlmsg_trim(skb, skb->data + begin);
		at->last = from;
	}
	return ret;
}

/* Lists a bucket. Return: false behind the last bucket. */
static bool flow_visit(struct sk_buff *skb, struct netlink_callback *cb,
		       struct braid_net *bn, struct braid_flow_at *at,
		       int *ret)
{
	spinlock_t *lock = &nf_conntrack_locks[at->bucket % CONNTRACK_LOCKS];
	bool more;

	rcu_read_lock();
	local_bh_disable();
	nf_conntrack_lock(lock);
	__acquire(lock);	/* for sparse: the declaration does not say it */
	/* A resize of the table takes all locks. */
	more = at->bucket < nf_conntrack_htable_size;
	if (more && !hlist_nulls_empty(&nf_conntrack_hash[at->bucket])) {
		cb->seq = nf_conntrack_htable_size;
		*ret = flow_bucket(skb, cb, bn, at);
	}
	spin_unlock(lock);
	local_bh_enable();
	rcu_read_unlock();
	return more;
}

/**
 * braid_flow_dump() - lists the flows of a namespace
 * @skb: message to fill
 * @cb: state of the listing; a resize of the table between two messages marks it as
 *	interrupted
 * @bn: the namespace
 *
 * A flow that exists during the whole listing is listed; a flow that begins or ends
 * meanwhile may be missing.
 *
 * Context: process, may sleep between two buckets.
 * Return: length of @skb, 0 at the end, or an error.
 */
int braid_flow_dump(struct sk_buff *skb, struct netlink_callback *cb,
		    struct braid_net *bn)
{
	struct braid_flow_at *at = (void *)cb->ctx;
	int ret = 0;

	BUILD_BUG_ON(sizeof(*at) > sizeof(cb->ctx));
	while (flow_visit(skb, cb, bn, at, &ret)) {
		if (ret)
			break;
		at->bucket++;
		at->last = 0;
		cond_resched();
	}
	return ret && !skb->len ? ret : skb->len;
}

static int flow_tally(struct nf_conn *ct, void *data)
{
	u64 *flows = data;

	*flows += flow_is(ct);
	return 0;
}

/**
 * braid_flow_count() - counts the flows of a namespace
 * @bn: the namespace
 *
 * Context: process, may sleep.
 * Return: the number of flows.
 */
u64 braid_flow_count(struct braid_net *bn)
{
	u64 flows = 0;
	struct nf_ct_iter_data iter = { .net = bn->net, .data = &flows };

	nf_ct_iterate_cleanup_net(flow_tally, &iter);
	return flows;
}

static int flow_condemn(struct nf_conn *ct, void *data)
{
	u64 *flows = data;

	if (!flow_is(ct))
		return 0;
	(*flows)++;
	return 1;
}

/**
 * braid_flow_flush() - removes the flows of a namespace
 * @bn: the namespace
 *
 * The next packet of each flow begins a new connection.
 *
 * Context: process, may sleep.
 * Return: the number of flows removed.
 */
u64 braid_flow_flush(struct braid_net *bn)
{
	u64 flows = 0;
	struct nf_ct_iter_data iter = { .net = bn->net, .data = &flows };

	nf_ct_iterate_cleanup_net(flow_condemn, &iter);
	return flows;
}
