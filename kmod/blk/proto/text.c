// SPDX-License-Identifier: GPL-2.0-only
#include "proto/text.h"

#include <linux/atomic.h>
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/netlink.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <linux/utsname.h>

#include "proto/record.h"

/*
 * Netlink keeps only a pointer to the text of a refusal and reads it after the
 * operation has returned, so refusals are written into a ring of static
 * buffers.
 */
#define RING	64

static char ring[RING][BRAID_TEXT_MAX];
static atomic_t ring_next;

/**
 * braid_refuse() - tell netlink why an operation is refused
 * @extack: receives the text; may be NULL
 * @error: negative errno
 * @format: format of the text, lower case, no period
 *
 * The text stays valid until RING more refusals were written, long after
 * netlink has sent its answer. The caller provides no memory.
 *
 * Context: Any.
 * Return: @error.
 */
int braid_refuse(struct netlink_ext_ack *extack, int error,
		 const char *format, ...)
{
	unsigned int at;
	va_list args;

	if (!extack)
		return error;
	at = (unsigned int)atomic_inc_return(&ring_next) % RING;
	va_start(args, format);
	vsnprintf(ring[at], BRAID_TEXT_MAX, format, args);
	va_end(args);
	extack->_msg = ring[at];
	return error;
}

/**
 * braid_address_text() - print an address
 * @address: the address
 * @out: buffer of BRAID_ADDRESS_TEXT bytes, set to "10.0.0.1:7000" or
 *	"[fd00::1]:7000"
 *
 * Return: @out.
 */
const char *braid_address_text(const struct braid_address *address, char *out)
{
	if (address->family == AF_INET6)
		snprintf(out, BRAID_ADDRESS_TEXT, "[%pI6c]:%u", address->ip,
			 address->port);
	else
		snprintf(out, BRAID_ADDRESS_TEXT, "%pI4:%u", address->ip,
			 address->port);
	return out;
}

/**
 * braid_error_text() - describe the error of reaching or asking a voter
 * @error: 0 or a negative errno
 *
 * Return: a text for the administrator (static text).
 */
const char *braid_error_text(int error)
{
	switch (error) {
	case 0:
		return "no error";
	case -ECONNREFUSED:
		return "connection refused";
	case -ETIMEDOUT:
		return "no answer";
	case -EHOSTUNREACH:
	case -ENETUNREACH:
		return "unreachable";
	case -ENOTCONN:
	case -ECONNRESET:
	case -EPIPE:
		return "connection broke";
	case -EKEYREJECTED:
		return "wrong secret";
	case -ENOENT:
		return "unknown volume or voter there";
	case -EPROTO:
		return "does not speak the protocol";
	case -EPROTONOSUPPORT:
		return "speaks another version of the protocol";
	case -ESHUTDOWN:
		return "being closed";
	case -ESTALE:
		return "promised another writer";
	case -EBUSY:
		return "another writer's lease runs";
	case -ENODATA:
		return "blank";
	case -EIO:
		return "cannot write its store";
	case -ENOSPC:
		return "no space left on its store";
	case -EBADMSG:
		return "checksum is wrong";
	case -ENOMEM:
		return "out of memory";
	case -EINVAL:
		return "rejects the request as invalid";
	case -EOVERFLOW:
		return "generation is at its maximum";
	case -EOPNOTSUPP:
		return "cannot do that";
	default:
		return "refuses";
	}
}

/* Bytes of the host's name that leave room for the number of a node. */
#define HOST_MAX	(BRAID_HOLDER_MAX - (int)sizeof("@4294967295") + 1)

/**
 * braid_holder_name() - print the name of a node, as other nodes are told
 * @node: number of the node
 * @out: buffer of BRAID_HOLDER_MAX + 1 bytes, set to the name of the host, and
 *	outside the initial namespace to HOST@NUMBER
 */
void braid_holder_name(unsigned int node, char *out)
{
	const char *host = init_uts_ns.name.nodename;
	char *c;

	if (node)
		snprintf(out, BRAID_HOLDER_MAX + 1, "%.*s@%u", HOST_MAX, host,
			 node);
	else
		strscpy(out, host, BRAID_HOLDER_MAX + 1);
	/* A record accepts no other characters. */
	for (c = out; *c; c++)
		if (!isascii(*c) || !isgraph(*c) || *c == '/')
			*c = '-';
}
