// SPDX-License-Identifier: GPL-2.0-only
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
#include "transport/handshake.h"
#include "store/request.h"
#include "transport/sock.h"

/*
 * Lifetime.  A link is open from a handshake until link_down(), which the
 * connection's work runs once.  @pending of a link counts the open link, every
 * request it took, every call of braid_remote_submit() under way and every plug
 * that is to send; who takes it to zero, by then nobody can raise it again, tells
 * @idle.  So when @idle is complete all requests have been answered and nobody but
 * the connection's own work, which braid_conn_release() waits for, has the link in
 * hand.
 */

#define DATA_SLOTS	128
#define CONTROL_SLOTS	32
#define INDEX_BITS	8
#define INDEX_MASK	((1u << INDEX_BITS) - 1)

static_assert(DATA_SLOTS <= INDEX_MASK + 1 && CONTROL_SLOTS <= DATA_SLOTS);

/* Bits of slot.state. A request ends with the second of them. */
#define SLOT_SENT	1	/* the connection let go of its frame */
#define SLOT_ANSWERED	2	/* or will not be any more */

/**
 * struct slot - a request on its way
 * @out: its frame
 * @request: whose it is; valid while @seq is not 0
 * @seq: the frame's, never used twice; 0: no answer is wanted.  Published after
 *	the rest, withdrawn by the connection's work only
 * @state: SLOT_*
 * @node: in link.free, or the work's list of answered ones
 */
struct slot {
	struct braid_conn_out out;
	struct braid_request *request;
	u64 seq;
	atomic_t state;
	struct list_head node;
};

/**
 * struct link - one of the two connections
 * @conn: the connection, valid while the link is open or being closed
 * @remote: whose it is
 * @role: BRAID_ROLE_*
 * @slots: @depth of them
 * @depth: how many requests may be under way
 * @opened: @conn is valid; remote.lock
 * @replaced: its end is no news; remote.lock
 * @voter: for people
 * @volume: in every frame
 * @session: in every frame
 * @cookie: in every frame
 * @lock: the fields down to @serial
 * @closed: requests are refused
 * @down: link_down() ran: nothing taken from now on would be answered
 * @free: slots
 * @waiting: requests without one, in order
 * @serial: of the last seq
 * @pending: see above
 * @idle: @pending is zero
 * @receiving: whose answer's payload is coming; the connection's work
 * @answered: slots; the connection's work
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
 * struct braid_remote - a voter behind TCP
 * @where: whom to reach; secrets are cleared with it
 * @which: secret that was accepted last
 * @store: id of the opening of the store that the control connection reached
 * @down: see braid_remote_connect()
 * @context: of @down
 * @lock: @killed, and links' opened and replaced; hard interrupts take it
 * @killed: no link opens any more
 * @links: open links, until each is idle
 * @control: for leases and membership
 * @data: for bulk data
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

static void encode(struct link *link, struct slot *slot)
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
	/* Pairs with the one in find_slot(). */
	smp_store_release(&slot->seq, ++link->serial << INDEX_BITS |
				      (slot - link->slots));
}

/* The slot goes on to the next that waits, or to the free ones. */
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
	encode(link, slot);
	/* This is the work, or who holds the queue: either looks once more. */
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

/* Held back by a plug at most: nothing travels while the rest is copied. */
#define UNPLUG_BYTES	(256u << 10)

/**
 * struct unplug - frames wait until who submits has submitted all
 * @cb: the block layer's
 * @counted: it counts in link.pending
 * @bytes: that wait
 */
struct unplug {
	struct blk_plug_cb cb;
	bool counted;
	u32 bytes;
};

static void unplug(struct blk_plug_cb *cb, bool from_schedule)
{
	struct link *link = cb->data;

	/* Who is about to sleep cannot send. */
	if (from_schedule)
		braid_conn_kick(&link->conn);
	else
		braid_conn_push(&link->conn);
	kfree(container_of(cb, struct unplug, cb));
	link_put(link);
}

/*
 * Sends now, or with all that who submits has announced to submit next: @bytes
 * more.
 */
static void push(struct link *link, u32 bytes)
{
	struct blk_plug_cb *cb = NULL;
	struct unplug *own;

	if (link->role == BRAID_ROLE_DATA)
		cb = blk_check_plugged(unplug, link, sizeof(*own));
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
	/* It may sleep for the socket, which ends the plug: not looked at again. */
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
		encode(link, slot);
		/* Once it is queued it may be answered, and the slot another's. */
		bytes = sizeof(slot->out.head) + slot->out.load.length;
		braid_conn_queue(&link->conn, &slot->out);
		push(link, bytes);
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
	/* Pairs with the one in slot_begin(): the rest of the slot is there. */
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
	return frame->payload > most ? "answer is longer than there is room" :
				       NULL;
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
		return "answer to nothing that was asked";
	wrong = check_fit(slot->request, frame);
	if (wrong)
		return wrong;
	if (has_pages(slot->request)) {
		load->bvec = slot->request->bvec;
		load->nr_bvec = slot->request->nr_bvec;
		/* The application's, who may do with them what it likes. */
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

/* One without the other is of no use, unless it makes room for a new one. */
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
		pr_info_ratelimited("braid: connection to the target of voter %u closed: %s\n",
				    link->voter, link->conn.stream.why);
}

/* Every request that was taken is answered, here at the latest. */
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

/* @sock is taken over, also on failure. */
static int link_start(struct link *link, struct socket *sock, u64 session,
		      const struct braid_handshake_got *got)
{
	struct braid_remote *remote = link->remote;
	unsigned long flags;

	braid_conn_init(&link->conn, sock, &link_ops, true,
			link->role == BRAID_ROLE_DATA);
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

	/* Killed by now, it goes down as any other, or went already. */
	spin_lock(&link->lock);
	link->closed = link->down;
	spin_unlock(&link->lock);
	braid_conn_start(&link->conn);
	return 0;
}

/* It was killed, or is about to break: waits for its end. */
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

static int dial(struct braid_remote *remote,
		const struct braid_handshake_want *want,
		unsigned int timeout_ms, struct braid_handshake_got *got,
		u32 *features, struct socket **sock)
{
	return braid_dial(remote->where.net, &remote->where.address,
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
	ret = dial(remote, &want, timeout_ms, &got, &features, &sock);
	if (ret)
		return ret;
	/* The data connection must reach the same voter, not one of its name. */
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
 * Who reconnects may be who has to write before memory is free again: it waits for
 * none, and may use what is kept for that. What a connection takes is little.
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

/* An earlier data connection ends; the control connection stays. */
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
	ret = dial(remote, &want, timeout_ms, &got, &features, &sock);
	if (ret)
		return ret;
	/* Another opening of the store has nothing of the first (S1). */
	if (got.store != remote->store) {
		braid_sock_release(sock);
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
 * Who may still hold it: nobody but the connections' works, which link_stop()
 * waits for.  The caller has no call of braid_remote_submit(), _attach() or
 * _kill() under way that its own count of users does not keep from here.
 */
void braid_remote_put(struct braid_remote *remote)
{
	braid_remote_kill(remote);
	link_stop(&remote->control);
	link_stop(&remote->data);
	remote_free(remote);
}
