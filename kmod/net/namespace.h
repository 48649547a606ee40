/* SPDX-License-Identifier: GPL-2.0-only */
/* Setting up the state of every namespace, and taking it down. */
#ifndef BRAID_NAMESPACE_H
#define BRAID_NAMESPACE_H

int braid_net_init(void);
void braid_net_exit(void);

#endif
