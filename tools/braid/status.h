/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_STATUS_H
#define BRAID_STATUS_H

#include <stdint.h>

struct kernel;

/* Version of braid_net and generation of its configuration. */
struct status {
	char version[64];
	uint64_t generation; /* one up with every commit */
};

/* 0, or an exit status with the reason printed. */
int status_read(struct kernel *kernel, struct status *status);

#endif
