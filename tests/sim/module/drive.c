// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/highmem.h>
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "platter.h"
#include "sim.h"

/*
 * A drive is what a node sees of a platter: the disk /dev/simID. Every request
 * takes a random time. What it does, it does at the end of that: a write is
 * whole, in pieces or not at all if the power goes before.
 */

/**
 * struct sim_drive - a drive
 * @disk: the kernel's
 * @platter: what it holds; NULL after a cut
 * @number: of the drive
 * @openers: how many have it open, plus one until it is removed
 * @lock: protects all below
 * @chance: where its random numbers come from
 * @requests: that are not answered
 * @shortest: time of a request, microseconds
 * @longest: the same
 * @failing: percent of reads, writes and flushes that fail
 * @gone: it was removed: everything fails
 * @cut: it has no power: nothing is answered
 * @hung: nothing is answered for now
 * @full: there is no room for blocks that were never written
 */
struct sim_drive {
	struct gendisk *disk;
	struct sim_platter *platter;
	u64 number;
	atomic_t openers;
	spinlock_t lock; /* protects all below */
	struct rnd_state chance;
	struct list_head requests;
	u32 shortest;
	u32 longest;
	u32 failing[3];
	bool gone;
	bool cut;
	bool hung;
	bool full;
};

enum { FAIL_READ, FAIL_WRITE, FAIL_FLUSH };

/**
 * struct sim_request - a bio on its way
 * @node: in the drive's requests
 * @drive: the drive
 * @bio: the bio
 * @timer: when it is done
 * @pieces: of a write, in order
 * @status: what it will be answered
 * @up_to: the last write that a flush before it covers
 * @parked: its time is over and the drive hangs
 */
struct sim_request {
	struct list_head node;
	struct sim_drive *drive;
	struct bio *bio;
	struct hrtimer timer;
	struct list_head pieces;
	blk_status_t status;
	u64 up_to;
	bool parked;
};

static struct sim_drive *drives[SIM_IDS];

static void drive_put(struct sim_drive *drive)
{
	if (atomic_dec_and_test(&drive->openers))
		kfree(drive);
}

/* ---- requests ---- */

static bool is_write(const struct bio *bio)
{
	return op_is_write(bio_op(bio)) && bio->bi_iter.bi_size;
}

static bool is_flush(const struct bio *bio)
{
	return bio->bi_opf & REQ_PREFLUSH || bio_op(bio) == REQ_OP_FLUSH;
}

static u32 first_block(const struct bio *bio)
{
	return bio->bi_iter.bi_sector >> (SIM_BLOCK_SHIFT - SECTOR_SHIFT);
}

/* A write's contents are those of the moment in which it was asked. */
static void take_pieces(struct sim_request *request)
{
	struct bio *bio = request->bio;
	bool zero = bio_op(bio) != REQ_OP_WRITE;
	u32 count = bio->bi_iter.bi_size >> SIM_BLOCK_SHIFT;
	struct sim_piece *piece = NULL;
	u32 block = first_block(bio);
	struct bvec_iter iter;
	unsigned int at = 0;
	struct bio_vec bv;
	u32 i;

	for (i = 0; zero && i < count; i++) {
		piece = sim_piece_make(block + i, true);
		list_add_tail(&piece->node, &request->pieces);
	}
	if (zero)
		return;
	bio_for_each_segment(bv, bio, iter) {
		void *from = bvec_kmap_local(&bv);
		unsigned int done = 0, part;

		for (; done < bv.bv_len; done += part, at += part) {
			if (!(at % SIM_BLOCK)) {
				piece = sim_piece_make(block + at / SIM_BLOCK, false);
				list_add_tail(&piece->node, &request->pieces);
			}
			part = min(bv.bv_len - done, SIM_BLOCK - at % SIM_BLOCK);
			memcpy(piece->data + at % SIM_BLOCK, from + done, part);
		}
		kunmap_local(from);
	}
}

static void give_blocks(struct sim_drive *drive, struct bio *bio, void *buffer)
{
	u32 block = first_block(bio);
	struct bvec_iter iter;
	unsigned int at = 0;
	struct bio_vec bv;

	bio_for_each_segment(bv, bio, iter) {
		void *to = bvec_kmap_local(&bv);
		unsigned int done = 0, part;

		for (; done < bv.bv_len; done += part, at += part) {
			if (!(at % SIM_BLOCK))
				sim_platter_read(drive->platter, block + at / SIM_BLOCK,
						 buffer);
			part = min(bv.bv_len - done, SIM_BLOCK - at % SIM_BLOCK);
			memcpy(to + done, buffer + at % SIM_BLOCK, part);
		}
		kunmap_local(to);
	}
}

static void drop_pieces(struct sim_request *request)
{
	struct sim_piece *piece, *next;

	list_for_each_entry_safe(piece, next, &request->pieces, node) {
		list_del(&piece->node);
		sim_piece_free(piece);
	}
}

/* All of a write that succeeds; of another one any part may be there. */
static void apply(struct sim_request *request, bool all)
{
	struct sim_drive *drive = request->drive;
	bool fua = request->bio->bi_opf & REQ_FUA;
	struct sim_piece *piece, *next;

	list_for_each_entry_safe(piece, next, &request->pieces, node) {
		if (!all && prandom_u32_state(&drive->chance) % 2)
			continue;
		list_del(&piece->node);
		sim_platter_write(drive->platter, piece, all && fua);
	}
	drop_pieces(request);
}

static bool dice(struct sim_drive *drive, int what)
{
	return prandom_u32_state(&drive->chance) % 100 < drive->failing[what];
}

static bool has_room(struct sim_request *request)
{
	struct sim_piece *piece;

	list_for_each_entry(piece, &request->pieces, node)
		if (piece->data && !sim_platter_has(request->drive->platter, piece->block))
			return false;
	return true;
}

static blk_status_t judge(struct sim_request *request)
{
	struct sim_drive *drive = request->drive;
	struct bio *bio = request->bio;

	if (is_flush(bio) && dice(drive, FAIL_FLUSH))
		return BLK_STS_IOERR;
	if (bio_op(bio) == REQ_OP_READ && dice(drive, FAIL_READ))
		return BLK_STS_MEDIUM;
	if (is_write(bio) && dice(drive, FAIL_WRITE))
		return BLK_STS_IOERR;
	if (drive->full && !has_room(request))
		return BLK_STS_NOSPC;
	return BLK_STS_OK;
}

static void answer(struct sim_request *request)
{
	request->bio->bi_status = request->status;
	bio_endio(request->bio);
	drop_pieces(request);
	kfree(request);
}

/* The time of a request is over. */
static enum hrtimer_restart request_done(struct hrtimer *timer)
{
	struct sim_request *request = container_of(timer, struct sim_request, timer);
	struct sim_drive *drive = request->drive;
	struct bio *bio = request->bio;
	static u8 buffer[SIM_BLOCK];
	unsigned long flags;

	spin_lock_irqsave(&drive->lock, flags);
	if (drive->hung || drive->cut || drive->gone) {
		request->parked = true;
		spin_unlock_irqrestore(&drive->lock, flags);
		return HRTIMER_NORESTART;
	}
	list_del(&request->node);
	request->status = judge(request);
	if (is_flush(bio) && !request->status)
		sim_platter_flush(drive->platter, request->up_to);
	if (bio_op(bio) == REQ_OP_READ && !request->status)
		give_blocks(drive, bio, buffer);
	if (is_write(bio))
		apply(request, !request->status);
	spin_unlock_irqrestore(&drive->lock, flags);
	answer(request);
	return HRTIMER_NORESTART;
}

static void start(struct sim_drive *drive, struct sim_request *request)
{
	u64 time = drive->shortest;

	if (drive->longest > drive->shortest)
		time += prandom_u32_state(&drive->chance) % (drive->longest - drive->shortest);
	request->parked = false;
	hrtimer_start(&request->timer, us_to_ktime(time), HRTIMER_MODE_REL_SOFT);
}

static void drive_submit(struct bio *bio)
{
	struct sim_drive *drive = bio->bi_bdev->bd_disk->private_data;
	struct sim_request *request;
	unsigned long flags;
	bool gone;

	if (WARN_ON_ONCE((bio->bi_iter.bi_sector | bio_sectors(bio)) %
			 (SIM_BLOCK >> SECTOR_SHIFT))) {
		bio_io_error(bio);
		return;
	}
	request = kzalloc(sizeof(*request), GFP_NOIO | __GFP_NOFAIL);
	request->drive = drive;
	request->bio = bio;
	INIT_LIST_HEAD(&request->pieces);
	hrtimer_setup(&request->timer, request_done, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_SOFT);
	if (is_write(bio))
		take_pieces(request);
	spin_lock_irqsave(&drive->lock, flags);
	gone = drive->gone;
	if (!gone) {
		list_add_tail(&request->node, &drive->requests);
		request->up_to = drive->platter ? drive->platter->sequence : 0;
		request->parked = true;
		if (!drive->cut && !drive->hung)
			start(drive, request);
	}
	spin_unlock_irqrestore(&drive->lock, flags);
	if (gone) {
		request->status = BLK_STS_IOERR;
		answer(request);
	}
}

/* ---- disks ---- */

static int drive_open(struct gendisk *disk, blk_mode_t mode)
{
	struct sim_drive *drive = disk->private_data;

	atomic_inc(&drive->openers);
	return 0;
}

static void drive_release(struct gendisk *disk)
{
	drive_put(disk->private_data);
}

static const struct block_device_operations drive_operations = {
	.owner = THIS_MODULE,
	.submit_bio = drive_submit,
	.open = drive_open,
	.release = drive_release,
};

static int disk_add(struct sim_drive *drive)
{
	struct queue_limits limits = {
		.features = BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA,
		.logical_block_size = SIM_BLOCK,
		.physical_block_size = SIM_BLOCK,
		.max_hw_sectors = SZ_1M >> SECTOR_SHIFT,
		.max_write_zeroes_sectors = SZ_64M >> SECTOR_SHIFT,
		.max_hw_discard_sectors = SZ_64M >> SECTOR_SHIFT,
		.discard_granularity = SIM_BLOCK,
	};
	struct gendisk *disk = blk_alloc_disk(&limits, NUMA_NO_NODE);
	int error;

	if (IS_ERR(disk))
		return PTR_ERR(disk);
	snprintf(disk->disk_name, sizeof(disk->disk_name), "sim%llu", drive->number);
	disk->flags |= GENHD_FL_NO_PART;
	disk->fops = &drive_operations;
	disk->private_data = drive;
	set_capacity(disk, (sector_t)drive->platter->blocks << (SIM_BLOCK_SHIFT - SECTOR_SHIFT));
	drive->disk = disk;
	error = add_disk(disk);
	if (error)
		put_disk(disk);
	return error;
}

/* ---- commands ---- */

static int add(u64 id, u64 platter, u64 seed)
{
	struct sim_drive *drive;
	int error;

	if (drives[id])
		return -EEXIST;
	drive = kzalloc(sizeof(*drive), GFP_KERNEL | __GFP_NOFAIL);
	drive->number = id;
	drive->shortest = 20;
	drive->longest = 200;
	atomic_set(&drive->openers, 1);
	spin_lock_init(&drive->lock);
	INIT_LIST_HEAD(&drive->requests);
	prandom_seed_state(&drive->chance, seed);
	drive->platter = sim_platter_take(platter);
	if (!drive->platter) {
		kfree(drive);
		return -ENOENT;
	}
	error = disk_add(drive);
	if (error) {
		drive->platter->used = false;
		kfree(drive);
		return error;
	}
	drives[id] = drive;
	return 0;
}

/* From here on nothing that the node does is seen. */
static void cut(struct sim_drive *drive, u64 seed, enum sim_loss loss)
{
	struct sim_request *request;
	unsigned long flags;

	spin_lock_irqsave(&drive->lock, flags);
	if (!drive->cut) {
		drive->cut = true;
		prandom_seed_state(&drive->chance, seed);
		list_for_each_entry(request, &drive->requests, node)
			if (is_write(request->bio))
				apply(request, false);
		sim_platter_lose(drive->platter, &drive->chance, loss);
		drive->platter->used = false;
		drive->platter = NULL;
	}
	spin_unlock_irqrestore(&drive->lock, flags);
}

static void hang(struct sim_drive *drive, bool on)
{
	struct sim_request *request;
	unsigned long flags;

	spin_lock_irqsave(&drive->lock, flags);
	drive->hung = on;
	if (!on && !drive->cut)
		list_for_each_entry(request, &drive->requests, node)
			if (request->parked)
				start(drive, request);
	spin_unlock_irqrestore(&drive->lock, flags);
}

/* What it was asked fails; so does everything else. A write that was on its way is as any
 * other that fails.
 */
static void remove(struct sim_drive *drive)
{
	struct sim_request *request, *next;
	LIST_HEAD(requests);

	spin_lock_irq(&drive->lock);
	drive->gone = true;
	list_splice_init(&drive->requests, &requests);
	if (drive->platter) {
		list_for_each_entry(request, &requests, node)
			if (is_write(request->bio))
				apply(request, false);
		drive->platter->used = false;
		drive->platter = NULL;
	}
	spin_unlock_irq(&drive->lock);
	list_for_each_entry_safe(request, next, &requests, node) {
		hrtimer_cancel(&request->timer);
		list_del(&request->node);
		request->status = BLK_STS_IOERR;
		answer(request);
	}
	drives[drive->number] = NULL;
	del_gendisk(drive->disk);
	put_disk(drive->disk);
	drive_put(drive);
}

static int set(struct sim_drive *drive, const struct sim_words *words)
{
	const char *what = words->words[2];
	const u64 *number = &words->number[3];
	unsigned int count = words->count - 3, i;

	if (!strcmp(what, "cut") && count == 1) {
		cut(drive, number[0], SIM_LOSSES);
	} else if (!strcmp(what, "cut") && count == 2) {
		cut(drive, number[0], number[1]);
	} else if (!strcmp(what, "hang") && count == 1) {
		hang(drive, number[0]);
	} else if (!strcmp(what, "full") && count == 1) {
		drive->full = number[0];
	} else if (!strcmp(what, "slow") && count == 2 && number[0] <= number[1]) {
		drive->shortest = number[0];
		drive->longest = number[1];
	} else if (!strcmp(what, "fail") && count == 3) {
		for (i = 0; i < count; i++)
			drive->failing[i] = number[i];
	} else if (!strcmp(what, "remove") && !count) {
		remove(drive);
	} else {
		return -EINVAL;
	}
	return 0;
}

/*
 * drive ID add PLATTER SEED | drive ID cut SEED [LOSS] | drive ID remove
 * drive ID hang 0|1 | drive ID full 0|1 | drive ID slow FROM TO (microseconds)
 * drive ID fail READS WRITES FLUSHES (percent)
 */
int sim_drive_command(const struct sim_words *words)
{
	u64 id = words->number[1];

	if (words->count < 3)
		return -EINVAL;
	if (words->count == 5 && !strcmp(words->words[2], "add"))
		return add(id, words->number[3], words->number[4]);
	if (!drives[id])
		return -ENOENT;
	return set(drives[id], words);
}

void sim_drives_end(void)
{
	int id;

	for (id = 0; id < SIM_IDS; id++)
		if (drives[id])
			remove(drives[id]);
}
