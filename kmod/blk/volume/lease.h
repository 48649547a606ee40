/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_LEASE_H
#define BRAID_BLK_LEASE_H

#include <linux/types.h>

struct braid_peer;
struct braid_request;
struct braid_volume;
struct work_struct;

/*
 * The writer's lease: renewed every third of it with every voter that promised,
 * counted from when what M of them answered was sent.
 */

/* Renews, and looks at who and what is late; volume->clock. */
void braid_lease_clock(struct work_struct *work);
/* Lets the clock look now. Context: any, volume->lock held. */
void braid_lease_kick(struct braid_volume *volume);

/*
 * Since when this writer has run without a pause, boottime ns: who did not answer
 * before may have answered all the same. volume->lock held.
 */
u64 braid_lease_awake(const struct braid_volume *volume, u64 now);

/* Is a renewal due?  Makes it ready to be sent then. volume->lock held. */
bool braid_lease_prepare(struct braid_peer *peer);
/*
 * What @voters granted until now counts no more: one may have recorded since that
 * the volume is closed, or have lost what it knew. volume->lock held.
 */
void braid_lease_void(struct braid_volume *volume, u64 voters);
/* Counts again until when it holds, and resumes. volume->lock held. */
void braid_lease_count(struct braid_volume *volume);

#endif /* BRAID_BLK_LEASE_H */
