/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_NODE_H
#define BRAID_BLK_NODE_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
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
 * @ref: one of the namespace, one of the end; braid_blk_node_exit() takes its own
 * @all: in the list of nodes; protected by its mutex
 * @net: the namespace; not referenced: between braid_blk_node_enter() and
 *	braid_blk_node_leave() the namespace does not go
 * @number: 0 for the initial namespace, and until braid_blk_node_number(); else
 *	unique among the existing ones
 * @changes: incremented when a listed object comes or goes
 * @events: events of volumes
 * @ending: serialises the end by the namespace with the end by unloading
 * @killed: first half of the end; protected by @ending
 * @ended: second half of the end; protected by @ending
 * @lock: protects @closed and @users; taken in any context
 * @closed: no new users
 * @users: how many sockets and senders of events use @net
 * @idle: @users became 0 after @closed
 * @end_work: ends what may have to wait for a disk
 * @opening: keeps the set of open replicas constant; see replica_state.h
 * @replicas: open replicas; protected by the registry mutex of open.c
 * @targets: listening targets; protected by the mutex of target.c
 * @guest_wq: works of @guests; set once, by the first target
 * @guests: connections of all targets, oldest first; protected by the mutex of
 *	guest.c
 * @guests_known: number of authenticated @guests; protected by the same mutex
 * @guests_strange: number of the other @guests; protected by the same mutex
 * @volumes: attached volumes; protected by the mutex of volume.c
 */
struct braid_blk_node {
	struct kref ref;
	struct list_head all;
	struct net *net;
	u32 number;
	atomic_t changes;
	struct braid_events events;

	struct mutex ending; /* see above */
	bool killed;
	bool ended;
	spinlock_t lock; /* protects @closed and @users */
	bool closed;
	unsigned int users;
	struct completion idle;
	struct work_struct end_work;

	struct mutex opening; /* see replica_state.h */
	struct list_head replicas;
	struct list_head targets;
	struct workqueue_struct *guest_wq;
	struct list_head guests;
	unsigned int guests_known;
	unsigned int guests_strange;
	struct list_head volumes;
};

/**
 * struct braid_blk_node_ops - what begins and ends a node besides
 * @begin: called for each new node, before its first request; may sleep
 * @kill: called after the last request of a node, when the namespace goes or the
 *	module is unloaded: breaks connections and fails I/O, so that all works of
 *	the node return. Waits for no other task, and for no disk
 * @cut: called after @kill of the node: releases the sockets that are not
 *	released by a work anyway. Waits for no disk and no peer
 * @end: called in a work after the node's last socket was released: ends
 *	everything of the node; waits for disks
 */
struct braid_blk_node_ops {
	void (*begin)(struct braid_blk_node *node);
	void (*kill)(struct braid_blk_node *node);
	void (*cut)(struct braid_blk_node *node);
	void (*end)(struct braid_blk_node *node);
};

int braid_blk_node_init(const struct braid_blk_node_ops *ops);
void braid_blk_node_exit(void);

struct braid_blk_node *braid_blk_node_of(const struct net *net);

void braid_blk_node_setup(struct braid_blk_node *node, struct net *net);
int braid_blk_node_number(struct braid_blk_node *node);

bool braid_blk_node_enter(struct braid_blk_node *node);
void braid_blk_node_leave(struct braid_blk_node *node);

#endif /* BRAID_BLK_NODE_H */
