/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_CONN_H
#define BRAID_BLK_CONN_H

#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "transport/stream.h"

struct page;
struct sock;
struct socket;
struct task_struct;

/*
 * A connection after its handshake: frames out of a queue, frames into a
 * stream, and nothing of what they mean.
 *
 * The socket's callbacks only queue the connection's one work item, which
 * receives, hands over what came, and sends.  Who may sleep sends at once when
 * nobody else is at it (braid_conn_push()).
 */

/* Payload pages that go with a head in one call: 64 KiB of single pages. */
#define BRAID_CONN_VECS	17

/**
 * struct braid_conn_out - a frame to be sent
 * @node: the connection's
 * @head: as it goes on the wire
 * @load: its payload; it and what it points to stay until sent()
 * @copy: the pages are used for something else after sent(), so the socket may
 *	not keep references
 */
struct braid_conn_out {
	struct llist_node node;
	struct braid_wire_frame head;
	struct braid_load load;
	bool copy;
};

struct braid_conn;

/**
 * struct braid_conn_ops - what the owner of a connection does
 * @stream: see there; its copy() is braid_conn_copy().  Called with the socket
 *	locked: nothing may be sent from there
 * @batch: the socket is unlocked; time to go on with what came.  In the work
 * @begin: the first byte is about to be sent; may be NULL.  May not sleep
 * @sent: all bytes are sent, or none will be any more; the connection does not
 *	touch @out again.  May not sleep, may be called with the queue locked
 * @down: the connection broke: nothing more comes, what waited has been given
 *	back with @sent, what is still queued will be at once.  Called once, in the work
 */
struct braid_conn_ops {
	struct braid_stream_ops stream;
	void (*batch)(struct braid_conn *conn);
	void (*begin)(struct braid_conn *conn, struct braid_conn_out *out);
	void (*sent)(struct braid_conn *conn, struct braid_conn_out *out);
	void (*down)(struct braid_conn *conn);
};

/**
 * struct braid_conn - a framed connection
 * @ops: the owner's
 * @sock: connected; owned
 * @flags: CONN_*, atomic bits
 * @work: receives and sends
 * @worker: who runs @work now; written by it, compared with current by others
 * @again: @work has to look once more; only @worker touches it
 * @stream: of received frames; only @work
 * @queue: frames to be sent, newest first; anybody adds
 * @send_lock: the socket's sending side and all below
 * @ready: taken from @queue, oldest first
 * @sending: of it, partly sent
 * @done: bytes of @sending that are sent
 * @placed: its head is in @head_page, and in the first of @vec
 * @dead: nothing is sent any more
 * @head_page: heads that the socket may refer to
 * @head_used: bytes of @head_page
 * @vec: head and first payload pages of one call
 * @data_ready: the socket's callbacks before they were ours
 * @state_change: the same
 * @write_space: the same
 */
struct braid_conn {
	const struct braid_conn_ops *ops;
	struct socket *sock;
	unsigned long flags;
	struct work_struct work;
	struct task_struct *worker;
	bool again;
	struct braid_stream stream;

	struct llist_head queue ____cacheline_aligned_in_smp;

	struct mutex send_lock ____cacheline_aligned_in_smp;
	struct llist_node *ready;
	struct braid_conn_out *sending;
	u32 done;
	bool placed;
	bool dead;
	struct page *head_page;
	u32 head_used;
	struct bio_vec vec[BRAID_CONN_VECS + 1];

	void (*data_ready)(struct sock *sk);
	void (*state_change)(struct sock *sk);
	void (*write_space)(struct sock *sk);
};

/* Of @stream: takes bytes from a packet. */
int braid_conn_copy(const void *source, int offset, struct iov_iter *to,
		    int length, u32 *crc);

/* The workqueue of all connections. */
int braid_conn_module_init(void);
void braid_conn_module_exit(void);

/*
 * braid_conn_init() - over a socket whose handshake is done
 * @sock: taken over, also on failure later on
 * @answers: whether answers or requests come in
 * @data: whether it is a data connection
 *
 * Nothing is received before braid_conn_start().
 */
void braid_conn_init(struct braid_conn *conn, struct socket *sock,
		     const struct braid_conn_ops *ops, bool answers, bool data);
void braid_conn_start(struct braid_conn *conn);

/*
 * Queues a frame; braid_conn_push() or braid_conn_kick() must follow.  Context:
 * any, hard interrupts included.
 */
void braid_conn_queue(struct braid_conn *conn, struct braid_conn_out *out);
/* Sends what is queued, unless somebody is at it, who then does.  May sleep. */
void braid_conn_push(struct braid_conn *conn);
/* Has the work look for what is to be sent or received.  Context: any. */
void braid_conn_kick(struct braid_conn *conn);
/* Breaks it: down() is called soon.  Context: any. */
void braid_conn_kill(struct braid_conn *conn);

/*
 * Releases the socket.  Context: may sleep, not from an op.  Who may still come
 * here when it is called: nobody.  The socket's callbacks are taken out under
 * their lock and the work is waited for here; those who queue, push, kick or
 * kill are the owner's to keep away.  Called after down(), or before
 * braid_conn_start().
 */
void braid_conn_release(struct braid_conn *conn);

#endif /* BRAID_BLK_CONN_H */
