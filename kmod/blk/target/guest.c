// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "target/guest.h"

#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "transport/handshake.h"
#include "transport/node.h"
#include "replica/replica.h"
#include "transport/sock.h"

/*
 * Lifetime. A connection is in the list of its node from braid_guest_accept()
 * until guest_end(), which its own work runs after a failed handshake or when
 * the connection went down. guest_end() closes the session, so that the replica
 * has answered all requests; waits until the last answer does not use the
 * connection any more (orders.pending); and releases the connection, whose
 * callbacks and work are the last that know it. Other tasks access a connection
 * only under the list's lock, or with a reference, and then only @gone.
 */

#define HANDSHAKE_MS	5000
/*
 * Delay before a wrong secret is rejected: it slows down guessing, and a writer
 * with a mistyped secret still gets an answer.
 */
#define REJECT_MS	200
/* Time for a refused peer to read the refusal and close. */
#define LAST_WORD_MS	1000
/*
 * Limit of unauthenticated connections, including those that are being ended.
 */
#define STRANGERS_HARD	(2 * BRAID_STRANGERS_MAX)

/* Protects the nodes' lists of connections, and the fields marked so. */
static DEFINE_MUTEX(guests_lock);

/* Temporary state of a handshake. */
struct greeting {
	struct braid_handshake handshake;
	struct braid_secrets secrets;
	unsigned int which;
	struct braid_handshake_want want;
	struct braid_handshake_got got;
	struct braid_replica_info info;
	unsigned long deadline;
	bool told; /* the last message was sent, not received */
};

static void guest_free(struct kref *ref)
{
	kvfree(container_of(ref, struct braid_guest, ref));
}

/* Makes a connection end soon. */
static void guest_kill(struct braid_guest *guest)
{
	lockdep_assert_held(&guests_lock);
	if (guest->killed)
		return;
	guest->killed = true;
	if (guest->opened)
		braid_conn_kill(&guest->conn);
	else
		kernel_sock_shutdown(guest->sock, SHUT_RDWR);
}

static void release_sock_of(struct braid_guest *guest,
			    struct braid_blk_node *node)
{
	mutex_lock(&guest->sock_lock);
	if (guest->sock)
		braid_sock_release(node, guest->sock);
	guest->sock = NULL;
	mutex_unlock(&guest->sock_lock);
}

/* Releases the socket of a connection, whose work may be waiting for a disk. */
static void guest_cut(struct braid_guest *guest)
{
	guest_kill(guest);
	if (guest->opened)
		braid_conn_cut(&guest->conn);
	else
		release_sock_of(guest, guest->host->owner);
}

/* The handshake */

static int send_message(struct braid_guest *guest, struct greeting *greeting,
			const void *message, size_t size)
{
	int ret = -ECONNRESET;

	mutex_lock(&guest->sock_lock);
	if (guest->sock)
		ret = braid_sock_send(guest->sock, message, size,
				      greeting->deadline);
	mutex_unlock(&guest->sock_lock);
	greeting->told = !ret;
	return ret;
}

static int receive_message(struct braid_guest *guest, struct greeting *greeting,
			   void *message, size_t size)
{
	int ret = -ECONNRESET;

	greeting->told = false;
	mutex_lock(&guest->sock_lock);
	if (guest->sock)
		ret = braid_sock_receive(guest->sock, message, size,
					 greeting->deadline);
	mutex_unlock(&guest->sock_lock);
	return ret;
}

/* Return: 0 when the writer has proved that it knows a secret. */
static int guest_authenticate(struct braid_guest *guest,
			      struct greeting *greeting)
{
	struct braid_handshake *handshake = &greeting->handshake;
	int wrong, ret;

	ret = receive_message(guest, greeting, &handshake->hello,
			      sizeof(handshake->hello));
	if (ret)
		return ret;
	wrong = braid_handshake_take_hello(handshake);
	if (wrong && wrong != -EPROTONOSUPPORT)
		return wrong;
	/*
	 * The challenge tells the version, also to a writer of another version.
	 */
	braid_handshake_challenge(handshake);
	ret = send_message(guest, greeting, &handshake->challenge,
			   sizeof(handshake->challenge));
	if (wrong || ret)
		return wrong ? wrong : ret;
	ret = receive_message(guest, greeting, &handshake->proof,
			      sizeof(handshake->proof));
	if (ret)
		return ret;
	ret = braid_handshake_take_proof(handshake, &greeting->secrets,
					 &greeting->which, &greeting->want);
	if (ret != -EKEYREJECTED)
		return ret;
	msleep(REJECT_MS);
	braid_handshake_reject(handshake);
	send_message(guest, greeting, &handshake->welcome,
		     sizeof(handshake->welcome));
	return ret;
}

/*
 * Counts the connection as authenticated. Return: -EBUSY if there are too many.
 */
static int become_known(struct braid_guest *guest)
{
	struct braid_blk_node *node = guest->host->owner;
	int ret = 0;

	mutex_lock(&guests_lock);
	if (node->guests_known < BRAID_GUESTS_MAX) {
		guest->known = true;
		node->guests_known++;
		node->guests_strange--;
		atomic_inc(&guest->host->guests);
	} else {
		ret = -EBUSY;
	}
	mutex_unlock(&guests_lock);
	return ret;
}

/* For braid_replica_walk(): matches the replica by the volume's name. */
static int match_name(struct braid_replica *replica, void *context)
{
	struct greeting *greeting = context;
	const struct braid_handshake_want *want = &greeting->want;
	const struct braid_record *record = &greeting->info.record;

	braid_replica_info(replica, &greeting->info);
	if (strcmp(record->name, want->name) ||
	    (want->voter && want->voter != record->voter))
		return 0;
	greeting->got.voter = record->voter;
	uuid_copy(&greeting->got.volume, &record->volume);
	return 1;
}

static struct braid_replica *find_replica(struct braid_blk_node *node,
					  struct greeting *greeting)
{
	const struct braid_handshake_want *want = &greeting->want;

	if (!uuid_is_null(&want->volume))
		return braid_replica_get(node, &want->volume, want->voter);
	if (!braid_replica_walk(node, match_name, greeting))
		return NULL;
	return braid_replica_get(node, &greeting->got.volume,
				 greeting->got.voter);
}

/*
 * Makes the connection visible to braid_guests_end() by its replica. A replica
 * that is being closed opens no session any more, so that function has to
 * search only once.
 */
static void hold_replica(struct braid_guest *guest,
			 struct braid_replica *replica)
{
	mutex_lock(&guests_lock);
	guest->replica = replica;
	mutex_unlock(&guests_lock);
}

/* Return: 0 with a session, or the status for the welcome. */
static int guest_admit(struct braid_guest *guest, struct greeting *greeting)
{
	const struct braid_handshake_want *want = &greeting->want;
	struct braid_handshake_got *got = &greeting->got;
	struct braid_replica *replica;
	int ret;

	guest->data = want->role == BRAID_ROLE_DATA;
	guest->epoch = want->epoch;
	guest->nonce = want->session;
	ret = become_known(guest);
	if (ret)
		return ret;
	replica = find_replica(guest->host->owner, greeting);
	if (!replica)
		return -ENOENT;
	hold_replica(guest, replica);
	ret = braid_orders_init(guest);
	if (ret)
		return ret;
	ret = braid_session_open(replica, &want->epoch, want->session,
				 &guest->session);
	if (ret)
		return ret;
	braid_replica_info(replica, &greeting->info);
	uuid_copy(&got->volume, &greeting->info.record.volume);
	got->voter = greeting->info.record.voter;
	got->store = greeting->info.store;
	got->sequence = greeting->info.record.sequence;
	got->cookie = get_random_u64();
	guest->cookie = got->cookie;
	guest->volume = braid_wire_volume(&got->volume);
	return 0;
}

/* The end */

static void guest_count_out(struct braid_guest *guest)
{
	struct braid_blk_node *node = guest->host->owner;

	mutex_lock(&guests_lock);
	list_del(&guest->node);
	if (guest->known) {
		node->guests_known--;
		atomic_dec(&guest->host->guests);
	} else {
		node->guests_strange--;
	}
	mutex_unlock(&guests_lock);
}

static void guest_end(struct braid_guest *guest)
{
	/* The listener may go once the connection is in no list. */
	struct braid_blk_node *node = guest->host->owner;

	if (guest->session)
		braid_session_close(guest->session);
	if (guest->opened) {
		braid_orders_drain(guest);
		if (guest->conn.stream.why) {
			atomic64_inc(&guest->host->broken);
			pr_info_ratelimited("target: connection closed: %s\n",
					    guest->conn.stream.why);
		}
		braid_conn_release(&guest->conn);
	}
	braid_orders_exit(guest);
	guest_count_out(guest);
	/*
	 * guest_kill() may use the socket until the connection left the list.
	 */
	if (!guest->opened)
		release_sock_of(guest, node);
	if (guest->replica)
		braid_replica_put(guest->replica);
	complete_all(&guest->gone);
	kref_put(&guest->ref, guest_free);
}

static void guest_down(struct braid_conn *conn)
{
	struct braid_guest *guest = container_of(conn, struct braid_guest, conn);

	queue_work(guest->host->owner->guest_wq, &guest->work);
}

static const struct braid_conn_ops guest_ops = {
	.stream = {
		.copy = braid_conn_copy,
		.head = braid_order_head,
		.frame = braid_order_frame,
	},
	.batch = braid_order_batch,
	.sent = braid_order_sent,
	.down = guest_down,
};

/* Return: true if frames may arrive now. */
static bool guest_open(struct braid_guest *guest)
{
	mutex_lock(&guests_lock);
	if (!guest->killed) {
		braid_conn_init(&guest->conn, guest->host->owner, guest->sock,
				&guest_ops, false, guest->data);
		guest->opened = true;
	}
	mutex_unlock(&guests_lock);
	return guest->opened;
}

static int guest_greet(struct braid_guest *guest, struct greeting *greeting)
{
	struct braid_host *host = guest->host;
	int refusal, ret;

	greeting->deadline = jiffies + msecs_to_jiffies(HANDSHAKE_MS);
	spin_lock(&host->lock);
	greeting->secrets = host->secrets;
	spin_unlock(&host->lock);
	ret = guest_authenticate(guest, greeting);
	if (ret)
		return ret;
	refusal = guest_admit(guest, greeting);
	greeting->got.status = refusal;
	ret = braid_handshake_welcome(&greeting->handshake, &greeting->secrets,
				      greeting->which, &greeting->got);
	if (!ret)
		ret = send_message(guest, greeting,
				   &greeting->handshake.welcome,
				   sizeof(greeting->handshake.welcome));
	return refusal ? refusal : ret;
}

/* Has the peer read why it is refused. */
static void finish_sock_of(struct braid_guest *guest)
{
	mutex_lock(&guest->sock_lock);
	if (guest->sock)
		braid_sock_finish(guest->sock,
				  jiffies + msecs_to_jiffies(LAST_WORD_MS));
	mutex_unlock(&guest->sock_lock);
}

static bool guest_begin(struct braid_guest *guest)
{
	struct greeting *greeting = kzalloc(sizeof(*greeting), GFP_KERNEL);
	const char *why;
	int ret;

	if (!greeting)
		return false;
	ret = guest_greet(guest, greeting);
	if (ret) {
		why = greeting->handshake.why;
		atomic64_inc(&guest->host->refused);
		pr_info_ratelimited("target: writer refused: %s (%d)\n",
				    why ? why : "the handshake failed", ret);
		if (greeting->told)
			finish_sock_of(guest);
	}
	kfree_sensitive(greeting);
	return !ret && guest_open(guest);
}

/* The writer may be in the same kernel, so memory must not wait for I/O. */
static void guest_work(struct work_struct *work)
{
	struct braid_guest *guest = container_of(work, struct braid_guest, work);
	unsigned int noio = memalloc_noio_save();

	/* When it goes down, an open connection queues this work again. */
	if (!guest->opened && guest_begin(guest))
		braid_conn_start(&guest->conn);
	else
		guest_end(guest);
	memalloc_noio_restore(noio);
}

/*
 * Makes room for an unauthenticated connection by ending the oldest one, which
 * had the most time.
 */
static bool admit_stranger(struct braid_blk_node *node)
{
	struct braid_guest *guest;

	lockdep_assert_held(&guests_lock);
	if (node->guests_strange >= STRANGERS_HARD)
		return false;
	if (node->guests_strange < BRAID_STRANGERS_MAX)
		return true;
	list_for_each_entry(guest, &node->guests, node) {
		if (guest->known || guest->killed)
			continue;
		guest_kill(guest);
		break;
	}
	return true;
}

/**
 * braid_guest_accept() - begin the handshake of an accepted connection
 * @host: listener of the connection
 * @sock: the socket, owned by the connection from now on
 *
 * Context: Process, may sleep, but not long.
 */
void braid_guest_accept(struct braid_host *host, struct socket *sock)
{
	struct braid_blk_node *node = host->owner;
	struct braid_guest *guest;
	bool admitted;

	guest = kvzalloc(sizeof(*guest), GFP_KERNEL);
	if (!guest) {
		braid_sock_release(node, sock);
		return;
	}
	kref_init(&guest->ref);
	guest->host = host;
	mutex_init(&guest->sock_lock);
	guest->sock = sock;
	INIT_WORK(&guest->work, guest_work);
	init_completion(&guest->gone);
	braid_sock_tune(sock, false);

	mutex_lock(&guests_lock);
	admitted = admit_stranger(node);
	if (admitted) {
		node->guests_strange++;
		list_add_tail(&guest->node, &node->guests);
		queue_work(node->guest_wq, &guest->work);
	}
	mutex_unlock(&guests_lock);
	if (admitted)
		return;
	atomic64_inc(&host->refused);
	braid_sock_release(node, sock);
	kref_put(&guest->ref, guest_free);
}

/* Return: a connection to wait for, referenced, or NULL. */
static struct braid_guest *kill_matching(struct braid_blk_node *node,
					 const struct braid_host *host,
					 const struct braid_replica *replica)
{
	struct braid_guest *guest, *found = NULL;

	mutex_lock(&guests_lock);
	list_for_each_entry(guest, &node->guests, node) {
		if ((host && guest->host != host) ||
		    (replica && guest->replica != replica))
			continue;
		guest_kill(guest);
		found = guest;
	}
	if (found)
		kref_get(&found->ref);
	mutex_unlock(&guests_lock);
	return found;
}

/**
 * braid_guests_end() - end connections and wait for their end
 * @node: the node
 * @host: end only connections of this listener; NULL: of all listeners
 * @replica: end only connections of this replica; NULL: of any or none
 *
 * Context: Process, may sleep.
 */
void braid_guests_end(struct braid_blk_node *node,
		      const struct braid_host *host,
		      const struct braid_replica *replica)
{
	struct braid_guest *guest;

	while ((guest = kill_matching(node, host, replica))) {
		wait_for_completion(&guest->gone);
		kref_put(&guest->ref, guest_free);
	}
}

/**
 * braid_guests_kill() - break all connections of a node
 * @node: the node
 *
 * Context: Process, may sleep, but waits for no connection.
 */
void braid_guests_kill(struct braid_blk_node *node)
{
	struct braid_guest *guest;

	mutex_lock(&guests_lock);
	list_for_each_entry(guest, &node->guests, node)
		guest_kill(guest);
	mutex_unlock(&guests_lock);
}

/**
 * braid_guests_cut() - break all connections of a node and release their sockets
 * @node: the node, whose targets accept nothing any more
 *
 * Context: Process, may sleep, but waits for no disk and no peer.
 */
void braid_guests_cut(struct braid_blk_node *node)
{
	struct braid_guest *guest;

	mutex_lock(&guests_lock);
	list_for_each_entry(guest, &node->guests, node)
		guest_cut(guest);
	mutex_unlock(&guests_lock);
}

/**
 * braid_guests_begin() - prepare a node for connections, unless it is prepared
 * @node: the node
 *
 * Handshakes and ends of connections sleep in their works, and none may wait for
 * another one to end. The limits of connections are those of a node, so the queue
 * is of a node, too; a node without a target needs none.
 *
 * Context: Process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int braid_guests_begin(struct braid_blk_node *node)
{
	struct workqueue_struct *wq = NULL;

	static_assert(BRAID_GUESTS_MAX + STRANGERS_HARD <= WQ_MAX_ACTIVE);

	if (READ_ONCE(node->guest_wq))
		return 0;
	wq = alloc_workqueue("braid_guest", WQ_MEM_RECLAIM | WQ_UNBOUND,
			     WQ_MAX_ACTIVE);
	if (!wq)
		return -ENOMEM;
	mutex_lock(&guests_lock);
	if (!node->guest_wq) {
		WRITE_ONCE(node->guest_wq, wq);
		wq = NULL;
	}
	mutex_unlock(&guests_lock);
	if (wq)
		destroy_workqueue(wq);
	return 0;
}

/**
 * braid_guests_exit() - undo braid_guests_begin()
 * @node: the node, without a connection
 *
 * Context: Process, may sleep.
 */
void braid_guests_exit(struct braid_blk_node *node)
{
	if (node->guest_wq)
		destroy_workqueue(node->guest_wq);
	node->guest_wq = NULL;
}
