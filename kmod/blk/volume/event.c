// SPDX-License-Identifier: GPL-2.0-only
#include "volume/event.h"

#include <linux/atomic.h>
#include <linux/llist.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>
#include <net/genetlink.h>
#include <uapi/linux/braid_blk.h>

#include "proto/record.h"
#include "volume/family.h"

/* Nobody can read that fast, so nothing is gained by keeping more. */
#define EVENTS_MAX	1024

/**
 * struct event - one that waits to be sent
 * @node: in @waiting
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

static void send_waiting(struct work_struct *work);

static LLIST_HEAD(waiting);	/* newest first */
static atomic_t count;		/* of @waiting */
static atomic_t lost;		/* since listeners were told */
static DECLARE_WORK(sender, send_waiting);
static bool started;		/* READ_ONCE in an RCU read section */

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

static void event_send(const struct event *event)
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
	braid_nl_event_send(skb);
	return;

lost:
	atomic_inc(&lost);
}

static void send_waiting(struct work_struct *work)
{
	struct llist_node *all = llist_reverse_order(llist_del_all(&waiting));
	struct event *event, *next;

	llist_for_each_entry_safe(event, next, all, node) {
		atomic_dec(&count);
		event_send(event);
		kfree(event);
	}
	if (atomic_xchg(&lost, 0))
		braid_nl_event_lost();
}

static void event_queue(const char *volume, const char *what, u8 voter,
			const char *why)
{
	struct event *event = NULL;

	if (atomic_inc_return(&count) <= EVENTS_MAX)
		event = kmalloc(sizeof(*event), GFP_ATOMIC | __GFP_NOWARN);
	if (event) {
		event->time = ktime_get_real_ns();
		event->what = what;
		event->why = why;
		event->voter = voter;
		strscpy(event->volume, volume, sizeof(event->volume));
		llist_add(&event->node, &waiting);
	} else {
		atomic_dec(&count);
		atomic_inc(&lost);
	}
	schedule_work(&sender);
}

void braid_event_volume(const char *volume, const char *what, u8 voter,
			const char *why)
{
	rcu_read_lock();
	if (READ_ONCE(started) && braid_nl_events_wanted())
		event_queue(volume, what, voter, why);
	rcu_read_unlock();
}

void braid_event_start(void)
{
	WRITE_ONCE(started, true);
}

void braid_event_stop(void)
{
	WRITE_ONCE(started, false);
	/* Who has seen it true has scheduled the work. */
	synchronize_rcu();
	flush_work(&sender);
}
