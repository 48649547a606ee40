/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A store in memory for a replica under test. Record and data outlive openings,
 * and a test can hold its I/O or make it fail.
 */
#ifndef BRAID_KUNIT_MEMORY_STORE_H
#define BRAID_KUNIT_MEMORY_STORE_H

#include <linux/completion.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "../../kmod/blk/proto/record.h"
#include "../../kmod/blk/store/slots.h"
#include "../../kmod/blk/store/store.h"
#include "../../kmod/blk/store/store_open.h"
#include "../../kmod/blk/target/target.h"
#include "../../kmod/blk/proto/text.h"

/**
 * struct memory - the one store of a test; it outlives openings
 * @store: the store as the replica knows it
 * @record: the durable record
 * @records: number of writes of the record
 * @data: the data
 * @meta: the metadata
 * @lock: protects @held
 * @hold: data I/O is kept in @held
 * @held: data I/O to be completed later, in order
 * @nheld: number of @held
 * @submitted: number of data I/O submitted
 * @last: operation of the last data I/O
 * @last_fua: the last data I/O had FUA
 * @opened: the store is open
 * @fail_slots: writes of the record fail
 * @no_memory: writes of the record fail with -ENOMEM before they begin
 * @fail_data: result of the next data I/O
 * @fail_meta: result of writes of metadata
 * @hold_meta: a write of metadata waits for @go_on
 * @go_on: lets the write of metadata continue
 */
static struct memory {
	struct braid_store store;
	struct braid_record record;
	u32 records;
	u8 *data;
	u8 *meta;
	spinlock_t lock; /* held */
	bool hold;
	struct braid_store_io *held[16];
	u32 nheld;
	u32 submitted;
	enum braid_store_op last;
	bool last_fua;
	bool opened;
	bool fail_slots;
	bool no_memory;
	int fail_data;
	int fail_meta;
	bool hold_meta;
	struct completion go_on;
} memory;

struct braid_store *braid_store_open(const char *path, bool witness,
				     struct netlink_ext_ack *extack)
{
	if (memory.opened)
		return ERR_PTR(-EBUSY);
	memory.opened = true;
	memory.store.id++;
	memory.store.witness = witness;
	return &memory.store;
}

void braid_store_close(struct braid_store *store)
{
	memory.opened = false;
}

int braid_store_meta_read(struct braid_store *store, u64 at, void *buffer,
			  size_t length)
{
	memcpy(buffer, memory.meta + at, length);
	return 0;
}

int braid_store_meta_write(struct braid_store *store, u64 at,
			   const void *buffer, size_t length, bool fua)
{
	if (memory.hold_meta)
		wait_for_completion(&memory.go_on);
	if (memory.fail_meta)
		return memory.fail_meta;
	memcpy(memory.meta + at, buffer, length);
	return 0;
}

int braid_store_flush(struct braid_store *store)
{
	return 0;
}

static void perform(struct braid_store_io *io)
{
	u8 *data = memory.data + io->offset;
	u32 i;

	if (io->op == BRAID_STORE_ZERO || io->op == BRAID_STORE_DISCARD)
		memset(data, 0, io->length);
	for (i = 0; i < io->nr_bvec && io->op <= BRAID_STORE_WRITE; i++) {
		u8 *page = page_address(io->bvec[i].bv_page);
		u32 length = io->bvec[i].bv_len;

		if (io->op == BRAID_STORE_READ)
			memcpy(page, data, length);
		else
			memcpy(data, page, length);
		data += length;
	}
}

void braid_store_submit(struct braid_store *store, struct braid_store_io *io)
{
	int error = memory.fail_data;
	bool held;

	spin_lock_irq(&memory.lock);
	memory.submitted++;
	memory.last = io->op;
	memory.last_fua = io->fua;
	held = memory.hold;
	if (held)
		memory.held[memory.nheld++] = io;
	spin_unlock_irq(&memory.lock);
	if (held)
		return;
	memory.fail_data = 0;
	if (!error)
		perform(io);
	if (braid_store_is_flush_lost(io->op == BRAID_STORE_FLUSH, io->fua,
				      error))
		WRITE_ONCE(store->flush_failed, true);
	io->done(io, error);
}

/* Completes the held I/O with interrupts off, as a device driver may do. */
static inline void let_go(void)
{
	unsigned long flags;
	u32 i;

	memory.hold = false;
	for (i = 0; i < memory.nheld; i++) {
		perform(memory.held[i]);
		local_irq_save(flags);
		memory.held[i]->done(memory.held[i], 0);
		local_irq_restore(flags);
	}
	memory.nheld = 0;
}

int braid_slots_read(struct braid_store *store, struct braid_record *record,
		     struct netlink_ext_ack *extack)
{
	*record = memory.record;
	return 0;
}

int braid_slots_write(struct braid_store *store,
		      const struct braid_record *record)
{
	if (memory.no_memory)
		return -ENOMEM;
	if (memory.fail_slots)
		return -EIO;
	memory.record = *record;
	memory.records++;
	return 0;
}

void braid_target_forget(struct braid_blk_node *node,
			 const struct braid_replica *replica)
{
}

int braid_refuse(struct netlink_ext_ack *extack, int error,
		 const char *format, ...)
{
	return error;
}

#endif
