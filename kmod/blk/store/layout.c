// SPDX-License-Identifier: GPL-2.0-only
#include "store/layout.h"

#include <linux/align.h>
#include <linux/math64.h>
#include <linux/minmax.h>

#include "proto/map.h"
#include "proto/record.h"

/**
 * braid_layout_meta_size() - compute the size of the metadata space
 * @regions: number of regions of the volume
 *
 * Return: the size in bytes, with room for growth, aligned to BRAID_DATA_ALIGN.
 */
u64 braid_layout_meta_size(u32 regions)
{
	u64 pages = DIV_ROUND_UP_ULL((u64)regions * BRAID_MAP_GROWTH,
				     BRAID_MAP_PER_PAGE);

	return ALIGN(BRAID_AT_MAP + pages * BRAID_MAP_PAGE,
		     (u64)BRAID_DATA_ALIGN);
}

/**
 * braid_layout_meta_of() - compute the size of the metadata space
 * @size: size of a volume with regions of the default size
 *
 * Return: the size in bytes, as braid_layout_meta_size().
 */
u64 braid_layout_meta_of(u64 size)
{
	u8 shift = braid_record_region_shift(size);

	return braid_layout_meta_size(braid_record_regions(size, shift));
}

/**
 * braid_layout_fit() - find the largest volume that fits
 * @space: bytes for metadata and data
 *
 * Return: the size of the volume, or 0 if none fits.
 */
u64 braid_layout_fit(u64 space)
{
	u64 size = min(round_down(space, (u64)BRAID_BLOCK), BRAID_SIZE_MAX);
	u64 meta;

	/*
	 * Each round makes the volume smaller. A second round is needed where
	 * the default region size changes: there the smaller volume has the
	 * larger map.
	 */
	while (size) {
		meta = braid_layout_meta_of(size);
		if (meta + size <= space)
			break;
		size = space > meta ?
		       round_down(space - meta, (u64)BRAID_BLOCK) : 0;
	}
	return size;
}
