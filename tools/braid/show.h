/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_SHOW_H
#define BRAID_SHOW_H

#include "change.h"

struct options;

/* What the options ask to be shown, as row.h has it. */
unsigned int show_flags(const struct options *options);

/* Print what the words of a show name; an exit status. */
int show(const struct options *options, const struct change *change);

#endif
