/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_ASK_H
#define BRAID_BLK_ASK_H

#include <linux/completion.h>
#include <linux/types.h>

#include "proto/member.h"
#include "store/request.h"

struct braid_peer;
struct braid_volume;

/* One question to several voters at a time, and what they answered. */

/**
 * struct braid_question - what is asked
 * @op: ASK, PREPARE, CREATE or FORK
 * @epoch: of ASK and PREPARE: the one wanted
 * @flags: BRAID_REQ_*
 * @record: of CREATE and FORK: the record, else NULL
 * @timeout_ms: who does not answer in time loses its connection
 * @except: voters that are not asked
 */
struct braid_question {
	enum braid_op op;
	struct braid_epoch epoch;
	u32 flags;
	const struct braid_record *record;
	unsigned int timeout_ms;
	u64 except;
};

/**
 * struct braid_reply - what one voter answered
 * @peer: who
 * @asked: it was
 * @error: of its answer; -ENOTCONN if it was not connected
 * @told: its record is in @answer
 * @answer: its record and store
 * @value: of its answer
 */
struct braid_reply {
	struct braid_peer *peer;
	bool asked;
	int error;
	bool told;
	struct braid_answer answer;
	u64 value;

	/* private: while it is asked */
	struct braid_ask *ask;
	struct braid_request request;
	void *slot;
	bool answered;
};

struct braid_ask {
	unsigned int count;
	struct braid_reply reply[BRAID_VOTERS_MAX];

	/* private: */
	atomic_t pending;
	struct completion done;
};

/* Room for an answer of each peer; NULL without memory. Context: may sleep. */
struct braid_ask *braid_ask_alloc(struct braid_volume *volume);
void braid_ask_free(struct braid_ask *ask);

/*
 * Asks the peer @only (NULL: each) and waits until all have answered or were
 * given up.  Context: may sleep, no longer than the timeout of @question for
 * those behind a connection.
 */
void braid_ask(struct braid_ask *ask, struct braid_peer *only,
	       const struct braid_question *question);

#endif /* BRAID_BLK_ASK_H */
