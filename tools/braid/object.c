// SPDX-License-Identifier: GPL-2.0-only
#include "object.h"

#include <string.h>

#include <linux/braid_net.h>

const struct choice directions[] = {
	{ .name = "ingress", .number = BRAID_NET_DIRECTION_INGRESS },
	{ .name = "egress", .number = BRAID_NET_DIRECTION_EGRESS },
	{ 0 },
};

const struct object *const objects[] = {
	&object_identity, &object_uplink,  &object_overlay,
	&object_node,	  &object_prefix,  &object_endpoint,
	&object_rule,	  &object_service, &object_backend,
};

const size_t objects_count = sizeof(objects) / sizeof(objects[0]);

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
