/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_REPLICA_INFO_H
#define BRAID_BLK_REPLICA_INFO_H

#include <linux/types.h>

#include "proto/epoch.h"
#include "proto/record.h"

/*
 * struct braid_replica_info - what `replica show` and a handshake tell
 */
struct braid_replica_info {
	char path[256];
	struct braid_record record;	/* the durable one */
	u64 store;			/* id of this opening */
	u64 data_size;
	u32 regions_dirty;
	u64 lease_left_ms;
	struct braid_epoch lease_epoch;
	bool failed;			/* record or map could not be written, or a flush failed */
};

#endif /* BRAID_BLK_REPLICA_INFO_H */
