/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_SLOTS_H
#define BRAID_BLK_SLOTS_H

#include <linux/types.h>

struct braid_record;
struct braid_store;
struct netlink_ext_ack;

/* The control record of a store, kept in two slots. */

int braid_slots_read(struct braid_store *store, struct braid_record *record,
		     struct netlink_ext_ack *extack);

int braid_slots_write(struct braid_store *store,
		      const struct braid_record *record);

int braid_slots_blank(struct braid_store *store);

#endif /* BRAID_BLK_SLOTS_H */
