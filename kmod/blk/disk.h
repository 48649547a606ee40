/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_DISK_H
#define BRAID_BLK_DISK_H

#include <linux/types.h>

struct braid_disk;
struct braid_volume;

/* The block device /dev/braid/NAME of an attached volume. Bio-based. */

int braid_disk_init(void);
void braid_disk_exit(void);

/* Context: may sleep. Makes the device visible; I/O may come at once. */
int braid_disk_add(struct braid_volume *volume, u64 size, bool discard);
/* How many have it open. */
unsigned int braid_disk_openers(struct braid_disk *disk);
/* No more opens (-ENXIO) from now on; 0, or -EBUSY when it is open. */
int braid_disk_shut(struct braid_disk *disk);
/* Takes a shut back. */
void braid_disk_unshut(struct braid_disk *disk);
/* Removes it; what is queued must have been failed or finished. May sleep. */
void braid_disk_remove(struct braid_volume *volume);

#endif /* BRAID_BLK_DISK_H */
