/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_FENCE_H
#define BRAID_BLK_FENCE_H

struct work_struct;

/*
 * What follows when voters refuse this writer: dead if they are a majority or
 * one of them holds another's record; else a higher epoch, so that one stray
 * PREPARE does not kill a healthy writer.  volume->fence_work.
 */
void braid_fence_work(struct work_struct *work);

#endif /* BRAID_BLK_FENCE_H */
