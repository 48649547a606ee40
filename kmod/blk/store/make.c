// SPDX-License-Identifier: GPL-2.0-only
#include "store/make.h"

#include <linux/err.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "store/format.h"
#include "store/layout.h"
#include "proto/record.h"
#include "store/slots.h"
#include "store/store.h"
#include "store/store_open.h"
#include "proto/text.h"

/* Creation and deletion of replicas that are not open. */

/*
 * Chooses the size of the volume if none is given, and checks that it fits into
 * the store.
 */
static int choose_size(const struct braid_store *store, u64 *size,
		       struct netlink_ext_ack *extack)
{
	u64 need;

	if (!*size) {
		*size = store->file ? store->data_size :
				      braid_layout_fit(store->data_size);
		if (!*size && store->file)
			return braid_refuse(extack, -EINVAL,
					    "%s has no size yet: give the size of the volume",
					    store->path);
		if (!*size)
			return braid_refuse(extack, -ENOSPC,
					    "%s has %llu bytes, the least is %llu",
					    store->path, store->data_size,
					    braid_layout_meta_of(BRAID_BLOCK) +
					    BRAID_BLOCK);
		*size = min(*size, BRAID_SIZE_MAX);
	}
	if (store->file || *size > BRAID_SIZE_MAX)
		return 0;
	need = braid_layout_meta_of(*size) + *size;
	if (need > store->data_size)
		return braid_refuse(extack, -ENOSPC,
				    "%s has %llu bytes, a volume of %llu needs %llu",
				    store->path, store->data_size, *size, need);
	return 0;
}

/* Fills in the record of a replica that belongs to no created volume yet. */
static void fill_record(struct braid_record *record,
			const struct braid_replica_make *make,
			const struct braid_store *store, u64 size)
{
	__le64 map_id;

	memset(record, 0, sizeof(*record));
	record->volume = make->volume;
	memcpy(&map_id, &make->volume, sizeof(map_id));
	record->map_id = le64_to_cpu(map_id);
	record->incarnation = get_random_u64();
	strscpy(record->name, make->name, sizeof(record->name));
	record->voter = make->voter;
	record->own = BRAID_OWN_BLANK;
	record->lease_ms = BRAID_LEASE_MS;
	record->sequence = BRAID_SEQUENCE_BLANK;
	record->size = size;
	record->region_shift = braid_record_region_shift(size);
	if (make->witness) {
		record->flags = BRAID_RECORD_WITNESS;
		return;
	}
	if (store->unmap_zeroes)
		record->flags = BRAID_RECORD_DISCARD;
	if (!store->file)
		record->data_at = braid_layout_meta_of(size);
}

/* Refuses a record that could not be read again. */
static int check_record(const struct braid_record *record,
			struct netlink_ext_ack *extack)
{
	struct braid_record *again;
	const char *wrong;
	void *slot;
	int error = -ENOMEM;

	again = kmalloc(sizeof(*again), GFP_KERNEL);
	slot = kmalloc(BRAID_SLOT_SIZE, GFP_KERNEL);
	if (again && slot) {
		braid_record_encode(record, slot);
		wrong = braid_record_decode(again, slot);
		error = wrong ? braid_refuse(extack, -EINVAL, "%s", wrong) : 0;
	}
	kfree(slot);
	kfree(again);
	return error;
}

static int make_on(struct braid_store *store,
		   const struct braid_replica_make *make,
		   struct netlink_ext_ack *extack)
{
	struct braid_record *record;
	u64 size = make->size;
	int error = 0;

	if (!make->force)
		error = braid_format_refuse_used(store, extack);
	if (!error && !make->witness)
		error = choose_size(store, &size, extack);
	if (error)
		return error;
	record = kmalloc(sizeof(*record), GFP_KERNEL);
	if (!record)
		return -ENOMEM;
	fill_record(record, make, store, size);
	error = check_record(record, extack) ?:
		braid_format(store, record, extack);
	kfree(record);
	return error;
}

/**
 * braid_replica_create() - create a replica or witness on a store
 * @make: arguments
 * @extack: receives the reason for a refusal
 *
 * Context: Process, may sleep long.
 * Return: 0 or a negative errno.
 */
int braid_replica_create(const struct braid_replica_make *make,
			 struct netlink_ext_ack *extack)
{
	struct braid_store *store;
	int error;

	if (strlen(make->name) > BRAID_NAME_MAX)
		return braid_refuse(extack, -EINVAL,
				    "a name has at most %u characters",
				    BRAID_NAME_MAX);
	if (make->witness && make->size)
		return braid_refuse(extack, -EINVAL,
				    "a witness holds no data: it has no size");
	store = braid_store_make(make->path, make->witness, extack);
	if (IS_ERR(store))
		return PTR_ERR(store);
	error = make_on(store, make, extack);
	braid_store_close(store);
	return error;
}

/**
 * braid_replica_del() - delete the record of a replica that is not open
 * @path: path of the store
 * @extack: receives the reason for a refusal
 *
 * Blanks both slots; the data stays.
 *
 * Context: Process, may sleep long.
 * Return: 0 or a negative errno.
 */
int braid_replica_del(const char *path, struct netlink_ext_ack *extack)
{
	struct braid_record *record;
	struct braid_store *store;
	int error;

	record = kmalloc(sizeof(*record), GFP_KERNEL);
	if (!record)
		return -ENOMEM;
	store = braid_store_open(path, true, extack);
	if (IS_ERR(store)) {
		kfree(record);
		return PTR_ERR(store);
	}
	error = braid_slots_read(store, record, extack);
	if (!error) {
		error = braid_slots_blank(store);
		if (error)
			braid_refuse(extack, error,
				     "%s: the record cannot be written (%pe)",
				     path, ERR_PTR(error));
	}
	braid_store_close(store);
	kfree(record);
	return error;
}
