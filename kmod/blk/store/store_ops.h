/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_STORE_OPS_H
#define BRAID_BLK_STORE_OPS_H

#include <linux/types.h>

#include "store/store.h"

/* Between store.c and the two kinds of store. */

enum braid_store_how {
	BRAID_STORE_OPEN,	/* exclusively, what is there */
	BRAID_STORE_MAKE,	/* exclusively, as far as it is there */
	BRAID_STORE_LOOK,	/* for reading, whoever has it open */
};

/**
 * struct braid_store_sync - one synchronous I/O
 * @data: in the data space, else in the metadata space
 * @write: else it is a read
 * @fua: durable before return
 * @at: bytes
 * @length: bytes
 * @bvec: of kernel memory
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
 * struct braid_store_ops - what a kind of store does
 * @close: frees the store; braid_store_close() did its part
 * @submit: as braid_store_submit(); ends in braid_store_done()
 * @sync: 0 or any negative errno; a read behind the end gives zeroes or an error
 * @flush: both spaces
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

/* Fills in everything of @store but its path, id and workqueue. */
struct braid_store *braid_store_bdev_open(const char *path,
					  enum braid_store_how how,
					  struct netlink_ext_ack *extack);
struct braid_store *braid_store_file_open(const char *path,
					  enum braid_store_how how,
					  bool witness,
					  struct netlink_ext_ack *extack);

/* The end of an I/O; @error is any errno.  Context: as @io->done. */
void braid_store_done(struct braid_store_io *io, int error);

#endif /* BRAID_BLK_STORE_OPS_H */
