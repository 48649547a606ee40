/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_FORMAT_H
#define BRAID_BLK_FORMAT_H

struct braid_record;
struct braid_store;
struct netlink_ext_ack;

/* What a store holds before it is made one, and making it. */

/*
 * Refuses a store that holds a replica (and says which) or anything else.
 * Context: process, may sleep. Return: 0, -EEXIST, -EIO, -ENOMEM.
 */
int braid_format_refuse_used(struct braid_store *store,
			     struct netlink_ext_ack *extack);

/*
 * Writes everything on a store that was opened with braid_store_make(), @record
 * last: what is interrupted leaves no replica.
 * Context: process, may sleep long. Return: 0 or a negative errno.
 */
int braid_format(struct braid_store *store, const struct braid_record *record,
		 struct netlink_ext_ack *extack);

#endif /* BRAID_BLK_FORMAT_H */
