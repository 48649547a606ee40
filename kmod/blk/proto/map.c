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

/* A sequence beyond this is nonsense: nobody wrote so many records. */
#define RING_SEQUENCE_MAX	S64_MAX

/* On disk; the checksum covers all of a page or record but itself. */
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

/* crc32c of a page or record without the 4 bytes at @at. */
static u32 crc_without(const void *data, size_t at)
{
	const size_t rest = at + sizeof(__le32);
	u32 crc = crc32c(~0, data, at);

	return crc32c(crc, data + rest, BRAID_MAP_PAGE - rest);
}

int braid_map_init(struct braid_map *map, u64 map_id, u32 regions)
{
	map->entry = kvcalloc(regions, sizeof(*map->entry), GFP_KERNEL);
	if (!map->entry)
		return -ENOMEM;
	map->map_id = map_id;
	map->regions = regions;
	return 0;
}

void braid_map_destroy(struct braid_map *map)
{
	kvfree(map->entry);
	map->entry = NULL;
}

u32 braid_map_stamped(u32 entry, u32 now)
{
	return max(braid_map_generation(entry), now) | BRAID_MAP_DIRTY;
}

u32 braid_map_cleared(u32 entry, u32 now, bool stamp)
{
	const u32 generation = braid_map_generation(entry);

	return stamp ? max(generation, now) : generation;
}

u32 braid_map_pages(u32 regions)
{
	return DIV_ROUND_UP(regions, BRAID_MAP_PER_PAGE);
}

/* How many regions the page has. */
static u32 page_entries(const struct braid_map *map, u32 page)
{
	return min(map->regions - page * BRAID_MAP_PER_PAGE,
		   BRAID_MAP_PER_PAGE);
}

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

static void spoil(struct braid_map *map, u32 first, u32 count, u32 now)
{
	u32 i;

	for (i = first; i < first + count; i++)
		map->entry[i] = braid_map_stamped(map->entry[i], now);
}

const char *braid_map_decode_page(struct braid_map *map, u32 page,
				  const void *in, u32 now)
{
	const u32 first = page * BRAID_MAP_PER_PAGE;
	const u32 entries = page_entries(map, page);
	const char *wrong = check_page(map, page, in);
	const struct disk_page *disk = in;
	u32 i;

	if (wrong) {
		spoil(map, first, entries, now);
		return wrong;
	}
	for (i = 0; i < entries; i++)
		map->entry[first + i] = le32_to_cpu(disk->entry[i]);
	return NULL;
}

static void map_spoil(struct braid_map *map, u32 now)
{
	spoil(map, 0, map->regions, now);
}

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

/* A record of its slot, whose regions exist: NULL, or what is wrong. */
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

/* The sequence of the newest good record; 0: there is none. */
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
 * Only one record is written at a time, so only the slot of the one after the
 * newest may hold anything but what was written there last.
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

static void apply(struct braid_map *map, const void *slot)
{
	const struct disk_ring *disk = slot;
	const u32 count = le32_to_cpu(disk->count);
	u32 i;

	for (i = 0; i < count; i++)
		map->entry[le32_to_cpu(disk->change[i].region)] =
			le32_to_cpu(disk->change[i].entry);
}

/* Of a ring with holes: at least no generation goes backwards (I6). */
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
	/* What is in the slot of the next one was home before that may be written. */
	sequence = highest >= records - 1 ? highest - (records - 2) : 1;
	for (; sequence <= highest; sequence++)
		apply(map, slot_of(ring, records, sequence));
	return NULL;
}

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
