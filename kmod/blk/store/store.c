// SPDX-License-Identifier: GPL-2.0-only
#include "store/store.h"

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/namei.h>
#include <linux/random.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "proto/record.h"
#include "store/store_ops.h"
#include "proto/text.h"

/* Bytes of one synchronous I/O: its vector is on the stack. */
#define SYNC_PAGES	16

/* The numbers that the layers above know. */
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

/* Opening */

/*
 * Type of what a path leads to; 0: nothing, or nothing that can be seen: who opens
 * it tells why.  Return: 0 or -ENOMEM, which says nothing of what is there.
 */
static int type_of(const char *path, umode_t *type)
{
	struct path found;
	int error;

	*type = 0;
	error = kern_path(path, LOOKUP_FOLLOW, &found);
	if (error)
		return error == -ENOMEM ? error : 0;
	*type = d_backing_inode(found.dentry)->i_mode & S_IFMT;
	path_put(&found);
	return 0;
}

static struct braid_store *open_kind(const char *path, enum braid_store_how how,
				     bool witness,
				     struct netlink_ext_ack *extack)
{
	struct braid_store *store;
	umode_t type;
	int error;

	if (path[0] != '/') {
		braid_refuse(extack, -EINVAL, "%s: a path begins with /", path);
		return ERR_PTR(-EINVAL);
	}
	error = type_of(path, &type);
	if (error)
		return ERR_PTR(error);
	switch (type) {
	case S_IFBLK:
		store = braid_store_bdev_open(path, how, extack);
		break;
	case S_IFREG:
	case 0:
		store = braid_store_file_open(path, how, witness, extack);
		break;
	default:
		braid_refuse(extack, -EINVAL,
			     "%s is neither a block device nor a regular file",
			     path);
		return ERR_PTR(-EINVAL);
	}
	if (!IS_ERR(store))
		store->witness = witness;
	return store;
}

static struct braid_store *open_store(const char *path,
				      enum braid_store_how how, bool witness,
				      struct netlink_ext_ack *extack)
{
	struct workqueue_struct *workqueue;
	struct braid_store *store;
	char *copy;

	copy = kstrdup(path, GFP_KERNEL);
	workqueue = alloc_workqueue("braid_store",
				    WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	store = ERR_PTR(-ENOMEM);
	if (copy && workqueue)
		store = open_kind(path, how, witness, extack);
	if (IS_ERR(store)) {
		if (workqueue)
			destroy_workqueue(workqueue);
		kfree(copy);
		return store;
	}
	store->path = copy;
	store->workqueue = workqueue;
	do
		store->id = get_random_u64();
	while (!store->id);
	return store;
}

struct braid_store *braid_store_open(const char *path, bool witness,
				     struct netlink_ext_ack *extack)
{
	return open_store(path, BRAID_STORE_OPEN, witness, extack);
}

struct braid_store *braid_store_make(const char *path, bool witness,
				     struct netlink_ext_ack *extack)
{
	return open_store(path, BRAID_STORE_MAKE, witness, extack);
}

struct braid_store *braid_store_look(const char *path, bool witness,
				     struct netlink_ext_ack *extack)
{
	return open_store(path, BRAID_STORE_LOOK, witness, extack);
}

void braid_store_close(struct braid_store *store)
{
	destroy_workqueue(store->workqueue);
	kfree(store->path);
	store->ops->close(store);
}

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

void braid_store_done(struct braid_store_io *io, int error)
{
	error = plain_error(error);
	if (unlikely(braid_store_is_flush_lost(io->op == BRAID_STORE_FLUSH,
					       io->fua, error)))
		WRITE_ONCE(io->store->flush_failed, true);
	io->done(io, error);
}

/* Synchronous I/O */

/* The next pages of @buffer.  Return: bytes that @bvec has room for. */
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
	/* Direct I/O on virtually mapped memory: the alias is made to agree. */
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

int braid_store_meta_read(struct braid_store *store, u64 at, void *buffer,
			  size_t length)
{
	struct braid_store_sync sync = { .at = at };

	return sync_io(store, &sync, buffer, length);
}

int braid_store_meta_write(struct braid_store *store, u64 at,
			   const void *buffer, size_t length, bool fua)
{
	struct braid_store_sync sync = { .at = at, .write = true, .fua = fua };

	return sync_io(store, &sync, (void *)buffer, length);
}

int braid_store_data_read(struct braid_store *store, u64 at, void *buffer,
			  size_t length)
{
	struct braid_store_sync sync = { .at = at, .data = true };

	return sync_io(store, &sync, buffer, length);
}

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

int braid_store_create(struct braid_store *store,
		       struct netlink_ext_ack *extack)
{
	return store->ops->create(store, extack);
}

int braid_store_format_meta(struct braid_store *store, u64 size)
{
	return store->ops->format_meta(store, size);
}

int braid_store_format_data(struct braid_store *store, u64 size)
{
	return store->ops->format_data(store, size);
}
