// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "store/slots.h"

#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "store/layout.h"
#include "proto/map.h"
#include "proto/record.h"
#include "store/store.h"
#include "proto/text.h"

/* Allocates both slots in one buffer, A in front of B. */
static void *slots_alloc(void)
{
	return kzalloc(2 * BRAID_SLOT_SIZE, GFP_NOIO);
}

/* Reads a slot; an unreadable one counts as never written. */
static int read_slot(struct braid_store *store, u64 at, void *slot)
{
	int error = braid_store_meta_read(store, at, slot, BRAID_SLOT_SIZE);

	if (error)
		memset(slot, 0, BRAID_SLOT_SIZE);
	return error;
}

static int write_slot(struct braid_store *store, u64 at, const void *slot)
{
	return braid_store_meta_write(store, at, slot, BRAID_SLOT_SIZE, true);
}

/* Rewrites the slot that differs from @record, so that both hold it. */
static int slots_repair(struct braid_store *store,
			const struct braid_record *record,
			void *slots)
{
	void *good = slots, *bad = slots + BRAID_SLOT_SIZE;
	u64 bad_at = BRAID_AT_SLOT_B;
	struct braid_record *a;
	bool a_is_good;

	if (!memcmp(good, bad, BRAID_SLOT_SIZE))
		return 0;
	a = kmalloc(sizeof(*a), GFP_NOIO);
	if (!a)
		return -ENOMEM;
	a_is_good = !braid_record_decode(a, good) &&
		    a->sequence == record->sequence;
	kfree(a);
	if (!a_is_good) {
		swap(good, bad);
		bad_at = BRAID_AT_SLOT_A;
	}
	pr_info("volume %s, voter %u: the record was in one slot only; it is written again\n",
		record->name, record->voter);
	return write_slot(store, bad_at, good);
}

/*
 * Checks that a valid record belongs on this store. Return: NULL, or what is
 * wrong.
 */
static const char *check_fit(struct braid_store *store,
			     const struct braid_record *record)
{
	const char *wrong;
	u64 least;

	if (record->flags & BRAID_RECORD_WITNESS)
		return store->witness ? NULL : "it belongs to a witness";
	if (store->witness)
		return NULL;
	wrong = braid_store_set_data(store, record->data_at);
	if (wrong)
		return wrong;
	least = BRAID_AT_MAP + (u64)BRAID_MAP_PAGE *
		braid_map_pages(braid_record_regions(record->size,
						     record->region_shift));
	return store->meta_size < least ? "the metadata has no room for its map" :
					  NULL;
}

static int read_both(struct braid_store *store, struct braid_record *record,
		     void *slots, struct netlink_ext_ack *extack)
{
	int error_a = read_slot(store, BRAID_AT_SLOT_A, slots);
	int error_b = read_slot(store, BRAID_AT_SLOT_B, slots + BRAID_SLOT_SIZE);
	const char *wrong;
	int error;

	if (error_a && error_b)
		return braid_refuse(extack, error_a, "%s: cannot be read",
				    store->path);
	error = braid_record_choose(record, slots, slots + BRAID_SLOT_SIZE,
				    &wrong);
	if (error)
		return braid_refuse(extack, error,
				    "%s holds no replica (its record: %s)",
				    store->path, wrong);
	wrong = check_fit(store, record);
	if (wrong)
		return braid_refuse(extack, -EINVAL,
				    "%s: the record does not fit: %s",
				    store->path, wrong);
	error = slots_repair(store, record, slots);
	if (error)
		return braid_refuse(extack, error,
				    "%s: the record cannot be written",
				    store->path);
	return 0;
}

/**
 * braid_slots_read() - read the record of a store and set up the data space
 * @store: the open store
 * @record: on success the newer valid record
 * @extack: receives the reason for a refusal
 *
 * Rewrites a slot that is invalid or older, so that the next record may be
 * written into either slot first. Tells the store where its data begins.
 *
 * Context: Process, may sleep.
 * Return: 0; -ENODATA if neither slot holds a record; -EINVAL if the record
 * does not fit the store; -EIO, -ENOSPC or -ENOMEM.
 */
int braid_slots_read(struct braid_store *store, struct braid_record *record,
		     struct netlink_ext_ack *extack)
{
	void *slots = slots_alloc();
	int error;

	if (!slots)
		return -ENOMEM;
	error = read_both(store, record, slots, extack);
	kfree(slots);
	return error;
}

static int write_both(struct braid_store *store, const void *slot)
{
	return write_slot(store, BRAID_AT_SLOT_A, slot) ?:
	       write_slot(store, BRAID_AT_SLOT_B, slot);
}

/**
 * braid_slots_write() - make a record durable in both slots
 * @store: store that is open for writing
 * @record: the record; its sequence must be above that of the previous record
 *
 * Writes one slot after the other: whenever the call is interrupted, one slot
 * holds the previous record or this one completely. After an error the caller
 * must not write again before it has called braid_slots_read().
 *
 * Context: Process, may sleep.
 * Return: 0; -ENOMEM if nothing was written; -EIO or -ENOSPC if it is unknown
 * which of the two records will be read.
 */
int braid_slots_write(struct braid_store *store,
		      const struct braid_record *record)
{
	void *slot = kmalloc(BRAID_SLOT_SIZE, GFP_NOIO);
	int error;

	if (!slot)
		return -ENOMEM;
	braid_record_encode(record, slot);
	error = write_both(store, slot);
	kfree(slot);
	return error;
}

/**
 * braid_slots_blank() - blank both slots durably
 * @store: store that is open for writing
 *
 * Context: Process, may sleep.
 * Return: 0 or a negative errno.
 */
int braid_slots_blank(struct braid_store *store)
{
	void *slot = kzalloc(BRAID_SLOT_SIZE, GFP_KERNEL);
	int error;

	if (!slot)
		return -ENOMEM;
	error = write_both(store, slot);
	kfree(slot);
	return error;
}
