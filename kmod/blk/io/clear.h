/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_CLEAR_H
#define BRAID_BLK_CLEAR_H

struct braid_io_set;

/*
 * Clears dirty bits on the members, lazily (C): regions not written for a while,
 * and the oldest when there are many.
 */

/* Context: may sleep. Return: 0 or -ENOMEM. */
int braid_clear_init(struct braid_io_set *set);
/* It may be called twice; set->dead is set. May sleep. */
void braid_clear_exit(struct braid_io_set *set);

/**
 * braid_clear_all() - flush, then clear every region; for a detach
 * @set: of the volume
 *
 * Nothing is in flight.
 * Context: may sleep. Return: 0; -EAGAIN: a member was not reached, or a
 * membership is proposed; -EIO: the volume is dead, or a region cannot be cleared.
 */
int braid_clear_all(struct braid_io_set *set);

#endif /* BRAID_BLK_CLEAR_H */
