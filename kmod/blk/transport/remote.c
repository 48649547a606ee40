// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "transport/remote.h"

#include <linux/atomic.h>
#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/net.h>
#include <linux/random.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "transport/conn.h"
#include "transport/dial.h"
#include "transport/dialling.h"
#include "transport/handshake.h"
#include "store/request.h"
#include "transport/sock.h"

/*
 * Lifetime. A link is open from a handshake until link_down(), which the
 * connection's work runs once. @pending of a link counts the open link, each
 * request that it took, each running call of braid_remote_submit(), and each
 * plug that has frames to send. The task that takes @pending to 0 completes
 * @idle; @pending cannot be raised again by then. So when @idle is complete,
 * all requests have been answered, and only the connection's own work, which
 * braid_conn_release() waits for, still uses the link.
 */

#define DATA_SLOTS	128
#define CONTROL_SLOTS	32
#define INDEX_BITS	8
#define INDEX_MASK	((1u << INDEX_BITS) - 1)

static_assert(DATA_SLOTS <= INDEX_MASK + 1 && CONTROL_SLOTS <= DATA_SLOTS);

/* Bits of slot.state. A request ends when both are set. */
#define SLOT_SENT	1	/* the connection does not use the frame any more */
#define SLOT_ANSWERED	2	/* the request was answered, or will not be */

/**
 * struct slot - a request in flight
 * @out: frame of the request
 * @request: the request; valid while @seq is not 0
 * @seq: number of the frame, never used twice; 0: no answer is expected.
 *	Published after the other fields, withdrawn by the connection's work
 *	only
 * @state: SLOT_*
 * @node: entry in link.free, or in the work's list of answered slots
 */
struct slot {
	struct braid_conn_out out;
	struct braid_request *request;
	u64 seq;
	atomic_t state;
	struct list_head node;
};

/**
 * struct link - one of the two connections of a remote
 * @conn: the connection, valid while the link is open or being closed
 * @remote: the remote
 * @role: BRAID_ROLE_*
 * @slots: array of @depth slots
 * @depth: limit of the requests in flight
 * @opened: @conn is valid; protected by remote.lock
 * @replaced: the end of the link is not an error; protected by remote.lock
 * @voter: id of the voter, for messages
 * @volume: volume of every frame
 * @session: session of every frame
 * @cookie: cookie of every frame
 * @lock: protects the fields from @closed to @serial
 * @closed: requests are refused
 * @down: link_down() ran: a request taken now would not be answered
 * @free: unused slots
 * @waiting: requests without a slot, in order
 * @serial: number in the last seq
 * @pending: see the comment about the lifetime
 * @idle: completed when @pending is 0
 * @receiving: slot with an answer that is being received; used by the
 *	connection's work only
 * @answered: answered slots; used by the connection's work only
 */
struct link {
	struct braid_conn conn;
	struct braid_remote *remote;
	u8 role;
	struct slot *slots;
	unsigned int depth;
	bool opened;
	bool replaced;
	u8 voter;
	u64 volume;
	u64 session;
	u64 cookie;

	spinlock_t lock;	/* see above */
	bool closed;
	bool down;
	struct list_head free;
	struct list_head waiting;
	u64 serial;

	atomic_t pending;
	struct completion idle;

	struct slot *receiving;
	struct list_head answered;
};

/**
 * struct braid_remote - a voter behind TCP connections
 * @where: address, volume, voter and secrets; erased when the remote is freed
 * @which: index of the secret that was accepted last
 * @store: id of the opening of the store that the control connection reached
 * @down: see braid_remote_connect()
 * @context: argument of @down
 * @lock: protects @killed, and @opened and @replaced of the links; taken in
 *	hard interrupts
 * @killed: no link may be opened any more
 * @links: number of open links, each until it is idle
 * @control: connection for leases and membership
 * @data: connection for data
 */
struct braid_remote {
	struct braid_remote_where where;
	unsigned int which;
	u64 store;
	void (*down)(void *context);
	void *context;
	spinlock_t lock;	/* see above */
	bool killed;
	atomic_t links;
	struct link control;
	struct link data;
};

static void link_put(struct link *link)
{
	struct braid_remote *remote = link->remote;

	if (!atomic_dec_and_test(&link->pending))
		return;
	if (atomic_dec_and_test(&remote->links) && remote->down)
		remote->down(remote->context);
	complete(&link->idle);
}

/* Requests */

static bool has_pages(const struct braid_request *request)
{
	return request->op == BRAID_OP_WRITE || request->op == BRAID_OP_READ;
}

static void slot_encode(struct link *link, struct slot *slot)
{
	struct braid_request *request = slot->request;
	struct braid_load *load = &slot->out.load;
	struct braid_frame frame = {
		.type = request->op,
		.flags = request->flags,
		.volume = link->volume,
		.epoch = request->epoch,
		.session = link->session,
		.cookie = link->cookie,
		.seq = slot->seq,
		.offset = request->offset,
		.length = request->length,
		.n = request->n,
		.generation = request->generation,
		.committed = request->committed,
	};

	memset(load, 0, sizeof(*load));
	if (request->op == BRAID_OP_WRITE) {
		load->bvec = request->bvec;
		load->nr_bvec = request->nr_bvec;
		load->length = request->length;
	} else if (!has_pages(request)) {
		load->body = request->body;
		load->length = request->body_len;
	}
	frame.payload = load->length;
	frame.payload_crc = braid_load_crc(load);
	braid_wire_encode(&frame, &slot->out.head);
}

static void slot_begin(struct link *link, struct slot *slot,
		       struct braid_request *request)
{
	lockdep_assert_held(&link->lock);
	slot->request = request;
	atomic_set(&slot->state, 0);
	/* Pairs with smp_load_acquire() in find_slot(). */
	smp_store_release(&slot->seq, ++link->serial << INDEX_BITS |
				      (slot - link->slots));
}

/* Gives the slot to the next waiting request, or frees it. */
static void slot_end(struct link *link, struct slot *slot)
{
	struct braid_request *next;

	spin_lock(&link->lock);
	next = list_first_entry_or_null(&link->waiting, struct braid_request,
					node);
	if (next) {
		list_del(&next->node);
		slot_begin(link, slot, next);
	} else {
		list_add(&slot->node, &link->free);
	}
	spin_unlock(&link->lock);
	if (!next)
		return;
	slot_encode(link, slot);
	/* The work or the holder of the queue looks at it again. */
	braid_conn_queue(&link->conn, &slot->out);
}

static void slot_advance(struct link *link, struct slot *slot, int bit)
{
	struct braid_request *request = slot->request;

	if (!atomic_fetch_or(bit, &slot->state))
		return;
	slot_end(link, slot);
	request->done(request);
	link_put(link);
}

static void answer_at_once(struct braid_request *request, int error)
{
	request->error = error;
	request->done(request);
}

/* Limit of a plug: more bytes would leave the network idle meanwhile. */
#define UNPLUG_BYTES	(256u << 10)

/**
 * struct unplug - frames that wait until the caller has submitted all requests
 * @cb: callback of the block layer
 * @counted: the plug counts in link.pending
 * @bytes: bytes that wait
 */
struct unplug {
	struct blk_plug_cb cb;
	bool counted;
	u32 bytes;
};

static void link_unplug(struct blk_plug_cb *cb, bool from_schedule)
{
	struct link *link = cb->data;

	/* A task about to sleep must not send; the work does it. */
	if (from_schedule)
		braid_conn_kick(&link->conn);
	else
		braid_conn_push(&link->conn);
	kfree(container_of(cb, struct unplug, cb));
	link_put(link);
}

/* Sends now or at the end of the caller's plug; @bytes were queued. */
static void link_push(struct link *link, u32 bytes)
{
	struct blk_plug_cb *cb = NULL;
	struct unplug *own;

	if (link->role == BRAID_ROLE_DATA)
		cb = blk_check_plugged(link_unplug, link, sizeof(*own));
	if (!cb) {
		braid_conn_push(&link->conn);
		return;
	}
	own = container_of(cb, struct unplug, cb);
	if (!own->counted) {
		own->counted = true;
		atomic_inc(&link->pending);
	}
	own->bytes += bytes;
	if (own->bytes < UNPLUG_BYTES)
		return;
	own->bytes = 0;
	/* This may sleep and end the plug: do not access it afterwards. */
	braid_conn_push(&link->conn);
}

void braid_remote_submit(struct braid_remote *remote,
			 struct braid_request *request)
{
	struct link *link = BRAID_OP_IS_DATA(request->op) ? &remote->data :
							    &remote->control;
	struct slot *slot = NULL;
	u32 bytes;

	request->error = 0;
	request->value = 0;
	request->sent = 0;
	spin_lock(&link->lock);
	if (link->closed) {
		spin_unlock(&link->lock);
		answer_at_once(request, -ENOTCONN);
		return;
	}
	atomic_add(2, &link->pending);
	if (!list_empty(&link->free)) {
		slot = list_first_entry(&link->free, struct slot, node);
		list_del(&slot->node);
		slot_begin(link, slot, request);
	} else {
		list_add_tail(&request->node, &link->waiting);
	}
	spin_unlock(&link->lock);
	if (slot) {
		slot_encode(link, slot);
		/* After queueing, the slot may be answered and reused. */
		bytes = sizeof(slot->out.head) + slot->out.load.length;
		braid_conn_queue(&link->conn, &slot->out);
		link_push(link, bytes);
	}
	link_put(link);
}

/* Answers */

static struct link *link_of(struct braid_conn *conn)
{
	return container_of(conn, struct link, conn);
}

static struct link *link_of_stream(struct braid_stream *stream)
{
	return container_of(stream, struct link, conn.stream);
}

static struct slot *find_slot(struct link *link, u64 seq)
{
	u32 index = seq & INDEX_MASK;
	struct slot *slot = &link->slots[index];

	if (!seq || index >= link->depth)
		return NULL;
	/* Pairs with smp_store_release() in slot_begin(). */
	return smp_load_acquire(&slot->seq) == seq ? slot : NULL;
}

static const char *check_fit(const struct braid_request *request,
			     const struct braid_frame *frame)
{
	u32 most = request->body_max;

	if (frame->type != request->op)
		return "answer of another type";
	if (braid_epoch_cmp(&frame->epoch, &request->epoch))
		return "answer under another epoch";
	if (request->op == BRAID_OP_READ) {
		most = frame->error ? 0 : request->length;
		if (frame->payload < most)
			return "answer is shorter than the read";
	} else if (request->op == BRAID_OP_WRITE) {
		most = 0;
	}
	return frame->payload > most ? "answer is too long" : NULL;
}

static const char *take_head(struct braid_stream *stream,
			     const struct braid_frame *frame,
			     struct braid_load *load)
{
	struct link *link = link_of_stream(stream);
	const char *wrong;
	struct slot *slot;

	wrong = braid_wire_is_for(frame, link->volume, link->session,
				  link->cookie);
	if (wrong)
		return wrong;
	slot = find_slot(link, frame->seq);
	if (!slot)
		return "answer without a request";
	wrong = check_fit(slot->request, frame);
	if (wrong)
		return wrong;
	if (has_pages(slot->request)) {
		load->bvec = slot->request->bvec;
		load->nr_bvec = slot->request->nr_bvec;
		/* The application may write to its pages meanwhile. */
		load->foreign = true;
	} else {
		load->body = slot->request->body;
	}
	link->receiving = slot;
	return NULL;
}

static void take_frame(struct braid_stream *stream,
		       const struct braid_frame *frame)
{
	struct link *link = link_of_stream(stream);
	struct slot *slot = link->receiving;
	struct braid_request *request = slot->request;

	link->receiving = NULL;
	WRITE_ONCE(slot->seq, 0);
	request->error = frame->error;
	request->value = frame->value;
	if (!has_pages(request))
		request->body_len = frame->payload;
	list_add_tail(&slot->node, &link->answered);
}

static void take_batch(struct braid_conn *conn)
{
	struct link *link = link_of(conn);
	struct slot *slot, *next;
	LIST_HEAD(answered);

	list_splice_init(&link->answered, &answered);
	list_for_each_entry_safe(slot, next, &answered, node) {
		list_del(&slot->node);
		slot_advance(link, slot, SLOT_ANSWERED);
	}
}

static void begin_out(struct braid_conn *conn, struct braid_conn_out *out)
{
	struct slot *slot = container_of(out, struct slot, out);

	WRITE_ONCE(slot->request->sent, ktime_get_boottime_ns());
}

static void sent_out(struct braid_conn *conn, struct braid_conn_out *out)
{
	slot_advance(link_of(conn), container_of(out, struct slot, out),
		     SLOT_SENT);
}

static void kill_links(struct braid_remote *remote)
{
	lockdep_assert_held(&remote->lock);
	remote->killed = true;
	if (remote->control.opened)
		braid_conn_kill(&remote->control.conn);
	if (remote->data.opened)
		braid_conn_kill(&remote->data.conn);
}

void braid_remote_kill(struct braid_remote *remote)
{
	unsigned long flags;

	spin_lock_irqsave(&remote->lock, flags);
	kill_links(remote);
	spin_unlock_irqrestore(&remote->lock, flags);
}

void braid_remote_push(struct braid_remote *remote)
{
	unsigned long flags;

	spin_lock_irqsave(&remote->lock, flags);
	if (remote->data.opened)
		braid_conn_kick(&remote->data.conn);
	spin_unlock_irqrestore(&remote->lock, flags);
}

/* One link is useless without the other, unless it is being replaced. */
static void kill_other(struct link *link)
{
	struct braid_remote *remote = link->remote;
	unsigned long flags;

	spin_lock_irqsave(&remote->lock, flags);
	if (!link->replaced)
		kill_links(remote);
	spin_unlock_irqrestore(&remote->lock, flags);
}

static void tell_why(const struct link *link)
{
	if (link->conn.stream.why)
		pr_info_ratelimited("voter %u: connection closed: %s\n",
				    link->voter, link->conn.stream.why);
}

/* Answers every request that was taken and has no answer yet. */
static void link_down(struct braid_conn *conn)
{
	struct link *link = link_of(conn);
	struct braid_request *request, *next;
	LIST_HEAD(waiting);
	unsigned int i;

	tell_why(link);
	spin_lock(&link->lock);
	link->closed = true;
	link->down = true;
	list_splice_init(&link->waiting, &waiting);
	spin_unlock(&link->lock);
	kill_other(link);
	for (i = 0; i < link->depth; i++) {
		if (!link->slots[i].seq)
			continue;
		WRITE_ONCE(link->slots[i].seq, 0);
		link->slots[i].request->error = -ENOTCONN;
		slot_advance(link, &link->slots[i], SLOT_ANSWERED);
	}
	list_for_each_entry_safe(request, next, &waiting, node) {
		list_del(&request->node);
		answer_at_once(request, -ENOTCONN);
		link_put(link);
	}
	link_put(link);
}

static const struct braid_conn_ops link_ops = {
	.stream = {
		.copy = braid_conn_copy,
		.head = take_head,
		.frame = take_frame,
	},
	.batch = take_batch,
	.begin = begin_out,
	.sent = sent_out,
	.down = link_down,
};

/* Opening and closing */

static int link_init(struct link *link, struct braid_remote *remote, u8 role,
		     unsigned int depth)
{
	unsigned int i;

	link->remote = remote;
	link->role = role;
	link->depth = depth;
	link->closed = true;
	spin_lock_init(&link->lock);
	INIT_LIST_HEAD(&link->free);
	INIT_LIST_HEAD(&link->waiting);
	INIT_LIST_HEAD(&link->answered);
	init_completion(&link->idle);
	link->slots = kvcalloc(depth, sizeof(*link->slots), GFP_KERNEL);
	if (!link->slots)
		return -ENOMEM;
	for (i = 0; i < depth; i++)
		list_add_tail(&link->slots[i].node, &link->free);
	return 0;
}

/* Opens the link on @sock, which belongs to the link in any case. */
static int link_start(struct link *link, struct socket *sock, u64 session,
		      const struct braid_handshake_got *got)
{
	struct braid_remote *remote = link->remote;
	unsigned long flags;

	braid_conn_init(&link->conn, remote->where.dialling->node, sock,
			&link_ops, true, link->role == BRAID_ROLE_DATA);
	link->volume = braid_wire_volume(&got->volume);
	link->voter = got->voter;
	link->session = session;
	link->cookie = got->cookie;
	link->receiving = NULL;
	link->down = false;
	reinit_completion(&link->idle);
	atomic_set(&link->pending, 1);

	spin_lock_irqsave(&remote->lock, flags);
	if (remote->killed) {
		spin_unlock_irqrestore(&remote->lock, flags);
		braid_conn_release(&link->conn);
		return -ENOTCONN;
	}
	atomic_inc(&remote->links);
	link->opened = true;
	link->replaced = false;
	spin_unlock_irqrestore(&remote->lock, flags);

	/* A link killed by now goes down as usual, or is down already. */
	spin_lock(&link->lock);
	link->closed = link->down;
	spin_unlock(&link->lock);
	braid_conn_start(&link->conn);
	return 0;
}

/* Waits for the end of a link that was killed or is about to break. */
static void link_stop(struct link *link)
{
	struct braid_remote *remote = link->remote;
	unsigned long flags;

	if (!link->opened)
		return;
	wait_for_completion(&link->idle);
	spin_lock_irqsave(&remote->lock, flags);
	link->opened = false;
	spin_unlock_irqrestore(&remote->lock, flags);
	braid_conn_release(&link->conn);
}

static int remote_dial(struct braid_remote *remote,
		       const struct braid_handshake_want *want,
		       unsigned int timeout_ms, struct braid_handshake_got *got,
		       u32 *features, struct socket **sock)
{
	return braid_dial(remote->where.dialling, &remote->where.address,
			  &remote->where.secrets, &remote->which, want,
			  jiffies + msecs_to_jiffies(timeout_ms), got, features,
			  sock);
}

static void want_this(const struct braid_remote *remote, u8 role, u64 session,
		      struct braid_handshake_want *want)
{
	memset(want, 0, sizeof(*want));
	want->role = role;
	want->voter = remote->where.voter;
	uuid_copy(&want->volume, &remote->where.volume);
	strscpy(want->name, remote->where.name, sizeof(want->name));
	want->session = session;
}

static int open_control(struct braid_remote *remote, unsigned int timeout_ms,
			struct braid_remote_hello *hello)
{
	struct braid_handshake_want want;
	struct braid_handshake_got got;
	struct socket *sock;
	u32 features;
	int ret;

	want_this(remote, BRAID_ROLE_CONTROL, get_random_u64(), &want);
	ret = remote_dial(remote, &want, timeout_ms, &got, &features, &sock);
	if (ret)
		return ret;
	/* The data connection must reach this voter, not a namesake. */
	uuid_copy(&remote->where.volume, &got.volume);
	remote->where.voter = got.voter;
	remote->store = got.store;
	hello->store = got.store;
	hello->sequence = got.sequence;
	hello->features = features;
	return link_start(&remote->control, sock, want.session, &got);
}

static void remote_free(struct braid_remote *remote)
{
	kvfree(remote->control.slots);
	kvfree(remote->data.slots);
	kvfree_sensitive(remote, sizeof(*remote));
}

static int remote_connect(const struct braid_remote_where *where,
			  unsigned int timeout_ms,
			  void (*down)(void *context), void *context,
			  struct braid_remote_hello *hello,
			  struct braid_remote **out)
{
	struct braid_remote *remote;
	int ret;

	remote = kvzalloc(sizeof(*remote), GFP_KERNEL);
	if (!remote)
		return -ENOMEM;
	remote->where = *where;
	remote->down = down;
	remote->context = context;
	spin_lock_init(&remote->lock);
	ret = link_init(&remote->control, remote, BRAID_ROLE_CONTROL,
			CONTROL_SLOTS);
	if (!ret)
		ret = link_init(&remote->data, remote, BRAID_ROLE_DATA,
				DATA_SLOTS);
	if (!ret)
		ret = open_control(remote, timeout_ms, hello);
	if (ret) {
		remote_free(remote);
		return ret;
	}
	*out = remote;
	return 0;
}

/*
 * Reconnecting may be needed to free memory (swap on the volume), so it does
 * not wait for memory and may use the reserves. A connection needs little
 * memory.
 */
int braid_remote_connect(const struct braid_remote_where *where,
			 unsigned int timeout_ms,
			 void (*down)(void *context), void *context,
			 struct braid_remote_hello *hello,
			 struct braid_remote **remote)
{
	unsigned int flags;
	int ret;

	if (!braid_secrets_are_valid(&where->secrets))
		return -EKEYREJECTED;
	flags = memalloc_noreclaim_save();
	ret = remote_connect(where, timeout_ms, down, context, hello, remote);
	memalloc_noreclaim_restore(flags);
	return ret;
}

/* Ends an earlier data connection; the control connection stays. */
static int make_room(struct braid_remote *remote)
{
	struct link *link = &remote->data;
	unsigned long flags;
	bool killed;

	spin_lock_irqsave(&remote->lock, flags);
	killed = remote->killed;
	if (!killed && link->opened) {
		link->replaced = true;
		braid_conn_kill(&link->conn);
	}
	spin_unlock_irqrestore(&remote->lock, flags);
	if (killed)
		return -ENOTCONN;
	link_stop(link);
	return 0;
}

static int open_data(struct braid_remote *remote,
		     const struct braid_epoch *epoch, u64 nonce,
		     unsigned int timeout_ms)
{
	struct braid_handshake_want want;
	struct braid_handshake_got got;
	struct socket *sock;
	u32 features;
	int ret;

	want_this(remote, BRAID_ROLE_DATA, nonce, &want);
	want.epoch = *epoch;
	ret = remote_dial(remote, &want, timeout_ms, &got, &features, &sock);
	if (ret)
		return ret;
	/* Another opening of the store may have lost unflushed data (S1). */
	if (got.store != remote->store) {
		braid_sock_release(remote->where.dialling->node, sock);
		return -ENOTCONN;
	}
	return link_start(&remote->data, sock, nonce, &got);
}

int braid_remote_attach(struct braid_remote *remote,
			const struct braid_epoch *epoch, u64 nonce,
			unsigned int timeout_ms)
{
	unsigned int flags;
	int ret;

	ret = make_room(remote);
	if (ret)
		return ret;
	flags = memalloc_noreclaim_save();
	ret = open_data(remote, epoch, nonce, timeout_ms);
	memalloc_noreclaim_restore(flags);
	return ret;
}

/*
 * Only the works of the connections still use the remote, and link_stop() waits
 * for them. The caller keeps away calls of braid_remote_submit(),
 * braid_remote_attach() and braid_remote_kill().
 */
void braid_remote_put(struct braid_remote *remote)
{
	braid_remote_kill(remote);
	link_stop(&remote->control);
	link_stop(&remote->data);
	remote_free(remote);
}
