/* SPDX-License-Identifier: GPL-2.0-only */
/* A change of an object, before a commit applies it. */
#ifndef BRAID_CHANGE_H
#define BRAID_CHANGE_H

#include <linux/list.h>

#include "model/object.h"

enum braid_net_op {
	BRAID_NET_OP_ADD,
	BRAID_NET_OP_SET,
	BRAID_NET_OP_DEL,
	BRAID_NET_OP_FLUSH,
};

/**
 * struct braid_net_change - a change of one object, or of all objects of a kind
 * @list: entry in the list of a transaction
 * @op: operation
 * @kind: enum braid_net_object
 * @seq: sequence number of the netlink message
 * @key: key of the object; unused by a flush
 * @obj: for add and set, the new version; a commit completes that of a set.
 *	Owned by the change until a commit takes it and sets this to NULL
 */
struct braid_net_change {
	struct list_head list;
	enum braid_net_op op;
	unsigned int kind;
	u32 seq;
	struct braid_slot_key key;
	struct braid_obj *obj;
};

#endif
