/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects: what an operator configures.
 *
 * A slot is a key of one kind (an identity's number, a rule's name) and holds
 * its committed version, and during a commit the one that replaces it. A
 * version never changes once it is published; a change is a new version.
 */
#ifndef BRAID_OBJECT_H
#define BRAID_OBJECT_H

#include <linux/rbtree.h>
#include <linux/skbuff.h>
#include <net/netlink.h>
#include <uapi/linux/braid_net.h>

#include "model/index.h"

#define BRAID_KINDS (BRAID_NET_OBJECT_OVERLAY + 1)

struct braid_net;
struct braid_obj;
struct braid_slot;

/**
 * struct braid_err - why a change is refused
 * @msg: static text, lower case, no period
 * @attr: attribute of the object that is to blame, 0 if none is
 * @nth: which one, of a list; 0 is the first
 * @nla: that attribute in the message being parsed, or NULL
 * @seq: sequence number of the message of the change
 */
struct braid_err {
	const char *msg;
	u16 attr;
	u16 nth;
	const struct nlattr *nla;
	u32 seq;
};

/* Say why, and return @code. */
static inline int braid_refuse(struct braid_err *err, int code, u16 attr,
			       const char *msg)
{
	err->msg = msg;
	err->attr = attr;
	err->nth = 0;
	return code;
}

#define BRAID_SLOT_KEY_MAX 84

/* A key's bytes; memcmp() order is the order of listings. */
struct braid_slot_key {
	u8 len;
	u8 bytes[BRAID_SLOT_KEY_MAX];
};

/* One object named by another, by the @nth attribute @attr of it. */
struct braid_ref {
	struct braid_slot *slot;
	u16 attr;
	u16 nth;
};

/* What a new object must say, and the text if it does not. */
struct braid_need {
	u16 attr;
	const char *msg;
};

/**
 * struct braid_clash - how a key that another object has is refused
 * @kind: enum braid_key_kind
 * @attr: attribute that the key is from
 * @msg: text for EEXIST
 */
struct braid_clash {
	u8 kind;
	u16 attr;
	const char *msg;
};

/**
 * struct braid_kind_ops - what differs between kinds of objects
 * @attr: nest of the kind at the top level
 * @key_attr: attribute to blame when the key is
 * @maxattr: last attribute of the nest
 * @policy: of the nest
 * @needs: attributes that a new object must have, ended by attribute 0; or
 *	NULL
 * @clashes: of keys that objects of the kind claim beside their own, ended by
 *	message NULL; or NULL
 * @exists: text for EEXIST
 * @absent: text for ENOENT
 * @in_use: text for EBUSY
 * @create: allocate a zeroed version; may sleep
 * @destroy: free a version that no reader can meet; any context
 * @cascade: first key of kind @cascade_kind that goes when this object goes;
 *	those keys begin with the same bytes; optional
 * @cascade_kind: enum braid_net_object
 * @carrier: key of the object of kind @carrier_kind that carries this one, and
 *	gets a new version when this one changes; optional
 * @carrier_kind: enum braid_net_object
 * @shares: may another object have the key of entry @i too? optional
 * @blamed: the entry whose attribute is to blame when another object has the key
 *	of entry @i; optional, @i if absent
 * @route_node: number of the node that the routes of a version lead to; optional
 * @key: read the key out of a message
 * @parse: read a message into a new version, note in @given what it had
 * @inherit: take over from the version before what the message had not;
 *	-ENOMEM or 0; NULL if there is nothing to change
 * @check: what can be said of a version alone; optional
 * @plan: fill in entries and references; namespace mutex held. Everything is
 *	in its final state
 * @publish: more than entries; namespace mutex held; optional
 * @withdraw: undo @publish; readers may still be there; optional
 * @fill: write a version into its nest
 */
struct braid_kind_ops {
	u16 attr;
	u16 key_attr;
	u16 maxattr;
	const struct nla_policy *policy;
	const struct braid_need *needs;
	const struct braid_clash *clashes;
	const char *exists;
	const char *absent;
	const char *in_use;
	struct braid_obj *(*create)(void);
	void (*destroy)(struct braid_obj *obj);
	void (*cascade)(struct braid_slot_key *from,
			const struct braid_slot *slot);
	unsigned int cascade_kind;
	void (*carrier)(struct braid_slot_key *key,
			const struct braid_slot *slot);
	unsigned int carrier_kind;
	bool (*shares)(const struct braid_obj *obj, unsigned int i);
	unsigned int (*blamed)(const struct braid_obj *obj, unsigned int i);
	u32 (*route_node)(const struct braid_obj *obj);
	int (*key)(struct net *net, struct nlattr **tb,
		   struct braid_slot_key *key, struct braid_err *err);
	int (*parse)(struct net *net, const struct nlattr *nest,
		     struct nlattr **tb, struct braid_obj *obj,
		     struct braid_err *err);
	int (*inherit)(struct braid_obj *obj, const struct braid_obj *old);
	int (*check)(const struct braid_obj *obj, struct braid_err *err);
	int (*plan)(struct braid_net *bn, struct braid_obj *obj,
		    struct braid_err *err);
	int (*publish)(struct braid_net *bn, struct braid_obj *obj);
	void (*withdraw)(struct braid_net *bn, struct braid_obj *obj);
	int (*fill)(struct sk_buff *skb, struct net *net,
		    const struct braid_obj *obj);
};

/**
 * struct braid_obj - one version of an object; first member of every kind
 * @life: generations it is valid in; readers come by it
 * @ops: its kind
 * @slot: whose version it is; namespace mutex
 * @entries: how the datapath finds it
 * @nentries: length of @entries
 * @refs: objects it names
 * @nrefs: length of @refs
 * @given: attributes that its message had, bit n is attribute n
 * @seq: sequence number of that message
 * @inserted: entries that are in the index; namespace mutex
 * @published: ops->publish was called; namespace mutex
 * @rcu: for freeing
 */
struct braid_obj {
	struct braid_life life;
	const struct braid_kind_ops *ops;
	struct braid_slot *slot;
	struct braid_entry *entries;
	unsigned int nentries;
	struct braid_ref *refs;
	unsigned int nrefs;
	u32 given;
	u32 seq;
	unsigned int inserted;
	bool published;
	struct rcu_head rcu;
};

/**
 * struct braid_slot - a key and its versions; all under the namespace mutex
 * @node: in the namespace's tree of the kind
 * @ops: the kind
 * @cur: committed version, or NULL
 * @next: version after the commit under way, if @touched
 * @touched: the commit under way changes it
 * @touch: in the commit's list
 * @users: references to it in the final state
 * @holds: references to it from versions that exist, leaving ones too
 * @number: never given twice in a namespace; stands for the object in keys
 * @seq: message that changed it last, in the commit under way
 * @key: the key
 */
struct braid_slot {
	struct rb_node node;
	const struct braid_kind_ops *ops;
	struct braid_obj *cur;
	struct braid_obj *next;
	bool touched;
	struct list_head touch;
	u32 users;
	u32 holds;
	u32 number;
	u32 seq;
	struct braid_slot_key key;
};

/* Attributes of kinds and their numbers stand in the same order. */
static_assert(BRAID_NET_A_OVERLAY - BRAID_NET_A_IDENTITY ==
	      BRAID_NET_OBJECT_OVERLAY);

/* The number of a kind, enum braid_net_object. */
static inline unsigned int braid_kind_of(const struct braid_kind_ops *ops)
{
	return ops->attr - BRAID_NET_A_IDENTITY;
}

/* The version that will be valid when the commit under way is done. */
static inline struct braid_obj *braid_slot_final(const struct braid_slot *slot)
{
	return slot->touched ? slot->next : slot->cur;
}

/* The version that a lookup found. */
static inline struct braid_obj *braid_obj_of(struct braid_life *life)
{
	return container_of(life, struct braid_obj, life);
}

static inline bool braid_given(const struct braid_obj *obj, u16 attr)
{
	return obj->given & BIT(attr);
}

struct braid_slot *braid_slot_find(struct braid_net *bn, unsigned int kind,
				   const struct braid_slot_key *key);
struct braid_slot *braid_slot_get(struct braid_net *bn,
				  const struct braid_kind_ops *ops,
				  const struct braid_slot_key *key);
struct braid_slot *braid_slot_first(struct braid_net *bn, unsigned int kind,
				    const struct braid_slot_key *from);
struct braid_slot *braid_slot_next(const struct braid_slot *slot);
void braid_slot_put(struct braid_net *bn, struct braid_slot *slot);
int braid_obj_plan(struct braid_obj *obj, unsigned int nentries,
		   unsigned int nrefs);
struct braid_key *braid_obj_entry(struct braid_obj *obj,
				  enum braid_key_kind kind);
int braid_obj_ref(struct braid_net *bn, struct braid_obj *obj,
		  const struct braid_kind_ops *ops,
		  const struct braid_slot_key *key, u16 attr, u16 nth);
void braid_obj_unref(struct braid_net *bn, struct braid_obj *obj);
void braid_obj_free(struct braid_obj *obj);
void braid_obj_free_rcu(struct braid_obj *obj);

#endif
