/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_NETLINK_H
#define BRAID_BLK_NETLINK_H

/* The generic netlink family: translates and validates, no more. */

/*
 * The last step of the module's beginning and the first of its end: on return
 * of the second no request is under way and no event is to come.
 * Context: process, may sleep.
 */
int braid_nl_init(void);
void braid_nl_exit(void);

#endif /* BRAID_BLK_NETLINK_H */
