// SPDX-License-Identifier: GPL-2.0-only
#include "colour.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool coloured;

static const unsigned int codes[] = {
	[COLOUR_DEVICE] = 36, [COLOUR_MAC] = 33,  [COLOUR_INET] = 35,
	[COLOUR_INET6] = 34,  [COLOUR_GOOD] = 32, [COLOUR_BAD] = 31,
};

bool colour_choose(const char *when)
{
	const char *none = getenv("NO_COLOR");

	if (!strcmp(when, "always"))
		coloured = true;
	else if (!strcmp(when, "never"))
		coloured = false;
	else if (!strcmp(when, "auto"))
		coloured = isatty(STDOUT_FILENO) && !(none && *none);
	else
		return false;
	return true;
}

void colour_off(void)
{
	coloured = false;
}

/* COLORFGBG is "foreground;background"; dark backgrounds are 0 to 6 and 8. */
static bool is_dark(void)
{
	const char *text = getenv("COLORFGBG");

	text = text ? strrchr(text, ';') : NULL;
	return text && ((text[1] >= '0' && text[1] <= '6') || text[1] == '8') &&
	       !text[2];
}

void colour_begin(FILE *out, enum colour colour)
{
	if (coloured && colour)
		fprintf(out, "\033[%s%um", is_dark() ? "1;" : "",
			codes[colour]);
}

void colour_end(FILE *out, enum colour colour)
{
	if (coloured && colour)
		fputs("\033[0m", out);
}
