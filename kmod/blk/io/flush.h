/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_FLUSH_H
#define BRAID_BLK_FLUSH_H

#include <linux/types.h>

struct bio;
struct braid_io_set;

/*
 * Begins the flush of a bio, with data or without; the data follow when it is
 * done.  @wait: for memory, in set->punt only.
 * Return: false: no memory; always true with @wait.
 */
bool braid_flush_begin(struct braid_io_set *set, struct bio *bio, bool wait);

/**
 * braid_flush_wait() - flush every member
 * @set: of the volume
 * @flushed: members that flushed, when 0 is returned
 * @n: its counter: greater than that of every write that began before it
 *
 * Context: may sleep, until it is done or the volume is dead.
 * Return: 0 or a negative errno.
 */
int braid_flush_wait(struct braid_io_set *set, u64 *flushed, u64 *n);

#endif /* BRAID_BLK_FLUSH_H */
