/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_KERNEL_H
#define BRAID_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nl_msg;
struct nl_sock;
struct nlmsghdr;

/* A socket of a module's family. */
struct kernel {
	struct nl_sock *sock;
	int fd;
	int family;
	uint32_t seq; /* of the next message */
	char *buffer;
};

/* A refusal, as the kernel's acknowledgement has it. */
struct fault {
	int error; /* errno, positive; 0: no refusal */
	bool has_cookie;
	char text[256];
	uint32_t seq; /* of the refused message */
	uint32_t offset; /* of the bad attribute in it; 0: unknown */
	uint32_t miss_type; /* attribute that is missing; 0: unknown */
	uint32_t miss_nest; /* offset of the nest that lacks it */
	uint32_t cookie_seq; /* commit only: the change that is at fault */
	uint16_t cookie_attr;
	uint16_t cookie_nth; /* of a list */
};

/* Called with each message; a negative errno ends the work and is returned. */
typedef int (*kernel_handler)(struct nlmsghdr *header, void *arg);

/*
 * Open a socket of the family, which has the name of its module. 0, or an exit
 * status with the reason printed.
 */
int kernel_open(struct kernel *kernel, const char *family);
/* Like kernel_open(), but silent -ENOENT if the module is not loaded. */
int kernel_try_open(struct kernel *kernel, const char *family);
void kernel_close(struct kernel *kernel);

/* Join a multicast group of a family. 0 or a negative errno. */
int kernel_join(struct kernel *kernel, const char *family, const char *name);

/* A request of the family with room for SIZE bytes; never NULL. */
struct nl_msg *kernel_message(uint8_t cmd, size_t size);

/* Set the family and the next sequence number of a finished message. */
void kernel_stamp(struct kernel *kernel, struct nlmsghdr *header,
		  uint16_t flags);

/* Send one or more messages. 0 or a negative errno. */
int kernel_send(struct kernel *kernel, const void *buffer, size_t len);

/*
 * Hand every message of the next datagram to the handler. Returns the number of
 * messages, 0 if none waits and flags has MSG_DONTWAIT, or a negative errno.
 */
int kernel_receive(struct kernel *kernel, int flags, kernel_handler handler,
		   void *arg);

/* Send one request, hand its replies on, and wait for the acknowledgement. */
int kernel_request(struct kernel *kernel, struct nl_msg *msg,
		   kernel_handler handler, void *arg, struct fault *fault);

/*
 * Send a dump request. -EINTR if the list changed meanwhile, so that the
 * handler has seen neither the old nor the new state.
 */
int kernel_dump(struct kernel *kernel, struct nl_msg *msg,
		kernel_handler handler, void *arg, struct fault *fault);

/* Read a message of type NLMSG_ERROR or NLMSG_DONE; false: too short. */
bool fault_read(const struct nlmsghdr *header, struct fault *fault);

/* The kernel's text, or else the text of the errno. */
const char *fault_text(const struct fault *fault);

/* Print the fault, or a negative errno, of a request without words. */
int kernel_failed(int result, const struct fault *fault);

#endif
