/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_REPAIR_H
#define BRAID_BLK_REPAIR_H

struct braid_read;
struct work_struct;

/*
 * A read that met unreadable blocks (@read->unreadable): they are read elsewhere,
 * one by one, and written to the members that could not read them.  If it still
 * has its bio, that is given what was found, or fails.  Its range is not held;
 * taken over.  Context: any.
 */
void braid_repair_queue(struct braid_read *read);

/* Work of the set, on set->slow. */
void braid_repair_work(struct work_struct *work);

#endif /* BRAID_BLK_REPAIR_H */
