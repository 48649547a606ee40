/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_MAP_H
#define BRAID_BLK_MAP_H

#include <linux/types.h>

/*
 * The region map of a data replica: for each region a generation and a dirty
 * bit, and their form on disk: pages and the records of the ring.  Pure: no
 * kernel I/O; whoever owns it serialises the writers (see journal.h).
 */

#define BRAID_MAP_PAGE		4096u
#define BRAID_MAP_PER_PAGE	1020u	/* entries after 16 bytes of header */
#define BRAID_RING_PER_RECORD	500u

#define BRAID_MAP_DIRTY		0x80000000u	/* of an entry; the rest is the generation */

/**
 * struct braid_map - a region map in memory
 * @regions: how many
 * @map_id: in the head of each page
 * @entry: one u32 a region, kvmalloc'ed; readers may look without a lock
 *	(READ_ONCE), a torn value cannot be seen
 */
struct braid_map {
	u32 regions;
	u64 map_id;
	u32 *entry;
};

/* One change of a region, as the ring has it. */
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
 * Is a write of generation @now into it free (G2)?  It is dirty, of @now or, by a
 * record that this write did not know of yet, later.
 */
static inline bool braid_map_is_hot(u32 entry, u32 now)
{
	return entry >= (now | BRAID_MAP_DIRTY);
}

/* Entry after a write of generation @now (G2, G3, I6: never backwards). */
u32 braid_map_stamped(u32 entry, u32 now);

/* Entry after a clear; @stamp: a data replica is outside the ISR (C3). */
u32 braid_map_cleared(u32 entry, u32 now, bool stamp);

u32 braid_map_pages(u32 regions);

/* Encodes page number @page; @out has BRAID_MAP_PAGE bytes. */
void braid_map_encode_page(const struct braid_map *map, u32 page, void *out);

/*
 * Takes page number @page from disk.  NULL, or what is wrong with it; then its
 * regions are dirty, of generation @now.
 */
const char *braid_map_decode_page(struct braid_map *map, u32 page,
				  const void *in, u32 now);

/* Encodes a ring record; @count at most BRAID_RING_PER_RECORD. */
void braid_ring_encode(void *out, u64 map_id, u64 sequence,
		       const struct braid_change *change, u32 count);

/*
 * struct braid_ring_record - a decoded ring record, in place
 */
struct braid_ring_record {
	u64 sequence;
	u32 count;
	const void *entries;
};

/* NULL, or what is wrong. */
const char *braid_ring_decode(const void *in, u64 map_id,
			      struct braid_ring_record *record);

/**
 * braid_ring_replay() - apply the ring to a map whose pages were decoded
 * @map: the map
 * @ring: @records ring records of 4 KiB as read from disk
 * @records: how many the ring has room for, a power of two
 * @now: generation for what cannot be known
 * @next: the sequence that the next record gets, on return
 *
 * In the order of the sequence; a bad last record is the end; a bad one before
 * a good one makes the whole map dirty.  Record number s is at place s % @records,
 * the first is 1, a place never written is all zero, and at most @records - 1 of
 * them have changes that are not home: what is in the place of the next one does
 * not count.
 * Return: NULL, or what was wrong so that the whole map was made dirty.
 */
const char *braid_ring_replay(struct braid_map *map, const void *ring,
			      u32 records, u32 now, u64 *next);

/* Sets the bits in @pages of the pages that the ring's good records name. */
void braid_ring_touched(const struct braid_map *map, const void *ring,
			u32 records, unsigned long *pages);

#endif /* BRAID_BLK_MAP_H */
