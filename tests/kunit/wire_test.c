// SPDX-License-Identifier: GPL-2.0-only
/* Frames: encoding and decoding agree, and invalid frames are refused. */
#include "../../kmod/blk/transport/wire.c"

#include "random.h"

static const u8 types[] = {
	BRAID_OP_ASK, BRAID_OP_PREPARE, BRAID_OP_RECORD, BRAID_OP_LEASE,
	BRAID_OP_CREATE, BRAID_OP_FORK, BRAID_OP_DIRTY, BRAID_OP_CLEAR,
	BRAID_OP_DIGEST, BRAID_OP_WRITE, BRAID_OP_READ, BRAID_OP_ZERO,
	BRAID_OP_DISCARD, BRAID_OP_FLUSH,
};

static bool is_data(u8 type)
{
	return type >= BRAID_OP_WRITE;
}

/* Returns a valid request of a type. */
static struct braid_frame request_of(u8 type)
{
	struct braid_frame frame = {
		.type = type,
		.volume = 0x0102030405060708,
		.epoch = { 5, 50 },
		.session = 6,
		.cookie = 7,
		.seq = 8,
		.n = 9,
		.generation = 11,
		.committed = 10,
	};

	switch (type) {
	case BRAID_OP_RECORD:
	case BRAID_OP_CREATE:
	case BRAID_OP_FORK:
		frame.payload = 4096;
		break;
	case BRAID_OP_CLEAR:
		frame.payload = 32;
		break;
	case BRAID_OP_WRITE:
		frame.payload = 8192;
		fallthrough;
	case BRAID_OP_READ:
	case BRAID_OP_ZERO:
	case BRAID_OP_DISCARD:
	case BRAID_OP_DIGEST:
		frame.offset = 4096;
		frame.length = 8192;
		break;
	}
	if (frame.payload)
		frame.payload_crc = 0x12345678;
	return frame;
}

static void wire_seal(struct braid_wire_frame *wire)
{
	wire->head_crc = cpu_to_le32(crc32c(~0, wire, 124));
}

static void wire_round_trip(struct kunit *test)
{
	struct braid_frame in, out;
	struct braid_wire_frame wire;
	const char *wrong;
	int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		in = request_of(types[i]);
		memset(&out, 0xff, sizeof(out));
		braid_wire_encode(&in, &wire);
		wrong = braid_wire_decode(&out, &wire, false, is_data(types[i]));
		KUNIT_ASSERT_NULL_MSG(test, wrong, "type %d: %s", types[i], wrong);
		KUNIT_EXPECT_EQ(test, in.type, out.type);
		KUNIT_EXPECT_EQ(test, in.flags, out.flags);
		KUNIT_EXPECT_EQ(test, in.payload, out.payload);
		KUNIT_EXPECT_EQ(test, in.volume, out.volume);
		KUNIT_EXPECT_EQ(test, braid_epoch_cmp(&in.epoch, &out.epoch), 0);
		KUNIT_EXPECT_EQ(test, in.session, out.session);
		KUNIT_EXPECT_EQ(test, in.cookie, out.cookie);
		KUNIT_EXPECT_EQ(test, in.seq, out.seq);
		KUNIT_EXPECT_EQ(test, in.offset, out.offset);
		KUNIT_EXPECT_EQ(test, in.length, out.length);
		KUNIT_EXPECT_EQ(test, in.n, out.n);
		KUNIT_EXPECT_EQ(test, in.generation, out.generation);
		KUNIT_EXPECT_EQ(test, in.committed, out.committed);
		KUNIT_EXPECT_EQ(test, in.payload_crc, out.payload_crc);
	}
}

/* The exact bytes, so that the format cannot change unnoticed. */
static void wire_bytes(struct kunit *test)
{
	struct braid_frame frame = request_of(BRAID_OP_WRITE);
	struct braid_wire_frame wire;
	const u8 *bytes = (const u8 *)&wire;
	static const u8 head[] = {
		'B', 'R', 'I', 'D', 32, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0,
		8, 7, 6, 5, 4, 3, 2, 1, 5, 0, 0, 0, 0, 0, 0, 0,
		50, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0,
		7, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0,
		0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0,
		9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		11, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0x78, 0x56, 0x34, 0x12, 0, 0, 0, 0,
	};

	braid_wire_encode(&frame, &wire);
	KUNIT_EXPECT_EQ(test, memcmp(bytes, head, sizeof(head)), 0);
	KUNIT_EXPECT_EQ(test, (int)sizeof(head), 124);
}

static void wire_flipped_bits_are_seen(struct kunit *test)
{
	struct braid_frame frame;
	struct braid_wire_frame wire;
	u8 *bytes = (u8 *)&wire;
	int i, bit;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		frame = request_of(types[i]);
		braid_wire_encode(&frame, &wire);
		for (bit = 0; bit < 1024; bit++) {
			bytes[bit / 8] ^= 1 << bit % 8;
			KUNIT_ASSERT_NOT_NULL_MSG(test,
						  braid_wire_decode(&frame, &wire, false,
								    is_data(types[i])),
						  "bit %d", bit);
			bytes[bit / 8] ^= 1 << bit % 8;
		}
	}
}

/* Frames with a valid checksum and one field that does not fit the type. */
static void wire_nonsense_is_refused(struct kunit *test)
{
	struct braid_frame frame, out;
	struct braid_wire_frame wire;

#define REFUSED(of, change, text) do {					\
	const u8 kind = (of);						\
	frame = request_of(kind);					\
	change;								\
	braid_wire_encode(&frame, &wire);				\
	KUNIT_EXPECT_STREQ(test, braid_wire_decode(&out, &wire, false, is_data(kind)) ?: \
			   "taken", text);				\
} while (0)
	REFUSED(BRAID_OP_WRITE, (void)0, "taken");
	REFUSED(BRAID_OP_WRITE, frame.payload = 4096, "payload is not as long as the write");
	REFUSED(BRAID_OP_WRITE, frame.payload = frame.length = 2 << 20,
		"payload length out of range");
	REFUSED(BRAID_OP_WRITE, (frame.payload = frame.length = 0, frame.payload_crc = 0),
		"payload length out of range");
	REFUSED(BRAID_OP_WRITE, frame.payload = frame.length = 6000,
		"length out of range");
	REFUSED(BRAID_OP_WRITE, frame.offset = 512, "offset is not aligned");
	REFUSED(BRAID_OP_WRITE, frame.offset = BRAID_SIZE_MAX + 4096,
		"offset out of range");
	REFUSED(BRAID_OP_WRITE, frame.flags = BRAID_REQ_STAMP,
		"flags that the type does not have");
	REFUSED(BRAID_OP_WRITE, frame.flags = BRAID_REQ_FUA, "taken");
	REFUSED(BRAID_OP_WRITE, frame.committed = 12, "generation out of range");
	REFUSED(BRAID_OP_WRITE, frame.generation = 0x80000000, "generation out of range");
	REFUSED(BRAID_OP_WRITE, frame.error = -EIO, "request with a status");
	REFUSED(BRAID_OP_WRITE, frame.answer = true, "answer where a request was due");
	REFUSED(BRAID_OP_READ, (frame.payload = 1, frame.payload_crc = 1),
		"payload length out of range");
	REFUSED(BRAID_OP_READ, frame.length = 0, "length out of range");
	REFUSED(BRAID_OP_READ, frame.payload_crc = 1, "checksum of no payload");
	REFUSED(BRAID_OP_ZERO, frame.length = BRAID_ZERO_MAX, "taken");
	REFUSED(BRAID_OP_ZERO, frame.length = BRAID_ZERO_MAX + 4096, "length out of range");
	REFUSED(BRAID_OP_FLUSH, frame.length = 4096, "length out of range");
	REFUSED(BRAID_OP_RECORD, frame.payload = 4095, "payload length out of range");
	REFUSED(BRAID_OP_PREPARE, frame.payload = 66, "payload length out of range");
	REFUSED(BRAID_OP_PREPARE, frame.payload = 65, "taken");
	REFUSED(BRAID_OP_PREPARE, frame.flags = BRAID_REQ_TAKEOVER,
		"flags that the type does not have");
	REFUSED(BRAID_OP_CLEAR, frame.payload = 8, "payload length out of range");
	REFUSED(BRAID_OP_CLEAR, frame.payload = BRAID_BODY_MAX + 16,
		"payload length out of range");
	REFUSED(BRAID_OP_DIRTY, frame.offset = 3, "taken");
#undef REFUSED
}

/* Headers that only a faulty or hostile sender encodes. */
static void wire_patched_heads(struct kunit *test)
{
	struct braid_frame frame = request_of(BRAID_OP_FLUSH);
	struct braid_wire_frame wire;
	int type;

	for (type = 0; type < 256; type++) {
		braid_wire_encode(&frame, &wire);
		wire.type = type;
		wire_seal(&wire);
		/* The only type of this connection that the frame fits. */
		if (type == BRAID_OP_FLUSH)
			continue;
		KUNIT_EXPECT_NOT_NULL_MSG(test, braid_wire_decode(&frame, &wire,
								  false, true),
					  "type %d", type);
		frame = request_of(BRAID_OP_FLUSH);
	}
	braid_wire_encode(&frame, &wire);
	wire.reserved[2] = cpu_to_le32(1);
	wire_seal(&wire);
	KUNIT_EXPECT_STREQ(test, braid_wire_decode(&frame, &wire, false, true),
			   "reserved field is not zero");
	frame = request_of(BRAID_OP_FLUSH);
	braid_wire_encode(&frame, &wire);
	KUNIT_EXPECT_STREQ(test, braid_wire_decode(&frame, &wire, false, false),
			   "type of the other connection");
}

static void wire_answers(struct kunit *test)
{
	struct braid_frame frame = request_of(BRAID_OP_READ), out;
	struct braid_wire_frame wire;

	frame.answer = true;
	frame.payload = 8192;
	frame.payload_crc = 5;
	frame.value = 77;
	braid_wire_encode(&frame, &wire);
	KUNIT_EXPECT_NULL(test, braid_wire_decode(&out, &wire, true, true));
	KUNIT_EXPECT_EQ(test, out.value, 77ULL);
	KUNIT_EXPECT_STREQ(test, braid_wire_decode(&out, &wire, false, true),
			   "answer where a request was due");
	frame.payload = 4096;
	braid_wire_encode(&frame, &wire);
	KUNIT_EXPECT_STREQ(test, braid_wire_decode(&out, &wire, true, true),
			   "payload is not as long as the read");
	frame.error = -EIO;
	braid_wire_encode(&frame, &wire);
	KUNIT_EXPECT_STREQ(test, braid_wire_decode(&out, &wire, true, true),
			   "payload is not as long as the read");
	frame.payload = 0;
	frame.payload_crc = 0;
	braid_wire_encode(&frame, &wire);
	KUNIT_EXPECT_NULL(test, braid_wire_decode(&out, &wire, true, true));
	KUNIT_EXPECT_EQ(test, out.error, -EIO);
	frame.flags = BRAID_REQ_FUA;
	braid_wire_encode(&frame, &wire);
	KUNIT_EXPECT_STREQ(test, braid_wire_decode(&out, &wire, true, true),
			   "answer with flags");
}

/* An error that is not in the table becomes an I/O error, never a success. */
static void wire_errors(struct kunit *test)
{
	int error, status;

	KUNIT_EXPECT_EQ(test, (int)braid_wire_status(0), 0);
	KUNIT_EXPECT_EQ(test, braid_wire_errno(0), 0);
	for (error = 1; error < 200; error++) {
		int back = braid_wire_errno(braid_wire_status(-error));

		KUNIT_EXPECT_TRUE(test, back == -error || back == -EIO);
	}
	for (status = 1; status < 0x10000; status++)
		KUNIT_ASSERT_LT(test, braid_wire_errno(status), 0);
	KUNIT_EXPECT_EQ(test, braid_wire_errno(braid_wire_status(-ESTALE)), -ESTALE);
	KUNIT_EXPECT_EQ(test, braid_wire_errno(braid_wire_status(-EBUSY)), -EBUSY);
	KUNIT_EXPECT_EQ(test, braid_wire_errno(braid_wire_status(-ENODATA)), -ENODATA);
	KUNIT_EXPECT_EQ(test, braid_wire_errno(braid_wire_status(-ENOSPC)), -ENOSPC);
}

static void wire_belongs(struct kunit *test)
{
	struct braid_frame frame = request_of(BRAID_OP_FLUSH);

	KUNIT_EXPECT_NULL(test, braid_wire_is_for(&frame, frame.volume, 6, 7));
	KUNIT_EXPECT_NOT_NULL(test, braid_wire_is_for(&frame, 1, 6, 7));
	KUNIT_EXPECT_NOT_NULL(test, braid_wire_is_for(&frame, frame.volume, 5, 7));
	KUNIT_EXPECT_NOT_NULL(test, braid_wire_is_for(&frame, frame.volume, 6, 8));
}

static struct kunit_case wire_cases[] = {
	KUNIT_CASE(wire_round_trip),
	KUNIT_CASE(wire_bytes),
	KUNIT_CASE(wire_flipped_bits_are_seen),
	KUNIT_CASE(wire_nonsense_is_refused),
	KUNIT_CASE(wire_patched_heads),
	KUNIT_CASE(wire_answers),
	KUNIT_CASE(wire_errors),
	KUNIT_CASE(wire_belongs),
	{}
};

static struct kunit_suite wire_suite = {
	.name = "braid_wire",
	.test_cases = wire_cases,
};

kunit_test_suite(wire_suite);

MODULE_DESCRIPTION("Tests of the frames");
MODULE_LICENSE("GPL");
