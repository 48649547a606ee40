// SPDX-License-Identifier: GPL-2.0-only
/*
 * A commit goes through these steps, all but the first under the namespace
 * mutex. Until the flip everything can be undone; from the flip on nothing can
 * fail.
 *
 * 1 links     make the link of a new overlay (needs rtnl, which is outside the
 *             mutex)
 * 2 apply     the changes, in order, to the slots: braid_slot_final() is the
 *             state to come
 * 3 plan      what each new version is found by and which objects it names
 * 4 check     every named object exists, nothing that goes is named
 * 5 publish   new versions become findable, valid from the generation to come
 *             on, so no reader takes them yet; keys are unique
 * 6 flip      old versions end with this generation, the number moves
 * 7 settle    after a grace period nobody uses the old generation: its versions
 *             are taken out and freed
 */
#include "config/commit.h"

#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "config/kinds.h"
#include "hook/hooks.h"
#include "model/parse.h"
#include "overlay/link.h"

/**
 * struct braid_commit - a commit under way
 * @bn: the namespace
 * @gen: the generation to come
 * @touched: slots that change
 * @flushed: kinds that hold nothing after the changes so far, bit n is kind n
 * @err: filled in on refusal
 * @activated: this commit registered the hooks
 */
struct braid_commit {
	struct braid_net *bn;
	u64 gen;
	struct list_head touched;
	u32 flushed;
	struct braid_err *err;
	bool activated;
};

static int commit_refuse(struct braid_commit *c, int code, u32 seq,
			 u16 attr, const char *msg)
{
	c->err->seq = seq;
	return braid_refuse(c->err, code, attr, msg);
}

/* A leaving version names nothing in the final state. */
static void commit_refs_put(struct braid_obj *obj)
{
	unsigned int i;

	for (i = 0; i < obj->nrefs; i++)
		obj->refs[i].slot->users--;
}

static void commit_refs_get(struct braid_obj *obj)
{
	unsigned int i;

	for (i = 0; i < obj->nrefs; i++)
		obj->refs[i].slot->users++;
}

/* Give a slot another final version; @obj is taken over. */
static void commit_stage(struct braid_commit *c, struct braid_slot *slot,
			 struct braid_obj *obj, u32 seq)
{
	if (slot->touched) {
		braid_obj_free(slot->next);
	} else {
		slot->touched = true;
		list_add_tail(&slot->touch, &c->touched);
		if (slot->cur) {
			slot->cur->life.leaving = true;
			commit_refs_put(slot->cur);
		}
	}
	slot->next = obj;
	slot->seq = seq;
	if (obj) {
		c->flushed &= ~BIT(braid_kind_of(slot->ops));
		obj->slot = slot;
		obj->seq = seq;
	}
}

static void commit_stage_removal(struct braid_commit *c, struct braid_slot *slot,
				 u32 seq)
{
	const struct braid_kind_ops *ops = slot->ops;
	struct braid_slot_key from;
	struct braid_slot *other;

	commit_stage(c, slot, NULL, seq);
	if (!ops->cascade)
		return;
	ops->cascade(&from, slot);
	for (other = braid_slot_first(c->bn, ops->cascade_kind, &from);
	     other && !memcmp(other->key.bytes, from.bytes, from.len);
	     other = braid_slot_next(other))
		if (braid_slot_final(other))
			commit_stage_removal(c, other, seq);
}

static int commit_apply_add(struct braid_commit *c, struct braid_net_change *change)
{
	const struct braid_kind_ops *ops = braid_kinds[change->kind];
	struct braid_slot *slot;

	slot = braid_slot_get(c->bn, ops, &change->key);
	if (!slot)
		return -ENOMEM;
	if (braid_slot_final(slot))
		return commit_refuse(c, -EEXIST, change->seq,
				     ops->key_attr, ops->exists);
	commit_stage(c, slot, change->obj, change->seq);
	change->obj = NULL;
	return 0;
}

static int commit_apply_set(struct braid_commit *c, struct braid_net_change *change)
{
	const struct braid_kind_ops *ops = braid_kinds[change->kind];
	struct braid_obj *now;
	struct braid_slot *slot;
	int ret;

	slot = braid_slot_find(c->bn, change->kind, &change->key);
	now = slot ? braid_slot_final(slot) : NULL;
	if (!now)
		return commit_refuse(c, -ENOENT, change->seq,
				     ops->key_attr, ops->absent);
	ret = ops->inherit(change->obj, now);
	if (!ret && ops->check) {
		c->err->seq = change->seq;
		ret = ops->check(change->obj, c->err);
	}
	if (ret)
		return ret;
	commit_stage(c, slot, change->obj, change->seq);
	change->obj = NULL;
	return 0;
}

static int commit_apply_del(struct braid_commit *c, struct braid_net_change *change)
{
	const struct braid_kind_ops *ops = braid_kinds[change->kind];
	struct braid_slot *slot;

	slot = braid_slot_find(c->bn, change->kind, &change->key);
	if (!slot || !braid_slot_final(slot))
		return commit_refuse(c, -ENOENT, change->seq,
				     ops->key_attr, ops->absent);
	commit_stage_removal(c, slot, change->seq);
	return 0;
}

static void commit_apply_flush(struct braid_commit *c, unsigned int kind,
			       u32 seq)
{
	struct braid_slot *slot;

	/* A batch of nothing but flushes costs one. */
	if (c->flushed & BIT(kind))
		return;
	for (slot = braid_slot_first(c->bn, kind, NULL); slot;
	     slot = braid_slot_next(slot)) {
		if (braid_slot_final(slot))
			commit_stage_removal(c, slot, seq);
		cond_resched();
	}
	c->flushed |= BIT(kind);
}

static int commit_apply(struct braid_commit *c, struct braid_net_change *change)
{
	switch (change->op) {
	case BRAID_NET_OP_ADD:
		return commit_apply_add(c, change);
	case BRAID_NET_OP_SET:
		return commit_apply_set(c, change);
	case BRAID_NET_OP_DEL:
		return commit_apply_del(c, change);
	case BRAID_NET_OP_FLUSH:
		commit_apply_flush(c, change->kind, change->seq);
		return 0;
	}
	return -EINVAL;
}

/* Give the object that carries a changed one a new version of the same content. */
static int commit_renew_carrier(struct braid_commit *c,
				const struct braid_slot *changed)
{
	const struct braid_kind_ops *ops = changed->ops;
	struct braid_slot_key key;
	struct braid_obj *obj;
	struct braid_slot *slot;
	int ret;

	ops->carrier(&key, changed);
	slot = braid_slot_find(c->bn, ops->carrier_kind, &key);
	if (!slot || slot->touched || !slot->cur)
		return 0;
	obj = slot->ops->create();
	if (!obj)
		return -ENOMEM;
	obj->ops = slot->ops;
	ret = slot->ops->inherit(obj, slot->cur);
	if (ret) {
		braid_obj_free(obj);
		return ret;
	}
	commit_stage(c, slot, obj, changed->seq);
	return 0;
}

static int commit_renew_carriers(struct braid_commit *c)
{
	struct braid_slot *slot;
	int ret;

	/* The list grows at its end while it is walked, by carriers only. */
	list_for_each_entry(slot, &c->touched, touch) {
		if (!slot->ops->carrier)
			continue;
		ret = commit_renew_carrier(c, slot);
		if (ret)
			return ret;
	}
	return 0;
}

static int commit_plan(struct braid_commit *c)
{
	struct braid_slot *slot;
	int ret;

	list_for_each_entry(slot, &c->touched, touch) {
		if (!slot->next)
			continue;
		c->err->seq = slot->seq;
		ret = slot->ops->plan(c->bn, slot->next, c->err);
		if (ret)
			return ret;
		cond_resched();
	}
	return 0;
}

static int commit_check(struct braid_commit *c)
{
	struct braid_slot *slot;
	unsigned int i;

	list_for_each_entry(slot, &c->touched, touch) {
		if (!slot->next && slot->users)
			return commit_refuse(c, -EBUSY, slot->seq,
					     slot->ops->key_attr,
					     slot->ops->in_use);
		for (i = 0; slot->next && i < slot->next->nrefs; i++) {
			const struct braid_ref *ref = &slot->next->refs[i];

			if (braid_slot_final(ref->slot))
				continue;
			commit_refuse(c, -ENOENT, slot->seq, ref->attr,
				      ref->slot->ops->absent);
			c->err->nth = ref->nth;
			return -ENOENT;
		}
	}
	return 0;
}

static int commit_publish_one(struct braid_commit *c, struct braid_obj *obj)
{
	struct braid_net *bn = c->bn;
	int ret;

	braid_life_begin(&obj->life, c->gen);
	for (; obj->inserted < obj->nentries; obj->inserted++) {
		ret = braid_index_insert(&bn->index,
					 &obj->entries[obj->inserted]);
		if (ret)
			return ret;
	}
	if (obj->ops->publish) {
		ret = obj->ops->publish(bn, obj);
		if (ret)
			return ret;
		obj->published = true;
	}
	return 0;
}

static void commit_withdraw_one(struct braid_net *bn, struct braid_obj *obj)
{
	if (obj->published)
		obj->ops->withdraw(bn, obj);
	obj->published = false;
	while (obj->inserted)
		braid_index_remove(&bn->index, &obj->entries[--obj->inserted]);
}

static int commit_publish(struct braid_commit *c)
{
	struct braid_slot *slot;
	int ret;

	list_for_each_entry(slot, &c->touched, touch) {
		if (!slot->next)
			continue;
		ret = commit_publish_one(c, slot->next);
		if (ret)
			return ret;
		cond_resched();
	}
	return 0;
}

/* A prefix and its node may both say where the same addresses are. */
static bool commit_routes_agree(struct braid_life *a, struct braid_life *b)
{
	const struct braid_obj *one = braid_obj_of(a), *other = braid_obj_of(b);

	return one->ops->route_node(one) == other->ops->route_node(other);
}

/* Refuse a key that another object has, by the attribute that the key is from. */
static int commit_clash_refuse(struct braid_commit *c, struct braid_slot *slot,
			       enum braid_key_kind kind)
{
	const struct braid_clash *clash = slot->ops->clashes;

	for (; clash && clash->msg; clash++)
		if (clash->kind == kind)
			return commit_refuse(c, -EEXIST, slot->seq,
					     clash->attr, clash->msg);
	return commit_refuse(c, -EEXIST, slot->seq, slot->ops->key_attr,
			     slot->ops->exists);
}

/* Entries of a kind stand in the order of the attributes that they are from. */
static u16 commit_entry_nth(const struct braid_obj *obj, unsigned int i)
{
	enum braid_key_kind kind = obj->entries[i].key.kind;
	u16 nth = 0;

	while (i--)
		nth += obj->entries[i].key.kind == kind;
	return nth;
}

static bool commit_clashes(struct braid_commit *c, const struct braid_obj *obj,
			   unsigned int i)
{
	const struct braid_entry *entry = &obj->entries[i];

	if (obj->ops->shares && obj->ops->shares(obj, i))
		return false;
	return braid_index_clash(&c->bn->index, entry,
				 entry->key.kind == BRAID_KEY_ROUTE ?
				 commit_routes_agree : NULL);
}

static int commit_check_unique(struct braid_commit *c)
{
	struct braid_slot *slot;
	unsigned int i;

	list_for_each_entry(slot, &c->touched, touch) {
		const struct braid_obj *obj = slot->next;

		for (i = 0; obj && i < obj->nentries; i++) {
			if (!commit_clashes(c, obj, i))
				continue;
			if (obj->ops->blamed)
				i = obj->ops->blamed(obj, i);
			commit_clash_refuse(c, slot, obj->entries[i].key.kind);
			c->err->nth = commit_entry_nth(obj, i);
			return -EEXIST;
		}
	}
	return 0;
}

static void commit_undo(struct braid_commit *c)
{
	struct braid_slot *slot, *tmp;

	list_for_each_entry(slot, &c->touched, touch) {
		if (slot->next)
			commit_withdraw_one(c->bn, slot->next);
		cond_resched();
	}
	list_for_each_entry_safe(slot, tmp, &c->touched, touch) {
		struct braid_obj *obj = slot->next;

		slot->next = NULL;
		slot->touched = false;
		list_del_init(&slot->touch);
		if (slot->cur) {
			slot->cur->life.leaving = false;
			commit_refs_get(slot->cur);
		}
		/* A reader may stand on an entry that is out already. */
		if (obj) {
			commit_refs_put(obj);
			braid_obj_unref(c->bn, obj);
			braid_obj_free_rcu(obj);
		}
		braid_slot_put(c->bn, slot);
	}
}

static void commit_flip(struct braid_commit *c)
{
	struct braid_slot *slot;

	list_for_each_entry(slot, &c->touched, touch)
		if (slot->cur)
			braid_life_end(&slot->cur->life, c->gen);
	/* Readers that see the number see all that was done before. */
	smp_store_release(&c->bn->gen, c->gen);
}

static void commit_settle(struct braid_commit *c)
{
	struct braid_net *bn = c->bn;
	struct braid_slot *slot, *tmp;

	synchronize_net();
	list_for_each_entry_safe(slot, tmp, &c->touched, touch) {
		struct braid_obj *old = slot->cur;

		bn->objects += !!slot->next - !!old;
		slot->cur = slot->next;
		slot->next = NULL;
		slot->touched = false;
		list_del_init(&slot->touch);
		if (old) {
			commit_withdraw_one(bn, old);
			braid_obj_unref(bn, old);
			braid_obj_free_rcu(old);
		}
		braid_slot_put(bn, slot);
		cond_resched();
	}
}

static int commit_prepare(struct braid_commit *c, struct list_head *changes)
{
	struct braid_net_change *change;
	int ret;

	list_for_each_entry(change, changes, list) {
		ret = commit_apply(c, change);
		if (ret)
			return ret;
		cond_resched();
	}
	ret = commit_renew_carriers(c);
	if (!ret)
		ret = commit_plan(c);
	if (!ret)
		ret = commit_check(c);
	if (!ret)
		ret = commit_publish(c);
	if (!ret)
		ret = commit_check_unique(c);
	if (!ret && !c->bn->active && !list_empty(&c->touched)) {
		ret = braid_hooks_register(c->bn);
		c->activated = !ret;
		c->bn->active = c->activated;
	}
	return ret;
}

static void commit_finish(struct braid_commit *c)
{
	struct braid_net *bn = c->bn;

	if (list_empty(&c->touched))
		return;
	commit_flip(c);
	commit_settle(c);
	if (!bn->objects)
		braid_hooks_unregister(bn);
}

static int commit_locked(struct braid_net *bn, struct list_head *changes,
			 u64 expect, bool dry_run, struct braid_err *err)
{
	struct braid_commit c = { .bn = bn, .gen = bn->gen + 1, .err = err };
	int ret;

	lockdep_assert_held(&bn->lock);
	INIT_LIST_HEAD(&c.touched);
	if (bn->dead)
		return -ENODEV;
	if (expect != BRAID_ANY_GEN && expect != bn->gen)
		return braid_refuse(err, -EAGAIN, 0,
				    "another commit came between");
	ret = commit_prepare(&c, changes);
	if (ret || dry_run) {
		commit_undo(&c);
		if (c.activated)
			braid_hooks_unregister(bn);
		return ret;
	}
	commit_finish(&c);
	return 0;
}

/**
 * braid_commit() - apply changes, all or none
 * @bn: the namespace
 * @changes: of struct braid_net_change, still the caller's; what it took out of
 *	them is gone
 * @expect: the generation they were made for, or BRAID_ANY_GEN
 * @dry_run: do all that can fail, then undo it
 * @gen: the generation after it, if it is done; may be NULL
 * @err: filled in on refusal
 *
 * When it returns 0, no packet that enters the node sees what was before.
 *
 * Context: process, may sleep, takes rtnl if an overlay changes, and the
 * namespace mutex.
 * Return: 0 or an error; nothing has changed then.
 */
int braid_commit(struct braid_net *bn, struct list_head *changes, u64 expect,
		 bool dry_run, u64 *gen, struct braid_err *err)
{
	bool links;
	int ret;

	links = braid_link_needed(changes);
	if (links)
		rtnl_lock();
	ret = links ? braid_link_create_all(bn, changes, dry_run, err) : 0;
	if (!ret) {
		mutex_lock(&bn->lock);
		ret = commit_locked(bn, changes, expect, dry_run, err);
		if (gen)
			*gen = bn->gen;
		mutex_unlock(&bn->lock);
	}
	if (links) {
		braid_link_sync(bn);
		rtnl_unlock();
	}
	return ret;
}

static void commit_remove_key(struct braid_net *bn, unsigned int kind,
			      const struct braid_slot_key *key)
{
	struct braid_net_change change = {
		.op = BRAID_NET_OP_DEL, .kind = kind, .key = *key,
	};
	struct braid_err err = {};
	LIST_HEAD(changes);

	list_add(&change.list, &changes);
	/* Nothing names such an object and nothing is allocated. */
	WARN_ON_ONCE(commit_locked(bn, &changes, BRAID_ANY_GEN, false,
				   &err));
}

/**
 * braid_commit_remove_device() - a device goes: what is made of it goes too
 * @bn: the namespace
 * @ifindex: of the device
 *
 * Context: process, rtnl held, takes the namespace mutex.
 */
void braid_commit_remove_device(struct braid_net *bn, int ifindex)
{
	static const u8 kinds[] = {
		BRAID_NET_OBJECT_ENDPOINT, BRAID_NET_OBJECT_UPLINK,
	};
	struct braid_slot_key key;
	struct braid_slot *slot;
	unsigned int i;

	braid_key_id(&key, ifindex);
	mutex_lock(&bn->lock);
	for (i = 0; i < ARRAY_SIZE(kinds) && !bn->dead; i++) {
		slot = braid_slot_find(bn, kinds[i], &key);
		if (slot && slot->cur)
			commit_remove_key(bn, kinds[i], &key);
	}
	slot = braid_link_slot(bn, ifindex);
	if (slot && !bn->dead)
		commit_remove_key(bn, BRAID_NET_OBJECT_OVERLAY, &slot->key);
	mutex_unlock(&bn->lock);
}

/**
 * braid_commit_remove_all() - take everything out of a namespace
 * @bn: the namespace, which no packet meets any more
 *
 * Context: process, may sleep, takes the namespace mutex.
 */
void braid_commit_remove_all(struct braid_net *bn)
{
	struct braid_commit c = { .bn = bn, .gen = bn->gen + 1 };
	unsigned int kind;

	mutex_lock(&bn->lock);
	INIT_LIST_HEAD(&c.touched);
	for (kind = 0; kind < BRAID_KINDS; kind++)
		commit_apply_flush(&c, kind, 0);
	commit_finish(&c);
	bn->dead = true;
	mutex_unlock(&bn->lock);
}
