// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linked over the opening of the socket, so that the whole tool can be run
 * against the fake kernel of a test, the other end of a socket pair.
 */
#include "../error.h"
#include "../kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FAMILY_NET 0x77
#define FAMILY_BLK 0x78
#define FIRST_SEQ 1000

int __wrap_kernel_open(struct kernel *kernel, const char *family);
int __wrap_kernel_try_open(struct kernel *kernel, const char *family);
int __wrap_kernel_join(struct kernel *kernel, const char *family,
		       const char *name);
int __wrap_kernel_send(struct kernel *kernel, const void *buffer, size_t len);
int __real_kernel_send(struct kernel *kernel, const void *buffer, size_t len);

static int number(const char *name)
{
	const char *text = getenv(name);

	if (!text) {
		fprintf(stderr, "fake: %s is not set\n", name);
		exit(99);
	}
	return atoi(text);
}

int __wrap_kernel_open(struct kernel *kernel, const char *family)
{
	memset(kernel, 0, sizeof(*kernel));
	kernel->fd = number("FAKE_KERNEL");
	kernel->family = strcmp(family, "braid_blk") ? FAMILY_NET : FAMILY_BLK;
	kernel->seq = FIRST_SEQ;
	kernel->buffer = must(malloc(256 * 1024));
	return 0;
}

int __wrap_kernel_try_open(struct kernel *kernel, const char *family)
{
	return __wrap_kernel_open(kernel, family);
}

int __wrap_kernel_join(struct kernel *kernel, const char *family,
		       const char *name)
{
	(void)kernel;
	if (!strcmp(family, "nlctrl"))
		return strcmp(name, "notify") ? -ENOENT : 0;
	if (!strcmp(family, "braid_blk"))
		return strcmp(name, "volume") ? -ENOENT : 0;
	return strcmp(family, "braid_net") || strcmp(name, "drops") ? -ENOENT
								    : 0;
}

/* A real kernel has answered when send() returns. */
int __wrap_kernel_send(struct kernel *kernel, const void *buffer, size_t len)
{
	int result = __real_kernel_send(kernel, buffer, len);
	char token;

	if (!result && read(number("FAKE_DONE"), &token, 1) != 1)
		return -EPIPE;
	return result;
}
