/* SPDX-License-Identifier: GPL-2.0-only */
/* Events: what listeners of the multicast groups are told. */
#ifndef BRAID_EVENT_H
#define BRAID_EVENT_H

#include "packet/drop.h"

void braid_event_drop(struct braid_net *bn, const struct braid_drop *drop);

#endif
