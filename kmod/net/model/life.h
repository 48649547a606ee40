/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Generations: when a version of an object can be seen.
 *
 * Every commit increments the generation number of the namespace. Each version of
 * an object has the range of generations in which it is valid. A reader reads the
 * number once and skips versions that are not valid in it, so the reader sees all
 * of a commit or nothing of it. See Documentation/transactions.md.
 */
#ifndef BRAID_LIFE_H
#define BRAID_LIFE_H

#include <linux/compiler.h>
#include <linux/limits.h>
#include <linux/types.h>

#define BRAID_NEVER U64_MAX

/**
 * struct braid_life - the generations in which a version is valid
 * @born: first generation; written before the version is published
 * @dies: first generation in which the version is not valid any more; a commit
 *	writes it before it moves the generation of the namespace; read without a
 *	lock
 * @leaving: the commit in progress removes the version; protected by the namespace
 *	mutex
 */
struct braid_life {
	u64 born;
	u64 dies;
	bool leaving;
};

static inline void braid_life_begin(struct braid_life *life, u64 gen)
{
	life->born = gen;
	life->dies = BRAID_NEVER;
	life->leaving = false;
}

static inline void braid_life_end(struct braid_life *life, u64 gen)
{
	WRITE_ONCE(life->dies, gen);
}

static inline bool braid_life_visible(const struct braid_life *life, u64 gen)
{
	return life->born <= gen && gen < READ_ONCE(life->dies);
}

#endif
