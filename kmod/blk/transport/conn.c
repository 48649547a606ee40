// SPDX-License-Identifier: GPL-2.0-only
#include "transport/conn.h"

#include <linux/bvec.h>
#include <linux/crc32.h>
#include <linux/errno.h>
#include <linux/highmem.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/skbuff.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <linux/uio.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "transport/sock.h"

/* Bits of braid_conn.flags. */
enum {
	CONN_PUSH,	/* frames are to be sent, or the socket has room again */
	CONN_KILLED,	/* the connection is to be broken */
	CONN_DOWN,	/* the connection is broken */
};

/*
 * Limits after which the work is queued again, so that other work gets its
 * turn.
 */
#define BUDGET_ROUNDS	8
#define BUDGET_BYTES	BIT(20)
#define BUDGET_FRAMES	64

#define HEAD_SIZE	((u32)sizeof(struct braid_wire_frame))

static struct workqueue_struct *conn_wq;

/**
 * braid_conn_module_init() - create the workqueue of all connections
 *
 * Context: Process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int braid_conn_module_init(void)
{
	/* The work runs on the CPU that receives the packets. */
	conn_wq = alloc_workqueue("braid_conn",
				  WQ_MEM_RECLAIM | WQ_HIGHPRI | WQ_PERCPU, 0);
	return conn_wq ? 0 : -ENOMEM;
}

/**
 * braid_conn_module_exit() - destroy the workqueue of all connections
 *
 * Context: Process, may sleep.
 */
void braid_conn_module_exit(void)
{
	destroy_workqueue(conn_wq);
}

/**
 * braid_conn_kick() - make the work look for frames to be sent or received
 * @conn: the connection
 *
 * Context: Any.
 */
void braid_conn_kick(struct braid_conn *conn)
{
	/* A request of the work itself is met before the work returns. */
	if (READ_ONCE(conn->worker) == current && in_task())
		conn->again = true;
	else
		queue_work(conn_wq, &conn->work);
}

/**
 * braid_conn_kill() - break a connection
 * @conn: the connection; its down() will be called soon
 *
 * Context: Any.
 */
void braid_conn_kill(struct braid_conn *conn)
{
	if (!test_and_set_bit(CONN_KILLED, &conn->flags))
		braid_conn_kick(conn);
}

/* Receiving */

static u32 packet_crc(struct sk_buff *skb, u32 offset, u32 length, u32 crc)
{
	struct skb_seq_state state;
	u32 part, done = 0;
	const u8 *data;

	skb_prepare_seq_read(skb, offset, offset + length, &state);
	/* The last piece may extend beyond the end. */
	while ((part = skb_seq_read(done, &data, &state))) {
		part = min(part, length - done);
		crc = crc32c(crc, data, part);
		done += part;
	}
	return crc;
}

/*
 * Copies the page at @data to a page of @to, which consists of pages. Return:
 * false if one of them is not a whole page.
 */
static bool copy_whole_page(const void *data, struct iov_iter *to)
{
	const struct bio_vec *vec = to->bvec;
	const u32 at = vec->bv_offset + to->iov_offset;

	if (offset_in_page(data) || offset_in_page(at) ||
	    vec->bv_len - to->iov_offset < PAGE_SIZE ||
	    PageHighMem(vec->bv_page))
		return false;
	copy_page(page_address(vec->bv_page) + at, (void *)data);
	iov_iter_advance(to, PAGE_SIZE);
	return true;
}

static bool copy_piece(const void *data, struct iov_iter *to, u32 length)
{
	while (length >= PAGE_SIZE && copy_whole_page(data, to)) {
		data += PAGE_SIZE;
		length -= PAGE_SIZE;
	}
	return copy_to_iter(data, length, to) == length;
}

/*
 * Copies a payload that arrives in pages: one that was sent from this kernel,
 * or was split from its header by the network device. Copying whole pages is
 * cheapest.
 */
static int copy_payload(struct sk_buff *skb, u32 offset, struct iov_iter *to,
			u32 length)
{
	struct skb_seq_state seq;
	u32 done = 0, piece;
	bool good = true;
	const u8 *data;

	skb_prepare_seq_read(skb, offset, offset + length, &seq);
	while (good && done < length) {
		piece = skb_seq_read(done, &data, &seq);
		piece = min(piece, length - done);
		good = piece && copy_piece(data, to, piece);
		done += piece;
	}
	skb_abort_seq_read(&seq);
	return good ? 0 : -EFAULT;
}

/**
 * braid_conn_copy() - copy bytes from a packet, for the stream of a connection
 * @source: the packet, a struct sk_buff
 * @offset: first byte in the packet
 * @to: destination
 * @length: number of bytes
 * @crc: checksum to be continued over the bytes, or NULL
 *
 * Return: 0 or a negative errno.
 */
int braid_conn_copy(const void *source, int offset, struct iov_iter *to,
		    int length, u32 *crc)
{
	if (crc)
		*crc = packet_crc((void *)source, offset, length, *crc);
	if (length >= PAGE_SIZE && iov_iter_is_bvec(to))
		return copy_payload((void *)source, offset, to, length);
	return skb_copy_datagram_iter(source, offset, to, length);
}

static int receive_skb(read_descriptor_t *desc, struct sk_buff *skb,
		       unsigned int offset, size_t length)
{
	struct braid_conn *conn = desc->arg.data;
	u32 used;

	if (!desc->count)
		return 0;
	used = braid_stream_feed(&conn->stream, skb, offset, length);
	desc->count -= min_t(size_t, used, desc->count);
	if (used < length)
		desc->count = 0;
	return used;
}

/* Return: the number of bytes received. */
static int receive_bytes(struct braid_conn *conn)
{
	read_descriptor_t desc = {
		.arg.data = conn,
		.count = BUDGET_BYTES,
	};
	struct sock *sk = conn->sock->sk;
	int ret;

	lockdep_assert_held(&conn->receive_lock);
	if (!braid_stream_resume(&conn->stream) ||
	    skb_queue_empty_lockless(&sk->sk_receive_queue))
		return 0;
	lock_sock(sk);
	ret = tcp_read_sock(sk, &desc, receive_skb);
	release_sock(sk);
	return max(ret, 0);
}

static int conn_receive(struct braid_conn *conn)
{
	int received;

	mutex_lock(&conn->receive_lock);
	received = conn->sock ? receive_bytes(conn) : 0;
	mutex_unlock(&conn->receive_lock);
	return received;
}

/* Sending */

/*
 * Copies the header to a place to which the socket may refer after the frame
 * was answered: the place is never written again, and the page is freed with
 * its last reference.
 */
static bool place_head(struct braid_conn *conn)
{
	lockdep_assert_held(&conn->send_lock);
	if (conn->head_page && conn->head_used + HEAD_SIZE > PAGE_SIZE) {
		put_page(conn->head_page);
		conn->head_page = NULL;
	}
	if (!conn->head_page) {
		conn->head_page = alloc_page(conn->sock->sk->sk_allocation |
					     __GFP_NOWARN);
		conn->head_used = 0;
	}
	if (!conn->head_page)
		return false;
	bvec_set_page(&conn->vec[0], conn->head_page, HEAD_SIZE,
		      conn->head_used);
	memcpy(page_address(conn->head_page) + conn->head_used,
	       &conn->sending->head, HEAD_SIZE);
	conn->head_used += HEAD_SIZE;
	return true;
}

/*
 * Gathers header and payload from byte @from on, as many pages as fit. Return:
 * the number of bytes.
 */
static u32 gather_pages(struct braid_conn *conn, u32 from, bool *splice,
			unsigned int *count)
{
	const struct braid_load *load = &conn->sending->load;
	struct bio_vec *vec = &conn->vec[from ? 0 : 1];
	struct bio_vec *end = conn->vec + ARRAY_SIZE(conn->vec);
	u32 skip = from ? from - HEAD_SIZE : 0;
	u32 length = from ? 0 : HEAD_SIZE;
	unsigned int i;

	for (i = 0; i < load->nr_bvec && vec < end; i++) {
		if (skip >= load->bvec[i].bv_len) {
			skip -= load->bvec[i].bv_len;
			continue;
		}
		*vec = load->bvec[i];
		vec->bv_offset += skip;
		vec->bv_len -= skip;
		skip = 0;
		if (!sendpage_ok(vec->bv_page))
			*splice = false;
		length += vec->bv_len;
		vec++;
	}
	*count = vec - conn->vec;
	return length;
}

static int send_pages(struct braid_conn *conn, struct msghdr *msg)
{
	struct braid_conn_out *out = conn->sending;
	/* A header that is partly sent is gathered completely again. */
	u32 from = conn->done < HEAD_SIZE ? 0 : conn->done;
	bool splice = !out->copy;
	unsigned int count;
	u32 length;

	length = gather_pages(conn, from, &splice, &count);
	iov_iter_bvec(&msg->msg_iter, ITER_SOURCE, conn->vec, count, length);
	iov_iter_advance(&msg->msg_iter, conn->done - from);
	if (from + length < HEAD_SIZE + out->load.length)
		msg->msg_flags |= MSG_MORE;
	if (splice)
		msg->msg_flags |= MSG_SPLICE_PAGES;
	return sock_sendmsg(conn->sock, msg);
}

/* Sends header and body, or the header alone if pages follow. */
static int send_bytes(struct braid_conn *conn, struct msghdr *msg)
{
	struct braid_conn_out *out = conn->sending;
	u32 body = out->load.bvec ? 0 : out->load.length;
	struct kvec vec[2] = {
		{ .iov_base = &out->head, .iov_len = HEAD_SIZE },
		{ .iov_base = out->load.body, .iov_len = body },
	};

	if (out->load.bvec)
		msg->msg_flags |= MSG_MORE;
	iov_iter_kvec(&msg->msg_iter, ITER_SOURCE, vec, body ? 2 : 1,
		      HEAD_SIZE + body);
	iov_iter_advance(&msg->msg_iter, conn->done);
	return sock_sendmsg(conn->sock, msg);
}

/*
 * Return: 0 when the whole frame was sent; -EAGAIN if the socket has no room.
 */
static int send_frame(struct braid_conn *conn, bool more)
{
	struct braid_conn_out *out = conn->sending;
	u32 total = HEAD_SIZE + out->load.length;
	int ret;

	while (conn->done < total) {
		struct msghdr msg = {
			.msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL |
				     (more ? MSG_MORE : 0),
		};

		/*
		 * Without a page for the header the header is sent first,
		 * separately.
		 */
		if (conn->placed ||
		    (out->load.bvec && conn->done >= HEAD_SIZE))
			ret = send_pages(conn, &msg);
		else
			ret = send_bytes(conn, &msg);
		if (ret <= 0)
			return ret ? ret : -EPIPE;
		conn->done += ret;
	}
	return 0;
}

static bool next_frame(struct braid_conn *conn)
{
	const struct braid_load *load;

	lockdep_assert_held(&conn->send_lock);
	if (conn->sending)
		return true;
	if (!conn->ready)
		conn->ready = llist_reverse_order(llist_del_all(&conn->queue));
	if (!conn->ready)
		return false;
	conn->sending = llist_entry(conn->ready, struct braid_conn_out, node);
	conn->ready = conn->ready->next;
	conn->done = 0;
	if (conn->dead)
		return true;
	/*
	 * Headers without payload, as of most answers, are adjacent in the
	 * page: one fragment.
	 */
	load = &conn->sending->load;
	conn->placed = (load->bvec || !load->length) && place_head(conn);
	if (conn->ops->begin)
		conn->ops->begin(conn, conn->sending);
	return true;
}

static void give_back(struct braid_conn *conn)
{
	struct braid_conn_out *out = conn->sending;

	conn->sending = NULL;
	conn->ops->sent(conn, out);
}

/*
 * Return: true if there is more to send and no callback will tell when to
 * continue.
 */
static bool send_queue(struct braid_conn *conn)
{
	unsigned int frames = 0;
	int ret;

	while (next_frame(conn)) {
		if (conn->dead) {
			give_back(conn);
			continue;
		}
		if (frames++ == BUDGET_FRAMES)
			return true;
		ret = send_frame(conn, conn->ready ||
				 !llist_empty(&conn->queue));
		/*
		 * on_write_space() continues, unless no packet is waiting to be
		 * sent.
		 */
		if (ret == -EAGAIN)
			return !READ_ONCE(conn->sock->sk->sk_wmem_queued);
		if (ret) {
			braid_conn_kill(conn);
			return false;
		}
		give_back(conn);
	}
	return false;
}

/**
 * braid_conn_queue() - queue a frame
 * @conn: the connection
 * @out: the frame
 *
 * braid_conn_push() or braid_conn_kick() must follow.
 *
 * Context: Any, hard interrupts included.
 */
void braid_conn_queue(struct braid_conn *conn, struct braid_conn_out *out)
{
	llist_add(&out->node, &conn->queue);
	/*
	 * llist_add() orders: a task that clears the bit after this sees the
	 * frame.
	 */
	set_bit(CONN_PUSH, &conn->flags);
}

/**
 * braid_conn_push() - send the queued frames
 * @conn: the connection
 *
 * If another task is sending, that task sends the frames as well. Each frame is
 * sent by one of the two: the holder of the lock checks CONN_PUSH again after
 * unlocking. Either the bit was set before that check, and the holder sees it,
 * or the lock was free after the check, and mutex_trylock() takes it.
 *
 * Context: Process, may sleep.
 */
void braid_conn_push(struct braid_conn *conn)
{
	unsigned int noio;
	bool more;

	smp_mb__after_atomic(); /* set the bit before trying the lock */
	if (!test_bit(CONN_PUSH, &conn->flags) ||
	    !mutex_trylock(&conn->send_lock))
		return;
	noio = memalloc_noio_save();
	do {
		clear_bit(CONN_PUSH, &conn->flags);
		smp_mb__after_atomic(); /* clear the bit before looking at the queue */
		more = send_queue(conn);
		mutex_unlock(&conn->send_lock);
		if (more) {
			set_bit(CONN_PUSH, &conn->flags);
			braid_conn_kick(conn);
			break;
		}
		smp_mb(); /* unlock before looking at the bit */
	} while (test_bit(CONN_PUSH, &conn->flags) &&
		 mutex_trylock(&conn->send_lock));
	memalloc_noio_restore(noio);
}

static void forget_callbacks(struct braid_conn *conn)
{
	struct sock *sk = conn->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	if (sk->sk_user_data == conn) {
		sk->sk_user_data = NULL;
		sk->sk_data_ready = conn->data_ready;
		sk->sk_state_change = conn->state_change;
		sk->sk_write_space = conn->write_space;
	}
	write_unlock_bh(&sk->sk_callback_lock);
}

/*
 * Takes the socket away; nothing is received or sent afterwards.
 * Return: the socket, which the caller releases, or NULL if another task did.
 */
static struct socket *take_sock(struct braid_conn *conn)
{
	struct socket *sock;

	lockdep_assert_held(&conn->receive_lock);
	mutex_lock(&conn->send_lock);
	conn->dead = true;
	sock = conn->sock;
	if (sock)
		forget_callbacks(conn);
	conn->sock = NULL;
	mutex_unlock(&conn->send_lock);
	return sock;
}

static void release_taken(struct braid_conn *conn, struct socket *sock)
{
	unsigned int noio = memalloc_noio_save();

	lockdep_assert_held(&conn->receive_lock);
	if (sock)
		braid_sock_release(conn->node, sock);
	memalloc_noio_restore(noio);
}

/* Returns when the socket is released, also by another task. */
static void conn_drop(struct braid_conn *conn)
{
	mutex_lock(&conn->receive_lock);
	release_taken(conn, take_sock(conn));
	mutex_unlock(&conn->receive_lock);
}

/**
 * braid_conn_cut() - break a connection and release its socket
 * @conn: the connection, also after braid_conn_release(); its down() will be called
 *	when its work gets to it
 *
 * Context: Process, may sleep, but waits for no disk and no peer.
 */
void braid_conn_cut(struct braid_conn *conn)
{
	braid_conn_kill(conn);
	conn_drop(conn);
}

static void go_down(struct braid_conn *conn)
{
	struct socket *sock;

	if (test_and_set_bit(CONN_DOWN, &conn->flags))
		return;
	mutex_lock(&conn->receive_lock);
	sock = take_sock(conn);
	/*
	 * Queued requests fail before the socket is released: the release waits for
	 * CPU hotplug, which may wait for memory that a request of this connection
	 * frees.
	 */
	mutex_lock(&conn->send_lock);
	send_queue(conn);
	mutex_unlock(&conn->send_lock);
	release_taken(conn, sock);
	mutex_unlock(&conn->receive_lock);
	conn->ops->down(conn);
}

static void conn_work(struct work_struct *work)
{
	struct braid_conn *conn = container_of(work, struct braid_conn, work);
	unsigned int noio = memalloc_noio_save();
	unsigned int rounds = 0;
	int received;

	WRITE_ONCE(conn->worker, current);
	do {
		conn->again = false;
		received = 0;
		if (!test_bit(CONN_KILLED, &conn->flags)) {
			received = conn_receive(conn);
			conn->ops->batch(conn);
		}
		if (conn->stream.state == BRAID_STREAM_BROKEN)
			braid_conn_kill(conn);
		if (test_bit(CONN_KILLED, &conn->flags))
			go_down(conn);
		braid_conn_push(conn);
	} while ((received || conn->again) && ++rounds < BUDGET_ROUNDS);
	WRITE_ONCE(conn->worker, NULL);
	memalloc_noio_restore(noio);
	if (received || conn->again)
		queue_work(conn_wq, &conn->work);
}

/* Callbacks of the socket. Context: any that may not sleep. */

static void on_data_ready(struct sock *sk)
{
	struct braid_conn *conn;

	read_lock_bh(&sk->sk_callback_lock);
	conn = sk->sk_user_data;
	if (conn)
		queue_work(conn_wq, &conn->work);
	read_unlock_bh(&sk->sk_callback_lock);
}

static void on_write_space(struct sock *sk)
{
	struct braid_conn *conn;

	read_lock_bh(&sk->sk_callback_lock);
	conn = sk->sk_user_data;
	if (conn && sk_stream_is_writeable(sk)) {
		clear_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
		set_bit(CONN_PUSH, &conn->flags);
		queue_work(conn_wq, &conn->work);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

static void on_state_change(struct sock *sk)
{
	struct braid_conn *conn;

	read_lock_bh(&sk->sk_callback_lock);
	conn = sk->sk_user_data;
	if (conn && sk->sk_state != TCP_ESTABLISHED) {
		set_bit(CONN_KILLED, &conn->flags);
		queue_work(conn_wq, &conn->work);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

/**
 * braid_conn_init() - initialise a connection after its handshake
 * @conn: the connection
 * @node: node of the socket
 * @sock: the socket, owned by the connection from now on
 * @ops: operations of the owner
 * @answers: receives answers, not requests
 * @data: the connection is a data connection
 *
 * Nothing is received before braid_conn_start().
 */
void braid_conn_init(struct braid_conn *conn, struct braid_blk_node *node,
		     struct socket *sock, const struct braid_conn_ops *ops,
		     bool answers, bool data)
{
	memset(conn, 0, sizeof(*conn));
	conn->ops = ops;
	conn->node = node;
	conn->sock = sock;
	INIT_WORK(&conn->work, conn_work);
	braid_stream_init(&conn->stream, &ops->stream, answers, data);
	init_llist_head(&conn->queue);
	mutex_init(&conn->receive_lock);
	mutex_init(&conn->send_lock);
}

static void install_callbacks(struct braid_conn *conn)
{
	struct sock *sk = conn->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	conn->data_ready = sk->sk_data_ready;
	conn->state_change = sk->sk_state_change;
	conn->write_space = sk->sk_write_space;
	sk->sk_user_data = conn;
	sk->sk_data_ready = on_data_ready;
	sk->sk_state_change = on_state_change;
	sk->sk_write_space = on_write_space;
	/* A change of state before the callbacks were installed. */
	if (sk->sk_state != TCP_ESTABLISHED)
		set_bit(CONN_KILLED, &conn->flags);
	write_unlock_bh(&sk->sk_callback_lock);
}

/**
 * braid_conn_start() - begin to receive
 * @conn: the connection; if it was killed, it may be down and have lost its socket
 *
 * Context: Process, may sleep.
 */
void braid_conn_start(struct braid_conn *conn)
{
	mutex_lock(&conn->send_lock);
	if (conn->sock)
		install_callbacks(conn);
	mutex_unlock(&conn->send_lock);
	queue_work(conn_wq, &conn->work);
}

/**
 * braid_conn_release() - release a connection and its socket
 * @conn: the connection; after down(), or before braid_conn_start()
 *
 * No callback and no work runs after this call: the callbacks are removed under
 * the lock of the socket, and the work is cancelled. The owner must make sure
 * that no task queues, pushes, kicks or kills any more.
 *
 * Context: Process, may sleep; not from an operation of the owner.
 */
void braid_conn_release(struct braid_conn *conn)
{
	conn_drop(conn);
	cancel_work_sync(&conn->work);
	if (conn->head_page)
		put_page(conn->head_page);
}
