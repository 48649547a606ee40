/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_SECRET_H
#define BRAID_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/braid_blk.h>

/* What of a secret file is sent: a line each, without its end. */
struct secrets {
	size_t count;
	size_t len[BRAID_BLK_SECRETS_MAX];
	unsigned char bytes[BRAID_BLK_SECRETS_MAX][BRAID_BLK_SECRET_MAX];
};

/* Read the file, "-" is standard input. False with the reason printed. */
bool secret_read(struct secrets *secrets, const char *path);
/* Leave nothing of them in memory. */
void secret_wipe(struct secrets *secrets);

#endif
