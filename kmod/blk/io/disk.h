/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_DISK_H
#define BRAID_BLK_DISK_H

#include <linux/types.h>

struct bio;
struct braid_disk;
struct braid_volume;

/* The block device of an attached volume, volume->device. Bio-based. */

/*
 * Makes the device visible; I/O may come at once, so the volume is ACTIVE.
 * Context: may sleep.  Return: 0, -EEXIST, -ENOMEM.
 */
int braid_disk_add(struct braid_volume *volume, u64 size, bool discard);
/* How many have it open, of a volume that may have none.  volume->lock held. */
unsigned int braid_disk_openers(const struct braid_volume *volume);
/* No more opens (-ENXIO) from now on; 0, or -EBUSY when it is open. */
int braid_disk_shut(struct braid_disk *disk);
/* Takes a shut back. */
void braid_disk_unshut(struct braid_disk *disk);
/*
 * Removes it; what is queued must have been failed or finished, and what comes
 * meanwhile must fail at once.  I/O of who still has it open fails from here on
 * and reaches the volume no more, nor does anybody's close.
 * Context: may sleep.
 */
void braid_disk_remove(struct braid_volume *volume);

#endif /* BRAID_BLK_DISK_H */
