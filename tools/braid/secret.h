/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_SECRET_H
#define BRAID_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/braid_blk.h>

/* The secrets of a file: its lines without their ends. */
struct secrets {
	size_t count;
	size_t len[BRAID_BLK_SECRETS_MAX];
	unsigned char bytes[BRAID_BLK_SECRETS_MAX][BRAID_BLK_SECRET_MAX];
};

/* Read a file, "-" is standard input. False with the reason printed. */
bool secret_read(struct secrets *secrets, const char *path);
/* Overwrite the secrets in memory. */
void secret_wipe(struct secrets *secrets);

#endif
