// SPDX-License-Identifier: GPL-2.0-only
#include "transport/node.h"

#include <linux/idr.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

static unsigned int node_id __read_mostly;
static DEFINE_IDA(node_numbers);
static void (*node_begin)(struct braid_blk_node *node);
static void (*node_end)(struct braid_blk_node *node);

/**
 * braid_blk_node_of() - look up the node of a network namespace
 * @net: the namespace
 *
 * Context: Any.
 * Return: the node, valid as long as @net.
 */
struct braid_blk_node *braid_blk_node_of(const struct net *net)
{
	return net_generic(net, node_id);
}

/**
 * braid_blk_node_setup() - initialise an empty node
 * @node: the node
 * @net: its namespace
 * @number: its number
 */
void braid_blk_node_setup(struct braid_blk_node *node, struct net *net,
			  unsigned int number)
{
	node->net = net;
	node->number = number;
	atomic_set(&node->changes, 1);
	mutex_init(&node->opening);
	INIT_LIST_HEAD(&node->replicas);
	INIT_LIST_HEAD(&node->targets);
	INIT_LIST_HEAD(&node->guests);
	INIT_LIST_HEAD(&node->volumes);
}

static int __net_init node_net_init(struct net *net)
{
	int number = 0;

	if (!net_eq(net, &init_net)) {
		/* The lowest free number: it becomes part of disk names. */
		number = ida_alloc_min(&node_numbers, 1, GFP_KERNEL);
		if (number < 0)
			return number;
	}
	braid_blk_node_setup(braid_blk_node_of(net), net, number);
	node_begin(braid_blk_node_of(net));
	return 0;
}

/*
 * Ends everything of a node while the devices of the namespace still exist, so
 * that peers are told that connections end, and before its TCP is gone. No
 * request can arrive any more: a netlink socket holds its namespace, and the
 * family is unregistered before the module goes.
 */
static void __net_exit node_net_pre_exit(struct net *net)
{
	node_end(braid_blk_node_of(net));
}

static void __net_exit node_net_exit(struct net *net)
{
	struct braid_blk_node *node = braid_blk_node_of(net);

	WARN_ON_ONCE(!list_empty(&node->replicas) ||
		     !list_empty(&node->targets) ||
		     !list_empty(&node->guests) || !list_empty(&node->volumes));
	if (node->number)
		ida_free(&node_numbers, node->number);
}

static struct pernet_operations node_net_ops = {
	.init = node_net_init,
	.pre_exit = node_net_pre_exit,
	.exit = node_net_exit,
	.id = &node_id,
	.size = sizeof(struct braid_blk_node),
};

/**
 * braid_blk_node_init() - create a node for each network namespace
 * @begin: called for each new node, before its first request; may sleep
 * @end: called once for each node, after its last request, when the namespace
 *	goes or the module is unloaded; ends everything of the node; may sleep
 *
 * Context: Process, may sleep.
 * Return: 0 or a negative errno.
 */
int braid_blk_node_init(void (*begin)(struct braid_blk_node *node),
			void (*end)(struct braid_blk_node *node))
{
	node_begin = begin;
	node_end = end;
	return register_pernet_subsys(&node_net_ops);
}

/**
 * braid_blk_node_exit() - end all nodes
 *
 * Waits for namespaces that are just going.
 *
 * Context: Process, may sleep.
 */
void braid_blk_node_exit(void)
{
	unregister_pernet_subsys(&node_net_ops);
	ida_destroy(&node_numbers);
}
