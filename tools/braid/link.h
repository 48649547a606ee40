/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_LINK_H
#define BRAID_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nl_sock;

/* A counter of a device, by the name that is shown. */
struct link_counter {
	const char *name;
	uint64_t value;
};

#define LINK_COUNTERS 8

/* NULL with the reason printed; nl_socket_free() closes it. */
struct nl_sock *link_open(void);

/* False if there is no such device in this namespace. */
bool link_read(struct nl_sock *sock, uint32_t ifindex,
	       struct link_counter counters[LINK_COUNTERS]);

#endif
