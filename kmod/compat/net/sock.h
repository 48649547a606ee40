/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Since 6.5 sendmsg() with MSG_SPLICE_PAGES passes pages to a socket. Before,
 * sendpage() did, and TCP does not know the flag.
 */
#ifndef BRAID_COMPAT_SOCK_H
#define BRAID_COMPAT_SOCK_H

#include_next <net/sock.h>

#ifdef HAVE_KERNEL_SENDPAGE
#include <linux/minmax.h>
#include <linux/net.h>
#include <linux/uio.h>

/*
 * Sends the next piece of a bvec iterator, whose pages are all sendpage_ok().
 */
static inline int braid_send_piece(struct sock *sk, struct msghdr *msg,
				   size_t left)
{
	const struct iov_iter *iter = &msg->msg_iter;
	const struct bio_vec *vec = iter->bvec;
	unsigned int offset = vec->bv_offset + iter->iov_offset;
	size_t length = min_t(size_t, vec->bv_len - iter->iov_offset, left);
	int flags = msg->msg_flags & ~MSG_SPLICE_PAGES;

	/* TCP sends nothing before the last piece, unless it has no room. */
	if (length < left)
		flags |= MSG_MORE | MSG_SENDPAGE_NOTLAST;
	return kernel_sendpage_locked(sk, vec->bv_page + (offset >> PAGE_SHIFT),
				      offset_in_page(offset), length, flags);
}

static inline int braid_sock_sendmsg(struct socket *sock, struct msghdr *msg)
{
	struct sock *sk = sock->sk;
	int ret = 0, sent = 0;

	if (!(msg->msg_flags & MSG_SPLICE_PAGES))
		return sock_sendmsg(sock, msg);
	lock_sock(sk);
	while (iov_iter_count(&msg->msg_iter)) {
		ret = braid_send_piece(sk, msg, iov_iter_count(&msg->msg_iter));
		if (ret <= 0)
			break;
		iov_iter_advance(&msg->msg_iter, ret);
		sent += ret;
	}
	release_sock(sk);
	return sent ? sent : ret;
}

#define sock_sendmsg(sock, msg) braid_sock_sendmsg(sock, msg)
#endif

#endif
