// SPDX-License-Identifier: GPL-2.0-only
#include "transport/wire.h"

#include <linux/crc32.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/stddef.h>
#include <linux/string.h>

#include "proto/record.h"
#include "store/request.h"

/* Append only: both sides must have the same table. */
static const int statuses[] = {
	[1] = EIO,
	[2] = EINVAL,
	[3] = ESTALE,
	[4] = EBUSY,
	[5] = ENODATA,
	[6] = EOVERFLOW,
	[7] = ENOSPC,
	[8] = EBADMSG,
	[9] = ESHUTDOWN,
	[10] = EPERM,
	[11] = ENOENT,
	[12] = EKEYREJECTED,
	[13] = EPROTONOSUPPORT,
	[14] = EOPNOTSUPP,
	[15] = ENOMEM,
	[16] = EEXIST,
	[17] = ENXIO,
	[18] = ETIMEDOUT,
	[19] = ERANGE,
};

/**
 * braid_wire_status() - map an errno to its status on the wire
 * @error: 0 or a negative errno
 *
 * Return: the status; that of -EIO for an errno which is not in the table.
 */
u16 braid_wire_status(int error)
{
	u16 i;

	if (!error)
		return 0;
	for (i = 1; i < ARRAY_SIZE(statuses); i++)
		if (statuses[i] == -error)
			return i;
	return 1;
}

/**
 * braid_wire_errno() - map a status on the wire to its errno
 * @status: the status
 *
 * Return: 0 or a negative errno; -EIO for an unknown status.
 */
int braid_wire_errno(u16 status)
{
	if (!status)
		return 0;
	if (status >= ARRAY_SIZE(statuses))
		return -EIO;
	return -statuses[status];
}

/**
 * braid_wire_encode() - write the header of a frame in its form on the wire
 * @frame: the header
 * @wire: completely overwritten
 */
void braid_wire_encode(const struct braid_frame *frame,
		       struct braid_wire_frame *wire)
{
	memset(wire, 0, sizeof(*wire));
	wire->magic = cpu_to_le32(BRAID_WIRE_MAGIC);
	wire->type = frame->type;
	wire->answer = frame->answer;
	wire->status = cpu_to_le16(braid_wire_status(frame->error));
	wire->flags = cpu_to_le32(frame->flags);
	wire->payload = cpu_to_le32(frame->payload);
	wire->volume = cpu_to_le64(frame->volume);
	wire->epoch_counter = cpu_to_le64(frame->epoch.counter);
	wire->epoch_node = cpu_to_le64(frame->epoch.node);
	wire->session = cpu_to_le64(frame->session);
	wire->cookie = cpu_to_le64(frame->cookie);
	wire->seq = cpu_to_le64(frame->seq);
	wire->offset = cpu_to_le64(frame->offset);
	wire->length = cpu_to_le64(frame->length);
	wire->n = cpu_to_le64(frame->n);
	wire->value = cpu_to_le64(frame->value);
	wire->generation = cpu_to_le32(frame->generation);
	wire->committed = cpu_to_le32(frame->committed);
	wire->payload_crc = cpu_to_le32(frame->payload_crc);
	wire->head_crc = cpu_to_le32(crc32c(~0, wire,
					    offsetof(struct braid_wire_frame,
						     head_crc)));
}

/* Limits of a type of request; lengths in bytes. */
struct shape {
	bool known;
	u32 flags;
	u32 payload_min;
	u32 payload_max;
	u32 answer_max;
	u64 length_max;		/* 0: the length must be 0 */
	bool carries;		/* the payload of the request is @length bytes long */
	bool fetches;		/* the payload of the answer is @length bytes long */
};

static const struct shape shapes[] = {
	[BRAID_OP_ASK] = {
		.known = true, .answer_max = BRAID_BODY_MAX,
		.flags = BRAID_REQ_DEAD | BRAID_REQ_TAKEOVER,
		.payload_max = BRAID_HOLDER_MAX + 1,
	},
	[BRAID_OP_PREPARE] = {
		.known = true, .answer_max = BRAID_BODY_MAX,
		.flags = BRAID_REQ_DEAD,
		.payload_max = BRAID_HOLDER_MAX + 1,
	},
	[BRAID_OP_RECORD] = {
		.known = true,
		.payload_min = BRAID_SLOT_SIZE, .payload_max = BRAID_SLOT_SIZE,
	},
	[BRAID_OP_LEASE] = { .known = true },
	[BRAID_OP_CREATE] = {
		.known = true,
		.payload_min = BRAID_SLOT_SIZE, .payload_max = BRAID_SLOT_SIZE,
	},
	[BRAID_OP_FORK] = {
		.known = true,
		.payload_min = BRAID_SLOT_SIZE, .payload_max = BRAID_SLOT_SIZE,
	},
	[BRAID_OP_DIRTY] = { .known = true, .answer_max = BRAID_BODY_MAX },
	[BRAID_OP_CLEAR] = {
		.known = true, .flags = BRAID_REQ_STAMP,
		.payload_min = sizeof(struct braid_clear),
		.payload_max = BRAID_BODY_MAX,
	},
	[BRAID_OP_DIGEST] = {
		.known = true, .answer_max = BRAID_BODY_MAX,
		.length_max = BRAID_ZERO_MAX,
	},
	[BRAID_OP_WRITE] = {
		.known = true, .flags = BRAID_REQ_FUA, .carries = true,
		.payload_min = BRAID_BLOCK, .payload_max = BRAID_PAYLOAD_MAX,
		.length_max = BRAID_PAYLOAD_MAX,
	},
	[BRAID_OP_READ] = {
		.known = true, .answer_max = BRAID_PAYLOAD_MAX,
		.length_max = BRAID_PAYLOAD_MAX, .fetches = true,
	},
	[BRAID_OP_ZERO] = {
		.known = true, .flags = BRAID_REQ_FUA,
		.length_max = BRAID_ZERO_MAX,
	},
	[BRAID_OP_DISCARD] = {
		.known = true, .flags = BRAID_REQ_FUA,
		.length_max = BRAID_ZERO_MAX,
	},
	[BRAID_OP_FLUSH] = { .known = true },
};

static const char *check_request(const struct braid_frame *frame,
				 const struct shape *shape)
{
	if (frame->error)
		return "request with a status";
	if (frame->flags & ~shape->flags)
		return "flags that the type does not have";
	if (frame->payload < shape->payload_min ||
	    frame->payload > shape->payload_max)
		return "payload length out of range";
	if (shape->carries && frame->payload != frame->length)
		return "payload is not as long as the write";
	/* The offset of DIRTY is a region, not a byte. */
	if (frame->type != BRAID_OP_DIRTY && frame->offset % BRAID_BLOCK)
		return "offset is not aligned";
	if (frame->length % BRAID_BLOCK || frame->length > shape->length_max ||
	    (shape->length_max && !frame->length))
		return "length out of range";
	if (frame->offset > BRAID_SIZE_MAX)
		return "offset out of range";
	if (frame->generation > BRAID_GENERATION_MAX ||
	    frame->committed > frame->generation)
		return "generation out of range";
	return NULL;
}

static const char *check_answer(const struct braid_frame *frame,
				const struct shape *shape)
{
	if (frame->flags)
		return "answer with flags";
	if (frame->payload > shape->answer_max)
		return "answer's payload is too long";
	if (shape->fetches &&
	    frame->payload != (frame->error ? 0 : frame->length))
		return "payload is not as long as the read";
	if (shape->fetches && frame->length > shape->length_max)
		return "length out of range";
	return NULL;
}

static void wire_decode(struct braid_frame *frame,
			const struct braid_wire_frame *wire)
{
	frame->type = wire->type;
	frame->answer = wire->answer;
	frame->error = braid_wire_errno(le16_to_cpu(wire->status));
	frame->flags = le32_to_cpu(wire->flags);
	frame->payload = le32_to_cpu(wire->payload);
	frame->volume = le64_to_cpu(wire->volume);
	frame->epoch.counter = le64_to_cpu(wire->epoch_counter);
	frame->epoch.node = le64_to_cpu(wire->epoch_node);
	frame->session = le64_to_cpu(wire->session);
	frame->cookie = le64_to_cpu(wire->cookie);
	frame->seq = le64_to_cpu(wire->seq);
	frame->offset = le64_to_cpu(wire->offset);
	frame->length = le64_to_cpu(wire->length);
	frame->n = le64_to_cpu(wire->n);
	frame->value = le64_to_cpu(wire->value);
	frame->generation = le32_to_cpu(wire->generation);
	frame->committed = le32_to_cpu(wire->committed);
	frame->payload_crc = le32_to_cpu(wire->payload_crc);
}

/**
 * braid_wire_decode() - read and check the header of a frame
 * @frame: filled in; valid on success
 * @wire: the header as received
 * @answer: the frame must be an answer, not a request
 * @data: the frame was received on a data connection
 *
 * Checks magic, checksum, reserved fields, type, direction and flags, and that
 * payload, offset and length are within the limits of the type. Does not check
 * volume, session and cookie (see braid_wire_is_for()), nor that the range lies
 * in the volume.
 *
 * Return: NULL, or what is wrong (static text); then the connection must be
 * closed.
 */
const char *braid_wire_decode(struct braid_frame *frame,
			      const struct braid_wire_frame *wire,
			      bool answer, bool data)
{
	const struct shape *shape;

	if (wire->magic != cpu_to_le32(BRAID_WIRE_MAGIC))
		return "no frame begins here";
	if (crc32c(~0, wire, offsetof(struct braid_wire_frame, head_crc)) !=
	    le32_to_cpu(wire->head_crc))
		return "checksum of the head is wrong";
	if (wire->answer != answer)
		return answer ? "request where an answer was due" :
				"answer where a request was due";
	if (memchr_inv(wire->reserved, 0, sizeof(wire->reserved)) ||
	    wire->reserved2)
		return "reserved field is not zero";
	if (wire->type >= ARRAY_SIZE(shapes) || !shapes[wire->type].known)
		return "unknown type";
	if (BRAID_OP_IS_DATA(wire->type) != data)
		return "type of the other connection";
	wire_decode(frame, wire);
	if (!frame->payload && frame->payload_crc)
		return "checksum of no payload";
	shape = &shapes[frame->type];
	return answer ? check_answer(frame, shape) :
			check_request(frame, shape);
}

/**
 * braid_wire_is_for() - check that a frame belongs to a session
 * @frame: the header
 * @volume: as braid_wire_volume() returns
 * @session: nonce of the session
 * @cookie: cookie of the connection
 *
 * Return: NULL, or what is wrong (static text).
 */
const char *braid_wire_is_for(const struct braid_frame *frame, u64 volume,
			      u64 session, u64 cookie)
{
	if (frame->volume != volume)
		return "frame of another volume";
	if (frame->session != session)
		return "frame of another session";
	if (frame->cookie != cookie)
		return "frame without this connection's cookie";
	return NULL;
}
