// SPDX-License-Identifier: GPL-2.0-only
/* Initialises and frees the state of namespaces, each of which is a node. */
#include "namespace.h"

#include <linux/percpu.h>

#include "config/commit.h"
#include "config/txn.h"
#include "hook/hooks.h"
#include "model/net.h"
#include "packet/drop.h"

static int __net_init namespace_setup(struct net *net)
{
	struct braid_net *bn = braid_net_of(net);
	int ret;

	bn->net = net;
	bn->gen = 1;
	mutex_init(&bn->lock);
	mutex_init(&bn->txn_lock);
	INIT_LIST_HEAD(&bn->txns);
	INIT_LIST_HEAD(&bn->links);
	bn->counters = alloc_percpu(struct braid_counters);
	if (!bn->counters)
		return -ENOMEM;
	ret = braid_index_init(&bn->index);
	if (ret)
		goto err_free_counters;
	ret = braid_policy_init(&bn->policy);
	if (ret)
		goto err_exit_index;
	return 0;

err_exit_index:
	braid_index_exit(&bn->index);
err_free_counters:
	free_percpu(bn->counters);
	return ret;
}

/* Stops packets first: no hook runs in the namespace when this returns. */
static void __net_exit namespace_pre_exit(struct net *net)
{
	struct braid_net *bn = braid_net_of(net);

	mutex_lock(&bn->lock);
	bn->dead = true;
	braid_hooks_unregister(bn);
	mutex_unlock(&bn->lock);
}

static void __net_exit namespace_teardown(struct net *net)
{
	struct braid_net *bn = braid_net_of(net);

	braid_txn_drop_all(bn);
	braid_commit_remove_all(bn);
	braid_policy_exit(&bn->policy);
	braid_index_exit(&bn->index);
	free_percpu(bn->counters);
}

static struct pernet_operations namespace_ops = {
	.init = namespace_setup,
	.pre_exit = namespace_pre_exit,
	.exit = namespace_teardown,
	.id = &braid_net_id,
	.size = sizeof(struct braid_net),
};

/**
 * braid_namespace_init() - initialises all namespaces and every later one
 *
 * Context: process, may sleep.
 * Return: 0 or an error.
 */
int braid_namespace_init(void)
{
	return register_pernet_subsys(&namespace_ops);
}

/**
 * braid_namespace_exit() - removes all objects and the state of all namespaces
 *
 * Context: process, may sleep.
 */
void braid_namespace_exit(void)
{
	unregister_pernet_subsys(&namespace_ops);
}
