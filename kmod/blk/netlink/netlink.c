// SPDX-License-Identifier: GPL-2.0-only
#include "netlink/netlink.h"

#include <linux/capability.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "control/attach.h"
#include "netlink/dump.h"
#include "netlink/netlink-gen.h"
#include "netlink/parse.h"
#include "replica/replica.h"
#include "store/check.h"
#include "store/make.h"
#include "target/target.h"
#include "transport/node.h"
#include "volume/event.h"
#include "volume/family.h"

/* The node that is asked: that of the asking socket's namespace. */
static struct braid_blk_node *node_of(struct genl_info *info)
{
	return braid_blk_node_of(genl_info_net(info));
}

/* After a change of what is listed; passes @ret on. */
static int changed(struct genl_info *info, int ret)
{
	if (!ret)
		atomic_inc(&node_of(info)->changes);
	return ret;
}

/* ---- who may ask ---- */

/* @skb: the request. */
static int may(const struct sk_buff *skb, struct netlink_ext_ack *extack)
{
	if (!netlink_capable(skb, CAP_SYS_ADMIN)) {
		NL_SET_ERR_MSG(extack,
			       "volumes need CAP_SYS_ADMIN in the initial user namespace");
		return -EPERM;
	}
	return 0;
}

static int may_do(struct sk_buff *skb, struct genl_info *info)
{
	return may(skb, info->extack);
}

/* Every time: a socket may be read by another process. */
static int may_dump(struct netlink_callback *cb)
{
	int ret = may(cb->skb, cb->extack);

	if (!ret && nlmsg_attrlen(cb->nlh, GENL_HDRLEN)) {
		NL_SET_ERR_MSG(cb->extack, "a listing takes no attributes");
		return -EINVAL;
	}
	return ret;
}

/* ---- answers ---- */

/* More than any answer is long. */
#define REPLY_SIZE	(4096 + BRAID_BLK_FAULTS_MAX * \
			 nla_total_size(sizeof(struct braid_replica_fault)))

static struct sk_buff *reply_begin(struct genl_info *info, u8 cmd, void **head)
{
	struct sk_buff *skb = genlmsg_new(REPLY_SIZE, GFP_KERNEL);

	if (!skb)
		return NULL;
	*head = genlmsg_put_reply(skb, info, &braid_blk_family, 0, cmd);
	if (*head)
		return skb;
	nlmsg_free(skb);
	return NULL;
}

/* @ret: of the filling. */
static int reply_end(struct sk_buff *skb, struct genl_info *info, void *head,
		     int ret)
{
	if (ret) {
		nlmsg_free(skb);
		return ret;
	}
	genlmsg_end(skb, head);
	return genlmsg_reply(skb, info);
}

/* ---- replicas ---- */

static int need_path(struct genl_info *info, const char **path)
{
	return braid_parse_need(info, BRAID_BLK_A_REPLICA_PATH,
				"the path of a store is needed") ?:
	       braid_parse_path(info->attrs[BRAID_BLK_A_REPLICA_PATH], path,
				info->extack);
}

static int parse_make(struct genl_info *info, struct braid_replica_make *make)
{
	struct nlattr **tb = info->attrs;
	int ret;

	ret = need_path(info, &make->path) ?:
	      braid_parse_need(info, BRAID_BLK_A_REPLICA_VOLUME,
			       "a replica needs the name of its volume") ?:
	      braid_parse_need(info, BRAID_BLK_A_REPLICA_UUID,
			       "a replica needs the UUID of its volume") ?:
	      braid_parse_need(info, BRAID_BLK_A_REPLICA_VOTER,
			       "a replica needs the id of its voter") ?:
	      braid_parse_name(tb[BRAID_BLK_A_REPLICA_VOLUME], &make->name,
			       info->extack) ?:
	      braid_parse_uuid(tb[BRAID_BLK_A_REPLICA_UUID], &make->volume,
			       info->extack) ?:
	      braid_parse_voter_id(tb[BRAID_BLK_A_REPLICA_VOTER], &make->voter,
				   info->extack);
	if (!ret && tb[BRAID_BLK_A_REPLICA_SIZE])
		ret = braid_parse_size(tb[BRAID_BLK_A_REPLICA_SIZE],
				       &make->size, info->extack);
	make->witness = tb[BRAID_BLK_A_REPLICA_WITNESS];
	make->force = tb[BRAID_BLK_A_REPLICA_FORCE];
	return ret;
}

int braid_blk_nl_replica_create_doit(struct sk_buff *skb,
				     struct genl_info *info)
{
	struct braid_replica_make make = {};

	return may_do(skb, info) ?: parse_make(info, &make) ?:
	       braid_replica_create(&make, info->extack);
}

int braid_blk_nl_replica_open_doit(struct sk_buff *skb, struct genl_info *info)
{
	const char *path;

	return may_do(skb, info) ?: need_path(info, &path) ?:
	       changed(info, braid_replica_open(node_of(info), path, info->extack));
}

int braid_blk_nl_replica_close_doit(struct sk_buff *skb,
				    struct genl_info *info)
{
	const char *path;

	return may_do(skb, info) ?: need_path(info, &path) ?:
	       changed(info, braid_replica_close(node_of(info), path, info->extack));
}

int braid_blk_nl_replica_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	const char *path;

	return may_do(skb, info) ?: need_path(info, &path) ?:
	       braid_replica_del(path, info->extack);
}

/* Looks for one of a path. */
struct replica_search {
	const char *path;
	struct braid_replica_info *info;
};

static int replica_is(struct braid_replica *replica, void *context)
{
	struct replica_search *search = context;

	braid_replica_info(replica, search->info);
	return !strcmp(search->info->path, search->path);
}

static int replica_get(struct genl_info *info, const char *path,
		       struct braid_replica_info *told)
{
	struct replica_search search = { .path = path, .info = told };
	struct sk_buff *msg;
	void *head;

	if (!braid_replica_walk(node_of(info), replica_is, &search)) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[BRAID_BLK_A_REPLICA_PATH],
				    "no replica is open there");
		return -ENOENT;
	}
	msg = reply_begin(info, BRAID_BLK_CMD_REPLICA_GET, &head);
	return msg ? reply_end(msg, info, head, braid_fill_replica(msg, told)) :
		     -ENOMEM;
}

int braid_blk_nl_replica_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct braid_replica_info *told;
	const char *path;
	int ret;

	ret = may_do(skb, info) ?: need_path(info, &path);
	if (ret)
		return ret;
	told = kzalloc(sizeof(*told), GFP_KERNEL);
	if (!told)
		return -ENOMEM;
	ret = replica_get(info, path, told);
	kfree(told);
	return ret;
}

int braid_blk_nl_replica_get_dumpit(struct sk_buff *skb,
				    struct netlink_callback *cb)
{
	return may_dump(cb) ?: braid_dump_replicas(skb, cb);
}

/**
 * struct check - what a check of a store finds
 * @info: of the store
 * @found: how many faults
 * @fault: the first of them
 */
struct check {
	struct braid_replica_info info;
	u32 found;
	struct braid_replica_fault fault[BRAID_BLK_FAULTS_MAX];
};

static int fill_check(struct sk_buff *msg, const struct check *check)
{
	u32 i, told = min_t(u32, check->found, BRAID_BLK_FAULTS_MAX);

	if (braid_fill_replica(msg, &check->info) ||
	    nla_put_u32(msg, BRAID_BLK_A_REPLICA_FAULTS, check->found))
		return -EMSGSIZE;
	for (i = 0; i < told; i++) {
		if (nla_put_string(msg, BRAID_BLK_A_REPLICA_FAULT,
				   check->fault[i].what))
			return -EMSGSIZE;
	}
	return 0;
}

int braid_blk_nl_replica_check_doit(struct sk_buff *skb,
				    struct genl_info *info)
{
	struct sk_buff *msg;
	struct check *check;
	const char *path;
	void *head;
	int ret;

	ret = may_do(skb, info) ?: need_path(info, &path);
	if (ret)
		return ret;
	check = kvzalloc(sizeof(*check), GFP_KERNEL);
	if (!check)
		return -ENOMEM;
	ret = braid_replica_check(path, &check->info, check->fault,
				  BRAID_BLK_FAULTS_MAX, &check->found,
				  info->extack);
	if (!ret) {
		msg = reply_begin(info, BRAID_BLK_CMD_REPLICA_CHECK, &head);
		ret = msg ? reply_end(msg, info, head,
				      fill_check(msg, check)) : -ENOMEM;
	}
	kvfree(check);
	return ret;
}

/* ---- targets ---- */

static int need_address(struct genl_info *info, struct braid_address *address)
{
	return braid_parse_need(info, BRAID_BLK_A_TARGET_ADDRESS,
				"an address is needed") ?:
	       braid_parse_address(info->attrs[BRAID_BLK_A_TARGET_ADDRESS],
				   address, info->extack);
}

int braid_blk_nl_target_listen_doit(struct sk_buff *skb,
				    struct genl_info *info)
{
	struct braid_secrets secrets = {};
	struct braid_address address;
	int ret;

	ret = may_do(skb, info) ?: need_address(info, &address) ?:
	      braid_parse_need(info, BRAID_BLK_A_TARGET_SECRET,
			       "a target needs a secret") ?:
	      braid_parse_secrets(info, BRAID_BLK_A_TARGET_SECRET, &secrets) ?:
	      changed(info, braid_target_listen(node_of(info), &address, &secrets, info->extack));
	memzero_explicit(&secrets, sizeof(secrets));
	braid_parse_wipe(info, BRAID_BLK_A_TARGET_SECRET);
	return ret;
}

/* Looks for one at an address. */
struct target_search {
	struct braid_address address;
	struct braid_target_info info;
};

static int target_is(const struct braid_target_info *info, void *context)
{
	struct target_search *search = context;

	if (info->address.family != search->address.family ||
	    info->address.port != search->address.port ||
	    memcmp(info->address.ip, search->address.ip,
		   sizeof(search->address.ip)))
		return 0;
	search->info = *info;
	return 1;
}

int braid_blk_nl_target_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct target_search search;
	struct sk_buff *msg;
	void *head;
	int ret;

	ret = may_do(skb, info) ?: need_address(info, &search.address);
	if (ret)
		return ret;
	if (!braid_target_walk(node_of(info), target_is, &search)) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[BRAID_BLK_A_TARGET_ADDRESS],
				    "no target listens there");
		return -ENOENT;
	}
	msg = reply_begin(info, BRAID_BLK_CMD_TARGET_GET, &head);
	return msg ? reply_end(msg, info, head,
			       braid_fill_target(msg, &search.info)) : -ENOMEM;
}

int braid_blk_nl_target_get_dumpit(struct sk_buff *skb,
				   struct netlink_callback *cb)
{
	return may_dump(cb) ?: braid_dump_targets(skb, cb);
}

int braid_blk_nl_target_close_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct braid_address address;

	return may_do(skb, info) ?: need_address(info, &address) ?:
	       changed(info, braid_target_close(node_of(info), &address, info->extack));
}

/* ---- volumes ---- */

static int need_name(struct genl_info *info, const char **name)
{
	return braid_parse_need(info, BRAID_BLK_A_VOLUME_NAME,
				"the name of a volume is needed") ?:
	       braid_parse_name(info->attrs[BRAID_BLK_A_VOLUME_NAME], name,
				info->extack);
}

/* Those of the message, or else of this node's target. */
static int find_secrets(struct genl_info *info, struct braid_secrets *secrets)
{
	int ret;

	ret = braid_parse_secrets(info, BRAID_BLK_A_VOLUME_SECRET, secrets);
	if (ret || secrets->count)
		return ret;
	ret = braid_target_secrets(node_of(info), secrets);
	if (ret) {
		NL_SET_ERR_MSG(info->extack,
			       "no secret is given, and no target listens here to have one");
		NL_SET_ERR_ATTR_MISS(info->extack, NULL,
				     BRAID_BLK_A_VOLUME_SECRET);
	}
	return ret;
}

static int parse_create(struct genl_info *info, struct braid_volume_make *make)
{
	return need_name(info, &make->name) ?:
	       braid_parse_need(info, BRAID_BLK_A_VOLUME_SIZE,
				"a volume needs a size") ?:
	       braid_parse_size(info->attrs[BRAID_BLK_A_VOLUME_SIZE],
				&make->size, info->extack) ?:
	       braid_parse_need(info, BRAID_BLK_A_VOLUME_VOTER,
				"a volume needs voters") ?:
	       braid_parse_voters(info, BRAID_BLK_A_VOLUME_VOTER,
				  &make->voters) ?:
	       find_secrets(info, &make->secrets);
}

int braid_blk_nl_volume_create_doit(struct sk_buff *skb,
				    struct genl_info *info)
{
	struct braid_volume_make make = {};
	int ret;

	ret = may_do(skb, info) ?: parse_create(info, &make);
	/* It may take long, so nothing stays longer than it is needed. */
	braid_parse_wipe(info, BRAID_BLK_A_VOLUME_SECRET);
	if (!ret)
		ret = braid_volume_create(node_of(info), &make, info->extack);
	memzero_explicit(&make.secrets, sizeof(make.secrets));
	return ret;
}

static int parse_limits(struct genl_info *info,
			struct braid_volume_attach *attach)
{
	const struct nlattr *min_isr = info->attrs[BRAID_BLK_A_VOLUME_MIN_ISR];
	const struct nlattr *timeout =
		info->attrs[BRAID_BLK_A_VOLUME_SUSPEND_TIMEOUT];

	if (min_isr && attach->force) {
		NL_SET_ERR_MSG_ATTR(info->extack, min_isr,
				    "how many replicas force leaves is not known before: give min-isr with the next attach");
		return -EINVAL;
	}
	return (min_isr ? braid_parse_min_isr(min_isr, &attach->min_isr,
					      info->extack) : 0) ?:
	       (timeout ? braid_parse_suspend_timeout(timeout,
						      &attach->suspend_timeout_ms,
						      info->extack) : 0);
}

static int parse_attach(struct genl_info *info,
			struct braid_volume_attach *attach)
{
	struct nlattr **tb = info->attrs;

	attach->takeover = tb[BRAID_BLK_A_VOLUME_TAKEOVER];
	attach->dead = tb[BRAID_BLK_A_VOLUME_DEAD];
	attach->force = tb[BRAID_BLK_A_VOLUME_FORCE];
	if (attach->dead && !attach->takeover) {
		NL_SET_ERR_MSG_ATTR(info->extack, tb[BRAID_BLK_A_VOLUME_DEAD],
				    "nobody is declared dead but in a takeover");
		return -EINVAL;
	}
	return need_name(info, &attach->name) ?: parse_limits(info, attach) ?:
	       braid_parse_need(info, BRAID_BLK_A_VOLUME_FROM,
				"an address is needed to begin with") ?:
	       braid_parse_addresses(info, BRAID_BLK_A_VOLUME_FROM,
				     attach->from, &attach->nfrom) ?:
	       braid_parse_need(info, BRAID_BLK_A_VOLUME_SECRET,
				"a volume needs its secret") ?:
	       braid_parse_secrets(info, BRAID_BLK_A_VOLUME_SECRET,
				   &attach->secrets);
}

int braid_blk_nl_volume_attach_doit(struct sk_buff *skb,
				    struct genl_info *info)
{
	struct braid_volume_attach attach = {};
	int ret;

	ret = may_do(skb, info) ?: parse_attach(info, &attach);
	braid_parse_wipe(info, BRAID_BLK_A_VOLUME_SECRET);
	if (!ret)
		ret = changed(info, braid_volume_attach(node_of(info), &attach,
							info->extack));
	memzero_explicit(&attach.secrets, sizeof(attach.secrets));
	return ret;
}

int braid_blk_nl_volume_detach_doit(struct sk_buff *skb,
				    struct genl_info *info)
{
	const char *name;

	return may_do(skb, info) ?: need_name(info, &name) ?:
	       changed(info,
		       braid_volume_detach(node_of(info), name,
					   info->attrs[BRAID_BLK_A_VOLUME_FORCE],
					   info->extack));
}

int braid_blk_nl_volume_suspend_doit(struct sk_buff *skb,
				     struct genl_info *info)
{
	const char *name;

	return may_do(skb, info) ?: need_name(info, &name) ?:
	       braid_volume_suspend(node_of(info), name, info->extack);
}

int braid_blk_nl_volume_resume_doit(struct sk_buff *skb,
				    struct genl_info *info)
{
	const char *name;

	return may_do(skb, info) ?: need_name(info, &name) ?:
	       braid_volume_resume(node_of(info), name, info->extack);
}

static int fill_why(struct sk_buff *msg, const struct braid_volume_info *told)
{
	char why[BRAID_WHY_MAX];

	braid_volume_why(told, why);
	return braid_fill_volume(msg, told) ?:
	       nla_put_string(msg, BRAID_BLK_A_VOLUME_WHY, why);
}

static int volume_get(struct genl_info *info, const char *name,
		      struct braid_volume_info *told)
{
	struct sk_buff *msg;
	void *head;
	int ret;

	ret = braid_volume_lookup(node_of(info), name, told);
	if (ret) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[BRAID_BLK_A_VOLUME_NAME],
				    "no such volume is attached here");
		return ret;
	}
	msg = reply_begin(info, BRAID_BLK_CMD_VOLUME_GET, &head);
	return msg ? reply_end(msg, info, head, fill_why(msg, told)) : -ENOMEM;
}

int braid_blk_nl_volume_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct braid_volume_info *told;
	const char *name;
	int ret;

	ret = may_do(skb, info) ?: need_name(info, &name);
	if (ret)
		return ret;
	told = kzalloc(sizeof(*told), GFP_KERNEL);
	if (!told)
		return -ENOMEM;
	ret = volume_get(info, name, told);
	kfree(told);
	return ret;
}

int braid_blk_nl_volume_get_dumpit(struct sk_buff *skb,
				   struct netlink_callback *cb)
{
	return may_dump(cb) ?: braid_dump_volumes(skb, cb);
}

int __init braid_nl_init(void)
{
	int ret;

	braid_blk_family.ops = braid_blk_nl_ops;
	braid_blk_family.n_ops = ARRAY_SIZE(braid_blk_nl_ops);
	ret = genl_register_family(&braid_blk_family);
	if (ret)
		return ret;
	ret = braid_event_start();
	if (ret)
		genl_unregister_family(&braid_blk_family);
	return ret;
}

void braid_nl_exit(void)
{
	braid_event_stop();
	genl_unregister_family(&braid_blk_family);
}
