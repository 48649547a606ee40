// SPDX-License-Identifier: GPL-2.0-only
#include "model/object.h"

#include <linux/slab.h>

#include "model/net.h"

static int object_slot_cmp(const struct braid_slot_key *a,
			   const struct braid_slot_key *b)
{
	int diff = memcmp(a->bytes, b->bytes, min(a->len, b->len));

	return diff ?: a->len - b->len;
}

/**
 * braid_slot_find() - finds the slot of a key
 * @bn: the namespace
 * @kind: enum braid_net_object
 * @key: the key
 *
 * Context: process, namespace mutex held.
 * Return: the slot, or NULL.
 */
struct braid_slot *braid_slot_find(struct braid_net *bn, unsigned int kind,
				   const struct braid_slot_key *key)
{
	struct rb_node *node = bn->slots[kind].rb_node;

	while (node) {
		struct braid_slot *slot = rb_entry(node, struct braid_slot, node);
		int diff = object_slot_cmp(key, &slot->key);

		if (!diff)
			return slot;
		node = diff < 0 ? node->rb_left : node->rb_right;
	}
	return NULL;
}

/**
 * braid_slot_get() - finds the slot of a key, or creates it
 * @bn: the namespace
 * @ops: the kind
 * @key: the key
 *
 * Context: process, may sleep, namespace mutex held.
 * Return: the slot, which braid_slot_put() frees when it is unused, or NULL if
 * there is no memory.
 */
struct braid_slot *braid_slot_get(struct braid_net *bn,
				  const struct braid_kind_ops *ops,
				  const struct braid_slot_key *key)
{
	struct rb_root *slots = &bn->slots[braid_kind_of(ops)];
	struct rb_node **link = &slots->rb_node, *parent = NULL;
	struct braid_slot *slot;
	int diff;

	while (*link) {
		parent = *link;
		slot = rb_entry(parent, struct braid_slot, node);
		diff = object_slot_cmp(key, &slot->key);
		if (!diff)
			return slot;
		link = diff < 0 ? &parent->rb_left : &parent->rb_right;
	}
	slot = kzalloc(sizeof(*slot), GFP_KERNEL_ACCOUNT);
	if (!slot)
		return NULL;
	slot->ops = ops;
	slot->key = *key;
	slot->number = ++bn->last_number;
	INIT_LIST_HEAD(&slot->touch);
	rb_link_node(&slot->node, parent, link);
	rb_insert_color(&slot->node, slots);
	return slot;
}

/**
 * braid_slot_first() - finds the first slot in the order of keys
 * @bn: the namespace
 * @kind: enum braid_net_object
 * @from: lowest key to return, or NULL for any key
 *
 * Context: process, namespace mutex held.
 * Return: the slot, or NULL.
 */
struct braid_slot *braid_slot_first(struct braid_net *bn, unsigned int kind,
				    const struct braid_slot_key *from)
{
	struct rb_node *node = bn->slots[kind].rb_node;
	struct braid_slot *slot, *found = NULL;

	if (!from) {
		node = rb_first(&bn->slots[kind]);
		return node ? rb_entry(node, struct braid_slot, node) : NULL;
	}
	while (node) {
		slot = rb_entry(node, struct braid_slot, node);
		if (object_slot_cmp(from, &slot->key) <= 0) {
			found = slot;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

/**
 * braid_slot_next() - finds the next slot of the same kind in the order of keys
 * @slot: a slot
 *
 * Context: process, namespace mutex held.
 * Return: the slot, or NULL.
 */
struct braid_slot *braid_slot_next(const struct braid_slot *slot)
{
	struct rb_node *node = rb_next(&slot->node);

	return node ? rb_entry(node, struct braid_slot, node) : NULL;
}

/**
 * braid_slot_put() - frees a slot if it is unused
 * @bn: the namespace
 * @slot: freed if it has no version and no version refers to it
 *
 * Context: process, namespace mutex held.
 */
void braid_slot_put(struct braid_net *bn, struct braid_slot *slot)
{
	if (slot->cur || slot->touched || slot->holds)
		return;
	rb_erase(&slot->node, &bn->slots[braid_kind_of(slot->ops)]);
	kfree(slot);
}

/**
 * braid_obj_plan() - allocates room for entries and references
 * @obj: a version that is not published
 * @nentries: maximum number of entries
 * @nrefs: maximum number of references
 *
 * Context: process, may sleep.
 * Return: 0, or -ENOMEM.
 */
int braid_obj_plan(struct braid_obj *obj, unsigned int nentries,
		   unsigned int nrefs)
{
	if (nentries) {
		obj->entries = kcalloc(nentries, sizeof(*obj->entries),
				       GFP_KERNEL_ACCOUNT);
		if (!obj->entries)
			return -ENOMEM;
	}
	if (nrefs) {
		obj->refs = kcalloc(nrefs, sizeof(*obj->refs),
				    GFP_KERNEL_ACCOUNT);
		if (!obj->refs)
			return -ENOMEM;
	}
	return 0;
}

/**
 * braid_obj_entry() - adds an entry that braid_obj_plan() made room for
 * @obj: the version
 * @kind: kind of the key
 *
 * Context: process, namespace mutex held.
 * Return: the key, with its kind set and the rest zero, for the caller to fill in.
 */
struct braid_key *braid_obj_entry(struct braid_obj *obj,
				  enum braid_key_kind kind)
{
	struct braid_entry *entry = &obj->entries[obj->nentries++];

	entry->life = &obj->life;
	entry->key.kind = kind;
	return &entry->key;
}

/**
 * braid_obj_ref() - adds a reference that braid_obj_plan() made room for
 * @bn: the namespace
 * @obj: the version
 * @ops: kind of the object that @obj names
 * @key: key of the object that @obj names; it need not exist yet
 * @attr: attribute of @obj that has the name
 * @nth: index among the attributes @attr of @obj, from 0
 *
 * Context: process, may sleep, namespace mutex held.
 * Return: 0, or -ENOMEM.
 */
int braid_obj_ref(struct braid_net *bn, struct braid_obj *obj,
		  const struct braid_kind_ops *ops,
		  const struct braid_slot_key *key, u16 attr, u16 nth)
{
	struct braid_slot *slot = braid_slot_get(bn, ops, key);

	if (!slot)
		return -ENOMEM;
	slot->users++;
	slot->holds++;
	obj->refs[obj->nrefs++] = (struct braid_ref){ slot, attr, nth };
	return 0;
}

/**
 * braid_obj_unref() - drops the references of a version
 * @bn: the namespace
 * @obj: the version, which the caller frees next
 *
 * Context: process, namespace mutex held.
 */
void braid_obj_unref(struct braid_net *bn, struct braid_obj *obj)
{
	unsigned int i;

	for (i = 0; i < obj->nrefs; i++) {
		obj->refs[i].slot->holds--;
		braid_slot_put(bn, obj->refs[i].slot);
	}
	obj->nrefs = 0;
}

/**
 * braid_obj_free() - frees a version that no reader can find
 * @obj: the version, or NULL
 *
 * Context: any.
 */
void braid_obj_free(struct braid_obj *obj)
{
	if (!obj)
		return;
	kfree(obj->entries);
	kfree(obj->refs);
	obj->ops->destroy(obj);
}

static void object_free_cb(struct rcu_head *rcu)
{
	braid_obj_free(container_of(rcu, struct braid_obj, rcu));
}

/**
 * braid_obj_free_rcu() - frees a version after a grace period
 * @obj: the version, removed from the index and the policy
 *
 * Context: any.
 */
void braid_obj_free_rcu(struct braid_obj *obj)
{
	call_rcu(&obj->rcu, object_free_cb);
}
