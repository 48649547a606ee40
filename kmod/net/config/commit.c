// SPDX-License-Identifier: GPL-2.0-only
/*
 * A commit has these steps, all but the first under the namespace mutex. Every
 * step before the flip can be undone; the flip and the steps after it cannot fail.
 *
 * 1 links     create the link of a new overlay (under rtnl, which is taken before
 *             the mutex)
 * 2 apply     apply the changes to the slots, in order; braid_slot_final() is the
 *             version after the commit
 * 3 plan      compute the keys and the references of each new version
 * 4 check     every referenced object exists, no removed object is referenced
 * 5 publish   insert new versions, which are valid from the next generation on, so
 *             that no reader takes them yet; check that keys are unique
 * 6 flip      end the life of old versions and increment the generation
 * 7 settle    after a grace period no reader is in the old generation: remove and
 *             free its versions
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
 * struct braid_commit - a commit in progress
 * @bn: the namespace
 * @gen: generation after the commit
 * @touched: slots that the commit changes
 * @flushed: kinds without objects after the changes so far, bit n for kind n
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

/* References of a version that the commit removes do not count after it. */
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

/* Sets the version of a slot after the commit, or NULL; takes over @obj. */
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

	/* A second flush of a kind without objects need not walk its slots. */
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

/* Gives the object that contains a changed one a new version with the same content. */
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

	/* The loop adds carriers to the end of the list; they have no carriers. */
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

/* A prefix and its node may both have a route for the same network. */
static bool commit_routes_agree(struct braid_life *a, struct braid_life *b)
{
	const struct braid_obj *one = braid_obj_of(a), *other = braid_obj_of(b);

	return one->ops->route_node(one) == other->ops->route_node(other);
}

/* Refuses a key that another object has; reports the attribute that it is made of. */
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

/* Entries with keys of one kind are in the order of their attributes. */
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
		/* A reader may still hold an entry that was removed. */
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
	/* A reader that sees the number sees everything written before. */
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
 * braid_commit() - applies all changes or none
 * @bn: the namespace
 * @changes: list of struct braid_net_change, freed by the caller; the commit takes
 *	over their versions and sets the pointers to NULL
 * @expect: generation that the changes were made for, or BRAID_ANY_GEN
 * @dry_run: do everything that can fail, then undo it
 * @gen: filled in with the generation after the commit; may be NULL
 * @err: filled in on refusal
 *
 * After a return value of 0, no packet that enters the node meets the configuration
 * before the commit.
 *
 * Context: process, may sleep, takes rtnl if an overlay changes, and the
 * namespace mutex.
 * Return: 0, or a negative errno and nothing has changed.
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
	/* No object refers to it, and a removal allocates nothing. */
	WARN_ON_ONCE(commit_locked(bn, &changes, BRAID_ANY_GEN, false,
				   &err));
}

/**
 * braid_commit_remove_device() - removes the objects of a device
 * @bn: the namespace
 * @ifindex: index of the device, which is being unregistered
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
 * braid_commit_remove_all() - removes all objects of a namespace
 * @bn: the namespace; no packet is in its hooks
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
