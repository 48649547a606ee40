// SPDX-License-Identifier: GPL-2.0-only
#include "model/policy.h"

#include <linux/build_bug.h>
#include <linux/rbtree.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/ipv6.h>

#include "model/addr.h"

/* All bytes are hashed: the struct has no padding and unused fields are zero. */
struct braid_cell_key {
	u32 subject;
	u32 peer;
	struct in6_addr addr;
	u16 port;
	u8 portlen;
	u8 proto;
	u8 dir;
	u8 peer_kind;
	u8 plen;
	u8 reserved;
};

static_assert(sizeof(struct braid_cell_key) == 32);

/**
 * struct braid_cell - the rules that match the same connections
 * @node: entry in the table of cells
 * @key: the connections that match
 * @order: spots in the order of policy_rule_beats(); protected by the namespace mutex
 * @spots: the same spots, the one that decides first; read under RCU
 * @rcu: for kfree_rcu()
 */
struct braid_cell {
	struct rhash_head node;
	struct braid_cell_key key;
	struct rb_root order;
	struct list_head spots;
	struct rcu_head rcu;
};

/* A rule in a cell, for one of its peers. */
struct braid_spot {
	struct rb_node order;
	struct list_head node;
	struct braid_cell *cell;
	const struct braid_rule *rule;
	const struct braid_rule_peer *peer;
};

struct braid_subject_key {
	u32 subject;
	u32 dir;
};

/* A shape of @count cells of a subject; @shape is 0 in a free place. */
struct braid_shape {
	u32 shape;
	u32 count;
};

struct braid_shapes {
	struct rcu_head rcu;
	unsigned int len;
	struct braid_shape at[];
};

/**
 * struct braid_subject - the rules for an identity in one direction
 * @node: entry in the table of subjects
 * @key: identity and direction
 * @rules: placements of the rules; read under RCU
 * @shapes: shapes of their cells, and of cells being inserted or removed; read
 *	under RCU
 * @rcu: for kfree_rcu()
 */
struct braid_subject {
	struct rhash_head node;
	struct braid_subject_key key;
	struct list_head rules;
	struct braid_shapes __rcu *shapes;
	struct rcu_head rcu;
};

/**
 * struct braid_placement - the place of a rule in the policy
 * @node: entry in the list of @subject
 * @subject: subject of the rule
 * @rule: the rule
 * @len: number of @spots in cells
 * @spots: one spot for each cell of the rule
 */
struct braid_placement {
	struct list_head node;
	struct braid_subject *subject;
	const struct braid_rule *rule;
	unsigned int len;
	struct braid_spot spots[];
};

static const struct rhashtable_params policy_cell_params = {
	.head_offset = offsetof(struct braid_cell, node),
	.key_offset = offsetof(struct braid_cell, key),
	.key_len = sizeof(struct braid_cell_key),
	.automatic_shrinking = true,
};

static const struct rhashtable_params policy_subject_params = {
	.head_offset = offsetof(struct braid_subject, node),
	.key_offset = offsetof(struct braid_subject, key),
	.key_len = sizeof(struct braid_subject_key),
	.automatic_shrinking = true,
};

/**
 * braid_policy_init() - initialises an empty policy
 * @policy: zeroed memory
 *
 * Context: process, may sleep.
 * Return: 0, or -ENOMEM.
 */
int braid_policy_init(struct braid_policy *policy)
{
	int err;

	err = rhashtable_init(&policy->cells, &policy_cell_params);
	if (err)
		return err;
	err = rhashtable_init(&policy->subjects, &policy_subject_params);
	if (err)
		rhashtable_destroy(&policy->cells);
	return err;
}

/**
 * braid_policy_exit() - frees a policy
 * @policy: without rules and without readers
 *
 * Context: process, may sleep.
 */
void braid_policy_exit(struct braid_policy *policy)
{
	rhashtable_destroy(&policy->subjects);
	rhashtable_destroy(&policy->cells);
}

/*
 * Return: the number of ports of a rule; fewer is more specific. A rule for any
 * protocol is less specific than a rule for any port.
 */
static u32 policy_rule_width(const struct braid_rule *rule)
{
	if (!rule->proto)
		return U32_MAX;
	return rule->ranged ? rule->max - rule->min + 1 : 1 << 16;
}

/*
 * Return: true if @a decides when @a and @b match with their peers @pa and @pb.
 *
 * The order is: higher priority; deny before allow; identity before CIDR before any
 * peer; fewer ports; longer CIDR; name. The name makes the order strict and the same
 * on every node.
 */
static bool policy_rule_beats(const struct braid_rule *a,
			      const struct braid_rule_peer *pa,
			      const struct braid_rule *b,
			      const struct braid_rule_peer *pb)
{
	if (a->priority != b->priority)
		return a->priority > b->priority;
	if (a->deny != b->deny)
		return a->deny;
	if (a->peer_kind != b->peer_kind)
		return a->peer_kind > b->peer_kind;
	if (policy_rule_width(a) != policy_rule_width(b))
		return policy_rule_width(a) < policy_rule_width(b);
	if (a->peer_kind == BRAID_PEER_CIDR && pa->plen != pb->plen)
		return pa->plen > pb->plen;
	return strcmp(a->name, b->name) < 0;
}

/* Return: log2 of the size of the largest aligned block from @at that is within @max. */
static u8 policy_block_bits(u32 at, u32 max)
{
	u8 bits = 0;

	while (bits < 16 && !(at & (1 << bits)) && at + (2 << bits) - 1 <= max)
		bits++;
	return bits;
}

static unsigned int policy_rule_blocks(const struct braid_rule *rule)
{
	unsigned int n = 0;
	u32 at = rule->min;

	if (!rule->ranged)
		return 1;
	for (; at <= rule->max; n++)
		at += 1 << policy_block_bits(at, rule->max);
	return n;
}

static u32 policy_shape_of(const struct braid_cell_key *key)
{
	return (key->peer_kind + 1) | key->plen << 8 | (!!key->proto) << 16 |
	       key->portlen << 24;
}

/* An IPv4 address is in no IPv6 network, although it has a form of 128 bits. */
static bool policy_shape_fits(u32 shape, const struct braid_query *query)
{
	u8 kind = (shape & 0xff) - 1, plen = shape >> 8;

	return kind != BRAID_PEER_CIDR || plen >= BRAID_V4_BITS ||
	       !braid_addr_is_v4(query->addr);
}

/* Fills in the key of the cell that has @shape and matches @query. */
static void policy_shape_key(struct braid_cell_key *key, u32 shape,
			     const struct braid_query *query)
{
	u8 portlen = shape >> 24;

	memset(key, 0, sizeof(*key));
	key->subject = query->subject;
	key->dir = query->dir;
	key->peer_kind = (shape & 0xff) - 1;
	key->proto = (shape >> 16 & 1) ? query->proto : 0;
	key->portlen = portlen;
	key->port = query->port & ~(0xffffu >> portlen);
	if (key->peer_kind == BRAID_PEER_IDENTITY) {
		key->peer = query->peer;
	} else if (key->peer_kind == BRAID_PEER_CIDR) {
		key->plen = shape >> 8;
		ipv6_addr_prefix(&key->addr, query->addr, key->plen);
	}
}

static struct braid_shape *policy_shape_place(struct braid_shapes *shapes,
					      u32 shape)
{
	unsigned int i;

	for (i = 0; shapes && i < shapes->len; i++)
		if (shapes->at[i].shape == shape)
			return &shapes->at[i];
	return NULL;
}

static int policy_shape_get(struct braid_subject *subject, u32 shape)
{
	struct braid_shapes *old = rcu_dereference_protected(subject->shapes, 1);
	struct braid_shape *place = policy_shape_place(old, shape);
	unsigned int len = old ? old->len : 0;
	struct braid_shapes *new;

	if (!place) {
		place = policy_shape_place(old, 0);
		if (!place) {
			new = kzalloc(struct_size(new, at, len ? 2 * len : 4),
				      GFP_KERNEL_ACCOUNT);
			if (!new)
				return -ENOMEM;
			if (old)
				memcpy(new->at, old->at,
				       len * sizeof(*new->at));
			new->len = len ? 2 * len : 4;
			rcu_assign_pointer(subject->shapes, new);
			if (old)
				kfree_rcu(old, rcu);
			place = &new->at[len];
		}
		WRITE_ONCE(place->shape, shape);
	}
	place->count++;
	return 0;
}

static void policy_shape_put(struct braid_subject *subject, u32 shape)
{
	struct braid_shapes *shapes = rcu_dereference_protected(subject->shapes, 1);
	struct braid_shape *place = policy_shape_place(shapes, shape);

	if (!--place->count)
		WRITE_ONCE(place->shape, 0);
}

static struct braid_cell *policy_cell_get(struct braid_policy *policy,
					  const struct braid_cell_key *key)
{
	struct braid_cell *cell;
	int err;

	cell = rhashtable_lookup_fast(&policy->cells, key, policy_cell_params);
	if (cell)
		return cell;
	cell = kzalloc(sizeof(*cell), GFP_KERNEL_ACCOUNT);
	if (!cell)
		return ERR_PTR(-ENOMEM);
	cell->key = *key;
	cell->order = RB_ROOT;
	INIT_LIST_HEAD(&cell->spots);
	err = rhashtable_insert_fast(&policy->cells, &cell->node,
				     policy_cell_params);
	if (err) {
		kfree(cell);
		return ERR_PTR(err);
	}
	return cell;
}

static void policy_cell_put(struct braid_policy *policy,
			    struct braid_cell *cell)
{
	if (!list_empty(&cell->spots))
		return;
	rhashtable_remove_fast(&policy->cells, &cell->node, policy_cell_params);
	kfree_rcu(cell, rcu);
}

static void policy_spot_remove(struct braid_policy *policy,
			       struct braid_subject *subject,
			       struct braid_spot *spot)
{
	list_del_rcu(&spot->node);
	rb_erase(&spot->order, &spot->cell->order);
	policy_shape_put(subject, policy_shape_of(&spot->cell->key));
	policy_cell_put(policy, spot->cell);
}

static bool policy_spot_less(struct rb_node *a, const struct rb_node *b)
{
	const struct braid_spot *x = rb_entry(a, struct braid_spot, order);
	const struct braid_spot *y = rb_entry(b, struct braid_spot, order);

	return policy_rule_beats(x->rule, x->peer, y->rule, y->peer);
}

static void policy_cell_add(struct braid_cell *cell, struct braid_spot *spot)
{
	struct rb_node *before;

	rb_add(&spot->order, &cell->order, policy_spot_less);
	before = rb_prev(&spot->order);
	list_add_rcu(&spot->node,
		     before ? &rb_entry(before, struct braid_spot, order)->node :
			      &cell->spots);
}

static int policy_spot_insert(struct braid_policy *policy,
			      struct braid_subject *subject,
			      struct braid_spot *spot,
			      const struct braid_cell_key *key)
{
	int err;

	/* Add the shape before the cell, or a reader could miss the cell. */
	err = policy_shape_get(subject, policy_shape_of(key));
	if (err)
		return err;
	spot->cell = policy_cell_get(policy, key);
	if (IS_ERR(spot->cell)) {
		policy_shape_put(subject, policy_shape_of(key));
		return PTR_ERR(spot->cell);
	}
	policy_cell_add(spot->cell, spot);
	return 0;
}

static struct braid_subject *policy_subject_get(struct braid_policy *policy,
						u32 id, u8 dir)
{
	struct braid_subject_key key = { .subject = id, .dir = dir };
	struct braid_subject *subject;
	int err;

	subject = rhashtable_lookup_fast(&policy->subjects, &key,
					 policy_subject_params);
	if (subject)
		return subject;
	subject = kzalloc(sizeof(*subject), GFP_KERNEL_ACCOUNT);
	if (!subject)
		return ERR_PTR(-ENOMEM);
	subject->key = key;
	INIT_LIST_HEAD(&subject->rules);
	err = rhashtable_insert_fast(&policy->subjects, &subject->node,
				     policy_subject_params);
	if (err) {
		kfree(subject);
		return ERR_PTR(err);
	}
	return subject;
}

static void policy_subject_put(struct braid_policy *policy,
			       struct braid_subject *subject)
{
	struct braid_shapes *shapes = rcu_dereference_protected(subject->shapes, 1);

	if (!list_empty(&subject->rules))
		return;
	rhashtable_remove_fast(&policy->subjects, &subject->node,
			       policy_subject_params);
	if (shapes)
		kfree_rcu(shapes, rcu);
	kfree_rcu(subject, rcu);
}

/* Inserts the spots of a rule: one for every peer and every block of ports. */
static int policy_placement_fill(struct braid_policy *policy,
				 struct braid_placement *placement)
{
	const struct braid_rule *rule = placement->rule;
	struct braid_cell_key key = {
		.subject = rule->subject,
		.dir = rule->dir,
		.peer_kind = rule->peer_kind,
		.proto = rule->proto,
	};
	unsigned int i;
	u32 at;
	u8 bits;
	int err;

	for (i = 0; i < rule->npeers; i++) {
		const struct braid_rule_peer *peer = &rule->peers[i];

		key.peer = peer->id;
		key.addr = peer->addr;
		key.plen = peer->plen;
		at = rule->ranged ? rule->min : 0;
		do {
			struct braid_spot *spot;

			bits = rule->ranged ? policy_block_bits(at, rule->max) : 16;
			key.port = at;
			key.portlen = 16 - bits;
			spot = &placement->spots[placement->len];
			spot->rule = rule;
			spot->peer = peer;
			err = policy_spot_insert(policy, placement->subject, spot,
						 &key);
			if (err)
				return err;
			placement->len++;
			at += 1 << bits;
		} while (rule->ranged && at <= rule->max);
	}
	return 0;
}

/**
 * braid_policy_insert() - lets readers find a rule
 * @policy: the policy
 * @rule: owned by the caller; must exist unchanged until a grace period after
 *	braid_policy_remove()
 *
 * Context: process, may sleep, namespace mutex held.
 * Return: the placement, for braid_policy_remove() and braid_policy_free(), or
 * ERR_PTR(-ENOMEM) or ERR_PTR(-E2BIG).
 */
struct braid_placement *braid_policy_insert(struct braid_policy *policy,
					    struct braid_rule *rule)
{
	struct braid_placement *placement;
	struct braid_subject *subject;
	int err;

	placement = kvzalloc(struct_size(placement, spots,
					 rule->npeers * policy_rule_blocks(rule)),
			     GFP_KERNEL_ACCOUNT);
	if (!placement)
		return ERR_PTR(-ENOMEM);
	subject = policy_subject_get(policy, rule->subject, rule->dir);
	if (IS_ERR(subject)) {
		err = PTR_ERR(subject);
		goto err_free;
	}
	placement->rule = rule;
	placement->subject = subject;
	list_add_tail_rcu(&placement->node, &subject->rules);
	err = policy_placement_fill(policy, placement);
	if (err)
		goto err_remove;
	return placement;

err_remove:
	braid_policy_remove(policy, placement);
	/* A reader may hold a spot that was inserted before the failure. */
	synchronize_rcu();
err_free:
	braid_policy_free(placement);
	return ERR_PTR(err);
}

/**
 * braid_policy_remove() - removes a rule
 * @policy: the policy
 * @placement: from braid_policy_insert(); the caller frees it after a grace period
 *
 * Context: process, namespace mutex held.
 */
void braid_policy_remove(struct braid_policy *policy,
			 struct braid_placement *placement)
{
	unsigned int i;

	list_del_rcu(&placement->node);
	for (i = 0; i < placement->len; i++)
		policy_spot_remove(policy, placement->subject,
				   &placement->spots[i]);
	policy_subject_put(policy, placement->subject);
}

/**
 * braid_policy_free() - frees a placement
 * @placement: removed at least a grace period ago, or NULL
 *
 * Context: any.
 */
void braid_policy_free(struct braid_placement *placement)
{
	kvfree(placement);
}

/**
 * braid_policy_selected() - tells whether an identity has rules in a direction
 * @policy: the policy
 * @id: the subject's identity
 * @dir: enum braid_net_direction
 * @gen: generation of the reader
 *
 * Context: any, in an RCU read section that began before @gen was latched.
 * Return: true if any rule has the identity as its subject, whether it matches or not.
 */
bool braid_policy_selected(struct braid_policy *policy, u32 id, u8 dir,
			   u64 gen)
{
	struct braid_subject_key key = { .subject = id, .dir = dir };
	struct braid_placement *placement;
	struct braid_subject *subject;

	subject = rhashtable_lookup(&policy->subjects, &key,
				    policy_subject_params);
	if (!subject)
		return false;
	list_for_each_entry_rcu(placement, &subject->rules, node)
		if (braid_life_visible(placement->rule->life, gen))
			return true;
	return false;
}

/* Return: the first spot of a cell that is valid in @gen, which decides, or NULL. */
static const struct braid_spot *policy_cell_best(const struct braid_cell *cell,
						 u64 gen)
{
	const struct braid_spot *spot;

	list_for_each_entry_rcu(spot, &cell->spots, node)
		if (braid_life_visible(spot->rule->life, gen))
			return spot;
	return NULL;
}

/**
 * braid_policy_lookup() - finds the rule that decides
 * @policy: the policy
 * @query: the connection
 * @gen: generation of the reader
 *
 * Context: any, in an RCU read section that began before @gen was latched.
 * Return: the rule, valid until the section ends, or NULL if none matches.
 */
const struct braid_rule *braid_policy_lookup(struct braid_policy *policy,
					     const struct braid_query *query,
					     u64 gen)
{
	struct braid_subject_key skey = {
		.subject = query->subject, .dir = query->dir,
	};
	const struct braid_spot *best = NULL, *spot;
	struct braid_subject *subject;
	struct braid_shapes *shapes;
	struct braid_cell_key key;
	struct braid_cell *cell;
	unsigned int i;
	u32 shape;

	subject = rhashtable_lookup(&policy->subjects, &skey,
				    policy_subject_params);
	shapes = subject ? rcu_dereference(subject->shapes) : NULL;
	for (i = 0; shapes && i < shapes->len; i++) {
		shape = READ_ONCE(shapes->at[i].shape);
		if (!shape || !policy_shape_fits(shape, query))
			continue;
		policy_shape_key(&key, shape, query);
		cell = rhashtable_lookup(&policy->cells, &key,
					 policy_cell_params);
		spot = cell ? policy_cell_best(cell, gen) : NULL;
		if (spot && (!best || policy_rule_beats(spot->rule, spot->peer,
							best->rule, best->peer)))
			best = spot;
	}
	return best ? best->rule : NULL;
}
