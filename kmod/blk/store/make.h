/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_MAKE_H
#define BRAID_BLK_MAKE_H

#include <linux/types.h>
#include <linux/uuid.h>

struct netlink_ext_ack;

/*
 * struct braid_replica_make - arguments of `replica create`
 * @size: bytes of the volume; 0: all that fits
 */
struct braid_replica_make {
	const char *path;
	const char *name;
	uuid_t volume;
	u8 voter;
	u64 size;
	bool witness;
	bool force;
};

/* Context: process, may sleep long. */
int braid_replica_create(const struct braid_replica_make *make,
			 struct netlink_ext_ack *extack);

/* Blanks both slots of a store that is not open. */
int braid_replica_del(const char *path, struct netlink_ext_ack *extack);

#endif /* BRAID_BLK_MAKE_H */
