/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_TEXT_H
#define BRAID_TEXT_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Length of the printable UTF-8 character that starts the text, 0 if there is
 * none: a stray byte or a control character must reach neither a terminal nor
 * a JSON parser.
 */
size_t text_character(const char *text);

/* Write text with everything that is not printable as \xNN. */
void text_put(FILE *out, const char *text);

/* Would a batch read this back as the same single item? */
bool text_is_item(const char *text, bool list);

#endif
