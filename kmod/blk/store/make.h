/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_MAKE_H
#define BRAID_BLK_MAKE_H

#include <linux/types.h>
#include <linux/uuid.h>

struct netlink_ext_ack;

/**
 * struct braid_replica_make - arguments of `replica create`
 * @path: path of the store
 * @name: name of the volume
 * @volume: UUID of the volume
 * @voter: id of the voter
 * @size: size of the volume in bytes; 0: as large as the store allows
 * @witness: create a witness, which holds no data
 * @force: overwrite anything that the store holds
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

int braid_replica_create(const struct braid_replica_make *make,
			 struct netlink_ext_ack *extack);

int braid_replica_del(const char *path, struct netlink_ext_ack *extack);

#endif /* BRAID_BLK_MAKE_H */
