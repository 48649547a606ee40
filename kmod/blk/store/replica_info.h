/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_REPLICA_INFO_H
#define BRAID_BLK_REPLICA_INFO_H

#include <linux/types.h>

#include "proto/epoch.h"
#include "proto/record.h"

/**
 * struct braid_replica_info - state of a replica, for netlink and handshakes
 * @path: path of the store
 * @record: the durable record
 * @store: id of this opening of the store
 * @data_size: bytes of the data space
 * @regions_dirty: number of dirty regions
 * @lease_left_ms: milliseconds until the grant of the present writer expires
 * @lease_epoch: epoch of the writer that holds the grant
 * @failed: the record or the map could not be written, or a flush failed
 */
struct braid_replica_info {
	char path[256];
	struct braid_record record;
	u64 store;
	u64 data_size;
	u32 regions_dirty;
	u64 lease_left_ms;
	struct braid_epoch lease_epoch;
	bool failed;
};

#endif /* BRAID_BLK_REPLICA_INFO_H */
