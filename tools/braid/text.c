// SPDX-License-Identifier: GPL-2.0-only
#include "text.h"

#include <stdint.h>
#include <string.h>

/* Smallest code point that needs a sequence of this length. */
static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };

static size_t sequence_length(unsigned char lead)
{
	if (lead >= 0xf0 && lead <= 0xf4)
		return 4;
	if (lead >= 0xe0 && lead < 0xf0)
		return 3;
	if (lead >= 0xc2 && lead < 0xe0)
		return 2;
	return 0;
}

size_t text_character(const char *text)
{
	const unsigned char *byte = (const unsigned char *)text;
	uint32_t code;
	size_t len, i;

	if (*byte < 0x80)
		return *byte >= 0x20 && *byte != 0x7f;
	len = sequence_length(*byte);
	if (!len)
		return 0;
	code = *byte & (0xffU >> (len + 1));
	for (i = 1; i < len; i++) {
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (byte[i] & 0x3f);
	}
	/* an overlong form, a surrogate, no character, a C1 control */
	if (code < least[len] || (code >= 0xd800 && code < 0xe000) ||
	    code > 0x10ffff || code < 0xa0)
		return 0;
	return len;
}

void text_put(FILE *out, const char *text)
{
	size_t len;

	while (*text) {
		len = text_character(text);
		if (len)
			fwrite(text, 1, len, out);
		else
			fprintf(out, "\\x%02x", (unsigned char)*text);
		text += len ?: 1;
	}
}

bool text_is_item(const char *text, bool list)
{
	size_t len;

	if (!*text || *text == '#' || (list && strchr(text, ',')))
		return false;
	/* text_put() would write an unprintable character differently */
	for (; *text; text += len) {
		len = text_character(text);
		if (!len || *text == ' ')
			return false;
	}
	return true;
}
