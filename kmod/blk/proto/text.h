/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_TEXT_H
#define BRAID_BLK_TEXT_H

#include <linux/compiler_attributes.h>
#include <linux/types.h>

#include "proto/voter.h"

struct netlink_ext_ack;

/* Texts for the administrator that are made at run time. */

#define BRAID_TEXT_MAX		256
#define BRAID_ADDRESS_TEXT	56	/* "[ipv6]:port" and its NUL */

int braid_refuse(struct netlink_ext_ack *extack, int error,
		 const char *format, ...) __printf(3, 4);

const char *braid_address_text(const struct braid_address *address, char *out);

const char *braid_error_text(int error);

void braid_holder_name(unsigned int node, char *out);

#endif /* BRAID_BLK_TEXT_H */
