/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_COLOUR_H
#define BRAID_COLOUR_H

#include <stdbool.h>
#include <stdio.h>

/* Kinds of text that have a colour of their own, the same as in iproute2. */
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
 * Switch colours by a word: always, never or auto, which is on for a terminal
 * unless the environment has NO_COLOR. False if there is no such word.
 */
bool colour_choose(const char *when);
/* Write no colours from here on, for output that programs read. */
void colour_off(void);

void colour_begin(FILE *out, enum colour colour);
void colour_end(FILE *out, enum colour colour);

#endif
