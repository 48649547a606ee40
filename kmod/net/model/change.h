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
 * struct braid_net_change - one change of one object, or of all of a kind
 * @list: in its transaction
 * @op: what to do
 * @kind: enum braid_net_object
 * @seq: sequence number of its message
 * @key: of the object; not for a flush
 * @obj: for add and set: a new version, not yet complete for set; owned until
 *	a commit takes it
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
