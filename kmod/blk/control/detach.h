/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_DETACH_H
#define BRAID_BLK_DETACH_H

#include "control/attached.h"

struct braid_volume;

/* For braid_volume_new(). */
extern const struct braid_volume_works braid_detach_works;

/* Fails what is queued and ends it. volume->control held; may sleep. */
void braid_detach_force(struct braid_volume *volume);

#endif /* BRAID_BLK_DETACH_H */
