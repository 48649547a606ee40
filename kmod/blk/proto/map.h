/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_MAP_H
#define BRAID_BLK_MAP_H

#include <linux/types.h>

/*
 * The region map of a data replica: a generation and a dirty bit for each
 * region, and their form on disk (map pages and ring records). Pure: no kernel
 * I/O. The owner of a map serialises its writers (see journal.h).
 */

#define BRAID_MAP_PAGE		4096u
#define BRAID_MAP_PER_PAGE	1020u	/* entries after the 16 byte header */
#define BRAID_RING_PER_RECORD	500u

#define BRAID_MAP_DIRTY		0x80000000u	/* bit of an entry; the rest is the generation */

/**
 * struct braid_map - a region map in memory
 * @regions: number of regions
 * @map_id: identifier in the header of each page
 * @entry: one u32 for each region, kvmalloc'ed; may be read without a lock
 *	(READ_ONCE()), because a u32 is written in one piece
 */
struct braid_map {
	u32 regions;
	u64 map_id;
	u32 *entry;
};

/* One change of a region in a ring record. */
struct braid_change {
	u32 region;
	u32 entry;
};

int braid_map_init(struct braid_map *map, u64 map_id, u32 regions);
void braid_map_destroy(struct braid_map *map);

static inline u32 braid_map_generation(u32 entry)
{
	return entry & ~BRAID_MAP_DIRTY;
}

/*
 * Return: true if a write of generation @now may go to the region without a
 * change of the map (G2): the region is dirty, and its generation is @now or a
 * later one, from a record that the writer did not know yet.
 */
static inline bool braid_map_is_hot(u32 entry, u32 now)
{
	return entry >= (now | BRAID_MAP_DIRTY);
}

u32 braid_map_stamped(u32 entry, u32 now);

u32 braid_map_cleared(u32 entry, u32 now, bool stamp);

u32 braid_map_pages(u32 regions);

void braid_map_encode_page(const struct braid_map *map, u32 page, void *out);

const char *braid_map_decode_page(struct braid_map *map, u32 page,
				  const void *in, u32 now);

void braid_ring_encode(void *out, u64 map_id, u64 sequence,
		       const struct braid_change *change, u32 count);

/*
 * struct braid_ring_record - a decoded ring record
 * @sequence: sequence number
 * @count: number of @entries
 * @entries: array of struct disk_change inside the buffer that was decoded
 */
struct braid_ring_record {
	u64 sequence;
	u32 count;
	const void *entries;
};

const char *braid_ring_decode(const void *in, u64 map_id,
			      struct braid_ring_record *record);

const char *braid_ring_replay(struct braid_map *map, const void *ring,
			      u32 records, u32 now, u64 *next);

void braid_ring_touched(const struct braid_map *map, const void *ring,
			u32 records, unsigned long *pages);

#endif /* BRAID_BLK_MAP_H */
