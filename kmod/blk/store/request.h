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

/* Requests of a writer to one voter, in this kernel or behind a connection. */

#define BRAID_PAYLOAD_MAX	((u32)BIT(20))	/* bytes of one WRITE or READ */
#define BRAID_BODY_MAX		(64u << 10)	/* bytes of any other payload */
#define BRAID_ZERO_MAX		(64u << 20)	/* bytes of one ZERO or DISCARD */

/* The numbers are used on the wire. */
enum braid_op {
	/* Control requests, on the control connection. */
	BRAID_OP_ASK = 1,	/* like PREPARE, but only asks; changes nothing */
	BRAID_OP_PREPARE,	/* promise; body = host name; answer with any verdict: body =
				 * record (BRAID_SLOT_SIZE), value = remaining ms of the grant
				 */
	BRAID_OP_RECORD,	/* body = proposed record; answer: value = sequence */
	BRAID_OP_LEASE,		/* renew; answer: value = BRAID_LEASE_* flags */
	BRAID_OP_CREATE,	/* body = first record of a BLANK voter */
	BRAID_OP_FORK,		/* body = record with a new UUID (forced attach) */
	BRAID_OP_DIRTY,		/* list dirty regions from region `offset` on; answer: body = le32
				 * each, value = region to continue with (number of regions at the
				 * end)
				 */
	BRAID_OP_CLEAR,		/* body = array of struct braid_clear */
	BRAID_OP_DIGEST,	/* SHA-256 of [offset, offset + length); answer: 32 bytes in body */
	/* Data requests, on the data connection. */
	BRAID_OP_WRITE = 32,
	BRAID_OP_READ,
	BRAID_OP_ZERO,		/* write zeroes; the blocks may stay allocated */
	BRAID_OP_DISCARD,	/* write zeroes by unmapping */
	BRAID_OP_FLUSH,
};

#define BRAID_OP_IS_DATA(op)	((op) >= BRAID_OP_WRITE)

/* Flags of struct braid_request; used on the wire. */
#define BRAID_REQ_FUA		BIT(0)	/* WRITE, ZERO: durable before the answer */
#define BRAID_REQ_STAMP		BIT(1)	/* CLEAR: stamp @generation as well (C3) */
#define BRAID_REQ_DEAD		BIT(2)	/* ASK, PREPARE: the holder was declared dead */
#define BRAID_REQ_TAKEOVER	BIT(3)	/* ASK: ask the holder to close */
#define BRAID_REQ_FLAGS		(BRAID_REQ_FUA | BRAID_REQ_STAMP | \
				 BRAID_REQ_DEAD | BRAID_REQ_TAKEOVER)

/* Flags in the value of the answer to LEASE. */
#define BRAID_LEASE_WANTED	BIT(0)	/* another node asks this writer to close */

/* One region in the body of CLEAR. */
struct braid_clear {
	__le32 region;
	__le32 reserved;
	__le64 n;	/* ignored by a replica that received a later write (C1) */
} __packed;

/**
 * struct braid_request - one request to one voter
 * @op: the operation
 * @flags: BRAID_REQ_*
 * @epoch: epoch of the writer; for ASK and PREPARE the epoch to be promised
 * @offset: first byte in the volume, multiple of BRAID_BLOCK
 * @length: number of bytes, multiple of BRAID_BLOCK
 * @n: write counter of the writer, for data operations
 * @generation: present generation of the writer (G3)
 * @committed: generation of the last committed record (G4)
 * @bvec: payload of WRITE (read only) or buffer for that of READ; owned by the
 *	sender, pages included, and in use until @done
 * @nr_bvec: number of @bvec, which hold @length bytes
 * @body: payload of the other operations, in both directions; owned by the
 *	sender
 * @body_len: bytes of @body in the request; in the answer, bytes of the answer
 * @body_max: size of the buffer @body
 * @value: value of the answer, see enum braid_op
 * @error: result of the answer: 0 or a negative errno, see wire.h
 * @holder: buffer of the sender, or NULL; in the answer to ASK and PREPARE with
 *	-EBUSY the host name of the holder; BRAID_HOLDER_MAX + 1 bytes
 * @done: called exactly once, in any context that may not sleep; afterwards the
 *	carrier accesses neither the request nor its buffers
 * @private: for the sender
 * @node: private to the carrier: entry in its queue
 * @seq: private to the carrier: number of the frame
 * @sent: private to the carrier: when the request was put on the wire, in
 *	boottime ns; 0 if it was not
 * @stamp: private to the replica: wait for the region map
 * @io: private to the replica: I/O on the store
 * @session: private to the replica: session of the request
 * @work: private to the replica: part of the request that may sleep
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

/* Clears all fields except those that the replica sets before it reads them. */
static inline void braid_request_init(struct braid_request *request)
{
	memset(request, 0, offsetof(struct braid_request, stamp));
}

#endif /* BRAID_BLK_REQUEST_H */
