/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_SLOTS_H
#define BRAID_BLK_SLOTS_H

#include <linux/types.h>

struct braid_record;
struct braid_store;
struct netlink_ext_ack;

/* The control record of a store, in two slots. */

/**
 * braid_slots_read() - read the record, and say to the store what it implies
 * @store: open
 * @record: the newer valid one, on success
 * @extack: told what is wrong
 *
 * A slot that is bad, or older, is written again first: then the next record may
 * begin with either.
 * Context: process, may sleep. Return: 0; -ENODATA: neither slot holds a record;
 * -EINVAL: it does not fit this store; -EIO.
 */
int braid_slots_read(struct braid_store *store, struct braid_record *record,
		     struct netlink_ext_ack *extack);

/**
 * braid_slots_write() - make a record durable, in both slots
 * @store: open for writing
 * @record: its sequence must be above that of the one before
 *
 * One after the other: wherever it ends, one slot holds the record before or this
 * one whole.  After an error nothing may be written before braid_slots_read().
 *
 * Context: process, may sleep. Return: 0; -ENOMEM: nothing was written; -EIO,
 * -ENOSPC: nobody knows which of the two it is.
 */
int braid_slots_write(struct braid_store *store,
		      const struct braid_record *record);

/* Makes both slots blank, durable.  Context: process, may sleep. */
int braid_slots_blank(struct braid_store *store);

#endif /* BRAID_BLK_SLOTS_H */
