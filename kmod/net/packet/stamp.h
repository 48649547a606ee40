/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a connection remembers, in the 128 label bits that nf_conntrack keeps
 * for it: both identities, and a stamp: the generation that judged it last,
 * with the verdict. A stamp is one 64-bit word, so that no reader sees a
 * verdict with the wrong generation.
 *
 * Pure: knows no connection.
 */
#ifndef BRAID_STAMP_H
#define BRAID_STAMP_H

#include <linux/build_bug.h>
#include <linux/types.h>
#include <asm/bitsperlong.h>

/* Labels are words of unsigned long: a stamp must be one of them. */
static_assert(BITS_PER_LONG == 64);

/* At 1000 commits a second 40 bits last 34 years. */
#define BRAID_STAMP_GEN_BITS 40
#define BRAID_STAMP_GEN_MASK ((1ull << BRAID_STAMP_GEN_BITS) - 1)

/**
 * struct braid_net_stamp - a judged connection
 * @gen: low bits of the generation; 0 is never judged
 * @reason: enum braid_reason if it is denied, else 0
 * @dir: enum braid_net_direction that denied it
 * @local: an endpoint of this node has a part in it
 * @service: its destination was translated for a service of braid
 * @tunnel: its source identity came in a tunnel header
 */
struct braid_net_stamp {
	u64 gen;
	u8 reason;
	u8 dir;
	bool local;
	bool service;
	bool tunnel;
};

static inline u64 braid_stamp_encode(const struct braid_net_stamp *s)
{
	return (s->gen & BRAID_STAMP_GEN_MASK) << 24 | (u64)s->reason << 16 |
	       (u64)(s->dir & 1) << 8 | (u64)s->local << 2 |
	       (u64)s->tunnel << 1 | (u64)s->service;
}

static inline struct braid_net_stamp braid_stamp_decode(u64 word)
{
	return (struct braid_net_stamp){
		.gen = word >> 24,
		.reason = word >> 16,
		.dir = word >> 8 & 1,
		.local = word >> 2 & 1,
		.tunnel = word >> 1 & 1,
		.service = word & 1,
	};
}

static inline bool braid_stamp_current(const struct braid_net_stamp *s, u64 gen)
{
	return s->gen && s->gen == (gen & BRAID_STAMP_GEN_MASK);
}

static inline u64 braid_pair_encode(u32 source, u32 destination)
{
	return (u64)destination << 32 | source;
}

static inline u32 braid_pair_source(u64 word)
{
	return word;
}

static inline u32 braid_pair_destination(u64 word)
{
	return word >> 32;
}

#endif
