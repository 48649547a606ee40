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
 * A backing store: a block device, or a sparse file with a file of metadata
 * beside it.  It has a metadata space and a data space, both counted from 0 in
 * bytes, that never share a block.  Layout of the metadata space: layout.h.
 *
 * Errors of I/O are -EIO and -ENOSPC, whatever the device or file system says:
 * the other numbers have a meaning of their own for who asks.  After a failed
 * flush or FUA write the store may have lost what was in its cache, and would
 * not say so again: from then on each of them on the data space fails.  A FUA
 * write of metadata speaks for itself alone and is still tried: a voter whose data
 * is not trusted can keep records.
 */

enum braid_store_op {
	BRAID_STORE_READ,
	BRAID_STORE_WRITE,
	BRAID_STORE_FLUSH,
	BRAID_STORE_ZERO,	/* reads as zeroes after */
	BRAID_STORE_DISCARD,	/* the same, by unmapping */
};

/**
 * struct braid_store_io - one I/O on the data space
 * @op: what
 * @fua: WRITE, ZERO: durable before @done
 * @offset: bytes, multiple of BRAID_BLOCK
 * @length: bytes, multiple of BRAID_BLOCK; 0 for FLUSH
 * @bvec: data of READ and WRITE; not touched after @done
 * @nr_bvec: number of @bvec
 * @done: called once, in any context that may not sleep
 * @store: the store's own
 * @work: the store's own
 * @bio: the store's own, of a block device: nothing is allocated for an I/O
 * @iocb: the store's own, of a file
 * @moved: the store's own, of a file: bytes read or written so far
 * @result: the store's own, of a file
 * @pending: the store's own, of a file: the call and its completion
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
 * @ops: of its kind
 * @id: random, of this opening (never 0): a different one means that what was
 *	not flushed may be gone
 * @path: as it was opened
 * @workqueue: of this store, for what sleeps; it has a rescuer of its own, so
 *	that a store on top of another one does not wait for itself
 * @data_at: byte of a block device where the data begins; 0 until
 *	braid_store_set_data(); always 0 in a file
 * @data_size: bytes of the data space: of a device what is behind @data_at, of
 *	a file its present size
 * @meta_size: bytes of the metadata space; of a device all of it until
 *	braid_store_set_data()
 * @unmap_zeroes: BRAID_STORE_DISCARD frees space
 * @witness: it has no data space
 * @file: it is a file with one beside it, not a block device
 * @flush_failed: a flush or FUA write failed: what was written before may be gone;
 *	READ_ONCE, WRITE_ONCE, never taken back
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
 * Does a flush or FUA write that ended so mean that what was written before may
 * be gone?  That there is no space is said of the write, before it began.
 */
static inline bool braid_store_is_flush_lost(bool flush, bool fua, int error)
{
	return error && (flush || (fua && error != -ENOSPC));
}

/* Makes the files that are not there.  Context: process, may sleep. */
int braid_store_create(struct braid_store *store,
		       struct netlink_ext_ack *extack);

/*
 * Says where the data of a device begins, as the record has it; 0 for a file.
 * Nothing happens to a store that was opened without a data space.
 * Return: NULL, or what is wrong with it (static text).
 */
const char *braid_store_set_data(struct braid_store *store, u64 data_at);

/* Waits for nothing: all I/O must have ended.  Context: may sleep. */
void braid_store_close(struct braid_store *store);

/**
 * braid_store_submit() - start an I/O on the data space
 * @store: it
 * @io: the I/O; the store's until @io->done is called
 *
 * Context: process, does not wait for the I/O; allocates from pools (as in
 * submit_bio()).
 */
void braid_store_submit(struct braid_store *store, struct braid_store_io *io);

/*
 * Synchronous I/O on the metadata space.
 * @at: bytes, multiple of BRAID_BLOCK
 * @buffer: kmalloc'ed or vmalloc'ed memory, aligned to 512 bytes
 * @length: bytes, multiple of BRAID_BLOCK
 * @fua: durable before return
 *
 * Context: process, may sleep, no allocation that waits for I/O (memalloc_noio).
 * Return: 0 or a negative errno.
 */
int braid_store_meta_read(struct braid_store *store, u64 at, void *buffer,
			  size_t length);
int braid_store_meta_write(struct braid_store *store, u64 at,
			   const void *buffer, size_t length, bool fua);
/* Both spaces. */
int braid_store_flush(struct braid_store *store);

/* The same for reading the data space. */
int braid_store_data_read(struct braid_store *store, u64 at, void *buffer,
			  size_t length);

/*
 * Makes metadata bytes [0, size) exist: allocated in a file, and nothing in a
 * block device, which has them.  Process context, may sleep long.
 */
int braid_store_format_meta(struct braid_store *store, u64 size);

/*
 * Makes data bytes [0, size) exist and read as zeroes, durable.  A fatal signal
 * ends it with -EINTR.  Process context, may sleep long.
 */
int braid_store_format_data(struct braid_store *store, u64 size);

#endif /* BRAID_BLK_STORE_H */
