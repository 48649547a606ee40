/* SPDX-License-Identifier: GPL-2.0-only */
/* A bio-based disk: kernels differ in how a disk is created and opened. */
#ifndef BRAID_COMPAT_DISK_H
#define BRAID_COMPAT_DISK_H

#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/limits.h>
#include <linux/types.h>

/**
 * struct braid_disk_limits - limits of a disk that differ from the default
 * @block: logical and physical block size and alignment of memory, in bytes
 * @max_sectors: limit of one read or write
 * @max_segments: limit of one read or write
 * @max_zero_sectors: limit of one write-zeroes
 * @max_discard_sectors: limit of one discard; 0: discards are not supported
 */
struct braid_disk_limits {
	unsigned int block;
	unsigned int max_sectors;
	unsigned short max_segments;
	unsigned int max_zero_sectors;
	unsigned int max_discard_sectors;
};

/*
 * Allocates a disk with a volatile cache that supports flush and FUA. Context:
 * process, may sleep. Return: the disk or an ERR_PTR().
 */
#ifdef HAVE_BLK_FEATURES
#define braid_disk_alloc(limits)					\
({									\
	const struct braid_disk_limits *__l = (limits);			\
	struct queue_limits __lim = {					\
		.features = BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA,	\
		.logical_block_size = __l->block,			\
		.physical_block_size = __l->block,			\
		.io_min = __l->block,					\
		.max_hw_sectors = __l->max_sectors,			\
		.max_segments = __l->max_segments,			\
		.max_segment_size = UINT_MAX,				\
		.dma_alignment = __l->block - 1,			\
		.max_write_zeroes_sectors = __l->max_zero_sectors,	\
		.max_hw_discard_sectors = __l->max_discard_sectors,	\
		.discard_granularity = __l->max_discard_sectors ?	\
				       __l->block : 0,			\
	};								\
									\
	blk_alloc_disk(&__lim, NUMA_NO_NODE);				\
})
#else
static inline void braid_disk_set_limits(struct request_queue *q,
					 const struct braid_disk_limits *limits)
{
	blk_queue_logical_block_size(q, limits->block);
	blk_queue_physical_block_size(q, limits->block);
	blk_queue_io_min(q, limits->block);
	blk_queue_max_hw_sectors(q, limits->max_sectors);
	blk_queue_max_segments(q, limits->max_segments);
	blk_queue_max_segment_size(q, UINT_MAX);
	blk_queue_dma_alignment(q, limits->block - 1);
	blk_queue_max_write_zeroes_sectors(q, limits->max_zero_sectors);
	blk_queue_max_discard_sectors(q, limits->max_discard_sectors);
	if (limits->max_discard_sectors)
		q->limits.discard_granularity = limits->block;
	blk_queue_flag_set(QUEUE_FLAG_NONROT, q);
	blk_queue_flag_clear(QUEUE_FLAG_ADD_RANDOM, q);
	blk_queue_write_cache(q, true, true);
}

#define braid_disk_alloc(limits)					\
({									\
	struct gendisk *__disk = blk_alloc_disk(NUMA_NO_NODE);		\
									\
	if (__disk)							\
		braid_disk_set_limits(__disk->queue, limits);		\
	__disk ? __disk : ERR_PTR(-ENOMEM);				\
})
#endif

/*
 * Arguments of block_device_operations.open and .release, and the disk they
 * name.
 */
#ifdef HAVE_BLK_MODE_T
#define BRAID_OPEN_ARGS		struct gendisk *disk, blk_mode_t mode
#define BRAID_OPEN_DISK		disk
#define BRAID_RELEASE_ARGS	struct gendisk *disk
#else
#define BRAID_OPEN_ARGS		struct block_device *bdev, fmode_t mode
#define BRAID_OPEN_DISK		((bdev)->bd_disk)
#define BRAID_RELEASE_ARGS	struct gendisk *disk, fmode_t mode
#endif

#endif
