/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_JOURNAL_OPEN_H
#define BRAID_BLK_JOURNAL_OPEN_H

#include <linux/types.h>

struct braid_journal;
struct braid_store;
struct netlink_ext_ack;

int braid_journal_open(struct braid_store *store, u64 map_id, u32 regions,
		       u32 now, struct braid_journal **out,
		       struct netlink_ext_ack *extack);

int braid_journal_format(struct braid_store *store, u64 map_id, u32 regions);

void braid_journal_close(struct braid_journal *journal);

#endif /* BRAID_BLK_JOURNAL_OPEN_H */
