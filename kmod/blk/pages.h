/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_PAGES_H
#define BRAID_BLK_PAGES_H

#include <linux/types.h>

struct bio_vec;

/*
 * Pages for the payloads that a target holds.  When memory is short they come
 * from a reserve that is large enough for one payload, and one payload at a
 * time takes from it: it gets all it needs, so it can be written and answered,
 * and the next one gets what it gave back.
 */

int braid_pages_init(void);
void braid_pages_exit(void);

/**
 * braid_pages_get() - room for a payload
 * @length: bytes, multiple of BRAID_BLOCK, at most BRAID_PAYLOAD_MAX
 * @vec: filled; there must be room for a page each
 * @reserved: some are of the reserve: nobody else may keep a reference
 *
 * Context: may sleep until a payload is given back, no I/O.
 * Return: how many of @vec are in use.
 */
unsigned int braid_pages_get(u32 length, struct bio_vec *vec, bool *reserved);
void braid_pages_put(const struct bio_vec *vec, unsigned int count,
		     bool reserved);

#endif /* BRAID_BLK_PAGES_H */
