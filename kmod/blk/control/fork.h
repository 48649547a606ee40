/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_FORK_H
#define BRAID_BLK_FORK_H

struct braid_attempt;

/*
 * Attach by force: makes another volume, with a UUID of its own, of the voters
 * that can be reached.  It is not attached yet: a->forked are its voters.
 * Context: may sleep. Return: 0 or a negative errno, extack told.
 */
int braid_fork(struct braid_attempt *a);

#endif /* BRAID_BLK_FORK_H */
