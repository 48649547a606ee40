// SPDX-License-Identifier: GPL-2.0-only
#include "store/store.h"

#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "proto/record.h"
#include "store/store_ops.h"

/* Pages of one synchronous I/O, whose bio_vec array is on the stack. */
#define SYNC_PAGES	16

/* Maps an error to the errnos that the callers know, see store.h. */
static int plain_error(int error)
{
	switch (error) {
	case 0:
	case -ENOSPC:
		return error;
	case -EDQUOT:
		return -ENOSPC;
	default:
		return -EIO;
	}
}

/**
 * braid_store_close() - close a store
 * @store: the store; all I/O must have ended
 *
 * Context: Process, may sleep.
 */
void braid_store_close(struct braid_store *store)
{
	destroy_workqueue(store->workqueue);
	kfree(store->path);
	store->ops->close(store);
}

/**
 * braid_store_set_data() - set the beginning of the data on a device
 * @store: the store; nothing changes if it was opened without a data space
 * @data_at: first byte of the data as in the record; 0 for a file store
 *
 * Return: NULL, or what is wrong with @data_at (static text).
 */
const char *braid_store_set_data(struct braid_store *store, u64 data_at)
{
	const u64 size = store->data_at + store->data_size;

	if (store->file)
		return data_at ? "a file has no data behind its metadata" :
				 NULL;
	if (store->witness)
		return NULL;
	if (data_at < BRAID_BLOCK || data_at % BRAID_BLOCK || data_at >= size)
		return "the data begins outside the device";
	store->data_at = data_at;
	store->data_size = size - data_at;
	store->meta_size = data_at;
	return NULL;
}

/* I/O on the data space */

/**
 * braid_store_submit() - start an I/O on the data space
 * @store: the store
 * @io: the I/O, owned by the store until @io->done is called
 *
 * Does not wait for the I/O; allocates from pools, as submit_bio() does.
 *
 * Context: Process.
 */
void braid_store_submit(struct braid_store *store, struct braid_store_io *io)
{
	io->store = store;
	if (WARN_ON_ONCE(io->offset > store->data_size ||
			 io->length > store->data_size - io->offset)) {
		io->done(io, -EIO);
		return;
	}
	if (unlikely(READ_ONCE(store->flush_failed)) &&
	    (io->fua || io->op == BRAID_STORE_FLUSH)) {
		io->done(io, -EIO);
		return;
	}
	store->ops->submit(store, io);
}

/**
 * braid_store_done() - complete an I/O
 * @io: the I/O
 * @error: 0 or any negative errno of the device or file system
 *
 * Context: As @io->done.
 */
void braid_store_done(struct braid_store_io *io, int error)
{
	error = plain_error(error);
	if (unlikely(braid_store_is_flush_lost(io->op == BRAID_STORE_FLUSH,
					       io->fua, error)))
		WRITE_ONCE(io->store->flush_failed, true);
	io->done(io, error);
}

/* Synchronous I/O */

/*
 * Fills @bvec with the next pages of @buffer. Return: the number of bytes that
 * they hold.
 */
static size_t fill_bvec(struct bio_vec *bvec, unsigned int *nr, void *buffer,
			size_t length)
{
	size_t done = 0;

	for (*nr = 0; *nr < SYNC_PAGES && done < length; (*nr)++) {
		unsigned int at = offset_in_page(buffer + done);
		unsigned int bytes = min_t(size_t, length - done,
					   PAGE_SIZE - at);
		struct page *page = is_vmalloc_addr(buffer) ?
					    vmalloc_to_page(buffer + done) :
					    virt_to_page(buffer + done);

		bvec_set_page(&bvec[*nr], page, bytes, at);
		done += bytes;
	}
	return done;
}

static int sync_all(struct braid_store *store, struct braid_store_sync *sync,
		    void *buffer, size_t length)
{
	struct bio_vec bvec[SYNC_PAGES];
	int error = 0;

	sync->bvec = bvec;
	while (length && !error) {
		sync->length = fill_bvec(bvec, &sync->nr_bvec, buffer, length);
		error = store->ops->sync(store, sync);
		buffer += sync->length;
		sync->at += sync->length;
		length -= sync->length;
	}
	return error;
}

static int sync_io(struct braid_store *store, struct braid_store_sync *sync,
		   void *buffer, size_t length)
{
	const u64 size = sync->data ? store->data_size : store->meta_size;
	unsigned int noio;
	int error;

	if (WARN_ON_ONCE(!IS_ALIGNED((unsigned long)buffer, SECTOR_SIZE) ||
			 (sync->at | length) % BRAID_BLOCK))
		return -EIO;
	if (sync->at > size || length > size - sync->at)
		return -EIO;
	/*
	 * Direct I/O uses the linear mapping of vmalloc memory: keep the
	 * aliases coherent.
	 */
	if (is_vmalloc_addr(buffer))
		flush_kernel_vmap_range(buffer, length);
	noio = memalloc_noio_save();
	error = plain_error(sync_all(store, sync, buffer, length));
	memalloc_noio_restore(noio);
	if (is_vmalloc_addr(buffer) && !sync->write)
		invalidate_kernel_vmap_range(buffer, length);
	if (braid_store_is_flush_lost(false, sync->fua, error))
		WRITE_ONCE(store->flush_failed, true);
	return error;
}

/**
 * braid_store_meta_read() - read metadata
 * @store: the store
 * @at: first byte, multiple of BRAID_BLOCK
 * @buffer: kmalloc'ed or vmalloc'ed memory, aligned to 512 bytes
 * @length: number of bytes, multiple of BRAID_BLOCK
 *
 * Context: Process, may sleep; allocations do not wait for I/O (memalloc_noio).
 * Return: 0, -EIO or -ENOSPC.
 */
int braid_store_meta_read(struct braid_store *store, u64 at, void *buffer,
			  size_t length)
{
	struct braid_store_sync sync = { .at = at };

	return sync_io(store, &sync, buffer, length);
}

/**
 * braid_store_meta_write() - write metadata
 * @store: the store
 * @at: first byte, multiple of BRAID_BLOCK
 * @buffer: kmalloc'ed or vmalloc'ed memory, aligned to 512 bytes
 * @length: number of bytes, multiple of BRAID_BLOCK
 * @fua: durable on return
 *
 * Context: As braid_store_meta_read().
 * Return: 0, -EIO or -ENOSPC.
 */
int braid_store_meta_write(struct braid_store *store, u64 at,
			   const void *buffer, size_t length, bool fua)
{
	struct braid_store_sync sync = { .at = at, .write = true, .fua = fua };

	return sync_io(store, &sync, (void *)buffer, length);
}

/**
 * braid_store_data_read() - read data
 * @store: the store
 * @at: first byte, multiple of BRAID_BLOCK
 * @buffer: kmalloc'ed or vmalloc'ed memory, aligned to 512 bytes
 * @length: number of bytes, multiple of BRAID_BLOCK
 *
 * Context: As braid_store_meta_read().
 * Return: 0, -EIO or -ENOSPC.
 */
int braid_store_data_read(struct braid_store *store, u64 at, void *buffer,
			  size_t length)
{
	struct braid_store_sync sync = { .at = at, .data = true };

	return sync_io(store, &sync, buffer, length);
}

/**
 * braid_store_flush() - make metadata and data durable
 * @store: the store
 *
 * Context: As braid_store_meta_read().
 * Return: 0, -EIO or -ENOSPC.
 */
int braid_store_flush(struct braid_store *store)
{
	unsigned int noio;
	int error;

	if (READ_ONCE(store->flush_failed))
		return -EIO;
	noio = memalloc_noio_save();
	error = store->ops->flush(store);
	memalloc_noio_restore(noio);
	if (error)
		WRITE_ONCE(store->flush_failed, true);
	return plain_error(error);
}

/**
 * braid_store_create() - create the missing files of a file store
 * @store: store that was opened with braid_store_make()
 * @extack: receives the reason for a failure
 *
 * Context: Process, may sleep.
 * Return: 0 or a negative errno.
 */
int braid_store_create(struct braid_store *store,
		       struct netlink_ext_ack *extack)
{
	return store->ops->create(store, extack);
}

/**
 * braid_store_format_meta() - make room for metadata
 * @store: the store
 * @size: bytes of metadata, which are allocated in a file and must exist on a
 *	block device
 *
 * Context: Process, may sleep long.
 * Return: 0 or a negative errno.
 */
int braid_store_format_meta(struct braid_store *store, u64 size)
{
	return store->ops->format_meta(store, size);
}

/**
 * braid_store_format_data() - zero the data space durably
 * @store: the store
 * @size: bytes of data, from the beginning of the data space
 *
 * Context: Process, may sleep long.
 * Return: 0 or a negative errno; -EINTR after a fatal signal.
 */
int braid_store_format_data(struct braid_store *store, u64 size)
{
	return store->ops->format_data(store, size);
}
