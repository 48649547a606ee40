/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A node: the state of one network namespace.
 */
#ifndef BRAID_NET_H
#define BRAID_NET_H

#include <linux/mutex.h>
#include <net/net_namespace.h>

#include "model/index.h"
#include "model/object.h"
#include "model/policy.h"

struct braid_counters;

/**
 * struct braid_net - the state of a namespace
 * @net: the namespace
 * @lock: serialises commits; rtnl is taken before it, never after it
 * @gen: generation of the configuration; written under @lock, read with
 *	braid_net_gen()
 * @index: exact and longest-prefix lookups; written under @lock, read under RCU
 * @policy: rules; written under @lock, read under RCU
 * @slots: objects by kind; protected by @lock
 * @objects: number of objects; protected by @lock
 * @last_number: last number given to a slot; protected by @lock
 * @active: hooks are registered; protected by @lock
 * @dead: the namespace is being removed and accepts no commit; protected by @lock
 * @txn_lock: protects @txns and @ntxns
 * @txns: open transactions
 * @ntxns: length of @txns
 * @links: overlay links, committed or in a commit; protected by rtnl
 * @counters: per-CPU counters
 * @lost: number of events that could not be built or sent
 */
struct braid_net {
	struct net *net;
	struct mutex lock;	/* commits */
	u64 gen;
	struct braid_index index;
	struct braid_policy policy;
	struct rb_root slots[BRAID_KINDS];
	unsigned int objects;
	u32 last_number;
	bool active;
	bool dead;
	struct mutex txn_lock;	/* open transactions */
	struct list_head txns;
	unsigned int ntxns;
	struct list_head links;
	struct braid_counters __percpu *counters;
	atomic64_t lost;
};

/* Index of struct braid_net for net_generic(); written when the module is loaded. */
extern unsigned int braid_net_id;

struct braid_net *braid_net_of(const struct net *net);

/* Return: the generation for a reader. Pairs with the release in commit_flip(). */
static inline u64 braid_net_gen(const struct braid_net *bn)
{
	/* The reader sees everything that the commit wrote before this number. */
	return smp_load_acquire(&bn->gen);
}

#endif
