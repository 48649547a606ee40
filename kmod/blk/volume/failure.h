/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_FAILURE_H
#define BRAID_BLK_FAILURE_H

#include <linux/types.h>

struct braid_peer;
struct braid_volume;

/*
 * Failures are noted here by whatever sees them, in any context; works of the
 * control part react.
 */
/* A member did not do what it had to: @error; it goes (S). @flush: it was a flush. */
void braid_volume_member_failed(struct braid_volume *volume,
				struct braid_peer *peer, int error, bool flush);
/* A voter answered -ESTALE: another writer was promised. */
void braid_volume_refused(struct braid_volume *volume, struct braid_peer *peer);

/* Everything fails from now on. @why: static text. volume->lock held. */
void braid_volume_die(struct braid_volume *volume, const char *why);
/* A takeover asks: detaches soon if the device is not open. volume->lock held. */
void braid_detach_soon(struct braid_volume *volume);

int braid_failure_init(void);
void braid_failure_exit(void);

#endif /* BRAID_BLK_FAILURE_H */
