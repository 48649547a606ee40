// SPDX-License-Identifier: GPL-2.0-only
#include "told.h"

#include <netinet/in.h>

bool told_get(const struct told *told, const char *name, struct value *value)
{
	return row_get(told->row, word_find(told->words, name), value);
}

bool told_has(const struct told *told, const char *name)
{
	return row_has(told->row, word_find(told->words, name));
}

void told_put(const struct told *told, const char *name, const char *before,
	      const char *after)
{
	if (!told_has(told, name))
		return;
	fputs(before, stdout);
	row_word_text(told->row, word_find(told->words, name), stdout);
	fputs(after, stdout);
}

void told_put_end(const struct told *told, const char *before,
		  const char *address, const char *port)
{
	struct value value;
	bool bracket;

	if (!told_get(told, address, &value))
		return;
	bracket = port && told_has(told, port) && value.len == 16;
	fputs(before, stdout);
	told_put(told, address, bracket ? "[" : "", bracket ? "]" : "");
	if (port)
		told_put(told, port, ":", "");
}

bool told_is_icmp(const struct told *told)
{
	struct value protocol;

	return told_get(told, "protocol", &protocol) &&
	       (protocol.number == IPPROTO_ICMP ||
		protocol.number == IPPROTO_ICMPV6);
}
