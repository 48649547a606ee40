/* SPDX-License-Identifier: GPL-2.0-only */
/* The type of a socket address that is passed with its length, since 6.19. */
#ifndef BRAID_COMPAT_SOCKET_H
#define BRAID_COMPAT_SOCKET_H

#include_next <linux/socket.h>

#ifndef HAVE_SOCKADDR_UNSIZED
#define sockaddr_unsized sockaddr
#endif

#endif
