/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_RECONCILE_H
#define BRAID_BLK_RECONCILE_H

#include <linux/bio.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct braid_io_set;
struct braid_reconciler;

/* So many regions at a time. */
#define BRAID_RECONCILERS	4

/**
 * struct braid_reconcile - regions that must be made equal before they are touched
 * @lock: protects all below; taken inside nothing
 * @unequal: one bit a region, or NULL
 * @regions: of the volume
 * @left: bits set in @unequal; READ_ONCE without the lock for a look
 * @cursor: where the background pass goes on
 * @source: whom to copy from, a set of one
 * @kept: members whose store was not opened again since the previous attachment
 * @parked: bios that touch one, in the order of arrival
 * @worker: those who make regions equal
 */
struct braid_reconcile {
	spinlock_t lock; /* protects all below */
	unsigned long *unequal;
	u32 regions;
	u32 left;
	u32 cursor;
	u64 source;
	u64 kept;
	struct bio_list parked;
	struct braid_reconciler *worker[BRAID_RECONCILERS];
};

void braid_reconcile_init(struct braid_io_set *set, u32 regions);
/* Nothing comes any more and set->dead is set. May sleep. */
void braid_reconcile_exit(struct braid_io_set *set);

/*
 * Parks a bio that touches a region which is not equal yet; it is begun anew when
 * it does not, and its region comes before others.
 * Context: any.  Return: whether it was parked.
 */
bool braid_reconcile_park(struct braid_io_set *set, struct bio *bio);
/* Everything fails: gives back what is parked. Context: any. */
void braid_reconcile_fail(struct braid_io_set *set, struct bio_list *parked);
/* Is a region still to be made equal? Context: any. */
bool braid_reconcile_is_left(struct braid_io_set *set, u32 region);

#endif /* BRAID_BLK_RECONCILE_H */
