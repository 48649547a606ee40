/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_REPAIR_H
#define BRAID_BLK_REPAIR_H

struct work_struct;

/* Work of the set, on set->slow. */
void braid_repair_work(struct work_struct *work);

#endif /* BRAID_BLK_REPAIR_H */
