/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_STORE_OPS_H
#define BRAID_BLK_STORE_OPS_H

#include <linux/types.h>

#include "store/store.h"

/* Interface between store.c, store_open.c and the two kinds of store. */

enum braid_store_how {
	BRAID_STORE_OPEN,	/* exclusively; all files exist */
	BRAID_STORE_MAKE,	/* exclusively; files may be missing */
	BRAID_STORE_LOOK,	/* for reading; other openers may write */
};

/**
 * struct braid_store_sync - one synchronous I/O
 * @data: access the data space instead of the metadata space
 * @write: write instead of read
 * @fua: durable on return
 * @at: first byte
 * @length: number of bytes
 * @bvec: kernel memory
 * @nr_bvec: number of @bvec
 */
struct braid_store_sync {
	bool data;
	bool write;
	bool fua;
	u64 at;
	size_t length;
	struct bio_vec *bvec;
	unsigned int nr_bvec;
};

/**
 * struct braid_store_ops - operations of a kind of store
 * @close: frees the store after braid_store_close() did its part
 * @submit: as braid_store_submit(); ends in braid_store_done()
 * @sync: does one synchronous I/O; returns 0 or any negative errno; a read
 *	behind the end of the store yields zeroes or an error
 * @flush: flushes both spaces
 * @create: as braid_store_create()
 * @format_meta: as braid_store_format_meta()
 * @format_data: as braid_store_format_data()
 *
 * @sync and @flush are called under memalloc_noio_save().
 */
struct braid_store_ops {
	void (*close)(struct braid_store *store);
	void (*submit)(struct braid_store *store, struct braid_store_io *io);
	int (*sync)(struct braid_store *store,
		    const struct braid_store_sync *sync);
	int (*flush)(struct braid_store *store);
	int (*create)(struct braid_store *store,
		      struct netlink_ext_ack *extack);
	int (*format_meta)(struct braid_store *store, u64 size);
	int (*format_data)(struct braid_store *store, u64 size);
};

struct braid_store *braid_store_bdev_open(const char *path,
					  enum braid_store_how how,
					  struct netlink_ext_ack *extack);
struct braid_store *braid_store_file_open(const char *path,
					  enum braid_store_how how,
					  bool witness,
					  struct netlink_ext_ack *extack);

void braid_store_done(struct braid_store_io *io, int error);

#endif /* BRAID_BLK_STORE_OPS_H */
