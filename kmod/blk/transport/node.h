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
 * A node: a network namespace. Replicas, targets, volumes and their events
 * belong to a node, so one kernel can hold a whole cluster.
 */

/**
 * struct braid_events - events of a node that are to be sent
 * @waiting: the events, newest first
 * @count: number of @waiting
 * @lost: number of events dropped since the listeners were told
 * @work: sends the events
 */
struct braid_events {
	struct llist_head waiting;
	atomic_t count;
	atomic_t lost;
	struct work_struct work;
};

/**
 * struct braid_blk_node - state of one network namespace
 * @net: the namespace; not referenced, because everything of the node is ended
 *	before the namespace goes (pernet pre_exit)
 * @number: 0 for the initial namespace; else unique among the existing ones
 * @changes: incremented when a listed object comes or goes
 * @events: events of volumes
 * @opening: keeps the set of open replicas constant; see replica.c
 * @replicas: open replicas; protected by the registry mutex of replica.c
 * @targets: listening targets; protected by the mutex of target.c
 * @guests: connections of all targets, oldest first; protected by the mutex of
 *	guest.c
 * @guests_known: number of authenticated @guests; protected by the same mutex
 * @guests_strange: number of the other @guests; protected by the same mutex
 * @volumes: attached volumes; protected by the mutex of volume.c
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

int braid_blk_node_init(void (*begin)(struct braid_blk_node *node),
			void (*end)(struct braid_blk_node *node));
void braid_blk_node_exit(void);

struct braid_blk_node *braid_blk_node_of(const struct net *net);

void braid_blk_node_setup(struct braid_blk_node *node, struct net *net,
			  unsigned int number);

#endif /* BRAID_BLK_NODE_H */
