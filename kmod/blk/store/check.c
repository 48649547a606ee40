// SPDX-License-Identifier: GPL-2.0-only
#include "store/check.h"

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "store/layout.h"
#include "proto/map.h"
#include "proto/record.h"
#include "store/replica_info.h"
#include "store/store.h"
#include "store/store_open.h"
#include "proto/text.h"

/*
 * Checks whether the contents of a store can be read, without changing
 * anything. The store may be open and be written at the same time, so a fault
 * is reported only if later attempts find it as well.
 */

#define ATTEMPTS	3
#define BETWEEN_MS	50
#define PAGES_AT_ONCE	64u

/**
 * struct check - one check of a store
 * @store: the store, opened for reading
 * @info: receives the contents
 * @fault: receives descriptions of the faults
 * @max: number of descriptions that fit into @fault
 * @found: number of faults found
 * @slots: both slots of the record
 * @other: scratch space for the record of one slot
 * @pages: PAGES_AT_ONCE pages of the region map
 * @ring: the ring
 */
struct check {
	struct braid_store *store;
	struct braid_replica_info *info;
	struct braid_replica_fault *fault;
	u32 max;
	u32 found;
	void *slots;
	struct braid_record *other;
	void *pages;
	void *ring;
};

static void __printf(2, 3) add_fault(struct check *check, const char *format,
				     ...)
{
	va_list args;

	if (check->found < check->max) {
		va_start(args, format);
		vsnprintf(check->fault[check->found].what,
			  sizeof(check->fault->what), format, args);
		va_end(args);
	}
	check->found++;
}

/*
 * Reads one slot; @sequence is set to that of a valid record, else to 0.
 * Return: NULL, or what is wrong with the slot.
 */
static const char *check_slot(struct check *check, u64 at, void *slot,
			      u64 *sequence)
{
	const char *wrong;

	*sequence = 0;
	if (braid_store_meta_read(check->store, at, slot, BRAID_SLOT_SIZE)) {
		memset(slot, 0, BRAID_SLOT_SIZE);
		return "cannot be read";
	}
	wrong = braid_record_decode(check->other, slot);
	if (!wrong)
		*sequence = check->other->sequence;
	return wrong;
}

/* Return: 0, or -ENODATA if neither slot holds a record. */
static int check_slots(struct check *check, struct netlink_ext_ack *extack)
{
	void *a = check->slots, *b = check->slots + BRAID_SLOT_SIZE;
	const char *wrong_a, *wrong_b;
	u64 sequence_a, sequence_b;

	wrong_a = check_slot(check, BRAID_AT_SLOT_A, a, &sequence_a);
	wrong_b = check_slot(check, BRAID_AT_SLOT_B, b, &sequence_b);
	if (wrong_a && wrong_b)
		return braid_refuse(extack, -ENODATA,
				    "%s holds no replica (slot A: %s, slot B: %s)",
				    check->store->path, wrong_a, wrong_b);
	if (wrong_a)
		add_fault(check, "slot A: %s", wrong_a);
	else if (wrong_b)
		add_fault(check, "slot B: %s", wrong_b);
	else if (sequence_a != sequence_b)
		add_fault(check, "slot %c: older than the other",
			  sequence_a < sequence_b ? 'A' : 'B');
	else if (memcmp(a, b, BRAID_SLOT_SIZE))
		add_fault(check, "slots: two records of the same sequence");
	return braid_record_choose(&check->info->record, a, b, NULL);
}

static void check_pages(struct check *check, struct braid_map *map)
{
	const u32 generation = check->info->record.generation;
	const u32 pages = braid_map_pages(map->regions);
	u32 page, at, count;
	const char *wrong;
	bool unreadable;

	for (page = 0; page < pages; page += count) {
		count = min(pages - page, PAGES_AT_ONCE);
		unreadable = braid_store_meta_read(check->store, BRAID_AT_MAP +
						   (u64)page * BRAID_MAP_PAGE,
						   check->pages,
						   count * BRAID_MAP_PAGE);
		if (unreadable)
			memset(check->pages, 0, count * BRAID_MAP_PAGE);
		for (at = 0; at < count; at++) {
			wrong = braid_map_decode_page(map, page + at,
						      check->pages +
						      at * BRAID_MAP_PAGE,
						      generation);
			if (wrong && !unreadable)
				add_fault(check, "map page %u: %s", page + at,
					  wrong);
		}
		if (unreadable)
			add_fault(check, "map pages %u to %u: cannot be read",
				  page, page + count - 1);
		if (fatal_signal_pending(current))
			return;
		cond_resched();
	}
}

static void check_ring(struct check *check, struct braid_map *map)
{
	const u32 bytes = BRAID_RING_RECORDS * BRAID_MAP_PAGE;
	const char *wrong;
	u64 next;

	if (braid_store_meta_read(check->store, BRAID_AT_RING, check->ring,
				  bytes)) {
		add_fault(check, "ring: cannot be read");
		return;
	}
	wrong = braid_ring_replay(map, check->ring, BRAID_RING_RECORDS,
				  check->info->record.generation, &next);
	if (wrong)
		add_fault(check, "ring: %s", wrong);
}

static u32 count_dirty(const struct braid_map *map)
{
	u32 region, dirty = 0;

	for (region = 0; region < map->regions; region++)
		dirty += !!(map->entry[region] & BRAID_MAP_DIRTY);
	return dirty;
}

static int check_map(struct check *check)
{
	const struct braid_record *record = &check->info->record;
	u32 regions = braid_record_regions(record->size, record->region_shift);
	struct braid_map map = {};

	/* Check the size of the metadata before allocating the map. */
	if (check->store->meta_size < BRAID_AT_MAP + (u64)BRAID_MAP_PAGE *
	    braid_map_pages(regions)) {
		add_fault(check, "map: the metadata has no room for it");
		return 0;
	}
	if (braid_map_init(&map, record->map_id, regions))
		return -ENOMEM;
	check_pages(check, &map);
	check_ring(check, &map);
	check->info->regions_dirty = count_dirty(&map);
	braid_map_destroy(&map);
	return fatal_signal_pending(current) ? -EINTR : 0;
}

static int check_all(struct check *check, struct netlink_ext_ack *extack)
{
	struct braid_replica_info *info = check->info;
	const char *wrong;
	int error;

	check->found = 0;
	memset(info, 0, sizeof(*info));
	strscpy(info->path, check->store->path, sizeof(info->path));
	error = check_slots(check, extack);
	if (error || (info->record.flags & BRAID_RECORD_WITNESS))
		return error;
	wrong = braid_store_set_data(check->store, info->record.data_at);
	if (wrong) {
		add_fault(check, "record: %s", wrong);
		return 0;
	}
	info->data_size = check->store->data_size;
	if (check->store->witness)
		add_fault(check, "data: cannot be opened");
	else if (info->data_size < info->record.size)
		add_fault(check, "data: %llu bytes, the volume has %llu",
			  info->data_size, info->record.size);
	return check_map(check);
}

static int check_until_sure(struct check *check,
			    struct netlink_ext_ack *extack)
{
	int error, attempt;

	for (attempt = 1;; attempt++) {
		error = check_all(check, extack);
		if ((!error && !check->found) || error == -ENOMEM ||
		    error == -EINTR || attempt == ATTEMPTS)
			return error;
		msleep(BETWEEN_MS);
	}
}

/*
 * Opens a store with its data space if that works, and without it otherwise: a
 * witness has no data, and the data of a replica may be lost.
 */
static struct braid_store *check_open(const char *path,
				      struct netlink_ext_ack *extack)
{
	struct braid_store *store = braid_store_look(path, false, NULL);

	return IS_ERR(store) ? braid_store_look(path, true, extack) : store;
}

/**
 * braid_replica_check() - check record, region map and ring of a store
 * @path: path of the store, which may be open
 * @info: receives the contents of the store
 * @fault: receives descriptions of the faults
 * @max: number of descriptions that fit into @fault
 * @found: set to the number of faults, which may be more than @max
 * @extack: receives the reason why the store cannot be checked
 *
 * Context: Process, may sleep long.
 * Return: 0, also with faults; -ENODATA if there is no record; -EINTR, -ENOMEM,
 * or the error of opening the store.
 */
int braid_replica_check(const char *path, struct braid_replica_info *info,
			struct braid_replica_fault *fault, u32 max, u32 *found,
			struct netlink_ext_ack *extack)
{
	struct check check = { .info = info, .fault = fault, .max = max };
	int error = -ENOMEM;

	check.store = check_open(path, extack);
	if (IS_ERR(check.store))
		return PTR_ERR(check.store);
	check.slots = kmalloc(2 * BRAID_SLOT_SIZE, GFP_KERNEL);
	check.other = kmalloc(sizeof(*check.other), GFP_KERNEL);
	check.pages = kvmalloc(PAGES_AT_ONCE * BRAID_MAP_PAGE, GFP_KERNEL);
	check.ring = kvmalloc(BRAID_RING_RECORDS * BRAID_MAP_PAGE, GFP_KERNEL);
	if (check.slots && check.other && check.pages && check.ring)
		error = check_until_sure(&check, extack);
	kvfree(check.ring);
	kvfree(check.pages);
	kfree(check.other);
	kfree(check.slots);
	braid_store_close(check.store);
	*found = check.found;
	return error;
}
