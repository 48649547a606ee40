// SPDX-License-Identifier: GPL-2.0-only
/* The table of all kinds of objects. */
#include "config/kinds.h"

#include "model/kinds.h"

const struct braid_kind_ops *const braid_kinds[BRAID_KINDS] = {
	[BRAID_NET_OBJECT_IDENTITY] = &braid_identity_ops,
	[BRAID_NET_OBJECT_ENDPOINT] = &braid_endpoint_ops,
	[BRAID_NET_OBJECT_UPLINK] = &braid_uplink_ops,
	[BRAID_NET_OBJECT_NODE] = &braid_node_ops,
	[BRAID_NET_OBJECT_PREFIX] = &braid_prefix_ops,
	[BRAID_NET_OBJECT_RULE] = &braid_rule_ops,
	[BRAID_NET_OBJECT_SERVICE] = &braid_service_ops,
	[BRAID_NET_OBJECT_BACKEND] = &braid_backend_ops,
	[BRAID_NET_OBJECT_OVERLAY] = &braid_overlay_ops,
};
