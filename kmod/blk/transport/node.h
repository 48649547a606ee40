/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_NODE_H
#define BRAID_BLK_NODE_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct net;

/*
 * A node: a network namespace.  Replicas, targets, volumes and their events belong
 * to it, so one kernel can hold a whole cluster.
 */

/**
 * struct braid_events - events of a node that are to be sent
 * @waiting: newest first
 * @count: how many
 * @lost: how many were dropped since listeners were told
 * @work: sends
 */
struct braid_events {
	struct llist_head waiting;
	atomic_t count;
	atomic_t lost;
	struct work_struct work;
};

/**
 * struct braid_blk_node - what one network namespace has
 * @net: the namespace.  Nothing here holds a reference to it: all that belongs to
 *	the node is ended before the namespace goes (pernet pre_exit)
 * @number: 0: the initial namespace; else unique among those that exist
 * @changes: one up when something that is listed comes or goes
 * @events: events of volumes
 * @opening: what is open, by path and by voter, does not change; see replica.c
 * @replicas: open ones; replica.c's registry mutex
 * @targets: listening ones; target.c's mutex
 * @guests: connections of all its targets, oldest first; guest.c's mutex
 * @guests_known: how many of @guests are authenticated; guest.c's mutex
 * @guests_strange: how many are not yet; guest.c's mutex
 * @volumes: attached ones; volume.c's mutex
 */
struct braid_blk_node {
	struct net *net;
	unsigned int number;
	atomic_t changes;
	struct braid_events events;
	struct mutex opening; /* see replica.c */
	struct list_head replicas;
	struct list_head targets;
	struct list_head guests;
	unsigned int guests_known;
	unsigned int guests_strange;
	struct list_head volumes;
};

/*
 * @begin: what a new node needs besides; before its first request
 * @end: ends all that a node has; called when its namespace goes or the module is
 * unloaded, once a node, after the last request of that node.  Both may sleep.
 */
int braid_blk_node_init(void (*begin)(struct braid_blk_node *node),
			void (*end)(struct braid_blk_node *node));
/* Ends every node, and waits for namespaces that are going.  May sleep. */
void braid_blk_node_exit(void);

/* Of a namespace.  Valid as long as @net is.  Context: any. */
struct braid_blk_node *braid_blk_node_of(const struct net *net);

/* An empty node, before @begin. */
void braid_blk_node_setup(struct braid_blk_node *node, struct net *net,
			  unsigned int number);

#endif /* BRAID_BLK_NODE_H */
