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
 * The requests of a target connection, from the wire to the replica and back.
 * All requests that can exist are allocated at the beginning. When they are
 * used up, or the bytes that they may hold, nothing is read from the socket
 * until a request was answered.
 */

/**
 * struct braid_orders - the requests of a connection
 * @all: array of @depth requests
 * @depth: number of requests
 * @lock: protects the fields from @free to @stalled
 * @free: unused requests
 * @bytes: bytes of payload that requests hold
 * @table_used: a request uses @table
 * @body_used: a request uses @body
 * @stalled: a frame waits for a request, bytes, @table or @body
 * @table: table of pages for a request that could not allocate one (data
 *	connection)
 * @body: buffer of BRAID_BODY_MAX bytes for a request that could not allocate
 *	one (control connection)
 * @coming: complete requests that are not submitted yet; used by the
 *	connection's work only
 * @filling: request with a payload that is being received; used by the
 *	connection's work only
 * @waiter: wait for pages
 * @finished: requests to be answered; added in any context
 * @pending: number of requests at the replica, plus one until the connection
 *	ends
 * @drained: completed when @pending is 0
 */
struct braid_orders {
	struct order *all;
	unsigned int depth;
	spinlock_t lock;	/* see the comment above */
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

int braid_orders_init(struct braid_guest *guest);
void braid_orders_drain(struct braid_guest *guest);
void braid_orders_exit(struct braid_guest *guest);

const char *braid_order_head(struct braid_stream *stream,
			     const struct braid_frame *frame,
			     struct braid_load *load);
void braid_order_frame(struct braid_stream *stream,
		       const struct braid_frame *frame);
void braid_order_batch(struct braid_conn *conn);
void braid_order_sent(struct braid_conn *conn, struct braid_conn_out *out);

#endif /* BRAID_BLK_ORDER_H */
