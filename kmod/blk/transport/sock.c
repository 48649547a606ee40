// SPDX-License-Identifier: GPL-2.0-only
#include "transport/sock.h"

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/jiffies.h>
#include <linux/net.h>
#include <linux/pkt_sched.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <linux/tcp.h>
#include <linux/uio.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "transport/dialling.h"
#include "transport/node.h"

#define BACKLOG			64

/* A silent peer counts as dead after about this time. */
#define USER_TIMEOUT_MS		10000
#define KEEPALIVE_IDLE_S	5
#define KEEPALIVE_INTERVAL_S	2
#define KEEPALIVE_COUNT		3

#ifdef CONFIG_DEBUG_LOCK_ALLOC
/*
 * Tell lockdep that the locks of these sockets are different from those of
 * other sockets: other sockets may hold their locks while memory is freed by
 * writing to a disk, which may be ours, whereas the locks of these sockets are
 * never held while waiting for that.
 */
static struct lock_class_key slock_keys[2];
static struct lock_class_key lock_keys[2];

static void sock_reclassify(struct sock *sk)
{
	if (WARN_ON_ONCE(!sock_allow_reclassification(sk)))
		return;
	if (sk->sk_family == AF_INET)
		sock_lock_init_class_and_name(sk, "slock-AF_INET-BRAID",
					      &slock_keys[0],
					      "sk_lock-AF_INET-BRAID",
					      &lock_keys[0]);
	else
		sock_lock_init_class_and_name(sk, "slock-AF_INET6-BRAID",
					      &slock_keys[1],
					      "sk_lock-AF_INET6-BRAID",
					      &lock_keys[1]);
}
#else
static void sock_reclassify(struct sock *sk) { }
#endif

/* Return: the length of the address in @storage. */
static int to_sockaddr(const struct braid_address *address,
		       struct sockaddr_storage *storage)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)storage;
	struct sockaddr_in *in = (struct sockaddr_in *)storage;

	memset(storage, 0, sizeof(*storage));
	if (address->family == AF_INET) {
		in->sin_family = AF_INET;
		in->sin_port = htons(address->port);
		memcpy(&in->sin_addr, address->ip, sizeof(in->sin_addr));
		return sizeof(*in);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(address->port);
	memcpy(&in6->sin6_addr, address->ip, sizeof(in6->sin6_addr));
	return sizeof(*in6);
}

/**
 * braid_sock_module_init() - have the protocols loaded that sockets need
 *
 * Loading a protocol waits for namespaces that are going, which wait for this
 * module. So it is done before any namespace can wait, and ignores a failure:
 * creating a socket will report it.
 *
 * Context: Process, may sleep.
 */
void braid_sock_module_init(void)
{
	struct socket *sock;

	if (!sock_create_kern(&init_net, AF_INET6, SOCK_STREAM, IPPROTO_TCP,
			      &sock))
		sock_release(sock);
}

static struct socket *sock_open(struct braid_blk_node *node,
				const struct braid_address *address)
{
	struct socket *sock;
	int ret;

	if (address->family != AF_INET && address->family != AF_INET6)
		return ERR_PTR(-EAFNOSUPPORT);
	if (!braid_blk_node_enter(node))
		return ERR_PTR(-ENETDOWN);
	ret = sock_create_kern(node->net, address->family, SOCK_STREAM,
			       IPPROTO_TCP, &sock);
	if (ret) {
		braid_blk_node_leave(node);
		return ERR_PTR(ret);
	}
	sock_reclassify(sock->sk);
	return sock;
}

/**
 * braid_sock_tune() - set the options of a connected socket
 * @sock: the socket
 * @writer: the socket belongs to a writer and must work when memory is short;
 *	needs braid_sock_release()
 *
 * Context: Process.
 */
void braid_sock_tune(struct socket *sock, bool writer)
{
	struct sock *sk = sock->sk;

	/*
	 * No allocation of the socket may wait for I/O, which may be the I/O on
	 * this very socket. Allocations of a writer wait for nothing: they are
	 * made with the socket locked, and a task that must write before memory
	 * becomes free waits for the data sent here.
	 */
	sk->sk_allocation = writer ? GFP_ATOMIC | __GFP_NOWARN : GFP_NOIO;
	/* The page fragment of the task may be in use in the caller. */
	sk->sk_use_task_frag = false;
	if (writer)
		sk_set_memalloc(sk);
	tcp_sock_set_nodelay(sk);
	sock_set_priority(sk, TC_PRIO_INTERACTIVE);
	tcp_sock_set_user_timeout(sk, USER_TIMEOUT_MS);
	tcp_sock_set_keepidle(sk, KEEPALIVE_IDLE_S);
	tcp_sock_set_keepintvl(sk, KEEPALIVE_INTERVAL_S);
	tcp_sock_set_keepcnt(sk, KEEPALIVE_COUNT);
	sock_set_keepalive(sk);
}

/**
 * braid_sock_release() - release a socket
 * @node: node of the socket
 * @sock: the socket
 *
 * Undoes braid_sock_tune(). The connection is reset: a socket that waits for
 * its peer could outlive its namespace.
 *
 * Context: Process, may sleep.
 */
void braid_sock_release(struct braid_blk_node *node, struct socket *sock)
{
	/*
	 * Unsent data is of no use, and would keep the socket for minutes,
	 * perhaps longer than its namespace.
	 */
	sock_no_linger(sock->sk);
	if (sock_flag(sock->sk, SOCK_MEMALLOC))
		sk_clear_memalloc(sock->sk);
	sock_release(sock);
	braid_blk_node_leave(node);
}

/* Return: false if the deadline has passed. */
static bool time_left(unsigned long deadline, long *left)
{
	*left = (long)(deadline - jiffies);
	return *left > 0;
}

static int sock_unreached(int error)
{
	switch (error) {
	case -EINPROGRESS:
	case -EAGAIN:
		return -ETIMEDOUT;
	case -ENETUNREACH:
	case -ENETDOWN:
	case -EHOSTDOWN:
	case -EADDRNOTAVAIL:
		return -EHOSTUNREACH;
	case -ECONNRESET:
		return -ECONNREFUSED;
	case -ERESTARTSYS:
		return -EINTR;
	default:
		return error;
	}
}

/**
 * braid_sock_connect() - connect to a target
 * @dialling: what other tasks see of the call, and the node
 * @address: address of the target
 * @deadline: limit, in jiffies
 *
 * Context: Process, may sleep until @deadline.
 * Return: the socket, or an ERR_PTR() of -ECONNREFUSED, -ETIMEDOUT,
 * -EHOSTUNREACH, -EINTR or another errno.
 */
struct socket *braid_sock_connect(struct braid_dialling *dialling,
				  const struct braid_address *address,
				  unsigned long deadline)
{
	struct sockaddr_storage storage;
	struct socket *sock;
	int ret = -EINTR;
	int length;

	sock = sock_open(dialling->node, address);
	if (IS_ERR(sock))
		return sock;
	braid_sock_tune(sock, true);
	length = to_sockaddr(address, &storage);
	if (!time_left(deadline, &sock->sk->sk_sndtimeo))
		ret = -ETIMEDOUT;
	else if (braid_dialling_begin(dialling, sock))
		ret = kernel_connect(sock, (struct sockaddr_unsized *)&storage,
				     length, 0);
	if (!ret)
		return sock;
	braid_dialling_done(dialling);
	braid_sock_release(dialling->node, sock);
	return ERR_PTR(sock_unreached(ret));
}

/**
 * braid_sock_listen() - listen on an address
 * @node: the node
 * @address: the address
 *
 * Context: Process, may sleep.
 * Return: the socket or an ERR_PTR().
 */
struct socket *braid_sock_listen(struct braid_blk_node *node,
				 const struct braid_address *address)
{
	struct sockaddr_storage storage;
	struct socket *sock;
	int length;
	int ret;

	sock = sock_open(node, address);
	if (IS_ERR(sock))
		return sock;
	sock_set_reuseaddr(sock->sk);
	/* Targets may listen on [::] and 0.0.0.0 at the same port. */
	if (address->family == AF_INET6)
		sock->sk->sk_ipv6only = true;
	length = to_sockaddr(address, &storage);
	ret = kernel_bind(sock, (struct sockaddr_unsized *)&storage, length);
	if (!ret)
		ret = kernel_listen(sock, BACKLOG);
	if (!ret)
		return sock;
	braid_sock_release(node, sock);
	return ERR_PTR(ret);
}

/**
 * braid_sock_accept() - accept a connection, if there is one
 * @node: node of the listening socket
 * @listening: the listening socket
 * @sock: set to the socket of the connection
 *
 * Context: Process, may sleep, but does not wait for a connection.
 * Return: 0, -EAGAIN, or another negative errno.
 */
int braid_sock_accept(struct braid_blk_node *node, struct socket *listening,
		      struct socket **sock)
{
	int ret;

	if (!braid_blk_node_enter(node))
		return -ENETDOWN;
	ret = kernel_accept(listening, sock, O_NONBLOCK);
	if (ret)
		braid_blk_node_leave(node);
	return ret;
}

/**
 * braid_sock_send() - send a message completely
 * @sock: the socket
 * @data: the message
 * @size: number of bytes
 * @deadline: limit, in jiffies
 *
 * Context: Process, may sleep until @deadline.
 * Return: 0 or a negative errno (-ETIMEDOUT, -ECONNRESET, -EINTR and others).
 */
int braid_sock_send(struct socket *sock, const void *data, size_t size,
		    unsigned long deadline)
{
	struct msghdr msg = { .msg_flags = MSG_NOSIGNAL };
	struct kvec vec = { .iov_base = (void *)data, .iov_len = size };
	int ret;

	if (!time_left(deadline, &sock->sk->sk_sndtimeo))
		return -ETIMEDOUT;
	ret = kernel_sendmsg(sock, &msg, &vec, 1, size);
	if (ret == size)
		return 0;
	if (ret >= 0 || ret == -EAGAIN)
		return -ETIMEDOUT;
	return ret == -ERESTARTSYS ? -EINTR : ret;
}

/**
 * braid_sock_receive() - receive a message completely
 * @sock: the socket
 * @data: buffer for the message
 * @size: number of bytes
 * @deadline: limit, in jiffies; not extended by partial progress
 *
 * Context: Process, may sleep until @deadline.
 * Return: 0 or a negative errno, as braid_sock_send().
 */
int braid_sock_receive(struct socket *sock, void *data, size_t size,
		       unsigned long deadline)
{
	int ret;

	while (size) {
		struct msghdr msg = { };
		struct kvec vec = { .iov_base = data, .iov_len = size };

		if (!time_left(deadline, &sock->sk->sk_rcvtimeo))
			return -ETIMEDOUT;
		ret = kernel_recvmsg(sock, &msg, &vec, 1, size, MSG_NOSIGNAL);
		if (!ret)
			return -ECONNRESET;
		if (ret == -EAGAIN)
			return -ETIMEDOUT;
		if (ret < 0)
			return ret == -ERESTARTSYS ? -EINTR : ret;
		data += ret;
		size -= ret;
	}
	return 0;
}

/**
 * braid_sock_finish() - end sending, and wait until the peer has closed as well
 * @sock: the socket
 * @deadline: limit, in jiffies
 *
 * Context: Process, may sleep until @deadline.
 */
void braid_sock_finish(struct socket *sock, unsigned long deadline)
{
	u8 rest[64];

	kernel_sock_shutdown(sock, SHUT_WR);
	while (!braid_sock_receive(sock, rest, sizeof(rest), deadline))
		;
}
