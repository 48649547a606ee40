/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of all kinds of objects, by enum braid_net_object. */
#ifndef BRAID_CONFIG_KINDS_H
#define BRAID_CONFIG_KINDS_H

#include "model/object.h"

extern const struct braid_kind_ops *const braid_kinds[BRAID_KINDS];

#endif
