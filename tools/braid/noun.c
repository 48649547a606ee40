// SPDX-License-Identifier: GPL-2.0-only
#include "noun.h"

#include <string.h>

const struct noun *noun_find(const char *name)
{
	size_t i;

	for (i = 0; i < nouns_count; i++) {
		if (!strcmp(nouns[i]->name, name))
			return nouns[i];
	}
	return NULL;
}

const struct deed *deed_find(const struct noun *noun, const char *name)
{
	const struct deed *deed;

	for (deed = noun->deeds; deed->name; deed++) {
		if (!strcmp(deed->name, name))
			return deed;
	}
	return NULL;
}
