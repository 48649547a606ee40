/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_STORE_H
#define BRAID_BLK_STORE_H

#include <linux/bio.h>
#include <linux/bvec.h>
#include <linux/fs.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct netlink_ext_ack;

/*
 * A backing store: a block device, or a sparse data file with a file of
 * metadata beside it. A store has a metadata space and a data space, which
 * share no block; both are addressed in bytes from 0. See layout.h for the
 * metadata space.
 *
 * I/O fails with -EIO or -ENOSPC only, whatever the device or file system
 * reports, because callers give other errnos a meaning of their own. After a
 * failed flush or FUA write the device may have lost its cache and would not
 * report the loss again, so every later flush or FUA write on the data space
 * fails. FUA writes of metadata are still tried, because each of them proves
 * only itself: a voter whose data is not trusted can keep records.
 */

enum braid_store_op {
	BRAID_STORE_READ,
	BRAID_STORE_WRITE,
	BRAID_STORE_FLUSH,
	BRAID_STORE_ZERO,	/* the range reads as zeroes afterwards */
	BRAID_STORE_DISCARD,	/* like ZERO, by unmapping */
};

/**
 * struct braid_store_io - one I/O on the data space
 * @op: the operation
 * @fua: with WRITE and ZERO: durable before @done is called
 * @offset: first byte, multiple of BRAID_BLOCK
 * @length: number of bytes, multiple of BRAID_BLOCK; 0 for FLUSH
 * @bvec: data of READ and WRITE; not accessed after @done was called
 * @nr_bvec: number of @bvec
 * @done: called once, in any context that may not sleep
 * @store: private to the store
 * @work: private to the store
 * @bio: private to a block device; embedded so that an I/O allocates nothing
 * @iocb: private to a file store
 * @moved: private to a file store: bytes read or written so far
 * @result: private to a file store: result of the last call
 * @pending: private to a file store: the call and its completion
 */
struct braid_store_io {
	enum braid_store_op op;
	bool fua;
	u64 offset;
	u64 length;
	const struct bio_vec *bvec;
	unsigned int nr_bvec;
	void (*done)(struct braid_store_io *io, int error);

	struct braid_store *store;
	struct work_struct work;
	union {
		struct bio bio;
		struct {
			struct kiocb iocb;
			u64 moved;
			long result;
			atomic_t pending;
		};
	};
};

struct braid_store_ops;

/**
 * struct braid_store - an open backing store
 * @ops: operations of this kind of store
 * @id: random number of this opening, never 0; a different id means that
 *	unflushed data may be lost
 * @path: path of the store as it was given
 * @workqueue: for work that sleeps; it has a rescuer of its own, so that a
 *	store on top of another store does not wait for itself
 * @data_at: first byte of the data on a block device; 0 until
 *	braid_store_set_data() and in a file store
 * @data_size: bytes of the data space: the part of a device behind @data_at, or
 *	the present size of the file
 * @meta_size: bytes of the metadata space; the whole device until
 *	braid_store_set_data()
 * @unmap_zeroes: BRAID_STORE_DISCARD frees space
 * @witness: the store has no data space
 * @file: the store is a pair of files
 * @flush_failed: a flush or FUA write failed, so earlier data may be lost; set
 *	with WRITE_ONCE(), read with READ_ONCE(), never cleared
 */
struct braid_store {
	const struct braid_store_ops *ops;
	u64 id;
	char *path;
	struct workqueue_struct *workqueue;
	u64 data_at;
	u64 data_size;
	u64 meta_size;
	bool unmap_zeroes;
	bool witness;
	bool file;
	bool flush_failed;
};

/*
 * Return: true if the result of a flush or FUA write means that earlier data
 * may be lost. A lack of space is reported before the write begins.
 */
static inline bool braid_store_is_flush_lost(bool flush, bool fua, int error)
{
	return error && (flush || (fua && error != -ENOSPC));
}

int braid_store_create(struct braid_store *store,
		       struct netlink_ext_ack *extack);

const char *braid_store_set_data(struct braid_store *store, u64 data_at);

void braid_store_close(struct braid_store *store);

void braid_store_submit(struct braid_store *store, struct braid_store_io *io);

int braid_store_meta_read(struct braid_store *store, u64 at, void *buffer,
			  size_t length);
int braid_store_meta_write(struct braid_store *store, u64 at,
			   const void *buffer, size_t length, bool fua);
int braid_store_flush(struct braid_store *store);

int braid_store_data_read(struct braid_store *store, u64 at, void *buffer,
			  size_t length);

int braid_store_format_meta(struct braid_store *store, u64 size);

int braid_store_format_data(struct braid_store *store, u64 size);

#endif /* BRAID_BLK_STORE_H */
