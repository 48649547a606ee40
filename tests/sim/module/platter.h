/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_SIM_PLATTER_H
#define BRAID_SIM_PLATTER_H

#include <linux/list.h>
#include <linux/prandom.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/* What a disk holds: durable blocks, and what was written to them since. */

/**
 * struct sim_piece - the part of a write that lies in one block
 * @node: among those of its block, or of its request
 * @block: where
 * @sequence: order of all writes of the platter
 * @data: SIM_BLOCK bytes, or NULL: zeroes
 */
struct sim_piece {
	struct list_head node;
	u32 block;
	u64 sequence;
	void *data;
};

struct sim_cell {
	void *durable;			/* NULL: never written, zeroes */
	struct list_head pieces;	/* not durable, oldest first */
};

struct sim_platter {
	u32 blocks;
	bool used;			/* a drive has it */
	spinlock_t lock;		/* protects all below */
	u64 sequence;			/* of the last write */
	struct sim_cell *cells;
};

/* How a power cut treats what is not durable; as a number, SIM_LOSSES is any of these. */
enum sim_loss {
	SIM_LOSS_ALL,	/* nothing of it stays */
	SIM_LOSS_NONE,	/* all of it stays */
	SIM_LOSS_AFTER,	/* what was written up to some moment stays */
	SIM_LOSS_MOST,	/* an eighth of its blocks stays */
	SIM_LOSS_ANY,	/* half of its blocks stays */
	SIM_LOSSES,
};

struct sim_platter *sim_platter_take(u64 id);

struct sim_piece *sim_piece_make(u32 block, bool zero);

void sim_piece_free(struct sim_piece *piece);

void sim_platter_write(struct sim_platter *platter, struct sim_piece *piece,
		       bool durable);

void sim_platter_read(struct sim_platter *platter, u32 block, void *to);

bool sim_platter_has(struct sim_platter *platter, u32 block);

void sim_platter_flush(struct sim_platter *platter, u64 up_to);

void sim_platter_lose(struct sim_platter *platter, struct rnd_state *chance,
		      enum sim_loss loss);

#endif /* BRAID_SIM_PLATTER_H */
