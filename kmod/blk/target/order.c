// SPDX-License-Identifier: GPL-2.0-only
#include "target/order.h"

#include <linux/blkdev.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "transport/conn.h"
#include "target/guest.h"
#include "transport/pages.h"
#include "proto/record.h"
#include "replica/replica.h"
#include "store/request.h"

#define DATA_ORDERS	128
#define CONTROL_ORDERS	16

/* One payload is always admitted, of any length. */
#define BYTES_MAX	(8u << 20)

/* Number of pages that a request holds without a table. */
#define INLINE_VECS	16
#define TABLE_VECS	(BRAID_PAYLOAD_MAX / PAGE_SIZE)

#define SMALL_BODY	BRAID_SLOT_SIZE

/**
 * struct order - one request of a connection
 * @request: request to the replica
 * @out: answer
 * @guest: the connection
 * @node: entry in the free or the coming requests
 * @finished: entry in the finished requests
 * @seq: number of the frame
 * @room: limit of the bytes in the body of the answer
 * @bytes: bytes of the payload, as counted in orders.bytes
 * @count: number of entries of @vec or @table in use
 * @reserved: the pages are those of the reserve
 * @vec: pages of a small payload
 * @table: pages of a large payload; kept after the first use
 * @shared_table: @request uses orders.table
 * @small: buffer of SMALL_BODY bytes (control connection)
 * @large: buffer for a larger body
 * @shared_body: @request uses orders.body
 */
struct order {
	struct braid_request request;
	struct braid_conn_out out;
	struct braid_guest *guest;
	struct list_head node;
	struct llist_node finished;
	u64 seq;
	u32 room;
	u32 bytes;
	unsigned int count;
	bool reserved;
	struct bio_vec vec[INLINE_VECS];
	struct bio_vec *table;
	bool shared_table;
	void *small;
	void *large;
	bool shared_body;
};

/* Getting and giving back resources. Nothing here waits for another request. */

static struct order *take_order(struct braid_orders *orders, u32 bytes)
{
	struct order *order = NULL;

	spin_lock(&orders->lock);
	if (!list_empty(&orders->free) &&
	    (!orders->bytes || orders->bytes + bytes <= BYTES_MAX)) {
		order = list_first_entry(&orders->free, struct order, node);
		list_del(&order->node);
		order->bytes = bytes;
		orders->bytes += bytes;
	} else {
		orders->stalled = true;
	}
	spin_unlock(&orders->lock);
	return order;
}

/*
 * Return: true if the caller may use the shared resource now; else the stalled
 * frame is tried again when a request is given back.
 */
static bool take_shared(struct braid_orders *orders, bool *used)
{
	bool taken;

	spin_lock(&orders->lock);
	taken = !*used;
	if (taken)
		*used = true;
	else
		orders->stalled = true;
	spin_unlock(&orders->lock);
	return taken;
}

/*
 * Gives back a request and its resources. With @quiet the stalled frame is not
 * tried again, because it does not wait for any of these resources.
 */
static void give_order(struct order *order, bool quiet)
{
	struct braid_guest *guest = order->guest;
	struct braid_orders *orders = &guest->orders;
	bool stalled;

	if (order->count)
		braid_pages_put(order->request.bvec, order->count,
				order->reserved);
	order->count = 0;
	kvfree(order->large);
	order->large = NULL;

	spin_lock(&orders->lock);
	if (order->shared_table)
		orders->table_used = false;
	if (order->shared_body)
		orders->body_used = false;
	order->shared_table = false;
	order->shared_body = false;
	orders->bytes -= order->bytes;
	list_add(&order->node, &orders->free);
	stalled = orders->stalled && !quiet;
	if (stalled)
		orders->stalled = false;
	spin_unlock(&orders->lock);
	if (stalled)
		braid_conn_kick(&guest->conn);
}

/* Called when there may be memory or the reserve. */
static void wake_guest(struct braid_pages_waiter *waiter)
{
	struct braid_orders *orders =
		container_of(waiter, struct braid_orders, waiter);

	braid_conn_kick(&container_of(orders, struct braid_guest, orders)->conn);
}

/*
 * Return: false if there is no table for the pages, or there are no pages, now.
 */
static bool take_pages(struct order *order, u32 length)
{
	struct braid_orders *orders = &order->guest->orders;
	struct bio_vec *vec = order->vec;

	if (length > INLINE_VECS * PAGE_SIZE) {
		if (!order->table)
			order->table = kmalloc_array(TABLE_VECS, sizeof(*vec),
						     GFP_NOIO | __GFP_NORETRY |
						     __GFP_NOWARN);
		vec = order->table;
		if (!vec) {
			order->shared_table = take_shared(orders,
							  &orders->table_used);
			if (!order->shared_table)
				return false;
			vec = orders->table;
		}
	}
	order->count = braid_pages_get(length, vec, &order->reserved,
				       &orders->waiter);
	order->request.bvec = vec;
	order->request.nr_bvec = order->count;
	return order->count;
}

static bool take_body(struct order *order, u32 size)
{
	struct braid_orders *orders = &order->guest->orders;

	order->request.body = order->small;
	if (size <= SMALL_BODY)
		return true;
	/*
	 * Called in the connection's work, where allocations do not wait for
	 * I/O (memalloc_noio).
	 */
	order->large = kvmalloc(size, GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
	order->request.body = order->large;
	if (order->large)
		return true;
	order->shared_body = take_shared(orders, &orders->body_used);
	order->request.body = orders->body;
	return order->shared_body;
}

/* Requests */

/* Returns the limit of the bytes in the body of an answer. */
static u32 answer_room(u8 type)
{
	switch (type) {
	case BRAID_OP_ASK:
	case BRAID_OP_PREPARE:
		return BRAID_SLOT_SIZE;
	case BRAID_OP_DIRTY:
		return BRAID_BODY_MAX;
	case BRAID_OP_DIGEST:
		return 32;
	default:
		return 0;
	}
}

static void order_done(struct braid_request *request);

static void fill_request(struct order *order, const struct braid_frame *frame)
{
	struct braid_request *request = &order->request;

	braid_request_init(request);
	request->op = frame->type;
	request->flags = frame->flags;
	request->epoch = frame->epoch;
	request->offset = frame->offset;
	request->length = frame->length;
	request->n = frame->n;
	request->generation = frame->generation;
	request->committed = frame->committed;
	request->done = order_done;
	order->seq = frame->seq;
	order->room = answer_room(frame->type);
}

static struct braid_guest *guest_of_stream(struct braid_stream *stream)
{
	return container_of(stream, struct braid_guest, conn.stream);
}

static struct braid_guest *guest_of(struct braid_conn *conn)
{
	return container_of(conn, struct braid_guest, conn);
}

static const char *check_head(const struct braid_guest *guest,
			      const struct braid_frame *frame)
{
	const char *wrong;

	wrong = braid_wire_is_for(frame, guest->volume, guest->nonce,
				  guest->cookie);
	if (wrong)
		return wrong;
	if (guest->data && braid_epoch_cmp(&frame->epoch, &guest->epoch))
		return "frame under another epoch";
	return NULL;
}

/**
 * braid_order_head() - allocate a request for a frame, as head() of the stream
 * @stream: stream of the connection
 * @frame: the header
 * @load: receives the buffer for the payload
 *
 * Return: NULL, or what is wrong with the frame (static text), or
 * BRAID_STREAM_LATER if a resource is missing now.
 */
const char *braid_order_head(struct braid_stream *stream,
			     const struct braid_frame *frame,
			     struct braid_load *load)
{
	struct braid_guest *guest = guest_of_stream(stream);
	bool pages = frame->type == BRAID_OP_WRITE ||
		     frame->type == BRAID_OP_READ;
	struct order *order;
	const char *wrong;
	bool room = true;

	wrong = check_head(guest, frame);
	if (wrong)
		return wrong;
	order = take_order(&guest->orders, pages ? frame->length : 0);
	if (!order)
		return BRAID_STREAM_LATER;
	fill_request(order, frame);
	if (pages)
		room = take_pages(order, frame->length);
	else if (!guest->data)
		room = take_body(order, max(frame->payload, order->room));
	if (!room) {
		/*
		 * Another try follows when its table, body or pages become
		 * available.
		 */
		give_order(order, true);
		return BRAID_STREAM_LATER;
	}
	order->request.body_len = pages ? 0 : frame->payload;
	order->request.body_max = order->room;
	if (frame->type == BRAID_OP_WRITE) {
		load->bvec = order->request.bvec;
		load->nr_bvec = order->request.nr_bvec;
	} else {
		load->body = order->request.body;
	}
	guest->orders.filling = order;
	return NULL;
}

/**
 * braid_order_frame() - take a complete request, as frame() of the stream
 * @stream: stream of the connection
 * @frame: the header
 */
void braid_order_frame(struct braid_stream *stream,
		       const struct braid_frame *frame)
{
	struct braid_orders *orders = &guest_of_stream(stream)->orders;

	list_add_tail(&orders->filling->node, &orders->coming);
	orders->filling = NULL;
}

/*
 * Called by the replica, in any context. After the request was added to the
 * list it may be answered, and the connection may end; @pending keeps the
 * connection until the last line.
 */
static void order_done(struct braid_request *request)
{
	struct order *order = container_of(request, struct order, request);
	struct braid_guest *guest = order->guest;

	llist_add(&order->finished, &guest->orders.finished);
	braid_conn_kick(&guest->conn);
	if (atomic_dec_and_test(&guest->orders.pending))
		complete(&guest->orders.drained);
}

/* Answers */

static void load_answer(struct order *order)
{
	struct braid_request *request = &order->request;
	struct braid_load *load = &order->out.load;
	u32 length = request->body_len;

	memset(load, 0, sizeof(*load));
	order->out.copy = order->reserved;
	if (request->op == BRAID_OP_READ) {
		if (request->error)
			return;
		load->bvec = request->bvec;
		load->nr_bvec = request->nr_bvec;
		load->length = request->length;
		return;
	}
	if (request->op == BRAID_OP_ASK || request->op == BRAID_OP_PREPARE) {
		/*
		 * Either a record (with any verdict) or no body; never the body
		 * of the request.
		 */
		if (length != BRAID_SLOT_SIZE)
			return;
	} else if (request->error || length > order->room) {
		return;
	}
	load->body = request->body;
	load->length = length;
}

static void encode_answer(struct braid_guest *guest, struct order *order)
{
	const struct braid_request *request = &order->request;
	struct braid_frame frame = {
		.type = request->op,
		.answer = true,
		.error = request->error,
		.volume = guest->volume,
		.epoch = request->epoch,
		.session = guest->nonce,
		.cookie = guest->cookie,
		.seq = order->seq,
		.offset = request->offset,
		.length = request->length,
		.n = request->n,
		.value = request->value,
	};

	load_answer(order);
	frame.payload = order->out.load.length;
	frame.payload_crc = braid_load_crc(&order->out.load);
	braid_wire_encode(&frame, &order->out.head);
}

static void submit_coming(struct braid_guest *guest)
{
	struct braid_orders *orders = &guest->orders;
	struct order *order, *next;
	struct blk_plug plug;
	LIST_HEAD(coming);

	list_splice_init(&orders->coming, &coming);
	/*
	 * The plug passes requests that arrived together to the disk together.
	 */
	blk_start_plug(&plug);
	list_for_each_entry_safe(order, next, &coming, node) {
		list_del(&order->node);
		atomic_inc(&orders->pending);
		braid_replica_submit(guest->session, &order->request);
	}
	blk_finish_plug(&plug);
}

/**
 * braid_order_batch() - submit requests and queue answers, as batch()
 * @conn: the connection
 *
 * The connection's work sends the queued answers right after this call.
 */
void braid_order_batch(struct braid_conn *conn)
{
	struct braid_guest *guest = guest_of(conn);
	struct llist_node *finished;
	struct order *order, *next;

	submit_coming(guest);
	finished = llist_reverse_order(llist_del_all(&guest->orders.finished));
	llist_for_each_entry_safe(order, next, finished, finished) {
		encode_answer(guest, order);
		braid_conn_queue(conn, &order->out);
	}
}

/**
 * braid_order_sent() - take back the request of an answer, as sent()
 * @conn: the connection
 * @out: the answer
 */
void braid_order_sent(struct braid_conn *conn, struct braid_conn_out *out)
{
	give_order(container_of(out, struct order, out), false);
}

/* Set-up and release */

static int init_order(struct braid_guest *guest, struct order *order)
{
	order->guest = guest;
	list_add_tail(&order->node, &guest->orders.free);
	if (guest->data)
		return 0;
	order->small = kmalloc(SMALL_BODY, GFP_KERNEL);
	return order->small ? 0 : -ENOMEM;
}

/**
 * braid_orders_init() - allocate the requests of a connection
 * @guest: the connection, with @data set
 *
 * Context: Process, may sleep.
 * Return: 0 or -ENOMEM; braid_orders_exit() must follow in both cases.
 */
int braid_orders_init(struct braid_guest *guest)
{
	struct braid_orders *orders = &guest->orders;
	unsigned int i;
	int ret;

	spin_lock_init(&orders->lock);
	INIT_LIST_HEAD(&orders->free);
	INIT_LIST_HEAD(&orders->coming);
	init_llist_head(&orders->finished);
	INIT_LIST_HEAD(&orders->waiter.node);
	orders->waiter.wake = wake_guest;
	init_completion(&orders->drained);
	atomic_set(&orders->pending, 1);
	orders->depth = guest->data ? DATA_ORDERS : CONTROL_ORDERS;
	orders->all = kvcalloc(orders->depth, sizeof(*orders->all), GFP_KERNEL);
	if (!orders->all)
		return -ENOMEM;
	for (i = 0; i < orders->depth; i++) {
		ret = init_order(guest, &orders->all[i]);
		if (ret)
			return ret;
	}
	if (guest->data)
		orders->table = kmalloc_array(TABLE_VECS,
					      sizeof(*orders->table),
					      GFP_KERNEL);
	else
		orders->body = kvmalloc(BRAID_BODY_MAX, GFP_KERNEL);
	return orders->table || orders->body ? 0 : -ENOMEM;
}

/**
 * braid_orders_drain() - wait until the replica has answered all requests
 * @guest: the connection, which submits nothing any more
 *
 * The requests do not kick the connection after this call.
 *
 * Context: Process, may sleep.
 */
void braid_orders_drain(struct braid_guest *guest)
{
	if (!atomic_dec_and_test(&guest->orders.pending))
		wait_for_completion(&guest->orders.drained);
	braid_pages_leave(&guest->orders.waiter);
}

/**
 * braid_orders_exit() - free the requests of a connection
 * @guest: the connection; drained, or braid_orders_init() failed or was not
 *	called
 *
 * Context: Process.
 */
void braid_orders_exit(struct braid_guest *guest)
{
	struct braid_orders *orders = &guest->orders;
	struct order *order;
	unsigned int i;

	for (i = 0; orders->all && i < orders->depth; i++) {
		order = &orders->all[i];
		if (order->count)
			braid_pages_put(order->request.bvec, order->count,
					order->reserved);
		kvfree(order->large);
		kfree(order->small);
		kfree(order->table);
	}
	kvfree(orders->all);
	kfree(orders->table);
	kvfree(orders->body);
}
