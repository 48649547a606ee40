/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_ATTACHED_H
#define BRAID_BLK_ATTACHED_H

#include <linux/types.h>
#include <linux/workqueue.h>

struct braid_blk_node;
struct braid_volume;
struct braid_voters;

/**
 * struct braid_volume_works - what ends a volume, of detach.c
 * @flush: flushes and clears all for a detach; volume->flush_work
 * @close: detaches for a takeover; volume->close_work
 */
struct braid_volume_works {
	work_func_t flush;
	work_func_t close;
};

/*
 * Makes a volume that is not served yet; @listed: it is the one that is called so
 * in this node.  Context: may sleep.  Return: -EEXIST, -ENAMETOOLONG (with the
 * node's number it is no name of a disk), -ENOMEM, ...
 */
struct braid_volume *braid_volume_new(struct braid_blk_node *node,
				      const char *name, bool listed,
				      const struct braid_volume_works *works);
/*
 * Gives it peers for the voters of a record; those that it had are ended.
 * @here: the voter in this node that is asked directly, or 0.
 * Context: may sleep, no disk, not served.
 */
void braid_volume_set_peers(struct braid_volume *volume,
			    const struct braid_voters *voters, u8 here);
/*
 * Ends everything of a volume that serves nothing any more and drops the list's
 * reference.  @control held; the caller has a reference.  May sleep.
 */
void braid_volume_close(struct braid_volume *volume);

#endif /* BRAID_BLK_ATTACHED_H */
