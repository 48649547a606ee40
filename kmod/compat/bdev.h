/* SPDX-License-Identifier: GPL-2.0-only */
/* Opens a block device by its path; since 6.9 an open device is a file. */
#ifndef BRAID_COMPAT_BDEV_H
#define BRAID_COMPAT_BDEV_H

#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/fs.h>

/**
 * struct braid_bdev - an open block device
 * @bdev: the device
 * @handle: argument for closing the device
 */
struct braid_bdev {
	struct block_device *bdev;
#ifdef HAVE_BDEV_FILE
	struct file *handle;
#else
	fmode_t handle;
#endif
};

/*
 * Opens a device: for reading and writing, and exclusively, with a @holder;
 * else for reading, which is never exclusive. Context: process, may sleep.
 * Return: 0 or a negative errno.
 */
static inline int braid_bdev_open(struct braid_bdev *bdev, const char *path,
				  void *holder)
{
#ifdef HAVE_BDEV_FILE
	blk_mode_t mode = BLK_OPEN_READ | (holder ? BLK_OPEN_WRITE : 0);

	bdev->handle = bdev_file_open_by_path(path, mode, holder, NULL);
	if (IS_ERR(bdev->handle))
		return PTR_ERR(bdev->handle);
	bdev->bdev = file_bdev(bdev->handle);
#else
	/* In this kernel a holder is exclusive only with FMODE_EXCL. */
	bdev->handle = FMODE_READ | (holder ? FMODE_WRITE | FMODE_EXCL : 0);
	bdev->bdev = blkdev_get_by_path(path, bdev->handle, holder);
	if (IS_ERR(bdev->bdev))
		return PTR_ERR(bdev->bdev);
#endif
	return 0;
}

static inline void braid_bdev_close(struct braid_bdev *bdev)
{
#ifdef HAVE_BDEV_FILE
	bdev_fput(bdev->handle);
#else
	blkdev_put(bdev->bdev, bdev->handle);
#endif
}

#endif
