/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_EPOCH_H
#define BRAID_BLK_EPOCH_H

#include <linux/types.h>

/**
 * struct braid_epoch - one attachment of a volume
 * @counter: greater than every counter that the writer had seen
 * @node: random number of the writer, which tells apart two attachments that race
 *	for the same counter
 *
 * All zero: no writer has ever attached the volume.
 */
struct braid_epoch {
	u64 counter;
	u64 node;
};

/**
 * struct braid_mver - version of a membership record
 * @epoch: epoch of the writer that proposed the record
 * @k: number of the record within @epoch, counted from 1; the record that opens
 *	an attachment is number 1
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
