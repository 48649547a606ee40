/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_STORE_OPEN_H
#define BRAID_BLK_STORE_OPEN_H

#include <linux/types.h>

struct braid_store;
struct netlink_ext_ack;

struct braid_store *braid_store_open(const char *path, bool witness,
				     struct netlink_ext_ack *extack);

struct braid_store *braid_store_make(const char *path, bool witness,
				     struct netlink_ext_ack *extack);

struct braid_store *braid_store_look(const char *path, bool witness,
				     struct netlink_ext_ack *extack);

#endif /* BRAID_BLK_STORE_OPEN_H */
