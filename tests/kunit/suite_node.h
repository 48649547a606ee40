/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_KUNIT_SUITE_NODE_H
#define BRAID_KUNIT_SUITE_NODE_H

#include <net/net_namespace.h>

#include "../../kmod/blk/transport/dialling.h"
#include "../../kmod/blk/transport/node.h"

/* The node of a suite: the initial namespace, but not the module's. */
static struct braid_blk_node suite_node = {
	.net = &init_net,
	.changes = ATOMIC_INIT(1),
	.lock = __SPIN_LOCK_UNLOCKED(suite_node.lock),
	.idle = COMPLETION_INITIALIZER(suite_node.idle),
	.opening = __MUTEX_INITIALIZER(suite_node.opening),
	.replicas = LIST_HEAD_INIT(suite_node.replicas),
	.targets = LIST_HEAD_INIT(suite_node.targets),
	.guests = LIST_HEAD_INIT(suite_node.guests),
	.volumes = LIST_HEAD_INIT(suite_node.volumes),
};

#endif
