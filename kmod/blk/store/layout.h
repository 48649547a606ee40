/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_LAYOUT_H
#define BRAID_BLK_LAYOUT_H

#include <linux/types.h>

/*
 * Layout of the metadata space of a store, in bytes. On a block device the
 * metadata is in front of the data; a file store has a separate file,
 * PATH.braid. The metadata of a witness ends after the second slot.
 */
#define BRAID_AT_SLOT_A		0u
#define BRAID_AT_SLOT_B		(1024u << 10)	/* at least 1 MiB apart */
#define BRAID_AT_RING		(2u << 20)
#define BRAID_RING_RECORDS	256u		/* 4 KiB each: 1 MiB */
#define BRAID_AT_MAP		(3u << 20)
#define BRAID_WITNESS_SIZE	((1u << 20) + 4096u)

/* Alignment of the data on a block device. */
#define BRAID_DATA_ALIGN	(4u << 20)

/* The metadata has room for the map of a volume this many times as large. */
#define BRAID_MAP_GROWTH	16u

u64 braid_layout_meta_size(u32 regions);

u64 braid_layout_meta_of(u64 size);

u64 braid_layout_fit(u64 space);

#endif /* BRAID_BLK_LAYOUT_H */
