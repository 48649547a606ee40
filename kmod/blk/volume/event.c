// SPDX-License-Identifier: GPL-2.0-only
#include "volume/event.h"

#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <net/genetlink.h>
#include <uapi/linux/braid_blk.h>

#include "proto/record.h"
#include "transport/node.h"
#include "volume/family.h"

/* Nobody can read that fast, so nothing is gained by keeping more. */
#define EVENTS_MAX	1024

/**
 * struct event - one that waits to be sent
 * @node: in the waiting ones of a node
 * @time: nanoseconds since the epoch
 * @what: static text
 * @why: static text or NULL
 * @voter: 0 or whom it is about
 * @volume: name
 */
struct event {
	struct llist_node node;
	u64 time;
	const char *what;
	const char *why;
	u8 voter;
	char volume[BRAID_NAME_MAX + 1];
};

static struct workqueue_struct *event_wq; /* while @started */
static bool started; /* read in an RCU read section */

static int event_fill(struct sk_buff *skb, const struct event *event)
{
	if (nla_put_string(skb, BRAID_BLK_A_EVENT_VOLUME, event->volume) ||
	    nla_put_string(skb, BRAID_BLK_A_EVENT_WHAT, event->what) ||
	    (event->voter &&
	     nla_put_u8(skb, BRAID_BLK_A_EVENT_VOTER, event->voter)) ||
	    (event->why &&
	     nla_put_string(skb, BRAID_BLK_A_EVENT_WHY, event->why)) ||
	    nla_put_u64_64bit(skb, BRAID_BLK_A_EVENT_TIME, event->time,
			      BRAID_BLK_A_EVENT_PAD))
		return -EMSGSIZE;
	return 0;
}

static void event_send(struct braid_blk_node *node, const struct event *event)
{
	struct sk_buff *skb;
	void *head;

	skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		goto lost;
	head = braid_nl_put(skb, 0, 0, 0, BRAID_BLK_CMD_VOLUME_EVENT);
	if (!head || event_fill(skb, event)) {
		nlmsg_free(skb);
		goto lost;
	}
	genlmsg_end(skb, head);
	braid_nl_event_send(node->net, skb);
	return;

lost:
	atomic_inc(&node->events.lost);
}

static void send_waiting(struct work_struct *work)
{
	struct braid_events *events =
		container_of(work, struct braid_events, work);
	struct braid_blk_node *node =
		container_of(events, struct braid_blk_node, events);
	struct llist_node *all;
	struct event *event, *next;
	/* The end of the namespace waits for this. */
	unsigned int noio = memalloc_noio_save();

	all = llist_reverse_order(llist_del_all(&events->waiting));

	llist_for_each_entry_safe(event, next, all, node) {
		atomic_dec(&events->count);
		event_send(node, event);
		kfree(event);
	}
	if (atomic_xchg(&events->lost, 0))
		braid_nl_event_lost(node->net);
	memalloc_noio_restore(noio);
}

static void event_queue(struct braid_events *events, const char *volume,
			const char *what, u8 voter, const char *why)
{
	struct event *event = NULL;

	if (atomic_inc_return(&events->count) <= EVENTS_MAX)
		event = kmalloc(sizeof(*event), GFP_ATOMIC | __GFP_NOWARN);
	if (event) {
		event->time = ktime_get_real_ns();
		event->what = what;
		event->why = why;
		event->voter = voter;
		strscpy(event->volume, volume, sizeof(event->volume));
		llist_add(&event->node, &events->waiting);
	} else {
		atomic_dec(&events->count);
		atomic_inc(&events->lost);
	}
	queue_work(event_wq, &events->work);
}

void braid_event_volume(struct braid_blk_node *node, const char *volume,
			const char *what, u8 voter, const char *why)
{
	/* A node that ends has no listener. */
	if (!braid_blk_node_enter(node))
		return;
	rcu_read_lock();
	/* Pairs with the release in braid_event_start(): the queue is there. */
	if (smp_load_acquire(&started) && braid_nl_events_wanted(node->net))
		event_queue(&node->events, volume, what, voter, why);
	rcu_read_unlock();
	braid_blk_node_leave(node);
}

void braid_event_begin(struct braid_blk_node *node)
{
	struct braid_events *events = &node->events;

	init_llist_head(&events->waiting);
	atomic_set(&events->count, 0);
	atomic_set(&events->lost, 0);
	INIT_WORK(&events->work, send_waiting);
}

int braid_event_start(void)
{
	event_wq = alloc_workqueue("braid_event", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!event_wq)
		return -ENOMEM;
	/* The queue is there for everybody that sees this. */
	smp_store_release(&started, true);
	return 0;
}

void braid_event_stop(void)
{
	WRITE_ONCE(started, false);
	/* Whatever saw it true has queued its work. */
	synchronize_rcu();
	destroy_workqueue(event_wq);
}
