/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_TELL_H
#define BRAID_TELL_H

struct asked;
struct options;

/* What deeds run that print what the kernel tells. An exit status. */

/* All, or the one of the key. */
int tell_show(const struct options *options, const struct asked *asked);
/* Also refused if something is wrong with the store. */
int tell_check(const struct options *options, const struct asked *asked);
/* A sentence. */
int tell_why(const struct options *options, const struct asked *asked);

#endif
