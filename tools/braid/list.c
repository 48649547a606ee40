// SPDX-License-Identifier: GPL-2.0-only
#include "list.h"

#include "error.h"
#include "kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/braid_net.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

/* Tries to read a configuration that changes meanwhile. */
#define TRIES 20

static int list_add(struct nlmsghdr *header, void *arg)
{
	struct list *list = arg;
	struct nlattr *nest;
	struct row row;

	nest = nlmsg_find_attr(header, GENL_HDRLEN, list->object->attr);
	if (!nest)
		return -EBADMSG;
	row = row_copy(nest);
	if (!row_valid(&row, list->object->words)) {
		row_free(&row);
		return -EBADMSG;
	}
	if (list->count == list->room) {
		list->room = list->room ? 2 * list->room : 64;
		list->rows = must(reallocarray(list->rows, list->room,
					       sizeof(*list->rows)));
	}
	list->rows[list->count++] = row;
	return 0;
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct object *object = arg;

	return row_compare(a, b, object->words);
}

int list_read(struct list *list, const struct object *object,
	      struct kernel *kernel)
{
	struct fault fault;
	struct nl_msg *msg;
	int result, tries;

	for (tries = 0; tries < TRIES; tries++) {
		memset(list, 0, sizeof(*list));
		list->object = object;
		msg = kernel_message(BRAID_NET_CMD_GET, 64);
		nla_put_u32(msg, BRAID_NET_A_OBJECT, object->kind);
		result = kernel_dump(kernel, msg, list_add, list, &fault);
		nlmsg_free(msg);
		if (!result) {
			if (list->count)
				qsort_r(list->rows, list->count,
					sizeof(*list->rows), compare,
					(void *)(uintptr_t)object);
			return 0;
		}
		list_free(list);
		if (result != -EINTR)
			return kernel_failed(result, &fault);
	}
	error("the configuration changes faster than it can be read");
	return EXIT_REFUSED;
}

void list_free(struct list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		row_free(&list->rows[i]);
	free(list->rows);
	memset(list, 0, sizeof(*list));
}
