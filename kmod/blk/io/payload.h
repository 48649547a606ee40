/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_PAYLOAD_H
#define BRAID_BLK_PAYLOAD_H

#include <linux/bvec.h>
#include <linux/gfp.h>
#include <linux/mempool.h>
#include <linux/types.h>

struct bio;

/*
 * Pages that hold the data of one request.  The data of a write is copied into
 * them once, because the application may change its own while it is in flight;
 * from then on every replica and every socket uses these.
 */

#define BRAID_PAYLOAD_INLINE	4

/**
 * struct braid_payload - the data of one request
 * @bvec: where it is
 * @nr: number of @bvec
 * @table: the page that @bvec is in when there are many, or NULL
 * @few: where @bvec is otherwise
 */
struct braid_payload {
	struct bio_vec *bvec;
	unsigned int nr;
	struct page *table;
	struct bio_vec few[BRAID_PAYLOAD_INLINE];
};

/* A reserve of pages, enough for one payload of any size. May sleep. */
int braid_payload_reserve(mempool_t *pool);

/**
 * braid_payload_alloc() - room for data
 * @payload: what is filled in
 * @length: bytes of data, at most BRAID_PAYLOAD_MAX
 * @gfp: how each page is asked for
 * @pool: the reserve to be waited for, or NULL.  One waits at a time: two that
 *	have half of the reserve each would wait for ever.
 *
 * Context: as @gfp says; may sleep with @pool.
 * Return: true, always so with @pool; false: no memory, nothing is kept.
 */
bool braid_payload_alloc(struct braid_payload *payload, u32 length, gfp_t gfp,
			 mempool_t *pool);
/* Refills @pool, which may be NULL. Context: any. Idempotent. */
void braid_payload_free(struct braid_payload *payload, mempool_t *pool);

/* Copies all data of @bio into it; it has that much room. */
void braid_payload_fill(struct braid_payload *payload, struct bio *bio);
/* Copies its first @length bytes to @bio, @at bytes into its data. */
void braid_payload_drain(const struct braid_payload *payload, struct bio *bio,
			 u32 at, u32 length);
/* Its first @length bytes in @out, which has room for @nr. Return: how many. */
unsigned int braid_payload_part(const struct braid_payload *payload,
				u32 length, struct bio_vec *out);
/* Are its first @length bytes zeroes? */
bool braid_payload_is_zero(const struct braid_payload *payload, u32 length);

#endif /* BRAID_BLK_PAYLOAD_H */
