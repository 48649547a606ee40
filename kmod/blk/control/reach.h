/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_REACH_H
#define BRAID_BLK_REACH_H

#include <linux/types.h>

#include "control/ask.h"

struct braid_voters;
struct braid_volume;

/* Reaching the voters of a volume that is not attached yet, and who was not. */

#define BRAID_MISSING_MAX	160

/*
 * Connects to every voter; returns when each is connected or was tried.  They
 * are tried again all the time.  Context: may sleep. Return: 0 or -EINTR.
 */
int braid_reach(struct braid_volume *volume);

/* Remembers for people what each that was asked answered. */
void braid_reach_blame(struct braid_volume *volume, const struct braid_ask *ask);

/*
 * Lists those of @peers (by their number in volume->peers) with address and
 * reason.  @out: BRAID_MISSING_MAX bytes. Return: @out.
 */
const char *braid_reach_list(struct braid_volume *volume, u64 peers, char *out);

/* Those without an answer, by their number. */
u64 braid_reach_silent(const struct braid_ask *ask);

/* NULL, or what is wrong with the name of a volume. Static text. */
const char *braid_reach_check_name(const char *name);

#endif /* BRAID_BLK_REACH_H */
