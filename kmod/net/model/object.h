/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects: what an administrator configures.
 *
 * A slot stands for the key of one object (the number of an identity, the name of a
 * rule). It holds the committed version and, during a commit, the version that
 * replaces it. A published version does not change; a change makes a new version.
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
 * @msg: static text in lower case, without a period
 * @attr: attribute of the object that causes the refusal, or 0
 * @nth: index among the attributes @attr of the object, from 0
 * @nla: that attribute in the message being parsed, or NULL
 * @seq: sequence number of the message that has the change
 */
struct braid_err {
	const char *msg;
	u16 attr;
	u16 nth;
	const struct nlattr *nla;
	u32 seq;
};

/* Fills in @err. Return: @code. */
static inline int braid_refuse(struct braid_err *err, int code, u16 attr,
			       const char *msg)
{
	err->msg = msg;
	err->attr = attr;
	err->nth = 0;
	return code;
}

#define BRAID_SLOT_KEY_MAX 84

/* The bytes of a key; listings are in the order of memcmp(). */
struct braid_slot_key {
	u8 len;
	u8 bytes[BRAID_SLOT_KEY_MAX];
};

/* A reference of a version: its @nth attribute @attr names the object of @slot. */
struct braid_ref {
	struct braid_slot *slot;
	u16 attr;
	u16 nth;
};

/* An attribute that a new object must have, and the message if it is missing. */
struct braid_need {
	u16 attr;
	const char *msg;
};

/**
 * struct braid_clash - refusal of a key that another object has
 * @kind: enum braid_key_kind
 * @attr: attribute that the key is made of
 * @msg: message of EEXIST
 */
struct braid_clash {
	u8 kind;
	u16 attr;
	const char *msg;
};

/**
 * struct braid_kind_ops - what differs between kinds of objects
 * @attr: attribute at the top level of a message that nests the kind
 * @key_attr: attribute to report when the key is the cause of a refusal
 * @maxattr: last attribute of the nest
 * @policy: policy of the nest
 * @needs: attributes that a new object must have, ended by attribute 0; or NULL
 * @clashes: refusals of keys other than the object's own, ended by message NULL; or
 *	NULL
 * @exists: message of EEXIST
 * @absent: message of ENOENT
 * @in_use: message of EBUSY
 * @create: allocates a zeroed version; may sleep
 * @destroy: frees a version that no reader can find; any context
 * @cascade: writes the first key of the objects of kind @cascade_kind that are
 *	removed together with this object; their keys begin with its bytes; optional
 * @cascade_kind: enum braid_net_object
 * @carrier: writes the key of the object of kind @carrier_kind that contains this
 *	one and gets a new version when this one changes; optional
 * @carrier_kind: enum braid_net_object
 * @shares: returns true if other objects may have the key of entry @i; optional,
 *	false if absent
 * @blamed: returns the entry whose attribute is reported when another object has
 *	the key of entry @i; optional, @i if absent
 * @route_node: returns the number of the node that the routes of a version lead to;
 *	required of kinds with entries BRAID_KEY_ROUTE
 * @key: reads the key from a message
 * @parse: reads a message into a new version
 * @inherit: copies from the previous version what the message does not have; returns
 *	0 or -ENOMEM; NULL if nothing of the kind can be set
 * @check: refuses a version that is wrong whatever other objects are; optional
 * @plan: fills in entries and references; called under the namespace mutex, when the
 *	slots have the final state of the commit
 * @publish: makes the version visible beyond its entries; called under the namespace
 *	mutex; optional
 * @withdraw: undoes @publish; readers may still use the version; required with
 *	@publish
 * @fill: writes a version into its nest; returns 0 or -EMSGSIZE
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
 * @life: generations in which the version is valid; entries point to it
 * @ops: operations of its kind
 * @slot: its slot; protected by the namespace mutex
 * @entries: keys by which the datapath finds the version; owned
 * @nentries: length of @entries
 * @refs: references to other objects; owned
 * @nrefs: length of @refs
 * @given: attributes that the message had, bit n for attribute n
 * @seq: sequence number of that message
 * @inserted: number of @entries in the index; protected by the namespace mutex
 * @published: ops->publish succeeded; protected by the namespace mutex
 * @rcu: for braid_obj_free_rcu()
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
 * struct braid_slot - a key and its versions; protected by the namespace mutex
 * @node: entry in the namespace's tree of the kind
 * @ops: operations of the kind
 * @cur: committed version, or NULL
 * @next: if @touched, the version after the commit, or NULL
 * @touched: the commit in progress changes the slot
 * @touch: entry in the list of that commit
 * @users: number of references from versions that exist after the commit
 * @holds: number of references from all versions, including those being removed
 * @number: unique in the namespace, never used again; stands for the object in keys
 * @seq: sequence number of the last message of the commit that changed the slot
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

/* The attributes of kinds are in the order of the numbers of kinds. */
static_assert(BRAID_NET_A_OVERLAY - BRAID_NET_A_IDENTITY ==
	      BRAID_NET_OBJECT_OVERLAY);

/* Return: enum braid_net_object of a kind. */
static inline unsigned int braid_kind_of(const struct braid_kind_ops *ops)
{
	return ops->attr - BRAID_NET_A_IDENTITY;
}

/* Return: the version after the commit in progress, or NULL. */
static inline struct braid_obj *braid_slot_final(const struct braid_slot *slot)
{
	return slot->touched ? slot->next : slot->cur;
}

/* Return: the version that has @life. */
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
