/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_CLOCK_H
#define BRAID_BLK_CLOCK_H

#include <linux/types.h>

struct braid_peer;
struct work_struct;

/* Renews, and looks at who and what is late; volume->clock. */
void braid_lease_clock(struct work_struct *work);
/* Is a renewal due?  Makes it ready to be sent then. volume->lock held. */
bool braid_lease_prepare(struct braid_peer *peer);

#endif /* BRAID_BLK_CLOCK_H */
