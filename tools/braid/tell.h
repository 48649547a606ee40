/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_TELL_H
#define BRAID_TELL_H

struct asked;
struct options;

/* Deeds that print the kernel's reply; they return an exit status. */

/* All, or the one with the key. */
int tell_show(const struct options *options, const struct asked *asked);
/* Returns EXIT_REFUSED if the store has faults. */
int tell_check(const struct options *options, const struct asked *asked);
/* Print the reason why the volume waits. */
int tell_why(const struct options *options, const struct asked *asked);

#endif
