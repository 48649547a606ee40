/* SPDX-License-Identifier: GPL-2.0-only */
/* The generic netlink family: translates and validates, no more. */
#ifndef BRAID_NETLINK_H
#define BRAID_NETLINK_H

int braid_net_nl_init(void);
void braid_net_nl_exit(void);

#endif
