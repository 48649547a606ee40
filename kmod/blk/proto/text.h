/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_TEXT_H
#define BRAID_BLK_TEXT_H

#include <linux/compiler_attributes.h>
#include <linux/types.h>

#include "proto/voter.h"

struct netlink_ext_ack;

/* Texts for people that are not known when the module is compiled. */

#define BRAID_TEXT_MAX		256
#define BRAID_ADDRESS_TEXT	56	/* "[ipv6]:port" and its NUL */

/**
 * braid_refuse() - say why something is refused
 * @extack: told the text; may be NULL
 * @error: negative errno
 * @format: of the text, lower case, no period
 *
 * The text lives in a ring of buffers until many more refusals were
 * written, long after the answer was sent: the caller gives it no memory.
 *
 * Context: any. Return: @error.
 */
int braid_refuse(struct netlink_ext_ack *extack, int error,
		 const char *format, ...) __printf(3, 4);

/* "10.0.0.1:7000" or "[fd00::1]:7000"; @out has BRAID_ADDRESS_TEXT bytes. Return: @out. */
const char *braid_address_text(const struct braid_address *address, char *out);

/* What people call an error of reaching or asking a voter. Static text. */
const char *braid_error_text(int error);

#endif /* BRAID_BLK_TEXT_H */
