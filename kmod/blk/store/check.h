/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_CHECK_H
#define BRAID_BLK_CHECK_H

#include <linux/types.h>

struct braid_replica_info;
struct netlink_ext_ack;

/**
 * struct braid_replica_fault - one fault that `replica check` found
 * @what: description for the administrator
 */
struct braid_replica_fault {
	char what[96];
};

int braid_replica_check(const char *path, struct braid_replica_info *info,
			struct braid_replica_fault *fault, u32 max, u32 *found,
			struct netlink_ext_ack *extack);

#endif /* BRAID_BLK_CHECK_H */
