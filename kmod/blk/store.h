/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_STORE_H
#define BRAID_BLK_STORE_H

#include <linux/bvec.h>
#include <linux/fs.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct netlink_ext_ack;

/*
 * A backing store: a block device, or a sparse file with a file of metadata
 * beside it.  It has a metadata space and a data space, both counted from 0 in
 * bytes, that never share a block.  Layout of the metadata space: layout.h.
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
 * @iocb: the store's own
 * @pending: the store's own
 * @error: the store's own
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
	struct kiocb iocb;
	atomic_t pending;
	int error;
};

struct braid_store_ops;

/**
 * struct braid_store - an open backing store
 * @ops: of its kind
 * @id: random, of this opening (never 0): a different one means that what was
 *	not flushed may be gone
 * @path: as it was opened
 * @data_size: bytes the data space has room for (a file: what it may grow to
 *	within the file system's limits)
 * @meta_size: bytes of the metadata space
 * @unmap_zeroes: discarding makes it read as zeroes
 * @witness: it has no data space
 */
struct braid_store {
	const struct braid_store_ops *ops;
	u64 id;
	char *path;
	u64 data_size;
	u64 meta_size;
	bool unmap_zeroes;
	bool witness;
};

/**
 * braid_store_open() - open a store for reading and writing, exclusively
 * @path: absolute, looked up in the caller's file system name space
 * @witness: without a data space
 * @extack: told why not
 *
 * Context: process, may sleep. Return: the store or an ERR_PTR.
 */
struct braid_store *braid_store_open(const char *path, bool witness,
				     struct netlink_ext_ack *extack);

/* Waits for nothing: all I/O must have ended.  Context: may sleep. */
void braid_store_close(struct braid_store *store);

/**
 * braid_store_submit() - start an I/O on the data space
 *
 * Context: process, does not wait for the I/O; allocates from pools (as in
 * submit_bio()).
 */
void braid_store_submit(struct braid_store *store, struct braid_store_io *io);

/**
 * braid_store_meta_read(), braid_store_meta_write(), braid_store_flush() -
 * synchronous I/O on the metadata space
 * @at: bytes, multiple of BRAID_BLOCK
 * @buffer: kmalloc'ed or vmalloc'ed memory
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

/* Makes data bytes [0, size) exist and read as zeroes; may sleep long. */
int braid_store_format_data(struct braid_store *store, u64 size);

#endif /* BRAID_BLK_STORE_H */
