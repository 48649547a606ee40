/* SPDX-License-Identifier: GPL-2.0-only */
/* Initialises and frees the state of every namespace. */
#ifndef BRAID_NAMESPACE_H
#define BRAID_NAMESPACE_H

int braid_namespace_init(void);
void braid_namespace_exit(void);

#endif
