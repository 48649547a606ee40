/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_TEXT_H
#define BRAID_TEXT_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Length of the printable UTF-8 character at the start of the text, or 0. A
 * stray byte or a control character must reach neither a terminal nor a JSON
 * parser.
 */
size_t text_character(const char *text);

/* Write text, with \xNN for each byte that is not printable. */
void text_put(FILE *out, const char *text);

/* True if a batch would read the text back as the same single item. */
bool text_is_item(const char *text, bool list);

#endif
