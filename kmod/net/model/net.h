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
 * struct braid_net - a namespace
 * @net: whose state it is
 * @lock: serialises commits; taken inside rtnl, never around it
 * @gen: generation of the configuration; written under @lock, read with
 *	braid_net_gen()
 * @index: exact and longest-prefix lookups; written under @lock, read by RCU
 * @policy: rules; written under @lock, read by RCU
 * @slots: objects by kind; @lock
 * @objects: how many there are; @lock
 * @last_number: last number given to a slot; @lock
 * @active: hooks are registered; @lock
 * @dead: the namespace is being taken down, no commit any more; @lock
 * @txn_lock: protects @txns and @ntxns
 * @txns: open transactions
 * @ntxns: how many there are
 * @links: overlay links, committed or about to be; rtnl
 * @counters: per CPU; readers sum up
 * @lost: events that listeners did not get
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

/* Where a namespace keeps its pointer to struct braid_net; written at load. */
extern unsigned int braid_net_id;

struct braid_net *braid_net_of(const struct net *net);

/* The generation that a reader uses from now on; pairs with the commit's flip. */
static inline u64 braid_net_gen(const struct braid_net *bn)
{
	/* All that the commit did before it moved the number is seen. */
	return smp_load_acquire(&bn->gen);
}

#endif
