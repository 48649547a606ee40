// SPDX-License-Identifier: GPL-2.0-only
#include "target/target.h"

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/in.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "transport/conn.h"
#include "target/guest.h"
#include "transport/node.h"
#include "transport/pages.h"
#include "transport/sock.h"

/*
 * Connections to accept before the work is queued again, so that other work
 * gets its turn.
 */
#define ACCEPT_BUDGET	16

/**
 * struct target - one listener
 * @node: entry in the list of its owner
 * @address: address of the listener
 * @host: state that its connections share
 * @sock: the listening socket; NULL when it is released
 * @data_ready: original callback of the socket, restored in accepted sockets
 * @work: accepts connections
 */
struct target {
	struct list_head node;
	struct braid_address address;
	struct braid_host host;
	struct socket *sock;
	void (*data_ready)(struct sock *sk);
	struct work_struct work;
};

static struct workqueue_struct *listen_wq;

static DEFINE_MUTEX(targets_lock); /* protects the nodes' lists of targets */

/*
 * An accepted socket inherits callback and user data, until accept_work()
 * restores them.
 */
static void on_ready(struct sock *sk)
{
	struct target *target;

	if (sk->sk_state != TCP_LISTEN)
		return;
	read_lock_bh(&sk->sk_callback_lock);
	target = sk->sk_user_data;
	if (target)
		queue_work(listen_wq, &target->work);
	read_unlock_bh(&sk->sk_callback_lock);
}

/* Installs the callback. The work accepts connections that came before. */
static void set_callback(struct target *target)
{
	struct sock *sk = target->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	target->data_ready = sk->sk_data_ready;
	sk->sk_user_data = target;
	sk->sk_data_ready = on_ready;
	write_unlock_bh(&sk->sk_callback_lock);
	queue_work(listen_wq, &target->work);
}

static void restore_callback(struct target *target, struct sock *sk)
{
	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_user_data = NULL;
	sk->sk_data_ready = target->data_ready;
	write_unlock_bh(&sk->sk_callback_lock);
}

static void accept_work(struct work_struct *work)
{
	struct target *target = container_of(work, struct target, work);
	struct socket *sock;
	unsigned int noio;
	unsigned int i;

	/* The end of a namespace waits for this. */
	noio = memalloc_noio_save();
	for (i = 0; i < ACCEPT_BUDGET; i++) {
		if (braid_sock_accept(target->host.owner, target->sock, &sock))
			break;
		restore_callback(target, sock->sk);
		braid_guest_accept(&target->host, sock);
	}
	memalloc_noio_restore(noio);
	if (i == ACCEPT_BUDGET)
		queue_work(listen_wq, &target->work);
}

static bool same_address(const struct braid_address *a,
			 const struct braid_address *b)
{
	return a->family == b->family && a->port == b->port &&
	       !memcmp(a->ip, b->ip, a->family == AF_INET ? 4 : 16);
}

static struct target *target_find(struct braid_blk_node *node,
				  const struct braid_address *address)
{
	struct target *target;

	lockdep_assert_held(&targets_lock);
	list_for_each_entry(target, &node->targets, node)
		if (same_address(&target->address, address))
			return target;
	return NULL;
}

/**
 * braid_target_listens() - check for a target at an address
 * @node: the node
 * @address: the address
 *
 * Context: Process, may sleep.
 * Return: true if a target listens on the address, or on any address at its
 * port.
 */
bool braid_target_listens(struct braid_blk_node *node,
			  const struct braid_address *address)
{
	struct braid_address any = { .family = address->family,
				     .port = address->port };
	bool listens;

	mutex_lock(&targets_lock);
	listens = target_find(node, address) || target_find(node, &any);
	mutex_unlock(&targets_lock);
	return listens;
}

static void set_secrets(struct target *target,
			const struct braid_secrets *secrets)
{
	spin_lock(&target->host.lock);
	target->host.secrets = *secrets;
	spin_unlock(&target->host.lock);
}

static int target_begin(struct braid_blk_node *node,
			const struct braid_address *address,
			const struct braid_secrets *secrets,
			struct netlink_ext_ack *extack)
{
	struct target *target;
	int ret;

	target = kzalloc(sizeof(*target), GFP_KERNEL);
	if (!target)
		return -ENOMEM;
	target->address = *address;
	spin_lock_init(&target->host.lock);
	target->host.secrets = *secrets;
	INIT_WORK(&target->work, accept_work);
	target->host.owner = node;
	target->sock = braid_sock_listen(node, address);
	if (IS_ERR(target->sock)) {
		ret = PTR_ERR(target->sock);
		if (ret == -EADDRINUSE)
			NL_SET_ERR_MSG(extack, "the address is in use");
		else if (ret == -EADDRNOTAVAIL)
			NL_SET_ERR_MSG(extack,
				       "the address is not one of this host");
		else
			NL_SET_ERR_MSG(extack, "cannot listen on the address");
		kfree_sensitive(target);
		return ret;
	}
	set_callback(target);
	list_add_tail(&target->node, &node->targets);
	return 0;
}

/**
 * braid_target_listen() - listen on an address
 * @node: the node
 * @address: the address
 * @secrets: accepted secrets; replace those of a target that listens there
 *	already
 * @extack: receives the reason for a refusal
 *
 * Context: Process, may sleep.
 * Return: 0 or a negative errno.
 */
int braid_target_listen(struct braid_blk_node *node,
			const struct braid_address *address,
			const struct braid_secrets *secrets,
			struct netlink_ext_ack *extack)
{
	struct target *target;
	unsigned int noio;
	int ret;

	if (!braid_secrets_are_valid(secrets)) {
		NL_SET_ERR_MSG(extack, "a secret is 32 to 64 bytes");
		return -EINVAL;
	}
	if (address->family != AF_INET && address->family != AF_INET6) {
		NL_SET_ERR_MSG(extack, "the address is neither IPv4 nor IPv6");
		return -EAFNOSUPPORT;
	}
	if (!address->port) {
		NL_SET_ERR_MSG(extack, "the address has no port");
		return -EINVAL;
	}
	ret = braid_guests_begin(node);
	if (ret)
		return ret;
	/* The end of any namespace takes the mutex. */
	noio = memalloc_noio_save();
	mutex_lock(&targets_lock);
	target = target_find(node, address);
	if (target)
		set_secrets(target, secrets);
	else
		ret = target_begin(node, address, secrets, extack);
	mutex_unlock(&targets_lock);
	memalloc_noio_restore(noio);
	return ret;
}

/*
 * Ends listening. The callback is removed under its lock, and nothing queues the
 * work after that.
 */
static void target_shut(struct target *target)
{
	if (!target->sock)
		return;
	restore_callback(target, target->sock->sk);
	cancel_work_sync(&target->work);
	braid_sock_release(target->host.owner, target->sock);
	target->sock = NULL;
}

/* Ends a target that is in no list; its connections are the last that know it. */
static void target_end(struct target *target)
{
	target_shut(target);
	braid_guests_end(target->host.owner, &target->host, NULL);
	kfree_sensitive(target);
}

/**
 * braid_target_close() - stop listening on an address
 * @node: the node
 * @address: the address
 * @extack: receives the reason for a refusal
 *
 * Closes the connections of the target and waits for their end.
 *
 * Context: Process, may sleep.
 * Return: 0 or -ENOENT.
 */
int braid_target_close(struct braid_blk_node *node,
		       const struct braid_address *address,
		       struct netlink_ext_ack *extack)
{
	struct target *target;

	mutex_lock(&targets_lock);
	target = target_find(node, address);
	if (target)
		list_del(&target->node);
	mutex_unlock(&targets_lock);
	if (!target) {
		NL_SET_ERR_MSG(extack, "no target listens on the address");
		return -ENOENT;
	}
	target_end(target);
	return 0;
}

/**
 * braid_target_walk() - call a function for each target
 * @node: the node
 * @fn: the function; a non-zero result ends the walk
 * @context: argument of @fn
 *
 * Context: Process, may sleep; @fn is called under the lock of the targets.
 * Return: the last result of @fn, or 0.
 */
int braid_target_walk(struct braid_blk_node *node,
		      int (*fn)(const struct braid_target_info *info,
				void *context),
		      void *context)
{
	struct braid_target_info info;
	struct target *target;
	int ret = 0;

	mutex_lock(&targets_lock);
	list_for_each_entry(target, &node->targets, node) {
		info.address = target->address;
		info.connections = atomic_read(&target->host.guests);
		info.refused = atomic64_read(&target->host.refused);
		info.broken = atomic64_read(&target->host.broken);
		ret = fn(&info, context);
		if (ret)
			break;
	}
	mutex_unlock(&targets_lock);
	return ret;
}

/**
 * braid_target_secrets() - copy the secrets of the first target of a node
 * @node: the node
 * @secrets: set to the secrets
 *
 * Context: Process, may sleep.
 * Return: 0 or -ENOENT.
 */
int braid_target_secrets(struct braid_blk_node *node,
			 struct braid_secrets *secrets)
{
	struct target *target;

	mutex_lock(&targets_lock);
	target = list_first_entry_or_null(&node->targets, struct target, node);
	if (target)
		*secrets = target->host.secrets;
	mutex_unlock(&targets_lock);
	return target ? 0 : -ENOENT;
}

/**
 * braid_target_forget() - close the connections of a replica
 * @node: the node
 * @replica: a replica that is being closed
 *
 * Waits for the end of the connections.
 *
 * Context: Process, may sleep.
 */
void braid_target_forget(struct braid_blk_node *node,
			 const struct braid_replica *replica)
{
	braid_guests_end(node, NULL, replica);
}

int braid_target_init(void)
{
	int ret;

	ret = braid_pages_init();
	if (ret)
		return ret;
	listen_wq = alloc_workqueue("braid_listen", WQ_UNBOUND, 0);
	if (listen_wq)
		return 0;
	braid_pages_exit();
	return -ENOMEM;
}

/**
 * braid_target_end() - close all targets of a node
 * @node: the node, which gets no requests any more
 *
 * Context: Process, may sleep.
 */
void braid_target_end(struct braid_blk_node *node)
{
	struct target *target, *next;
	LIST_HEAD(all);

	mutex_lock(&targets_lock);
	list_splice_init(&node->targets, &all);
	mutex_unlock(&targets_lock);
	list_for_each_entry_safe(target, next, &all, node)
		target_end(target);
	braid_guests_exit(node);
}

/**
 * braid_target_kill() - break the connections of all targets of a node
 * @node: the node, which gets no requests any more
 *
 * Context: Process, may sleep, but waits for no connection.
 */
void braid_target_kill(struct braid_blk_node *node)
{
	braid_guests_kill(node);
}

/**
 * braid_target_cut() - release the sockets of all targets of a node
 * @node: the node, which gets no requests any more
 *
 * Context: Process, may sleep, but waits for no disk and no peer.
 */
void braid_target_cut(struct braid_blk_node *node)
{
	struct target *target;

	mutex_lock(&targets_lock);
	list_for_each_entry(target, &node->targets, node)
		target_shut(target);
	mutex_unlock(&targets_lock);
	braid_guests_cut(node);
}

void braid_target_exit(void)
{
	destroy_workqueue(listen_wq);
	braid_pages_exit();
}
