/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_PAGES_H
#define BRAID_BLK_PAGES_H

#include <linux/list.h>
#include <linux/types.h>

struct bio_vec;

/*
 * Pages for the payloads that a target holds.  When memory is short they come
 * from a reserve that is large enough for one payload, and one payload at a
 * time has it: it gets all it needs, so it can be written and answered, and the
 * next one gets what it gave back.
 *
 * Nobody sleeps until he has them: who has the reserve may need the one who
 * would sleep to send his answer.
 */

/**
 * struct braid_pages_waiter - who is to try again
 * @wake: it is worth trying; may not sleep, nor get or put pages
 * @node: in the list of those who wait, or empty
 */
struct braid_pages_waiter {
	void (*wake)(struct braid_pages_waiter *waiter);
	struct list_head node;
};

int braid_pages_init(void);
void braid_pages_exit(void);

/**
 * braid_pages_get() - room for a payload
 * @length: bytes, multiple of BRAID_BLOCK, at most BRAID_PAYLOAD_MAX
 * @vec: filled; there must be room for a page each
 * @reserved: they are the reserve: nobody else may keep a reference
 * @waiter: is woken later when there are none now; one get at a time
 *
 * Context: may sleep, but not until a payload is given back; no I/O.
 * Return: how many of @vec are in use; 0: none now.
 */
unsigned int braid_pages_get(u32 length, struct bio_vec *vec, bool *reserved,
			     struct braid_pages_waiter *waiter);
void braid_pages_put(const struct bio_vec *vec, unsigned int count,
		     bool reserved);

/* @waiter, whose @node was initialised, is not woken after this. Context: process. */
void braid_pages_leave(struct braid_pages_waiter *waiter);

#endif /* BRAID_BLK_PAGES_H */
