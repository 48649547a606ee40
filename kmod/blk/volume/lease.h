/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_LEASE_H
#define BRAID_BLK_LEASE_H

#include <linux/types.h>

struct braid_volume;

/*
 * The writer's lease: renewed every third of it with every voter that promised,
 * counted from when what M of them answered was sent.
 */

/* Lets the clock look now. Context: any, volume->lock held. */
void braid_lease_kick(struct braid_volume *volume);

/*
 * Since when this writer has run without a pause, boottime ns: who did not answer
 * before may have answered all the same. volume->lock held.
 */
u64 braid_lease_awake(const struct braid_volume *volume, u64 now);

/*
 * What @voters granted until now counts no more: one may have recorded since that
 * the volume is closed, or have lost what it knew. volume->lock held.
 */
void braid_lease_void(struct braid_volume *volume, u64 voters);
/* Counts again until when it holds, and resumes. volume->lock held. */
void braid_lease_count(struct braid_volume *volume);

#endif /* BRAID_BLK_LEASE_H */
