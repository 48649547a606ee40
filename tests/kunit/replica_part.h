/* SPDX-License-Identifier: GPL-2.0-only */
/* A complete replica on a store in memory. Each suite has its own. */
#ifndef BRAID_KUNIT_REPLICA_PART_H
#define BRAID_KUNIT_REPLICA_PART_H

#include <crypto/hash.h>
#include <crypto/sha2.h>
#include <kunit/test.h>
#include <linux/bvec.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/netlink.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "../../kmod/blk/proto/map.c"
#include "../../kmod/blk/proto/member.c"
#include "../../kmod/blk/proto/record.c"
#include "../../kmod/blk/store/tracker.c"
#undef pr_fmt
#include "../../kmod/blk/store/journal.c"
#include "../../kmod/blk/store/journal_open.c"
#include "../../kmod/blk/replica/session.c"
#include "../../kmod/blk/replica/vote.c"
#include "../../kmod/blk/replica/digest.c"
#include "../../kmod/blk/replica/serve.c"
#include "../../kmod/blk/replica/replica.c"
#include "../../kmod/blk/replica/open.c"

#include "blk_records.h"
#include "memory_store.h"
#include "suite_node.h"
#include "replica_scene.h"

static inline int replica_begin(struct kunit *test)
{
	memset(&memory, 0, sizeof(memory));
	memory.record = record_plain(1, 2, 1);
	memory.record.size = DATA_SIZE;
	memory.record.region_shift = SHIFT;
	memory.record.flags |= BRAID_RECORD_CLEAN | BRAID_RECORD_DISCARD;
	memory.data = vzalloc(DATA_SIZE);
	memory.meta = vzalloc(META_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, memory.data);
	KUNIT_ASSERT_NOT_NULL(test, memory.meta);
	spin_lock_init(&memory.lock);
	init_completion(&memory.go_on);
	memory.store.path = PATH;
	memory.store.data_size = DATA_SIZE;
	memory.store.meta_size = META_SIZE;
	memory.store.unmap_zeroes = true;
	KUNIT_ASSERT_EQ(test, braid_journal_format(&memory.store,
						   memory.record.map_id,
						   DATA_SIZE >> SHIFT), 0);
	return braid_replica_init(braid_target_forget);
}

static inline void replica_end(struct kunit *test)
{
	braid_replica_exit();
	vfree(memory.data);
	vfree(memory.meta);
}

#endif
