// SPDX-License-Identifier: GPL-2.0-only
#include "proto/map.h"

#include <linux/bitops.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/crc32.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/stddef.h>
#include <linux/string.h>

#define RING_MAGIC	0x00676e6972726562ULL	/* "berring" */

/* No replica ever writes so many records: a larger sequence is corrupt. */
#define RING_SEQUENCE_MAX	S64_MAX

/*
 * Formats on disk. The checksum covers the whole page or record except itself.
 */
struct disk_page {
	__le64 map_id;
	__le32 page;
	__le32 crc;
	__le32 entry[BRAID_MAP_PER_PAGE];
} __packed;

struct disk_change {
	__le32 region;
	__le32 entry;
} __packed;

struct disk_ring {
	__le64 magic;
	__le64 map_id;
	__le64 sequence;
	__le32 count;
	__le32 crc;
	struct disk_change change[BRAID_RING_PER_RECORD];
	__u8 zero[64];
} __packed;

static_assert(sizeof(struct disk_page) == BRAID_MAP_PAGE);
static_assert(sizeof(struct disk_ring) == BRAID_MAP_PAGE);

/* Returns the crc32c of a page or record without the 4 bytes at offset @at. */
static u32 crc_without(const void *data, size_t at)
{
	const size_t rest = at + sizeof(__le32);
	u32 crc = crc32c(~0, data, at);

	return crc32c(crc, data + rest, BRAID_MAP_PAGE - rest);
}

/**
 * braid_map_init() - allocate an empty map
 * @map: the map
 * @map_id: identifier for the header of each page
 * @regions: number of regions
 *
 * Context: Process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int braid_map_init(struct braid_map *map, u64 map_id, u32 regions)
{
	map->entry = kvcalloc(regions, sizeof(*map->entry), GFP_KERNEL);
	if (!map->entry)
		return -ENOMEM;
	map->map_id = map_id;
	map->regions = regions;
	return 0;
}

/**
 * braid_map_destroy() - free the memory of a map
 * @map: the map; may be empty
 */
void braid_map_destroy(struct braid_map *map)
{
	kvfree(map->entry);
	map->entry = NULL;
}

/**
 * braid_map_stamped() - compute the entry of a region after a write
 * @entry: present entry
 * @now: generation of the write (G3)
 *
 * Return: a dirty entry whose generation never goes backwards (G2, I6).
 */
u32 braid_map_stamped(u32 entry, u32 now)
{
	return max(braid_map_generation(entry), now) | BRAID_MAP_DIRTY;
}

/**
 * braid_map_cleared() - compute the entry of a region after a clear
 * @entry: present entry
 * @now: generation of the clear
 * @stamp: a data replica is outside the ISR (C3)
 *
 * Return: a clean entry; with @stamp its generation is at least @now.
 */
u32 braid_map_cleared(u32 entry, u32 now, bool stamp)
{
	const u32 generation = braid_map_generation(entry);

	return stamp ? max(generation, now) : generation;
}

/**
 * braid_map_pages() - compute the number of map pages
 * @regions: number of regions
 *
 * Return: the number of pages of BRAID_MAP_PAGE bytes.
 */
u32 braid_map_pages(u32 regions)
{
	return DIV_ROUND_UP(regions, BRAID_MAP_PER_PAGE);
}

/* Returns the number of regions in @page; the last page may be partly used. */
static u32 page_entries(const struct braid_map *map, u32 page)
{
	return min(map->regions - page * BRAID_MAP_PER_PAGE,
		   BRAID_MAP_PER_PAGE);
}

/**
 * braid_map_encode_page() - write a page in its form on disk
 * @map: the map
 * @page: number of the page
 * @out: buffer of BRAID_MAP_PAGE bytes
 */
void braid_map_encode_page(const struct braid_map *map, u32 page, void *out)
{
	const u32 *from = map->entry + page * BRAID_MAP_PER_PAGE;
	const u32 entries = page_entries(map, page);
	struct disk_page *disk = out;
	u32 i;

	disk->map_id = cpu_to_le64(map->map_id);
	disk->page = cpu_to_le32(page);
	for (i = 0; i < entries; i++)
		disk->entry[i] = cpu_to_le32(READ_ONCE(from[i]));
	for (; i < BRAID_MAP_PER_PAGE; i++)
		disk->entry[i] = 0;
	disk->crc = cpu_to_le32(crc_without(disk, offsetof(struct disk_page,
							   crc)));
}

static const char *check_page(const struct braid_map *map, u32 page,
			      const struct disk_page *disk)
{
	if (crc_without(disk, offsetof(struct disk_page, crc)) !=
	    le32_to_cpu(disk->crc))
		return "checksum is wrong";
	if (le64_to_cpu(disk->map_id) != map->map_id)
		return "page of another volume";
	if (le32_to_cpu(disk->page) != page)
		return "page of another place";
	return NULL;
}

static void map_spoil_range(struct braid_map *map, u32 first, u32 count,
			    u32 now)
{
	u32 i;

	for (i = first; i < first + count; i++)
		map->entry[i] = braid_map_stamped(map->entry[i], now);
}

/**
 * braid_map_decode_page() - read a page from its form on disk
 * @map: the map
 * @page: number of the page
 * @in: BRAID_MAP_PAGE bytes as read from disk
 * @now: generation for the regions of an invalid page
 *
 * Marks all regions of an invalid page dirty, of generation @now.
 *
 * Return: NULL, or what is wrong with the page (static text).
 */
const char *braid_map_decode_page(struct braid_map *map, u32 page,
				  const void *in, u32 now)
{
	const u32 first = page * BRAID_MAP_PER_PAGE;
	const u32 entries = page_entries(map, page);
	const char *wrong = check_page(map, page, in);
	const struct disk_page *disk = in;
	u32 i;

	if (wrong) {
		map_spoil_range(map, first, entries, now);
		return wrong;
	}
	for (i = 0; i < entries; i++)
		map->entry[first + i] = le32_to_cpu(disk->entry[i]);
	return NULL;
}

static void map_spoil(struct braid_map *map, u32 now)
{
	map_spoil_range(map, 0, map->regions, now);
}

/**
 * braid_ring_encode() - write a ring record in its form on disk
 * @out: buffer of BRAID_MAP_PAGE bytes
 * @map_id: identifier of the map
 * @sequence: sequence number of the record
 * @change: the changes
 * @count: number of @change, at most BRAID_RING_PER_RECORD
 */
void braid_ring_encode(void *out, u64 map_id, u64 sequence,
		       const struct braid_change *change, u32 count)
{
	struct disk_ring *disk = out;
	u32 i;

	memset(disk, 0, sizeof(*disk));
	disk->magic = cpu_to_le64(RING_MAGIC);
	disk->map_id = cpu_to_le64(map_id);
	disk->sequence = cpu_to_le64(sequence);
	disk->count = cpu_to_le32(count);
	for (i = 0; i < count; i++) {
		disk->change[i].region = cpu_to_le32(change[i].region);
		disk->change[i].entry = cpu_to_le32(change[i].entry);
	}
	disk->crc = cpu_to_le32(crc_without(disk, offsetof(struct disk_ring,
							   crc)));
}

/**
 * braid_ring_decode() - read a ring record from its form on disk
 * @in: BRAID_MAP_PAGE bytes as read from disk
 * @map_id: identifier of the map
 * @record: filled in on success; points into @in
 *
 * Return: NULL, or what is wrong with the record (static text).
 */
const char *braid_ring_decode(const void *in, u64 map_id,
			      struct braid_ring_record *record)
{
	const struct disk_ring *disk = in;

	if (disk->magic != cpu_to_le64(RING_MAGIC))
		return memchr_inv(in, 0, BRAID_MAP_PAGE) ? "not a record" :
							   "blank";
	if (crc_without(disk, offsetof(struct disk_ring, crc)) !=
	    le32_to_cpu(disk->crc))
		return "checksum is wrong";
	if (le64_to_cpu(disk->map_id) != map_id)
		return "record of another volume";
	record->sequence = le64_to_cpu(disk->sequence);
	record->count = le32_to_cpu(disk->count);
	record->entries = disk->change;
	if (!record->sequence || record->sequence > RING_SEQUENCE_MAX)
		return "sequence out of range";
	if (!record->count || record->count > BRAID_RING_PER_RECORD)
		return "number of changes out of range";
	return NULL;
}

static const void *slot_of(const void *ring, u32 records, u64 sequence)
{
	return ring + (sequence & (records - 1)) * BRAID_MAP_PAGE;
}

/*
 * Decodes the record in @slot and checks that it belongs into this slot and
 * names existing regions only. Return: NULL, or what is wrong.
 */
static const char *check_record(const struct braid_map *map, const void *ring,
				u32 records, u32 slot,
				struct braid_ring_record *record)
{
	const char *wrong = braid_ring_decode(ring + slot * BRAID_MAP_PAGE,
					      map->map_id, record);
	const struct disk_change *change;
	u32 i;

	if (wrong)
		return wrong;
	if ((record->sequence & (records - 1)) != slot)
		return "record of another place";
	change = record->entries;
	for (i = 0; i < record->count; i++)
		if (le32_to_cpu(change[i].region) >= map->regions)
			return "region beyond the end";
	return NULL;
}

/* Return: the sequence of the newest valid record, or 0 if there is none. */
static u64 newest(const struct braid_map *map, const void *ring, u32 records)
{
	struct braid_ring_record record;
	u64 highest = 0;
	u32 slot;

	for (slot = 0; slot < records; slot++)
		if (!check_record(map, ring, records, slot, &record))
			highest = max(highest, record.sequence);
	return highest;
}

/*
 * Checks that the ring has no hole. Only one record is written at a time, so
 * only the slot after the newest record may be torn; every other slot must
 * still hold the record that was written there last.
 */
static const char *check_ring(const struct braid_map *map, const void *ring,
			      u32 records, u64 highest)
{
	struct braid_ring_record record;
	const char *wrong;
	u32 age;

	for (age = 0; age < records - 1; age++) {
		const u32 slot = (highest - age) & (records - 1);

		wrong = check_record(map, ring, records, slot, &record);
		if (age >= highest) {
			if (memchr_inv(ring + slot * BRAID_MAP_PAGE, 0,
				       BRAID_MAP_PAGE))
				return "record where none was written";
			continue;
		}
		if (wrong)
			return wrong;
		if (record.sequence != highest - age)
			return "record missing";
	}
	return NULL;
}

static void map_apply(struct braid_map *map, const void *slot)
{
	const struct disk_ring *disk = slot;
	const u32 count = le32_to_cpu(disk->count);
	u32 i;

	for (i = 0; i < count; i++)
		map->entry[le32_to_cpu(disk->change[i].region)] =
			le32_to_cpu(disk->change[i].entry);
}

/*
 * Raises the generations of a ring with holes: which changes are missing is not
 * known, but no generation may go backwards (I6).
 */
static void apply_generations(struct braid_map *map, const void *ring,
			      u32 records)
{
	struct braid_ring_record record;
	const struct disk_change *change;
	u32 slot, i;

	for (slot = 0; slot < records; slot++) {
		if (check_record(map, ring, records, slot, &record))
			continue;
		change = record.entries;
		for (i = 0; i < record.count; i++) {
			u32 *entry = map->entry + le32_to_cpu(change[i].region);
			u32 there = le32_to_cpu(change[i].entry);

			*entry = braid_map_stamped(*entry,
						   braid_map_generation(there));
		}
	}
}

/**
 * braid_ring_replay() - apply the ring to a map whose pages were decoded
 * @map: the map
 * @ring: @records ring records of BRAID_MAP_PAGE bytes as read from disk
 * @records: number of slots in the ring, a power of two
 * @now: generation for regions of unknown state
 * @next: set to the sequence of the next record to write
 *
 * Applies the records in the order of their sequence, which starts at 1. Record
 * s is in slot s % @records; a slot that was never written is all zero. At most
 * @records - 1 records have changes that did not reach the map pages yet, so
 * the slot of the next record is ignored: a torn record there is the end of the
 * ring. A bad record before a good one makes the whole map dirty.
 *
 * Return: NULL, or what is wrong with the ring (static text); then the whole
 * map is dirty, of generation @now.
 */
const char *braid_ring_replay(struct braid_map *map, const void *ring,
			      u32 records, u32 now, u64 *next)
{
	const u64 highest = newest(map, ring, records);
	const char *wrong = check_ring(map, ring, records, highest);
	u64 sequence;

	*next = highest + 1;
	if (wrong) {
		apply_generations(map, ring, records);
		map_spoil(map, now);
		return wrong;
	}
	/*
	 * The slot after the newest record is skipped: the changes in it
	 * reached the map pages before the slot could be written again.
	 */
	sequence = highest >= records - 1 ? highest - (records - 2) : 1;
	for (; sequence <= highest; sequence++)
		map_apply(map, slot_of(ring, records, sequence));
	return NULL;
}

/**
 * braid_ring_touched() - find the map pages that the ring changes
 * @map: the map
 * @ring: @records ring records of BRAID_MAP_PAGE bytes as read from disk
 * @records: number of slots in the ring, a power of two
 * @pages: bitmap of pages; the bit of each page that a valid record names is
 *	set
 */
void braid_ring_touched(const struct braid_map *map, const void *ring,
			u32 records, unsigned long *pages)
{
	struct braid_ring_record record;
	const struct disk_change *change;
	u32 slot, i;

	for (slot = 0; slot < records; slot++) {
		if (check_record(map, ring, records, slot, &record))
			continue;
		change = record.entries;
		for (i = 0; i < record.count; i++)
			__set_bit(le32_to_cpu(change[i].region) /
				  BRAID_MAP_PER_PAGE, pages);
	}
}
