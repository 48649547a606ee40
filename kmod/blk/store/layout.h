/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_LAYOUT_H
#define BRAID_BLK_LAYOUT_H

#include <linux/types.h>

/*
 * The metadata space of a store, bytes.  A block device has it in front of the
 * data, a file store in a file of its own, PATH.braid.  A witness ends after
 * the second slot.
 */
#define BRAID_AT_SLOT_A		0u
#define BRAID_AT_SLOT_B		(1024u << 10)	/* at least 1 MiB apart */
#define BRAID_AT_RING		(2u << 20)
#define BRAID_RING_RECORDS	256u		/* 4 KiB each: 1 MiB */
#define BRAID_AT_MAP		(3u << 20)
#define BRAID_WITNESS_SIZE	((1u << 20) + 4096u)

/* Where the data of a block device begins is a multiple of this. */
#define BRAID_DATA_ALIGN	(4u << 20)

/* The room for the map is for a volume this many times as large. */
#define BRAID_MAP_GROWTH	16u

/* Bytes of metadata for so many regions (the growth included), aligned to BRAID_DATA_ALIGN. */
u64 braid_layout_meta_size(u32 regions);

/* The same for a volume of that size with regions of the default size. */
u64 braid_layout_meta_of(u64 size);

/*
 * The largest volume whose metadata and data fit into @space bytes; 0 if none
 * does.
 */
u64 braid_layout_fit(u64 space);

#endif /* BRAID_BLK_LAYOUT_H */
