/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_COLOUR_H
#define BRAID_COLOUR_H

#include <stdbool.h>
#include <stdio.h>

/* What is told apart; the colours themselves are iproute2's. */
enum colour {
	COLOUR_NONE,
	COLOUR_DEVICE,
	COLOUR_MAC,
	COLOUR_INET,
	COLOUR_INET6,
	COLOUR_GOOD,
	COLOUR_BAD,
};

/*
 * always, never or auto: on a terminal, unless the environment has NO_COLOR.
 * False: there is no such word.
 */
bool colour_choose(const char *when);
/* What follows is for programs. */
void colour_off(void);

void colour_begin(FILE *out, enum colour colour);
void colour_end(FILE *out, enum colour colour);

#endif
