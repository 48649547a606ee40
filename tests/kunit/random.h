/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random input that can be had again: every test starts from the seed, which
 * its log shows and a module parameter sets (insmod index_test.ko seed=7).
 */
#ifndef BRAID_KUNIT_RANDOM_H
#define BRAID_KUNIT_RANDOM_H

#include <kunit/test.h>
#include <linux/module.h>
#include <linux/prandom.h>

static unsigned long seed = 20260701;
module_param(seed, ulong, 0444);
MODULE_PARM_DESC(seed, "where the random input starts");

static inline void random_begin(struct kunit *test, struct rnd_state *rnd)
{
	kunit_info(test, "seed=%lu\n", seed);
	prandom_seed_state(rnd, seed);
}

static inline u32 random_below(struct rnd_state *rnd, u32 n)
{
	return prandom_u32_state(rnd) % n;
}

/* True once in @n times. */
static inline bool random_once_in(struct rnd_state *rnd, u32 n)
{
	return !random_below(rnd, n);
}

static inline u64 random_u64(struct rnd_state *rnd)
{
	return (u64)prandom_u32_state(rnd) << 32 | prandom_u32_state(rnd);
}

/* 64 random bits of which a random number at the top is clear. */
static inline u64 random_size(struct rnd_state *rnd)
{
	return random_u64(rnd) >> random_below(rnd, 64);
}

#endif
