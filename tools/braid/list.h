/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_LIST_H
#define BRAID_LIST_H

#include "row.h"

struct kernel;

/* All objects of one kind, sorted by key. */
struct list {
	const struct object *object;
	struct row *rows;
	size_t count;
	size_t room;
};

/* 0, or an exit status with the reason printed. */
int list_read(struct list *list, const struct object *object,
	      struct kernel *kernel);
void list_free(struct list *list);

#endif
