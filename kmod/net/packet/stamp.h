/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state of braid in the 128 label bits of a connection of nf_conntrack: a word
 * with both identities, and a stamp: the last verdict and its generation. A stamp is
 * one 64-bit word, so that no reader sees a verdict with the wrong generation.
 *
 * Pure: the format knows no connection.
 */
#ifndef BRAID_STAMP_H
#define BRAID_STAMP_H

#include <linux/build_bug.h>
#include <linux/types.h>
#include <asm/bitsperlong.h>

/* Labels are an array of unsigned long, one of which holds a stamp. */
static_assert(BITS_PER_LONG == 64);

/* At 1000 commits a second 40 bits last 34 years. */
#define BRAID_STAMP_GEN_BITS 40
#define BRAID_STAMP_GEN_MASK ((1ull << BRAID_STAMP_GEN_BITS) - 1)

/**
 * struct braid_net_stamp - the verdict of a connection
 * @gen: low bits of the generation of the verdict; 0 if there is no verdict
 * @reason: enum braid_reason if the connection is denied, else 0
 * @dir: enum braid_net_direction of the rule that denied it
 * @local: source or destination is an endpoint of this node
 * @service: the destination was translated for a service of braid
 * @tunnel: the source identity came from a tunnel header
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
