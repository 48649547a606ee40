/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_DETACH_H
#define BRAID_BLK_DETACH_H

struct braid_volume;
struct work_struct;

void braid_detach_work(struct work_struct *work);
/* What may wait for members longer than a person does; volume->flush_work. */
void braid_detach_flush_work(struct work_struct *work);

/* Fails what is queued and ends it. volume->control held; may sleep. */
void braid_detach_force(struct braid_volume *volume);

#endif /* BRAID_BLK_DETACH_H */
