/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_EPOCH_H
#define BRAID_BLK_EPOCH_H

#include <linux/types.h>

/**
 * struct braid_epoch - one attachment of a volume
 * @counter: above every counter its writer had seen
 * @node: random number of the writer, so that two racing attachments differ
 *
 * All zero: no writer ever.
 */
struct braid_epoch {
	u64 counter;
	u64 node;
};

/**
 * struct braid_mver - version of a membership record
 * @epoch: the writer that proposed it
 * @k: its how-manieth record; the one that opens an attachment is 1
 */
struct braid_mver {
	struct braid_epoch epoch;
	u32 k;
};

static inline int braid_epoch_cmp(const struct braid_epoch *a,
				  const struct braid_epoch *b)
{
	if (a->counter != b->counter)
		return a->counter < b->counter ? -1 : 1;
	if (a->node != b->node)
		return a->node < b->node ? -1 : 1;
	return 0;
}

static inline int braid_mver_cmp(const struct braid_mver *a,
				 const struct braid_mver *b)
{
	int order = braid_epoch_cmp(&a->epoch, &b->epoch);

	if (order || a->k == b->k)
		return order;
	return a->k < b->k ? -1 : 1;
}

#endif /* BRAID_BLK_EPOCH_H */
