/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Generations: when a version of an object can be seen.
 *
 * A namespace's configuration has a generation number, one up with every
 * commit. Every version of an object carries the generations it is valid in; a
 * reader latches the number once and skips what is not valid in it, so it sees
 * all of a commit or none. See Documentation/transactions.md.
 */
#ifndef BRAID_LIFE_H
#define BRAID_LIFE_H

#include <linux/compiler.h>
#include <linux/limits.h>
#include <linux/types.h>

#define BRAID_NEVER U64_MAX

/**
 * struct braid_life - the generations a version is valid in
 * @born: first one; written before the version is published
 * @dies: first one it is no longer valid in; written by a commit before the
 *	generation of the namespace moves, read without a lock
 * @leaving: the commit under way takes the version out; namespace mutex
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
