/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_FORMAT_H
#define BRAID_BLK_FORMAT_H

struct braid_record;
struct braid_store;
struct netlink_ext_ack;

/* Preparation of a store for a new replica or witness. */

int braid_format_refuse_used(struct braid_store *store,
			     struct netlink_ext_ack *extack);

int braid_format(struct braid_store *store, const struct braid_record *record,
		 struct netlink_ext_ack *extack);

#endif /* BRAID_BLK_FORMAT_H */
