// SPDX-License-Identifier: GPL-2.0-only
#include "transport/node.h"

#include <linux/minmax.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

/*
 * The end of a node, when its namespace goes or the module is unloaded. Both run
 * with pernet_ops_rwsem held, or are waited for by tasks that hold it: while they
 * wait, no namespace of the machine ends or begins. So
 *
 * 1. kill and cut, in pre_exit, wait for no disk and no peer. Namespaces that go
 *    together may use each other's volumes: I/O of all of them fails before any of
 *    them waits. Sockets go so early that peers are told: a reset that is sent
 *    right before the devices go is lost;
 * 2. exit waits until no socket is left. The task that waits for a disk does not
 *    own the socket;
 * 3. the rest of the end, which waits for disks, is a work. Unloading waits for
 *    it before it unregisters the operations of namespaces.
 *
 * After step 2 nothing uses the namespace.
 */

static unsigned int node_id __read_mostly;
static const struct braid_blk_node_ops *node_ops;
static struct workqueue_struct *end_wq;

static DEFINE_MUTEX(nodes_lock); /* protects the list, and the nodes' numbers */
static LIST_HEAD(nodes);
static DEFINE_XARRAY_ALLOC1(node_numbers);
static u32 next_number;

static struct braid_blk_node **node_slot(const struct net *net)
{
	return net_generic(net, node_id);
}

/**
 * braid_blk_node_of() - look up the node of a network namespace
 * @net: the namespace
 *
 * Context: Any.
 * Return: the node, valid as long as @net.
 */
struct braid_blk_node *braid_blk_node_of(const struct net *net)
{
	return *node_slot(net);
}

/**
 * braid_blk_node_enter() - begin to use the namespace of a node
 * @node: the node
 *
 * Context: Any.
 * Return: true if the namespace stays until braid_blk_node_leave(); false if the
 * node is about to end.
 */
bool braid_blk_node_enter(struct braid_blk_node *node)
{
	unsigned long flags;
	bool entered;

	spin_lock_irqsave(&node->lock, flags);
	entered = !node->closed;
	if (entered)
		node->users++;
	spin_unlock_irqrestore(&node->lock, flags);
	return entered;
}

/**
 * braid_blk_node_leave() - end the use of the namespace of a node
 * @node: the node
 *
 * Context: Any.
 */
void braid_blk_node_leave(struct braid_blk_node *node)
{
	unsigned long flags;

	spin_lock_irqsave(&node->lock, flags);
	if (!--node->users && node->closed)
		complete_all(&node->idle);
	spin_unlock_irqrestore(&node->lock, flags);
}

/**
 * braid_blk_node_number() - give a node a number, unless it has one
 * @node: the node
 *
 * The number becomes part of disk names and of records, so it is not reused soon,
 * and namespaces that attach nothing use none up.
 *
 * Context: Process, may sleep.
 * Return: 0 or a negative errno.
 */
int braid_blk_node_number(struct braid_blk_node *node)
{
	int ret = 0;

	if (net_eq(node->net, &init_net))
		return 0;
	/* The end of a namespace takes this lock, so memory must not wait for I/O. */
	mutex_lock(&nodes_lock);
	if (!node->number)
		ret = xa_alloc_cyclic(&node_numbers, &node->number, node,
				      XA_LIMIT(1, U32_MAX), &next_number,
				      GFP_NOIO);
	mutex_unlock(&nodes_lock);
	return min(ret, 0);
}

static void node_free(struct kref *ref)
{
	struct braid_blk_node *node = container_of(ref, struct braid_blk_node,
						   ref);

	lockdep_assert_held(&nodes_lock);
	WARN_ON_ONCE(!list_empty(&node->replicas) ||
		     !list_empty(&node->targets) ||
		     !list_empty(&node->guests) || !list_empty(&node->volumes));
	if (node->number)
		xa_erase(&node_numbers, node->number);
	list_del(&node->all);
	mutex_unlock(&nodes_lock);
	kfree(node);
}

static void node_put(struct braid_blk_node *node)
{
	kref_put_mutex(&node->ref, node_free, &nodes_lock);
}

static void node_end_work(struct work_struct *work)
{
	struct braid_blk_node *node = container_of(work, struct braid_blk_node,
						   end_work);

	node_ops->end(node);
	node_put(node);
}

/**
 * braid_blk_node_setup() - initialise an empty node
 * @node: the node
 * @net: its namespace
 */
void braid_blk_node_setup(struct braid_blk_node *node, struct net *net)
{
	memset(node, 0, sizeof(*node));
	kref_init(&node->ref);
	INIT_LIST_HEAD(&node->all);
	node->net = net;
	atomic_set(&node->changes, 1);
	mutex_init(&node->ending);
	spin_lock_init(&node->lock);
	init_completion(&node->idle);
	INIT_WORK(&node->end_work, node_end_work);
	mutex_init(&node->opening);
	INIT_LIST_HEAD(&node->replicas);
	INIT_LIST_HEAD(&node->targets);
	INIT_LIST_HEAD(&node->guests);
	INIT_LIST_HEAD(&node->volumes);
}

static void node_kill(struct braid_blk_node *node)
{
	unsigned int noio = memalloc_noio_save();

	mutex_lock(&node->ending);
	if (!node->killed) {
		node->killed = true;
		spin_lock_irq(&node->lock);
		node->closed = true;
		if (!node->users)
			complete_all(&node->idle);
		spin_unlock_irq(&node->lock);
		node_ops->kill(node);
		node_ops->cut(node);
	}
	mutex_unlock(&node->ending);
	memalloc_noio_restore(noio);
}

static void node_end(struct braid_blk_node *node)
{
	unsigned int noio = memalloc_noio_save();

	/* Unloading finds a node that began after it killed all others. */
	node_kill(node);
	mutex_lock(&node->ending);
	if (!node->ended) {
		node->ended = true;
		wait_for_completion(&node->idle);
		/* The last that looks at the namespace. */
		flush_work(&node->events.work);
		kref_get(&node->ref);
		queue_work(end_wq, &node->end_work);
	}
	mutex_unlock(&node->ending);
	memalloc_noio_restore(noio);
}

static int __net_init node_net_init(struct net *net)
{
	struct braid_blk_node *node = kzalloc(sizeof(*node), GFP_KERNEL);

	if (!node)
		return -ENOMEM;
	braid_blk_node_setup(node, net);
	node_ops->begin(node);
	mutex_lock(&nodes_lock);
	list_add_tail(&node->all, &nodes);
	mutex_unlock(&nodes_lock);
	*node_slot(net) = node;
	return 0;
}

/*
 * No request can arrive any more: a netlink socket holds its namespace, and the
 * family is unregistered before the module goes.
 */
static void __net_exit node_net_pre_exit(struct net *net)
{
	node_kill(braid_blk_node_of(net));
}

/* The namespace's TCP is still there: it was registered earlier. */
static void __net_exit node_net_exit(struct net *net)
{
	struct braid_blk_node *node = braid_blk_node_of(net);

	node_end(node);
	node_put(node);
}

static struct pernet_operations node_net_ops = {
	.init = node_net_init,
	.pre_exit = node_net_pre_exit,
	.exit = node_net_exit,
	.id = &node_id,
	.size = sizeof(struct braid_blk_node *),
};

/**
 * braid_blk_node_init() - create a node for each network namespace
 * @ops: what begins and ends each node besides
 *
 * Context: Process, may sleep.
 * Return: 0 or a negative errno.
 */
int braid_blk_node_init(const struct braid_blk_node_ops *ops)
{
	int ret;

	node_ops = ops;
	/* The end of one node must not wait for that of another. */
	end_wq = alloc_workqueue("braid_end", WQ_UNBOUND, WQ_MAX_ACTIVE);
	if (!end_wq)
		return -ENOMEM;
	ret = register_pernet_subsys(&node_net_ops);
	if (ret)
		destroy_workqueue(end_wq);
	return ret;
}

/* Calls a step of the end for each node, which may free the node. */
static void for_all_nodes(void (*step)(struct braid_blk_node *node))
{
	struct braid_blk_node *node, *last = NULL;

	mutex_lock(&nodes_lock);
	list_for_each_entry(node, &nodes, all) {
		/* One whose last reference is being dropped has ended. */
		if (!kref_get_unless_zero(&node->ref))
			continue;
		mutex_unlock(&nodes_lock);
		if (last)
			node_put(last);
		step(node);
		last = node;
		mutex_lock(&nodes_lock);
	}
	mutex_unlock(&nodes_lock);
	if (last)
		node_put(last);
}

/**
 * braid_blk_node_exit() - end all nodes
 *
 * Waits for disks, but not with pernet_ops_rwsem held, and for namespaces that
 * are just going.
 *
 * Context: Process, may sleep long.
 */
void braid_blk_node_exit(void)
{
	for_all_nodes(node_kill);
	for_all_nodes(node_end);
	flush_workqueue(end_wq);
	unregister_pernet_subsys(&node_net_ops);
	destroy_workqueue(end_wq);
	xa_destroy(&node_numbers);
}
