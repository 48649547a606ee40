// SPDX-License-Identifier: GPL-2.0-only
/*
 * The socket. Messages are built with libnl and sent and received here, because
 * libnl keeps the extended acknowledgement to itself.
 */
#include "kernel.h"

#include "error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/braid_blk.h>
#include <linux/braid_net.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

/* More than the kernel puts into one datagram to userspace. */
#define BUFFER_SIZE (256 * 1024)
/* Room for the answers of a long batch until they are read. */
#define RECEIVE_ROOM (4 * 1024 * 1024)
/* Room for the longest message; the default of libnl is less. */
#define SEND_ROOM (128 * 1024)
/* Version of both families. */
#define GENL_VERSION BRAID_NET_GENL_VERSION

_Static_assert(BRAID_NET_GENL_VERSION == BRAID_BLK_GENL_VERSION,
	       "one number does for both");

static void socket_options(struct kernel *kernel)
{
	int on = 1, room = RECEIVE_ROOM, send_room = SEND_ROOM;

	/* all kernels that the modules are built for have both options */
	setsockopt(kernel->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(kernel->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	setsockopt(kernel->fd, SOL_SOCKET, SO_SNDBUF, &send_room,
		   sizeof(send_room));
	/* best effort: forcing needs the privilege that changes need as well */
	if (setsockopt(kernel->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room,
		       sizeof(room)))
		setsockopt(kernel->fd, SOL_SOCKET, SO_RCVBUF, &room,
			   sizeof(room));
}

int kernel_try_open(struct kernel *kernel, const char *family)
{
	int result;

	memset(kernel, 0, sizeof(*kernel));
	kernel->sock = must(nl_socket_alloc());
	result = genl_connect(kernel->sock);
	if (result < 0) {
		error("no netlink socket: %s", nl_geterror(result));
		kernel_close(kernel);
		return EXIT_REFUSED;
	}
	kernel->family = genl_ctrl_resolve(kernel->sock, family);
	if (kernel->family < 0) {
		kernel_close(kernel);
		return -ENOENT;
	}
	kernel->fd = nl_socket_get_fd(kernel->sock);
	/* not libnl's sequence number, which only libnl may change */
	kernel->seq = 1;
	kernel->buffer = must(malloc(BUFFER_SIZE));
	socket_options(kernel);
	return 0;
}

int kernel_open(struct kernel *kernel, const char *family)
{
	int result = kernel_try_open(kernel, family);

	if (result != -ENOENT)
		return result;
	error("the module %s is not loaded (modprobe %s)", family, family);
	return EXIT_REFUSED;
}

int kernel_join(struct kernel *kernel, const char *family, const char *name)
{
	int group = genl_ctrl_resolve_grp(kernel->sock, family, name);

	if (group < 0)
		return -ENOENT;
	if (setsockopt(kernel->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
		       sizeof(group)))
		return -errno;
	return 0;
}

void kernel_close(struct kernel *kernel)
{
	nl_socket_free(kernel->sock);
	free(kernel->buffer);
	memset(kernel, 0, sizeof(*kernel));
}

struct nl_msg *kernel_message(uint8_t cmd, size_t size)
{
	struct nl_msg *msg = must(nlmsg_alloc_size(size));

	must(genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, 0, 0, NLM_F_REQUEST,
			 cmd, GENL_VERSION));
	return msg;
}

void kernel_stamp(struct kernel *kernel, struct nlmsghdr *header,
		  uint16_t flags)
{
	header->nlmsg_type = (uint16_t)kernel->family;
	header->nlmsg_flags = NLM_F_REQUEST | flags;
	header->nlmsg_seq = kernel->seq++;
	header->nlmsg_pid = 0;
}

int kernel_send(struct kernel *kernel, const void *buffer, size_t len)
{
	ssize_t sent;

	do
		sent = send(kernel->fd, buffer, len, 0);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

static ssize_t receive_datagram(struct kernel *kernel, int flags)
{
	struct sockaddr_nl from = { 0 };
	struct iovec iov = { kernel->buffer, BUFFER_SIZE };
	struct msghdr msg;
	ssize_t len;

	do {
		memset(&msg, 0, sizeof(msg));
		msg.msg_name = &from;
		msg.msg_namelen = sizeof(from);
		msg.msg_iov = &iov;
		msg.msg_iovlen = 1;
		len = recvmsg(kernel->fd, &msg, flags);
		if (len < 0)
			return -errno;
		/* other processes can send to this socket, too */
	} while (from.nl_pid);
	return msg.msg_flags & MSG_TRUNC ? -EMSGSIZE : len;
}

int kernel_receive(struct kernel *kernel, int flags, kernel_handler handler,
		   void *arg)
{
	ssize_t got = receive_datagram(kernel, flags);
	struct nlmsghdr *header;
	int rest, result, count = 0;

	if (got == -EAGAIN)
		return 0;
	if (got < 0)
		return (int)got;
	rest = (int)got;
	for (header = (struct nlmsghdr *)kernel->buffer; nlmsg_ok(header, rest);
	     header = nlmsg_next(header, &rest)) {
		result = handler(header, arg);
		if (result < 0)
			return result;
		count++;
	}
	return count ?: -EBADMSG;
}

/* ---- one request and its answer ---- */

struct exchange {
	const struct kernel *kernel;
	uint32_t seq;
	kernel_handler handler;
	void *arg;
	struct fault *fault;
	bool done;
	bool interrupted;
};

static int exchange_message(struct nlmsghdr *header, void *arg)
{
	struct exchange *exchange = arg;

	if (header->nlmsg_seq != exchange->seq)
		return 0;
	if (header->nlmsg_flags & NLM_F_DUMP_INTR)
		exchange->interrupted = true;
	if (header->nlmsg_type == NLMSG_ERROR ||
	    header->nlmsg_type == NLMSG_DONE) {
		exchange->done = true;
		return fault_read(header, exchange->fault) ? 0 : -EBADMSG;
	}
	if (header->nlmsg_type != exchange->kernel->family ||
	    !exchange->handler)
		return 0;
	if (header->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN)
		return -EBADMSG;
	return exchange->handler(header, exchange->arg);
}

static int exchange_run(struct kernel *kernel, struct nl_msg *msg,
			uint16_t flags, struct exchange *exchange)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);
	int result;

	memset(exchange->fault, 0, sizeof(*exchange->fault));
	exchange->kernel = kernel;
	kernel_stamp(kernel, header, flags);
	exchange->seq = header->nlmsg_seq;
	result = kernel_send(kernel, header, header->nlmsg_len);
	while (result >= 0 && !exchange->done) {
		result = kernel_receive(kernel, 0, exchange_message, exchange);
		if (result == -EINTR)
			result = 0;
	}
	if (result < 0)
		return result;
	if (!exchange->fault->error && exchange->fault->text[0])
		error("warning: %s", exchange->fault->text);
	return exchange->interrupted ? -EINTR : -exchange->fault->error;
}

int kernel_request(struct kernel *kernel, struct nl_msg *msg,
		   kernel_handler handler, void *arg, struct fault *fault)
{
	struct exchange exchange = {
		.handler = handler,
		.arg = arg,
		.fault = fault,
	};

	return exchange_run(kernel, msg, NLM_F_ACK, &exchange);
}

int kernel_dump(struct kernel *kernel, struct nl_msg *msg,
		kernel_handler handler, void *arg, struct fault *fault)
{
	struct exchange exchange = {
		.handler = handler,
		.arg = arg,
		.fault = fault,
	};

	return exchange_run(kernel, msg, NLM_F_DUMP, &exchange);
}

/* ---- refusals ---- */

static void fault_attr(const struct nlattr *attr, struct fault *fault)
{
	int len = nla_len(attr);
	const char *data = nla_data(attr);
	uint32_t number = 0;

	if (nla_type(attr) == NLMSGERR_ATTR_MSG) {
		snprintf(fault->text, sizeof(fault->text), "%.*s", len, data);
		return;
	}
	if (nla_type(attr) == NLMSGERR_ATTR_COOKIE) {
		if (len != sizeof(uint32_t) + 2 * sizeof(uint16_t))
			return;
		fault->has_cookie = true;
		memcpy(&fault->cookie_seq, data, sizeof(uint32_t));
		memcpy(&fault->cookie_attr, data + 4, sizeof(uint16_t));
		memcpy(&fault->cookie_nth, data + 6, sizeof(uint16_t));
		return;
	}
	if (len != sizeof(number))
		return;
	memcpy(&number, data, sizeof(number));
	if (nla_type(attr) == NLMSGERR_ATTR_OFFS)
		fault->offset = number;
	else if (nla_type(attr) == NLMSGERR_ATTR_MISS_TYPE)
		fault->miss_type = number;
	else if (nla_type(attr) == NLMSGERR_ATTR_MISS_NEST)
		fault->miss_nest = number;
}

bool fault_read(const struct nlmsghdr *header, struct fault *fault)
{
	const struct nlmsgerr *ack = nlmsg_data(header);
	size_t len = (size_t)nlmsg_datalen(header), head = sizeof(int);
	struct nlattr *attr;
	int rest, number;

	memset(fault, 0, sizeof(*fault));
	if (header->nlmsg_type == NLMSG_ERROR)
		head = sizeof(*ack);
	if (header->nlmsg_len < NLMSG_HDRLEN || len < head)
		return false;
	memcpy(&number, ack, sizeof(number));
	if (number > 0 || number < -4095)
		return false;
	fault->error = -number;
	fault->seq = header->nlmsg_seq;
	if (!(header->nlmsg_flags & NLM_F_ACK_TLVS))
		return true;
	if (header->nlmsg_type == NLMSG_ERROR &&
	    !(header->nlmsg_flags & NLM_F_CAPPED)) {
		if (ack->msg.nlmsg_len < NLMSG_HDRLEN)
			return false;
		head += NLMSG_ALIGN(ack->msg.nlmsg_len) - NLMSG_HDRLEN;
	}
	if (len < head)
		return false;
	nla_for_each_attr(attr, (struct nlattr *)((uintptr_t)ack + head),
			  (int)(len - head), rest)
		fault_attr(attr, fault);
	return true;
}

const char *fault_text(const struct fault *fault)
{
	if (fault->text[0])
		return fault->text;
	if (fault->miss_type)
		return "missing";
	if (fault->error == EPERM)
		return "Operation not permitted (needs CAP_NET_ADMIN in the "
		       "user namespace that owns the network namespace)";
	return strerror(fault->error);
}

int kernel_failed(int result, const struct fault *fault)
{
	struct fault number = { .error = -result };

	error("%s", fault_text(fault && fault->error ? fault : &number));
	return EXIT_REFUSED;
}
