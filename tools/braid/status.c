// SPDX-License-Identifier: GPL-2.0-only
#include "status.h"

#include "error.h"
#include "kernel.h"
#include "row.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/braid_net.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

static int status_reply(struct nlmsghdr *header, void *arg)
{
	struct row row = {
		.attrs = nlmsg_attrdata(header, GENL_HDRLEN),
		.len = nlmsg_attrlen(header, GENL_HDRLEN),
	};
	struct status *status = arg;
	struct value version, generation;

	if (!row_valid(&row, status_words))
		return -EBADMSG;
	row_get(&row, word_find(status_words, "version"), &version);
	row_get(&row, word_find(status_words, "generation"), &generation);
	snprintf(status->version, sizeof(status->version), "%s", version.text);
	status->generation = generation.number;
	return 0;
}

int status_read(struct kernel *kernel, struct status *status)
{
	struct nl_msg *msg = kernel_message(BRAID_NET_CMD_STATUS, 64);
	struct fault fault;
	int result;

	memset(status, 0, sizeof(*status));
	result = kernel_request(kernel, msg, status_reply, status, &fault);
	nlmsg_free(msg);
	return result ? kernel_failed(result, &fault) : 0;
}
