// SPDX-License-Identifier: GPL-2.0-only
#include "object.h"

#include <string.h>

const struct object *object_find(const char *name)
{
	size_t i;

	for (i = 0; i < objects_count; i++) {
		if (!strcmp(objects[i]->name, name))
			return objects[i];
	}
	return NULL;
}

bool object_settable(const struct object *object)
{
	const struct word *word;

	for (word = object->words; word->name; word++) {
		if (!word->key && !word->told)
			return true;
	}
	return false;
}

const struct word *word_find(const struct word *words, const char *name)
{
	for (; words->name; words++) {
		if (!strcmp(words->name, name))
			return words;
	}
	return NULL;
}
