// SPDX-License-Identifier: GPL-2.0-only
/* begin, changes, commit on one socket, with many changes in a datagram. */
#include "transaction.h"

#include "error.h"
#include "kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/braid_net.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

/* Size of a datagram; far less than a socket accepts. */
#define CHUNK (64 * 1024)
/* Tries of the transaction when other commits happen in between. */
#define TRIES 4

static void *grow(void *memory, size_t *room, size_t need, size_t item)
{
	if (need <= *room)
		return memory;
	*room = need > 2 * *room ? need : 2 * *room;
	return must(reallocarray(memory, *room, item));
}

void transaction_add(struct transaction *transaction, struct nl_msg *msg)
{
	const struct nlmsghdr *header = nlmsg_hdr(msg);
	size_t len = NLMSG_ALIGN(header->nlmsg_len);
	char *end;

	transaction->offsets = grow(transaction->offsets, &transaction->room,
				    transaction->count + 1,
				    sizeof(*transaction->offsets));
	transaction->messages = grow(transaction->messages, &transaction->size,
				     transaction->used + len, 1);
	transaction->offsets[transaction->count++] = transaction->used;
	end = transaction->messages + transaction->used;
	memset(end, 0, len);
	memcpy(end, header, header->nlmsg_len);
	transaction->used += len;
}

void transaction_free(struct transaction *transaction)
{
	free(transaction->messages);
	free(transaction->offsets);
	memset(transaction, 0, sizeof(*transaction));
}

static struct nlmsghdr *message(const struct transaction *transaction, size_t i)
{
	return (struct nlmsghdr *)(transaction->messages +
				   transaction->offsets[i]);
}

/* The kernel answers only changes that it refuses; the first refusal counts. */
static int keep_first(struct nlmsghdr *header, void *arg)
{
	struct fault *first = arg, fault;

	if (header->nlmsg_type != NLMSG_ERROR || first->error)
		return 0;
	if (!fault_read(header, &fault))
		return -EBADMSG;
	if (fault.error)
		*first = fault;
	return 0;
}

static int read_refusals(struct kernel *kernel, struct fault *fault)
{
	int result;

	do
		result =
			kernel_receive(kernel, MSG_DONTWAIT, keep_first, fault);
	/* no room for more answers: the earlier answers were received */
	while (result > 0 || result == -ENOBUFS || result == -EINTR);
	return result;
}

static size_t chunk_end(const struct transaction *transaction, size_t from)
{
	size_t start = transaction->offsets[from], i = from + 1;

	while (i < transaction->count &&
	       transaction->offsets[i] + message(transaction, i)->nlmsg_len -
			       start <=
		       CHUNK)
		i++;
	return i;
}

static int send_changes(struct transaction *transaction, struct kernel *kernel,
			struct fault *fault)
{
	size_t i, from, to, start, end;
	int result = 0;

	memset(fault, 0, sizeof(*fault));
	transaction->first_seq = kernel->seq;
	for (i = 0; i < transaction->count; i++)
		kernel_stamp(kernel, message(transaction, i), 0);
	for (from = 0; from < transaction->count; from = to) {
		to = chunk_end(transaction, from);
		start = transaction->offsets[from];
		end = to < transaction->count ? transaction->offsets[to]
					      : transaction->used;
		result = kernel_send(kernel, transaction->messages + start,
				     end - start);
		if (!result)
			result = read_refusals(kernel, fault);
		if (result || fault->error)
			break;
	}
	return result;
}

static int begin(struct kernel *kernel, struct fault *fault)
{
	struct nl_msg *msg = kernel_message(BRAID_NET_CMD_BEGIN, 64);
	int result = kernel_request(kernel, msg, NULL, NULL, fault);

	nlmsg_free(msg);
	return result;
}

static int commit(struct kernel *kernel, bool dry_run, struct fault *fault)
{
	struct nl_msg *msg = kernel_message(BRAID_NET_CMD_COMMIT, 64);
	int result;

	if (dry_run)
		nla_put_flag(msg, BRAID_NET_A_DRY_RUN);
	result = kernel_request(kernel, msg, NULL, NULL, fault);
	nlmsg_free(msg);
	return result;
}

/* A change was refused, at once or at the commit. */
static int blame(const struct transaction *transaction, uint32_t seq,
		 const struct fault *fault, transaction_refused refused,
		 void *arg)
{
	size_t i = seq - transaction->first_seq;

	if (i < transaction->count)
		refused(i, message(transaction, i), fault, arg);
	else
		error("%s", fault_text(fault));
	return EXIT_REFUSED;
}

/* 0, an exit status with the reason printed, or -EAGAIN. */
static int try(struct transaction *transaction, struct kernel *kernel,
	       bool dry_run, transaction_refused refused, void *arg)
{
	struct fault fault;
	int result;

	result = begin(kernel, &fault);
	if (result)
		return kernel_failed(result, &fault);
	result = send_changes(transaction, kernel, &fault);
	if (fault.error)
		return blame(transaction, fault.seq, &fault, refused, arg);
	if (result)
		return kernel_failed(result, NULL);
	result = commit(kernel, dry_run, &fault);
	if (result == -EAGAIN)
		return result;
	if (fault.error && fault.has_cookie)
		return blame(transaction, fault.cookie_seq, &fault, refused,
			     arg);
	return result ? kernel_failed(result, &fault) : EXIT_DONE;
}

int transaction_run(struct transaction *transaction, bool dry_run,
		    transaction_refused refused, void *arg)
{
	struct kernel kernel;
	int result, tries;

	result = kernel_open(&kernel, BRAID_NET_GENL_NAME);
	if (result)
		return result;
	for (tries = 0; tries < TRIES; tries++) {
		result = try(transaction, &kernel, dry_run, refused, arg);
		if (result != -EAGAIN)
			break;
	}
	if (result == -EAGAIN) {
		error("another commit came between, %d times; nothing changed",
		      TRIES);
		result = EXIT_REFUSED;
	}
	kernel_close(&kernel);
	return result;
}
