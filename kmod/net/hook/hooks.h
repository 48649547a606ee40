/* SPDX-License-Identifier: GPL-2.0-only */
/* The hooks of a namespace that has objects. */
#ifndef BRAID_HOOKS_H
#define BRAID_HOOKS_H

#include "model/net.h"

int braid_hooks_register(struct braid_net *bn);
void braid_hooks_unregister(struct braid_net *bn);

#endif
