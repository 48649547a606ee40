// SPDX-License-Identifier: GPL-2.0-only
#include "store/store_ops.h"

#include <linux/err.h>
#include <linux/falloc.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/namei.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "store/layout.h"
#include "proto/record.h"
#include "store/store.h"
#include "proto/text.h"

/*
 * A sparse file of data and a file of metadata beside it, both accessed without
 * the page cache. A file system may block anywhere and may start I/O and wait
 * for it, so every I/O is started by a work item.
 */

#define META_SUFFIX	".braid"

/**
 * struct file_store - an open file store
 * @store: the store as the callers know it
 * @data: the data; NULL for a witness, and before the file is created
 * @meta: the metadata; NULL before the file is created
 * @claimed: the files cannot be opened for writing by others
 */
struct file_store {
	struct braid_store store;
	struct file *data;
	struct file *meta;
	bool claimed;
};

static struct file_store *file_store_of(struct braid_store *store)
{
	return container_of(store, struct file_store, store);
}

/* Exclusive use */

/*
 * Claims a file for this store alone. The opening of the store counts as one
 * writer; if there is no other writer, the count becomes "writing is denied",
 * as for a running program: no other store, loop device, swap file or program
 * can open the file for writing then.
 */
static bool file_claim(struct file *file)
{
	struct inode *inode = file_inode(file);

	return !IS_SWAPFILE(inode) &&
	       atomic_cmpxchg(&inode->i_writecount, 1, -1) == 1;
}

static void file_unclaim(struct file *file)
{
	atomic_add(2, &file_inode(file)->i_writecount);
}

static void close_one(struct file_store *file, struct file *one)
{
	if (!one)
		return;
	if (file->claimed)
		file_unclaim(one);
	__fput_sync(one);
}

/**
 * struct closing - request to close the files of a store
 * @work: the work item
 * @file: the store
 */
struct closing {
	struct work_struct work;
	struct file_store *file;
};

static void close_now(struct work_struct *work)
{
	struct file_store *file = container_of(work, struct closing,
					       work)->file;

	close_one(file, file->data);
	close_one(file, file->meta);
}

/*
 * Closes the files before it returns. A plain fput() would close them only at
 * the end of the system call, and the next opening would meet this one. Only a
 * kernel thread may call __fput_sync(), so a worker does it.
 */
static void close_files(struct file_store *file)
{
	struct closing closing = { .file = file };

	INIT_WORK_ONSTACK(&closing.work, close_now);
	schedule_work(&closing.work);
	flush_work(&closing.work);
	destroy_work_on_stack(&closing.work);
	kfree(file);
}

static void file_close(struct braid_store *store)
{
	close_files(file_store_of(store));
}

/* I/O on the data space */

/* Continues after a partial read or write, or completes the I/O. */
static void rw_result(struct braid_store_io *io)
{
	if (io->result > 0) {
		io->moved += io->result;
		if (io->moved < io->length) {
			/*
			 * If it cannot be completed, the next attempt reports
			 * the error.
			 */
			queue_work(io->store->workqueue, &io->work);
			return;
		}
		braid_store_done(io, 0);
		return;
	}
	braid_store_done(io, io->result ?: -EIO);
}

/*
 * The caller's vector may be freed after the completion, which may come before
 * the file system returns from the call; so wait for both.
 */
static void rw_put(struct braid_store_io *io)
{
	if (atomic_dec_and_test(&io->pending))
		rw_result(io);
}

static void rw_complete(struct kiocb *iocb, long result)
{
	struct braid_store_io *io =
		container_of(iocb, struct braid_store_io, iocb);

	io->result = result;
	if (io->op == BRAID_STORE_WRITE)
		kiocb_end_write(iocb);
	rw_put(io);
}

static void rw_work(struct work_struct *work)
{
	struct braid_store_io *io =
		container_of(work, struct braid_store_io, work);
	struct file *file = file_store_of(io->store)->data;
	bool write = io->op == BRAID_STORE_WRITE;
	unsigned int noio = memalloc_noio_save();
	struct iov_iter iter;
	ssize_t result;

	iov_iter_bvec(&iter, write ? ITER_SOURCE : ITER_DEST, io->bvec,
		      io->nr_bvec, io->length);
	iov_iter_advance(&iter, io->moved);
	atomic_set(&io->pending, 2);
	memset(&io->iocb, 0, sizeof(io->iocb));
	io->iocb.ki_filp = file;
	io->iocb.ki_pos = io->offset + io->moved;
	io->iocb.ki_flags = file->f_iocb_flags | (io->fua ? IOCB_DSYNC : 0);
	io->iocb.ki_complete = rw_complete;
	if (write) {
		kiocb_start_write(&io->iocb);
		result = file->f_op->write_iter(&io->iocb, &iter);
	} else {
		result = file->f_op->read_iter(&io->iocb, &iter);
	}
	memalloc_noio_restore(noio);
	if (result != -EIOCBQUEUED)
		rw_complete(&io->iocb, result);
	rw_put(io);
}

static int file_punch(struct file *file, u64 at, u64 length)
{
	return vfs_fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			     at, length);
}

static void other_work(struct work_struct *work)
{
	struct braid_store_io *io =
		container_of(work, struct braid_store_io, work);
	struct file *file = file_store_of(io->store)->data;
	unsigned int noio = memalloc_noio_save();
	int error = 0;

	if (io->op != BRAID_STORE_FLUSH)
		error = file_punch(file, io->offset, io->length);
	/* Report -EIO for any failed flush: data written before may be lost. */
	if (!error && (io->op == BRAID_STORE_FLUSH || io->fua) &&
	    vfs_fsync(file, 1))
		error = -EIO;
	memalloc_noio_restore(noio);
	braid_store_done(io, error);
}

static void file_submit(struct braid_store *store, struct braid_store_io *io)
{
	io->moved = 0;
	if (io->op == BRAID_STORE_READ || io->op == BRAID_STORE_WRITE)
		INIT_WORK(&io->work, rw_work);
	else
		INIT_WORK(&io->work, other_work);
	queue_work(store->workqueue, &io->work);
}

/* Synchronous I/O */

static ssize_t sync_once(struct file *file, struct iov_iter *iter,
			 const struct braid_store_sync *sync, u64 at)
{
	struct kiocb iocb;
	ssize_t moved;

	init_sync_kiocb(&iocb, file);
	iocb.ki_pos = at;
	if (!sync->write)
		return file->f_op->read_iter(&iocb, iter);
	if (sync->fua)
		iocb.ki_flags |= IOCB_DSYNC;
	file_start_write(file);
	moved = file->f_op->write_iter(&iocb, iter);
	file_end_write(file);
	return moved;
}

/*
 * The data file may end inside the range that is read; then -EIO is returned.
 */
static int file_sync(struct braid_store *store,
		     const struct braid_store_sync *sync)
{
	struct file_store *file = file_store_of(store);
	struct iov_iter iter;
	ssize_t moved;
	u64 at = sync->at;

	iov_iter_bvec(&iter, sync->write ? ITER_SOURCE : ITER_DEST, sync->bvec,
		      sync->nr_bvec, sync->length);
	while (iov_iter_count(&iter)) {
		moved = sync_once(sync->data ? file->data : file->meta, &iter,
				  sync, at);
		if (moved < 0)
			return moved;
		if (!moved)
			return -EIO;
		at += moved;
	}
	return 0;
}

static int file_flush(struct braid_store *store)
{
	struct file_store *file = file_store_of(store);

	return vfs_fsync(file->meta, 1) ?:
	       (file->data ? vfs_fsync(file->data, 1) : 0);
}

/* Making */

static int file_format_meta(struct braid_store *store, u64 size)
{
	struct file_store *file = file_store_of(store);
	int error;

	/* The size must be durable, too, before the first FUA write. */
	error = vfs_fallocate(file->meta, 0, 0, size) ?:
		vfs_fsync(file->meta, 0);
	if (!error)
		store->meta_size = size;
	return error;
}

/*
 * Makes a sparse file longer by writing a block at its new end, and frees the
 * block again.
 */
static int file_extend(struct braid_store *store, u64 size)
{
	struct braid_store_sync sync = {
		.data = true, .write = true,
		.at = size - BRAID_BLOCK, .length = BRAID_BLOCK, .nr_bvec = 1,
	};
	struct bio_vec bvec;

	bvec_set_page(&bvec, ZERO_PAGE(0), BRAID_BLOCK, 0);
	sync.bvec = &bvec;
	return file_sync(store, &sync) ?:
	       file_punch(file_store_of(store)->data, sync.at, BRAID_BLOCK);
}

static int file_format_data(struct braid_store *store, u64 size)
{
	struct file *file = file_store_of(store)->data;
	u64 old = i_size_read(file_inode(file));
	int error = 0;

	if (size > file_inode(file)->i_sb->s_maxbytes)
		return -EFBIG;
	if (old)
		error = file_punch(file, 0, old);
	if (!error && old < size)
		error = file_extend(store, size);
	if (!error)
		error = vfs_fsync(file, 0);
	if (!error)
		store->data_size = max(store->data_size, size);
	return error;
}

/* Opening */

static int file_refuse(struct netlink_ext_ack *extack, const char *path,
		       int error)
{
	switch (error) {
	case -ENOENT:
		return braid_refuse(extack, error, "%s does not exist", path);
	case -EINVAL:
		return braid_refuse(extack, error,
				    "%s: its file system has no direct I/O",
				    path);
	case -ELOOP:
		return braid_refuse(extack, error,
				    "%s is a symbolic link; give the file itself",
				    path);
	case -ETXTBSY:
		return braid_refuse(extack, -EBUSY,
				    "%s is busy: open for writing elsewhere",
				    path);
	case -EROFS:
		return braid_refuse(extack, error, "%s is read-only", path);
	case -EEXIST:
		return braid_refuse(extack, error,
				    "%s was created by another program just now",
				    path);
	case -ENAMETOOLONG:
		return braid_refuse(extack, error,
				    "%s is too long a name for a file", path);
	case -EISDIR:
		return braid_refuse(extack, error, "%s is a directory", path);
	default:
		return braid_refuse(extack, error, "%s cannot be opened (%pe)",
				    path, ERR_PTR(error));
	}
}

static int check_file(struct file *file, const char *path,
		      struct netlink_ext_ack *extack)
{
	if (!S_ISREG(file_inode(file)->i_mode))
		return braid_refuse(extack, -EINVAL,
				    "%s is neither a block device nor a regular file",
				    path);
	if (!(file->f_mode & FMODE_CAN_ODIRECT) || !file->f_op->read_iter ||
	    !file->f_op->write_iter)
		return file_refuse(extack, path, -EINVAL);
	if (!file->f_op->fallocate)
		return braid_refuse(extack, -EOPNOTSUPP,
				    "%s: its file system has no sparse files",
				    path);
	return 0;
}

/* Opens a file with @flags; for writing only if it can be claimed. */
static struct file *open_file(const char *path, int flags,
			      struct netlink_ext_ack *extack)
{
	struct file *file;
	int error;

	file = filp_open(path, flags | O_DIRECT | O_LARGEFILE | O_NOFOLLOW |
			 O_NONBLOCK, 0600);
	if (IS_ERR(file)) {
		file_refuse(extack, path, PTR_ERR(file));
		return file;
	}
	error = check_file(file, path, extack);
	if (!error && (flags & O_ACCMODE) == O_RDWR && !file_claim(file))
		error = file_refuse(extack, path, -ETXTBSY);
	if (error) {
		fput(file);
		return ERR_PTR(error);
	}
	return file;
}

/*
 * Opens a file; with BRAID_STORE_MAKE a missing file is left to file_create().
 */
static int open_into(struct file **out, const char *path,
		     enum braid_store_how how, struct netlink_ext_ack *extack)
{
	int flags = how == BRAID_STORE_LOOK ? O_RDONLY : O_RDWR;
	struct path found;
	struct file *file;
	int error;

	if (how == BRAID_STORE_MAKE) {
		/*
		 * No file is created before everything was checked; see
		 * file_create().
		 */
		error = kern_path(path, 0, &found);
		if (error == -ENOENT)
			return 0;
		if (!error)
			path_put(&found);
	}
	file = open_file(path, flags, extack);
	if (IS_ERR(file))
		return PTR_ERR(file);
	*out = file;
	return 0;
}

static u64 whole_blocks(struct file *file)
{
	return round_down((u64)i_size_read(file_inode(file)),
			  (u64)BRAID_BLOCK);
}

static char *meta_path(const char *path)
{
	return kasprintf(GFP_KERNEL, "%s" META_SUFFIX, path);
}

static int open_meta(struct file_store *file, const char *path,
		     enum braid_store_how how, struct netlink_ext_ack *extack)
{
	char *name = meta_path(path);
	int error;

	if (!name)
		return -ENOMEM;
	error = open_into(&file->meta, name, how, extack);
	if (!error && file->meta)
		file->store.meta_size = whole_blocks(file->meta);
	if (!error && how != BRAID_STORE_MAKE &&
	    file->store.meta_size < BRAID_WITNESS_SIZE)
		error = braid_refuse(extack, -EINVAL,
				     "%s is too short for metadata", name);
	kfree(name);
	return error;
}

static int open_data(struct file_store *file, const char *path,
		     enum braid_store_how how, struct netlink_ext_ack *extack)
{
	int error = open_into(&file->data, path, how, extack);

	if (!error && file->data)
		file->store.data_size = whole_blocks(file->data);
	return error;
}

/* Creates those files of a store that are missing. */
static int file_create(struct braid_store *store,
		       struct netlink_ext_ack *extack)
{
	const int flags = O_RDWR | O_CREAT | O_EXCL;
	struct file_store *file = file_store_of(store);
	struct file *made;
	char *name;

	if (!file->data && !store->witness) {
		made = open_file(store->path, flags, extack);
		if (IS_ERR(made))
			return PTR_ERR(made);
		file->data = made;
	}
	if (!file->meta) {
		name = meta_path(store->path);
		if (!name)
			return -ENOMEM;
		made = open_file(name, flags, extack);
		kfree(name);
		if (IS_ERR(made))
			return PTR_ERR(made);
		file->meta = made;
	}
	return 0;
}

static const struct braid_store_ops file_ops = {
	.close = file_close,
	.submit = file_submit,
	.sync = file_sync,
	.flush = file_flush,
	.create = file_create,
	.format_meta = file_format_meta,
	.format_data = file_format_data,
};

/**
 * braid_store_file_open() - open a pair of files as a store
 * @path: path of the data file
 * @how: purpose of the opening
 * @witness: without the data file
 * @extack: receives the reason for a failure
 *
 * Fills in all of the store except path, id and workqueue.
 *
 * Context: Process, may sleep.
 * Return: the store or an ERR_PTR().
 */
struct braid_store *braid_store_file_open(const char *path,
					  enum braid_store_how how,
					  bool witness,
					  struct netlink_ext_ack *extack)
{
	struct file_store *file;
	int error = 0;

	file = kzalloc(sizeof(*file), GFP_KERNEL);
	if (!file)
		return ERR_PTR(-ENOMEM);
	file->store.ops = &file_ops;
	file->store.file = true;
	file->store.unmap_zeroes = !witness;
	file->claimed = how != BRAID_STORE_LOOK;
	if (!witness)
		error = open_data(file, path, how, extack);
	if (!error)
		error = open_meta(file, path, how, extack);
	if (error) {
		close_files(file);
		return ERR_PTR(error);
	}
	return &file->store;
}
