/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_REQUEST_H
#define BRAID_BLK_REQUEST_H

#include <linux/bvec.h>
#include <linux/list.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/types.h>

#include "proto/epoch.h"
#include "store/journal.h"
#include "store/store.h"

/* What a writer asks of one voter, whether it is in this kernel or behind a connection. */

#define BRAID_PAYLOAD_MAX	((u32)BIT(20))	/* data of one WRITE or READ, bytes */
#define BRAID_BODY_MAX		(64u << 10)	/* everything else, bytes */
#define BRAID_ZERO_MAX		(64u << 20)	/* length of one ZERO or DISCARD, bytes */

/* Numbers are those of the wire. */
enum braid_op {
	/* control: small, on the control connection */
	BRAID_OP_ASK = 1,	/* would you promise? changes nothing; answers like PREPARE */
	BRAID_OP_PREPARE,	/* promise; body = host name; answer, whatever the verdict: body =
				 * record (BRAID_SLOT_SIZE), value = ms that its grant still runs
				 */
	BRAID_OP_RECORD,	/* body = proposed record; answer: value = sequence */
	BRAID_OP_LEASE,		/* renew; answer: value = BRAID_LEASE_* flags */
	BRAID_OP_CREATE,	/* body = the first record, for a BLANK voter */
	BRAID_OP_FORK,		/* body = record with a new UUID (forced attach) */
	BRAID_OP_DIRTY,		/* dirty regions from region `offset` on; answer: le32 each in body,
				 * value = region to go on from (number of regions: that was all)
				 */
	BRAID_OP_CLEAR,		/* body = array of struct braid_clear */
	BRAID_OP_DIGEST,	/* SHA-256 of [offset, offset + length); answer: 32 bytes in body */
	/* data, on the data connection */
	BRAID_OP_WRITE = 32,
	BRAID_OP_READ,
	BRAID_OP_ZERO,		/* write zeroes, may keep them allocated */
	BRAID_OP_DISCARD,	/* write zeroes by unmapping */
	BRAID_OP_FLUSH,
};

#define BRAID_OP_IS_DATA(op)	((op) >= BRAID_OP_WRITE)

/* struct braid_request.flags; those of the wire */
#define BRAID_REQ_FUA		BIT(0)	/* WRITE, ZERO: durable before the answer */
#define BRAID_REQ_STAMP		BIT(1)	/* CLEAR: stamp the generation of now (C3) */
#define BRAID_REQ_DEAD		BIT(2)	/* ASK, PREPARE: the holder is off, by word */
#define BRAID_REQ_TAKEOVER	BIT(3)	/* ASK: have the holder asked to close */
#define BRAID_REQ_FLAGS		(BRAID_REQ_FUA | BRAID_REQ_STAMP | \
				 BRAID_REQ_DEAD | BRAID_REQ_TAKEOVER)

/* What a LEASE answer may say in its value. */
#define BRAID_LEASE_WANTED	BIT(0)	/* somebody asks this writer to close */

/* One region of a CLEAR body. */
struct braid_clear {
	__le32 region;
	__le32 reserved;
	__le64 n;	/* ignored by a replica that received a later write there (C1) */
} __packed;

/**
 * struct braid_request - one request to one voter
 * @op: what
 * @flags: BRAID_REQ_*
 * @epoch: the writer's (ASK, PREPARE: the one wanted)
 * @offset: bytes into the volume, multiple of BRAID_BLOCK
 * @length: bytes, multiple of BRAID_BLOCK
 * @n: write counter of the writer, of data operations
 * @generation: of now (G3)
 * @committed: generation of the last committed record (G4)
 * @bvec: payload of WRITE (read only) or room for that of READ; belongs to the
 *	one who asks, pages included, until @done
 * @nr_bvec: number of @bvec; they hold @length bytes
 * @body: payload of the other operations, out and in; belongs to the one who asks
 * @body_len: bytes of @body out; on answer, bytes in
 * @body_max: room in @body
 * @value: of the answer, see enum braid_op
 * @error: of the answer: 0 or a negative errno, see wire.h
 * @holder: of the answer to ASK and PREPARE when @error is -EBUSY: who holds it;
 *	BRAID_HOLDER_MAX + 1 bytes of the one who asks, or NULL
 * @done: called exactly once, in any context that may not sleep; after it the
 *	carrier touches neither the request nor what it points to
 * @private: of the one who asks
 * @node: the carrier's: its queue
 * @seq: the carrier's: number of the frame
 * @sent: the carrier's: boottime when it was put on the wire, ns; 0 if it was not
 * @stamp: the replica's: wait for the region map
 * @io: the replica's: its I/O on the store
 * @session: the replica's: whose it is
 * @work: the replica's: what must be done where one may sleep
 */
struct braid_request {
	enum braid_op op;
	u32 flags;
	struct braid_epoch epoch;
	u64 offset;
	u64 length;
	u64 n;
	u32 generation;
	u32 committed;
	const struct bio_vec *bvec;
	unsigned int nr_bvec;
	void *body;
	u32 body_len;
	u32 body_max;
	u64 value;
	int error;
	char *holder;
	void (*done)(struct braid_request *request);
	void *private;

	struct list_head node;
	u64 seq;
	u64 sent;

	struct braid_stamp stamp;
	struct braid_store_io io;
	struct braid_session *session;
	struct work_struct work;
};

/* All zero, but for what the replica sets before it looks at it. */
static inline void braid_request_init(struct braid_request *request)
{
	memset(request, 0, offsetof(struct braid_request, stamp));
}

#endif /* BRAID_BLK_REQUEST_H */
