/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_CONN_H
#define BRAID_BLK_CONN_H

#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "transport/stream.h"

struct braid_blk_node;
struct page;
struct sock;
struct socket;
struct task_struct;

/*
 * A connection after its handshake: sends frames from a queue and receives
 * frames by a stream, without knowing their meaning.
 *
 * The socket callbacks only queue the work item of the connection, which
 * receives, delivers the frames and sends. A task that may sleep can send at
 * once, unless another task is sending (see braid_conn_push()).
 */

/* Payload pages sent with a header in one call: 64 KiB of single pages. */
#define BRAID_CONN_VECS	17

/**
 * struct braid_conn_out - a frame to be sent
 * @node: private to the connection
 * @head: header in its form on the wire
 * @load: the payload; it and its buffer must stay until @sent of the owner is
 *	called
 * @copy: the pages are used again after @sent, so the socket must not keep
 *	references to them
 */
struct braid_conn_out {
	struct llist_node node;
	struct braid_wire_frame head;
	struct braid_load load;
	bool copy;
};

struct braid_conn;

/**
 * struct braid_conn_ops - operations of the owner of a connection
 * @stream: operations of the stream; its copy() is braid_conn_copy(). Called
 *	with the socket locked, so nothing may be sent from there
 * @batch: called in the work, with the socket unlocked, to process the frames
 *	received
 * @begin: called before the first byte of a frame is sent; may be NULL; may not
 *	sleep
 * @sent: called when all bytes of a frame were sent, or will not be sent any
 *	more; the connection does not access @out afterwards; may not sleep, and
 *	may be called under the lock of the queue
 * @down: called once, in the work, when the connection broke: no more frames
 *	are received, all waiting frames have been given back by @sent, and
 *	frames that are queued later will be given back at once
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
 * @ops: operations of the owner
 * @node: node of @sock
 * @sock: the connected socket, owned by the connection; NULL when the connection
 *	broke. Written with both locks held
 * @flags: CONN_*, atomic bits
 * @work: receives and sends
 * @worker: task that runs @work now; written by that task, compared with
 *	current by others
 * @again: @work must run another round; accessed by @worker only
 * @stream: received frames; used by @work only
 * @queue: frames to be sent, newest first; added by any context
 * @receive_lock: held while bytes are received; taken before @send_lock
 * @send_lock: protects the sending side of the socket and the fields up to @vec
 * @ready: frames taken from @queue, oldest first
 * @sending: frame that is partly sent
 * @done: bytes of @sending that were sent
 * @placed: the header of @sending is in @head_page and in the first entry of
 *	@vec
 * @dead: frames are given back instead of sent
 * @head_page: headers to which the socket may refer
 * @head_used: bytes used in @head_page
 * @vec: header and first payload pages of one call
 * @data_ready: original callback of the socket
 * @state_change: original callback of the socket
 * @write_space: original callback of the socket
 */
struct braid_conn {
	const struct braid_conn_ops *ops;
	struct braid_blk_node *node;
	struct socket *sock;
	unsigned long flags;
	struct work_struct work;
	struct task_struct *worker;
	bool again;
	struct braid_stream stream;

	struct mutex receive_lock; /* see above */

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

int braid_conn_copy(const void *source, int offset, struct iov_iter *to,
		    int length, u32 *crc);

int braid_conn_module_init(void);
void braid_conn_module_exit(void);

void braid_conn_init(struct braid_conn *conn, struct braid_blk_node *node,
		     struct socket *sock, const struct braid_conn_ops *ops,
		     bool answers, bool data);
void braid_conn_start(struct braid_conn *conn);

void braid_conn_queue(struct braid_conn *conn, struct braid_conn_out *out);
void braid_conn_push(struct braid_conn *conn);
void braid_conn_kick(struct braid_conn *conn);
void braid_conn_kill(struct braid_conn *conn);
void braid_conn_cut(struct braid_conn *conn);

void braid_conn_release(struct braid_conn *conn);

#endif /* BRAID_BLK_CONN_H */
