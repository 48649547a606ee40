// SPDX-License-Identifier: GPL-2.0-only
#include "error.h"

#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char *error_file;
static unsigned int error_line;

void error_set_line(const char *file, unsigned int line)
{
	error_file = file;
	error_line = line;
}

void error(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		must(NULL);
	va_end(args);
	fputs("braid: ", stderr);
	if (error_file && error_line)
		fprintf(stderr, "%s:%u: ", error_file, error_line);
	else if (error_file)
		fprintf(stderr, "%s: ", error_file);
	/* a word may contain control sequences of the terminal */
	text_put(stderr, text);
	fputc('\n', stderr);
	free(text);
}

void *must(void *memory)
{
	if (!memory) {
		fputs("braid: out of memory\n", stderr);
		exit(EXIT_REFUSED);
	}
	return memory;
}
