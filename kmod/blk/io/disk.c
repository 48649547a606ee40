// SPDX-License-Identifier: GPL-2.0-only
/* The block device of a volume. */
#include "io/disk.h"

#include <linux/bio.h>
#include <linux/kref.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "../compat/disk.h"
#include "io/io.h"
#include "proto/record.h"
#include "store/request.h"
#include "volume/volume.h"

/* Segments of one bio: as many as pages fit into the largest payload. */
#define DISK_SEGMENTS	(BRAID_PAYLOAD_MAX / PAGE_SIZE)

/**
 * struct braid_disk - the block device of a volume
 * @ref: one of the volume's until it removes the disk, one of each opener: who
 *	closes it after it was removed must find this here
 * @disk: the kernel's; valid until the removal
 * @volume: valid until the removal: later no bio comes
 * @lock: protects the fields below it
 * @openers: how many have it open
 * @shut: nobody may open it
 */
struct braid_disk {
	struct kref ref;
	struct gendisk *disk;
	struct braid_volume *volume;
	spinlock_t lock; /* protects all below */
	unsigned int openers;
	bool shut;
};

static void disk_free(struct kref *ref)
{
	kfree(container_of(ref, struct braid_disk, ref));
}

static int disk_open(BRAID_OPEN_ARGS)
{
	struct braid_disk *own = BRAID_OPEN_DISK->private_data;
	int err = 0;

	spin_lock(&own->lock);
	if (own->shut) {
		err = -ENXIO;
	} else {
		own->openers++;
		kref_get(&own->ref);
	}
	spin_unlock(&own->lock);
	return err;
}

static void disk_release(BRAID_RELEASE_ARGS)
{
	struct braid_disk *own = disk->private_data;

	spin_lock(&own->lock);
	own->openers--;
	spin_unlock(&own->lock);
	kref_put(&own->ref, disk_free);
}

static void disk_submit_bio(struct bio *bio)
{
	struct braid_disk *own = bio->bi_bdev->bd_disk->private_data;

	bio = bio_split_to_limits(bio);
	if (bio)
		braid_io_submit(own->volume, bio);
}

static const struct block_device_operations disk_operations = {
	.owner = THIS_MODULE,
	.submit_bio = disk_submit_bio,
	.open = disk_open,
	.release = disk_release,
};

static struct gendisk *disk_make(struct braid_disk *own, u64 size, bool discard)
{
	const struct braid_disk_limits limits = {
		.block = BRAID_BLOCK,
		.max_sectors = BRAID_PAYLOAD_MAX >> SECTOR_SHIFT,
		.max_segments = DISK_SEGMENTS,
		.max_zero_sectors = BRAID_ZERO_MAX >> SECTOR_SHIFT,
		.max_discard_sectors = discard ? BRAID_ZERO_MAX >> SECTOR_SHIFT
					       : 0,
	};
	struct gendisk *disk = braid_disk_alloc(&limits);

	if (IS_ERR(disk))
		return disk;
	/* A '!' is a '/' to who makes the node. */
	snprintf(disk->disk_name, sizeof(disk->disk_name), "braid!%s",
		 own->volume->device);
	disk->flags |= GENHD_FL_NO_PART;
	disk->fops = &disk_operations;
	disk->private_data = own;
	set_capacity(disk, size >> SECTOR_SHIFT);
	return disk;
}

int braid_disk_add(struct braid_volume *volume, u64 size, bool discard)
{
	struct braid_disk *own;
	int err;

	own = kzalloc(sizeof(*own), GFP_KERNEL);
	if (!own)
		return -ENOMEM;
	kref_init(&own->ref);
	spin_lock_init(&own->lock);
	own->volume = volume;
	own->disk = disk_make(own, size, discard);
	if (IS_ERR(own->disk)) {
		err = PTR_ERR(own->disk);
		goto put_own;
	}
	/* Whoever meets the disk must find it from the volume too. */
	volume->disk = own;
	err = add_disk(own->disk);
	if (err)
		goto put_disk;
	return 0;

put_disk:
	volume->disk = NULL;
	put_disk(own->disk);
put_own:
	kref_put(&own->ref, disk_free);
	return err;
}

unsigned int braid_disk_openers(const struct braid_volume *volume)
{
	lockdep_assert_held(&volume->lock);
	return volume->disk_there ? READ_ONCE(volume->disk->openers) : 0;
}

int braid_disk_shut(struct braid_disk *disk)
{
	int err = 0;

	spin_lock(&disk->lock);
	if (disk->openers)
		err = -EBUSY;
	else
		disk->shut = true;
	spin_unlock(&disk->lock);
	return err;
}

void braid_disk_unshut(struct braid_disk *disk)
{
	spin_lock(&disk->lock);
	disk->shut = false;
	spin_unlock(&disk->lock);
}

/*
 * del_gendisk() lets nobody open it any more, fails who submits from now on and
 * waits for those who are in disk_submit_bio(): nothing looks at the volume
 * after it.  Openers keep the gendisk and this module; ours is kept by @ref.
 */
void braid_disk_remove(struct braid_volume *volume)
{
	struct braid_disk *own = volume->disk;

	if (!own)
		return;
	spin_lock(&own->lock);
	own->shut = true;
	spin_unlock(&own->lock);
	del_gendisk(own->disk);
	put_disk(own->disk);
	volume->disk = NULL;
	kref_put(&own->ref, disk_free);
}
