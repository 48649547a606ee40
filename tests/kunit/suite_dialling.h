/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_KUNIT_SUITE_DIALLING_H
#define BRAID_KUNIT_SUITE_DIALLING_H

#include "suite_node.h"

/* Calls of a suite that nothing gives up. */
static struct braid_dialling suite_dialling = {
	.node = &suite_node,
	.lock = __MUTEX_INITIALIZER(suite_dialling.lock),
};

#endif
