/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_ORDER_H
#define BRAID_BLK_ORDER_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "transport/pages.h"
#include "transport/stream.h"

struct braid_conn;
struct braid_conn_out;
struct braid_guest;
struct order;

/*
 * The requests of a guest, from the wire to the replica and back.  All there
 * can be exist from the beginning; when they, or the bytes they may hold, are
 * used up, nothing is read from the socket until one is answered.
 */

/**
 * struct braid_orders - the requests of a guest
 * @all: @depth of them
 * @depth: how many
 * @lock: the fields down to @stalled
 * @free: orders
 * @bytes: of payload that orders hold
 * @table_used: @table is somebody's
 * @body_used: @body is somebody's
 * @stalled: a frame waits for an order, bytes, @table or @body
 * @table: of pages, for who can get none (data)
 * @body: of BRAID_BODY_MAX, the same (control)
 * @coming: orders that are complete, not submitted; the connection's work
 * @filling: whose payload is coming; the connection's work
 * @waiter: for pages
 * @finished: orders to be answered; anybody adds
 * @pending: orders with the replica, and one until the guest ends
 * @drained: @pending is zero
 */
struct braid_orders {
	struct order *all;
	unsigned int depth;
	spinlock_t lock;	/* see above */
	struct list_head free;
	u32 bytes;
	bool table_used;
	bool body_used;
	bool stalled;
	struct bio_vec *table;
	void *body;
	struct list_head coming;
	struct order *filling;
	struct braid_pages_waiter waiter;
	struct llist_head finished;
	atomic_t pending;
	struct completion drained;
};

/* After guest->data is known.  May sleep.  Return: 0 or -ENOMEM. */
int braid_orders_init(struct braid_guest *guest);
/* Waits for the replica to answer all; no kick comes after.  May sleep. */
void braid_orders_drain(struct braid_guest *guest);
/* Nobody comes here any more.  Also after a failed or no init. */
void braid_orders_exit(struct braid_guest *guest);

/* The connection's ops. */
const char *braid_order_head(struct braid_stream *stream,
			     const struct braid_frame *frame,
			     struct braid_load *load);
void braid_order_frame(struct braid_stream *stream,
		       const struct braid_frame *frame);
void braid_order_batch(struct braid_conn *conn);
void braid_order_sent(struct braid_conn *conn, struct braid_conn_out *out);

#endif /* BRAID_BLK_ORDER_H */
