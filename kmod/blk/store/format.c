// SPDX-License-Identifier: GPL-2.0-only
#include "store/format.h"

#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "store/journal_open.h"
#include "store/layout.h"
#include "proto/record.h"
#include "store/slots.h"
#include "store/store.h"
#include "proto/text.h"

/*
 * Number of bytes at each end of a store that must be zero, or the store is in
 * use: file systems, partition tables, RAID and LVM all have a signature there.
 */
#define MARKS	(128u << 10)

/* Detection of earlier contents */

static int refuse_replica(struct braid_store *store, const void *slots,
			  struct netlink_ext_ack *extack)
{
	struct braid_record *record;
	int error = 0;

	record = kvmalloc(sizeof(*record), GFP_KERNEL);
	if (!record)
		return -ENOMEM;
	if (!braid_record_choose(record, slots, slots + BRAID_SLOT_SIZE, NULL))
		error = braid_refuse(extack, -EEXIST,
				     "%s holds voter %u of volume %s; force overwrites it",
				     store->path, record->voter, record->name);
	kvfree(record);
	return error;
}

static int check_slots(struct braid_store *store, void *buffer,
		       struct netlink_ext_ack *extack)
{
	int error;

	if (store->meta_size < BRAID_WITNESS_SIZE)
		return 0;
	error = braid_store_meta_read(store, BRAID_AT_SLOT_A, buffer,
				      BRAID_SLOT_SIZE) ?:
		braid_store_meta_read(store, BRAID_AT_SLOT_B,
				      buffer + BRAID_SLOT_SIZE,
				      BRAID_SLOT_SIZE);
	return error ?: refuse_replica(store, buffer, extack);
}

typedef int (*read_fn)(struct braid_store *store, u64 at, void *buffer,
		       size_t length);

static int check_marks(struct braid_store *store, read_fn read, u64 size,
		       void *buffer, struct netlink_ext_ack *extack)
{
	const size_t length = min_t(u64, size, MARKS);
	const u64 at[] = { 0, size - length };
	unsigned int i;
	int error;

	for (i = 0; i < ARRAY_SIZE(at) && length; i++) {
		error = read(store, at[i], buffer, length);
		if (error)
			return error;
		if (memchr_inv(buffer, 0, length))
			return braid_refuse(extack, -EEXIST,
					    "%s holds something already (a file system?); force overwrites it",
					    store->path);
	}
	return 0;
}

/**
 * braid_format_refuse_used() - refuse a store that is in use
 * @store: the store
 * @extack: receives the reason, which names the replica that the store holds
 *
 * Context: Process, may sleep.
 * Return: 0; -EEXIST if the store holds a replica or anything else; -EIO;
 * -ENOMEM.
 */
int braid_format_refuse_used(struct braid_store *store,
			     struct netlink_ext_ack *extack)
{
	void *buffer = kvmalloc(MARKS, GFP_KERNEL);
	int error;

	if (!buffer)
		return -ENOMEM;
	error = check_slots(store, buffer, extack) ?:
		check_marks(store, braid_store_meta_read, store->meta_size,
			    buffer, extack);
	if (!error && !store->witness)
		error = check_marks(store, braid_store_data_read,
				    store->data_size, buffer, extack);
	kvfree(buffer);
	if (error == -EIO)
		braid_refuse(extack, error, "%s cannot be read", store->path);
	return error;
}

/* Formatting */

static int format_data(struct braid_store *store,
		       const struct braid_record *record,
		       struct netlink_ext_ack *extack)
{
	u32 regions = braid_record_regions(record->size, record->region_shift);
	const char *wrong = braid_store_set_data(store, record->data_at);
	int error;

	if (wrong)
		return braid_refuse(extack, -EINVAL, "%s: %s", store->path,
				    wrong);
	error = braid_store_format_data(store, record->size);
	if (error == -EINTR)
		return braid_refuse(extack, error,
				    "interrupted; %s holds no replica",
				    store->path);
	if (error == -EOPNOTSUPP)
		return braid_refuse(extack, error,
				    "%s: its file system has no sparse files",
				    store->path);
	if (error)
		return braid_refuse(extack, error,
				    "%s: %llu bytes of data cannot be allocated (%pe)",
				    store->path, record->size, ERR_PTR(error));
	error = braid_journal_format(store, record->map_id, regions);
	if (error)
		return braid_refuse(extack, error,
				    "%s: the region map cannot be written (%pe)",
				    store->path, ERR_PTR(error));
	return 0;
}

static u64 meta_size(const struct braid_record *record)
{
	if (record->flags & BRAID_RECORD_WITNESS)
		return BRAID_WITNESS_SIZE;
	return braid_layout_meta_size(braid_record_regions(record->size,
							   record->region_shift));
}

/**
 * braid_format() - write the metadata and data of a new replica
 * @store: store that was opened with braid_store_make()
 * @record: record of the replica
 * @extack: receives the reason for a failure
 *
 * Writes @record last, so that an interrupted call leaves no replica.
 *
 * Context: Process, may sleep long.
 * Return: 0 or a negative errno.
 */
int braid_format(struct braid_store *store, const struct braid_record *record,
		 struct netlink_ext_ack *extack)
{
	const u64 size = meta_size(record);
	int error;

	error = braid_store_create(store, extack);
	if (error)
		return error;
	error = braid_store_format_meta(store, size);
	if (error)
		return braid_refuse(extack, error,
				    "%s: no room for %llu bytes of metadata (%pe)",
				    store->path, size, ERR_PTR(error));
	error = braid_slots_blank(store);
	if (!error && !store->witness) {
		error = format_data(store, record, extack);
		if (error)
			return error;
	}
	if (!error)
		error = braid_store_flush(store);
	if (!error)
		error = braid_slots_write(store, record);
	if (error)
		return braid_refuse(extack, error,
				    "%s: the record cannot be written (%pe)",
				    store->path, ERR_PTR(error));
	return 0;
}
