/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finds the route of a dst_entry, by the name that the function has since 6.10.
 */
#ifndef BRAID_COMPAT_ROUTE_H
#define BRAID_COMPAT_ROUTE_H

#include_next <net/route.h>

#ifndef dst_rtable
#define dst_rtable(ptr) container_of_const(ptr, struct rtable, dst)
#endif

#endif
