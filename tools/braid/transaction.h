/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_TRANSACTION_H
#define BRAID_TRANSACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fault;
struct nl_msg;
struct nlmsghdr;

/* Changes that are made together; initialized with zeroes. */
struct transaction {
	char *messages;
	size_t used;
	size_t size;
	size_t *offsets; /* of the messages */
	size_t count;
	size_t room;
	uint32_t first_seq; /* sequence number of the first message */
};

/* Called with the number of the change that was refused, from 0. */
typedef void (*transaction_refused)(size_t number, const struct nlmsghdr *sent,
				    const struct fault *fault, void *arg);

/* Add a copy of the message. */
void transaction_add(struct transaction *transaction, struct nl_msg *msg);

/*
 * Make all changes or none; a dry run makes none in any case. Returns an exit
 * status with the reason printed; if a change is refused, `refused` prints it.
 */
int transaction_run(struct transaction *transaction, bool dry_run,
		    transaction_refused refused, void *arg);

void transaction_free(struct transaction *transaction);

#endif
