/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_KERNEL_H
#define BRAID_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nl_msg;
struct nl_sock;
struct nlmsghdr;

/* A socket to the family of a module. */
struct kernel {
	struct nl_sock *sock;
	int fd;
	int family;
	uint32_t seq; /* of the next message */
	char *buffer;
};

/* Why the kernel refused, as its acknowledgement tells. */
struct fault {
	int error; /* errno, positive; 0: nothing was refused */
	bool has_cookie;
	char text[256];
	uint32_t seq; /* of the refused message */
	uint32_t offset; /* of the bad attribute in it; 0: not told */
	uint32_t miss_type; /* attribute that is missing; 0: not told */
	uint32_t miss_nest; /* offset of the nest that lacks it */
	uint32_t cookie_seq; /* commit only: the change that is at fault */
	uint16_t cookie_attr;
	uint16_t cookie_nth; /* of a list */
};

/* Called with each message; a negative errno ends the work and is returned. */
typedef int (*kernel_handler)(struct nlmsghdr *header, void *arg);

/* The family is called as its module. 0, or an exit status with the reason printed. */
int kernel_open(struct kernel *kernel, const char *family);
/* Like kernel_open(), but -ENOENT without a word when the module is not there. */
int kernel_try_open(struct kernel *kernel, const char *family);
void kernel_close(struct kernel *kernel);

/* Hear this multicast group of a family. 0 or a negative errno. */
int kernel_join(struct kernel *kernel, const char *family, const char *name);

/* A request of the family with room for SIZE bytes; never NULL. */
struct nl_msg *kernel_message(uint8_t cmd, size_t size);

/* Give a finished message this socket's family and the next number. */
void kernel_stamp(struct kernel *kernel, struct nlmsghdr *header,
		  uint16_t flags);

/* 0 or a negative errno. The buffer may hold many messages. */
int kernel_send(struct kernel *kernel, const void *buffer, size_t len);

/*
 * Hand every message of the next datagram to the handler. Returns how many
 * there were, 0 if none waits and flags has MSG_DONTWAIT, or a negative errno.
 */
int kernel_receive(struct kernel *kernel, int flags, kernel_handler handler,
		   void *arg);

/* Send one request, hand its replies on, and wait for the acknowledgement. */
int kernel_request(struct kernel *kernel, struct nl_msg *msg,
		   kernel_handler handler, void *arg, struct fault *fault);

/*
 * Send a dump request. -EINTR: what was listed changed meanwhile, so what the
 * handler has seen is neither the old nor the new state.
 */
int kernel_dump(struct kernel *kernel, struct nl_msg *msg,
		kernel_handler handler, void *arg, struct fault *fault);

/* Read a message of type NLMSG_ERROR or NLMSG_DONE; false: too short. */
bool fault_read(const struct nlmsghdr *header, struct fault *fault);

/* The kernel's own text, else what the number says. */
const char *fault_text(const struct fault *fault);

/* For what is not about a word: print a negative errno, or the fault. */
int kernel_failed(int result, const struct fault *fault);

#endif
