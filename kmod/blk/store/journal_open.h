/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_JOURNAL_OPEN_H
#define BRAID_BLK_JOURNAL_OPEN_H

#include <linux/types.h>

struct braid_journal;
struct braid_store;
struct netlink_ext_ack;

/*
 * braid_journal_open() - load the map of a store
 * @now: the record's generation
 * @out: the journal
 * @extack: told what is bad, and which page, when that is fatal (an I/O error)
 *
 * Context: may sleep. Return: 0 or a negative errno. Bad pages and records are
 * not fatal: their regions are dirty (told to the log).
 */
int braid_journal_open(struct braid_store *store, u64 map_id, u32 regions,
		       u32 now, struct braid_journal **out,
		       struct netlink_ext_ack *extack);

/* Writes the empty map of a new store: every page, durable. May sleep long. */
int braid_journal_format(struct braid_store *store, u64 map_id, u32 regions);

/* Writes pages home; then frees. Nothing may wait in it. May sleep. */
void braid_journal_close(struct braid_journal *journal);

#endif /* BRAID_BLK_JOURNAL_OPEN_H */
