/* SPDX-License-Identifier: GPL-2.0-only */
/* The operations of the generic netlink family. They only translate and validate. */
#ifndef BRAID_NETLINK_H
#define BRAID_NETLINK_H

int braid_net_nl_init(void);
void braid_net_nl_exit(void);

#endif
