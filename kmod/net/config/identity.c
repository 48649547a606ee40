// SPDX-License-Identifier: GPL-2.0-only
/* Identities: their numbers and labels. */
#include "model/kinds.h"

#include <linux/ctype.h>
#include <linux/slab.h>

#include "model/net.h"
#include "overlay/vxlan.h"

static struct braid_obj *identity_create(void)
{
	struct braid_identity *identity;

	identity = kzalloc(sizeof(*identity), GFP_KERNEL_ACCOUNT);
	return identity ? &identity->obj : NULL;
}

static void identity_destroy(struct braid_obj *obj)
{
	struct braid_identity *identity =
		container_of(obj, struct braid_identity, obj);

	/* Queued packets may hold references; the last one frees it. */
	if (identity->dst)
		dst_release(&identity->dst->dst);
	kfree(identity->labels);
	kfree(identity);
}

static int identity_key(struct net *net, struct nlattr **tb,
			struct braid_slot_key *key,
			struct braid_err *err)
{
	int ret = braid_net_parse_need(tb, BRAID_NET_A_IDENTITY_ID, err,
				       "identity is required");

	if (!ret)
		braid_key_id(key, nla_get_u32(tb[BRAID_NET_A_IDENTITY_ID]));
	return ret;
}

static int identity_parse_label(const struct nlattr *nla, char *label,
				struct braid_err *err)
{
	ssize_t len = nla_strscpy(label, nla, BRAID_NET_LABEL_MAX + 1);
	const char *c;

	err->nla = nla;
	if (len < 0)
		return braid_refuse(err, -ERANGE, BRAID_NET_A_IDENTITY_LABEL,
				    "label is longer than 127 bytes");
	for (c = label; *c; c++)
		if (!isascii(*c) || !isgraph(*c) || *c == ',' || *c == '#')
			return braid_refuse(err, -EINVAL,
					    BRAID_NET_A_IDENTITY_LABEL,
					    "label has a character that is not printable, a space, a comma or a #");
	c = strchr(label, '=');
	if (!c || c == label)
		return braid_refuse(err, -EINVAL, BRAID_NET_A_IDENTITY_LABEL,
				    "label is not key=value");
	err->nla = NULL;
	return 0;
}

static int identity_parse(struct net *net, const struct nlattr *nest,
			  struct nlattr **tb, struct braid_obj *obj,
			  struct braid_err *err)
{
	struct braid_identity *identity =
		container_of(obj, struct braid_identity, obj);
	const struct nlattr *nla;
	unsigned int n = 0;
	int rem, ret;

	identity->id = nla_get_u32(tb[BRAID_NET_A_IDENTITY_ID]);
	nla_for_each_nested(nla, nest, rem)
		n += nla_type(nla) == BRAID_NET_A_IDENTITY_LABEL;
	if (n > BRAID_NET_LABELS_MAX)
		return braid_refuse(err, -E2BIG, BRAID_NET_A_IDENTITY_LABEL,
				    "more than 64 labels");
	if (!n)
		return 0;
	identity->labels = kcalloc(n, sizeof(*identity->labels),
				   GFP_KERNEL_ACCOUNT);
	if (!identity->labels)
		return -ENOMEM;
	nla_for_each_nested(nla, nest, rem) {
		if (nla_type(nla) != BRAID_NET_A_IDENTITY_LABEL)
			continue;
		ret = identity_parse_label(nla, identity->labels[identity->nlabels],
					   err);
		if (ret)
			return ret;
		identity->nlabels++;
	}
	return 0;
}

static int identity_inherit(struct braid_obj *obj,
			    const struct braid_obj *old)
{
	const struct braid_identity *from =
		container_of(old, struct braid_identity, obj);
	struct braid_identity *identity =
		container_of(obj, struct braid_identity, obj);

	if (braid_given(obj, BRAID_NET_A_IDENTITY_LABEL) || !from->nlabels)
		return 0;
	identity->labels = kmemdup(from->labels,
				   from->nlabels * sizeof(*from->labels),
				   GFP_KERNEL_ACCOUNT);
	if (!identity->labels)
		return -ENOMEM;
	identity->nlabels = from->nlabels;
	return 0;
}

static int identity_check(const struct braid_obj *obj,
			  struct braid_err *err)
{
	const struct braid_identity *identity =
		container_of(obj, struct braid_identity, obj);

	if (identity->id <= BRAID_IDENTITY_RESERVED)
		return braid_refuse(err, -EINVAL, BRAID_NET_A_IDENTITY_ID,
				    "identities 0 to 255 are reserved");
	return 0;
}

static int identity_plan(struct braid_net *bn, struct braid_obj *obj,
			 struct braid_err *err)
{
	struct braid_identity *identity =
		container_of(obj, struct braid_identity, obj);
	int ret;

	ret = braid_obj_plan(obj, 1, 0);
	if (ret)
		return ret;
	braid_obj_entry(obj, BRAID_KEY_IDENTITY)->num = identity->id;
	/* An identity that does not fit into a tunnel header is never received. */
	if (identity->id > BRAID_VNI_MAX)
		return 0;
	identity->dst = metadata_dst_alloc(0, METADATA_IP_TUNNEL,
					   GFP_KERNEL_ACCOUNT);
	if (!identity->dst)
		return -ENOMEM;
	identity->dst->u.tun_info.key.tun_id = cpu_to_be64(identity->id);
	return 0;
}

static int identity_fill(struct sk_buff *skb, struct net *net,
			 const struct braid_obj *obj)
{
	const struct braid_identity *identity =
		container_of(obj, struct braid_identity, obj);
	unsigned int i;

	if (nla_put_u32(skb, BRAID_NET_A_IDENTITY_ID, identity->id))
		return -EMSGSIZE;
	for (i = 0; i < identity->nlabels; i++)
		if (nla_put_string(skb, BRAID_NET_A_IDENTITY_LABEL,
				   identity->labels[i]))
			return -EMSGSIZE;
	return 0;
}

const struct braid_kind_ops braid_identity_ops = {
	.attr = BRAID_NET_A_IDENTITY,
	.key_attr = BRAID_NET_A_IDENTITY_ID,
	.maxattr = BRAID_NET_A_IDENTITY_LABEL,
	.policy = braid_net_identity_nl_policy,
	.exists = "identity exists",
	.absent = "identity does not exist",
	.in_use = "identity is in use",
	.create = identity_create,
	.destroy = identity_destroy,
	.key = identity_key,
	.parse = identity_parse,
	.inherit = identity_inherit,
	.check = identity_check,
	.plan = identity_plan,
	.fill = identity_fill,
};

/**
 * braid_identity_ref() - adds a reference to an identity
 * @bn: the namespace
 * @obj: version that names the identity, with room for a reference
 * @id: number of the identity; reserved identities need no reference
 * @attr: attribute of @obj that names it
 * @nth: index among the attributes @attr of @obj, from 0
 *
 * Context: process, may sleep, namespace mutex held.
 * Return: 0, or -ENOMEM.
 */
int braid_identity_ref(struct braid_net *bn, struct braid_obj *obj, u32 id,
		       u16 attr, u16 nth)
{
	struct braid_slot_key key;

	if (id <= BRAID_IDENTITY_RESERVED)
		return 0;
	braid_key_id(&key, id);
	return braid_obj_ref(bn, obj, &braid_identity_ops, &key, attr, nth);
}

/**
 * braid_identity_usable() - checks that a workload may have an identity
 * @id: number of the identity
 * @attr: attribute that names it
 * @err: filled in on refusal
 *
 * Context: any.
 * Return: 0 or -EINVAL.
 */
int braid_identity_usable(u32 id, u16 attr, struct braid_err *err)
{
	if (id <= BRAID_IDENTITY_RESERVED)
		return braid_refuse(err, -EINVAL, attr,
				    "identities 0 to 255 are reserved");
	if (id > BRAID_VNI_MAX)
		return braid_refuse(err, -EINVAL, attr,
				    "an identity with a scope byte is not for an endpoint");
	return 0;
}
