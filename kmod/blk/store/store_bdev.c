// SPDX-License-Identifier: GPL-2.0-only
#include "store/store_ops.h"

#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "../compat/bdev.h"
#include "store/layout.h"
#include "proto/record.h"
#include "store/store.h"
#include "proto/text.h"

/* A block device with metadata in front of the data. */

/* Bytes zeroed between two checks for a fatal signal. */
#define FORMAT_PIECE	(1024ULL << 20)

/**
 * struct bdev_store - an open block device
 * @store: the store as the callers know it
 * @device: the device
 */
struct bdev_store {
	struct braid_store store;
	struct braid_bdev device;
};

static struct block_device *bdev_of(struct braid_store *store)
{
	return container_of(store, struct bdev_store, store)->device.bdev;
}

static void bdev_close(struct braid_store *store)
{
	struct bdev_store *bdev = container_of(store, struct bdev_store, store);

	braid_bdev_close(&bdev->device);
	kfree(bdev);
}

/* I/O on the data space */

static void bdev_end_io(struct bio *bio)
{
	struct braid_store_io *io =
		container_of(bio, struct braid_store_io, bio);
	int error = blk_status_to_errno(bio->bi_status);

	bio_uninit(bio);
	braid_store_done(io, error);
}

/*
 * Submits the bio that is embedded in @io, with the vector of the caller.
 * Nothing is allocated or copied, so this function cannot wait for memory, not
 * even in the submit_bio() of a device on top of this one.
 */
static void submit_bio_of(struct braid_store *store, struct braid_store_io *io,
			  blk_opf_t opf)
{
	struct bio *bio = &io->bio;

	bio_init(bio, bdev_of(store), (struct bio_vec *)io->bvec,
		 io->nr_bvec, opf);
	bio->bi_vcnt = io->nr_bvec;
	bio->bi_iter.bi_sector = (store->data_at + io->offset) >> SECTOR_SHIFT;
	bio->bi_iter.bi_size = io->length;
	bio->bi_end_io = bdev_end_io;
	submit_bio(bio);
}

/*
 * Zeroes a range. A plain discard is not used because the contents of the range
 * would be undefined afterwards; writing zeroes may unmap the range as well.
 */
static int bdev_zero(struct braid_store *store, u64 offset, u64 length,
		     bool unmap)
{
	return blkdev_issue_zeroout(bdev_of(store),
				    (store->data_at + offset) >> SECTOR_SHIFT,
				    length >> SECTOR_SHIFT, GFP_NOIO,
				    unmap ? 0 : BLKDEV_ZERO_NOUNMAP);
}

static void zero_work(struct work_struct *work)
{
	struct braid_store_io *io =
		container_of(work, struct braid_store_io, work);
	struct braid_store *store = io->store;
	int error;

	error = bdev_zero(store, io->offset, io->length,
			  io->op == BRAID_STORE_DISCARD);
	/* Report -EIO for any failed flush: data written before may be lost. */
	if (!error && io->fua && blkdev_issue_flush(bdev_of(store)))
		error = -EIO;
	braid_store_done(io, error);
}

static void bdev_submit(struct braid_store *store, struct braid_store_io *io)
{
	switch (io->op) {
	case BRAID_STORE_READ:
		submit_bio_of(store, io, REQ_OP_READ);
		break;
	case BRAID_STORE_WRITE:
		submit_bio_of(store, io, REQ_OP_WRITE | REQ_SYNC | REQ_IDLE |
			      (io->fua ? REQ_FUA : 0));
		break;
	case BRAID_STORE_FLUSH:
		io->length = 0;
		io->nr_bvec = 0;
		submit_bio_of(store, io, REQ_OP_WRITE | REQ_PREFLUSH);
		break;
	case BRAID_STORE_ZERO:
	case BRAID_STORE_DISCARD:
		INIT_WORK(&io->work, zero_work);
		queue_work(store->workqueue, &io->work);
		break;
	}
}

/* Synchronous I/O */

static int bdev_sync(struct braid_store *store,
		     const struct braid_store_sync *sync)
{
	const u64 at = sync->at + (sync->data ? store->data_at : 0);
	blk_opf_t opf = REQ_OP_READ;
	struct bio bio;
	int error;

	if (sync->write)
		opf = REQ_OP_WRITE | REQ_SYNC | REQ_IDLE |
		      (sync->fua ? REQ_FUA : 0);
	bio_init(&bio, bdev_of(store), sync->bvec, sync->nr_bvec, opf);
	bio.bi_vcnt = sync->nr_bvec;
	bio.bi_iter.bi_sector = at >> SECTOR_SHIFT;
	bio.bi_iter.bi_size = sync->length;
	error = submit_bio_wait(&bio);
	bio_uninit(&bio);
	return error;
}

static int bdev_flush(struct braid_store *store)
{
	return blkdev_issue_flush(bdev_of(store));
}

/* A block device has no files to create. */
static int bdev_create(struct braid_store *store,
		       struct netlink_ext_ack *extack)
{
	return 0;
}

static int bdev_format_meta(struct braid_store *store, u64 size)
{
	return size <= store->meta_size ? 0 : -ENOSPC;
}

static int bdev_format_data(struct braid_store *store, u64 size)
{
	u64 at, length;
	int error;

	for (at = 0; at < size; at += length) {
		length = min(size - at, FORMAT_PIECE);
		error = bdev_zero(store, at, length, store->unmap_zeroes);
		if (error)
			return error;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return braid_store_flush(store);
}

static const struct braid_store_ops bdev_ops = {
	.close = bdev_close,
	.submit = bdev_submit,
	.sync = bdev_sync,
	.flush = bdev_flush,
	.create = bdev_create,
	.format_meta = bdev_format_meta,
	.format_data = bdev_format_data,
};

/* Opening */

static int bdev_refuse(struct netlink_ext_ack *extack, const char *path,
		       int error)
{
	switch (error) {
	case -EBUSY:
		return braid_refuse(extack, error,
				    "%s is busy: mounted, or in use by another volume or device",
				    path);
	case -EACCES:
	case -EROFS:
		return braid_refuse(extack, error, "%s is read-only", path);
	case -ENXIO:
	case -ENODEV:
	case -ENOMEDIUM:
		return braid_refuse(extack, error,
				    "%s: there is no such device", path);
	default:
		return braid_refuse(extack, error, "%s cannot be opened (%pe)",
				    path, ERR_PTR(error));
	}
}

static int check_device(struct block_device *bdev, const char *path,
			struct netlink_ext_ack *extack)
{
	/*
	 * The I/O of a volume on a volume would wait for itself when memory is
	 * short.
	 */
	if (bdev->bd_disk->fops->owner == THIS_MODULE)
		return braid_refuse(extack, -EINVAL,
				    "%s is a volume itself, not a store", path);
	if (bdev_logical_block_size(bdev) > BRAID_BLOCK)
		return braid_refuse(extack, -EINVAL,
				    "%s has logical blocks of %u bytes, above 4096",
				    path, bdev_logical_block_size(bdev));
	if (bdev_is_zoned(bdev))
		return braid_refuse(extack, -EINVAL, "%s is a zoned device",
				    path);
	if (bdev_nr_bytes(bdev) < BRAID_WITNESS_SIZE)
		return braid_refuse(extack, -ENOSPC,
				    "%s has %llu bytes, the least is %u",
				    path, (u64)bdev_nr_bytes(bdev),
				    BRAID_WITNESS_SIZE);
	return 0;
}

/**
 * braid_store_bdev_open() - open a block device as a store
 * @path: path of the device
 * @how: purpose of the opening
 * @extack: receives the reason for a failure
 *
 * Fills in all of the store except path, id and workqueue.
 *
 * Context: Process, may sleep.
 * Return: the store or an ERR_PTR().
 */
struct braid_store *braid_store_bdev_open(const char *path,
					  enum braid_store_how how,
					  struct netlink_ext_ack *extack)
{
	struct bdev_store *bdev;
	struct braid_store *store;
	struct block_device *device;
	int error;

	bdev = kzalloc(sizeof(*bdev), GFP_KERNEL);
	if (!bdev)
		return ERR_PTR(-ENOMEM);
	error = braid_bdev_open(&bdev->device, path,
				how == BRAID_STORE_LOOK ? NULL : bdev);
	if (error) {
		bdev_refuse(extack, path, error);
		goto err_free;
	}
	device = bdev->device.bdev;
	error = check_device(device, path, extack);
	if (error)
		goto err_close;
	store = &bdev->store;
	store->ops = &bdev_ops;
	store->data_size = round_down((u64)bdev_nr_bytes(device),
				      (u64)BRAID_BLOCK);
	store->meta_size = store->data_size;
	store->unmap_zeroes = bdev_write_zeroes_sectors(device) &&
			      bdev_max_discard_sectors(device);
	return store;

err_close:
	braid_bdev_close(&bdev->device);
err_free:
	kfree(bdev);
	return ERR_PTR(error);
}
