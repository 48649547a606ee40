/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_SHOW_H
#define BRAID_SHOW_H

#include "change.h"

struct options;

/* The flags of row.h that the options ask for. */
unsigned int show_flags(const struct options *options);

/* Print the objects of a `show`; returns an exit status. */
int show(const struct options *options, const struct change *change);

#endif
