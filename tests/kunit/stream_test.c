// SPDX-License-Identifier: GPL-2.0-only
/* A stream of bytes is cut into the same frames wherever it is divided. */
#include "../../kmod/blk/transport/stream.c"
#include "../../kmod/blk/transport/wire.c"

#include <linux/slab.h>

#include "random.h"

#define FRAMES		24
#define PAYLOAD		(12u << 10)
#define STREAM_MAX	(FRAMES * (sizeof(struct braid_wire_frame) + PAYLOAD))

/**
 * struct run - one stream and its results
 * @stream: stream under test
 * @bytes: bytes to feed
 * @length: number of @bytes
 * @sent: the frames in @bytes
 * @begins: offset of each frame, and of the end
 * @payload: buffers for payloads
 * @page: pages for payloads
 * @vec: vector of @page
 * @heads: number of headers that were placed
 * @frames: number of frames received
 * @wrong: number of frames received that differ from those sent
 * @stall_every: number of attempts for each frame that find no room
 * @asked: attempts for the present frame
 * @refuse_at: frame that is refused, or FRAMES
 * @foreign: other users may write to the payload
 */
struct run {
	struct braid_stream stream;
	u8 *bytes;
	u32 length;
	struct braid_frame sent[FRAMES];
	u32 begins[FRAMES + 1];
	u8 *payload;
	struct page *page[PAYLOAD / PAGE_SIZE];
	struct bio_vec vec[PAYLOAD / PAGE_SIZE];
	unsigned int heads;
	unsigned int frames;
	unsigned int wrong;
	unsigned int stall_every;
	unsigned int asked;
	unsigned int refuse_at;
	bool foreign;
};

static int copy_bytes(const void *source, int offset, struct iov_iter *to,
		      int length, u32 *crc)
{
	if (crc)
		*crc = crc32c(*crc, source + offset, length);
	return copy_to_iter((void *)source + offset, length, to) == length ?
	       0 : -EFAULT;
}

static struct run *run_of(struct braid_stream *stream)
{
	return container_of(stream, struct run, stream);
}

static const char *place(struct braid_stream *stream,
			 const struct braid_frame *frame,
			 struct braid_load *load)
{
	struct run *run = run_of(stream);

	if (run->heads == run->refuse_at)
		return "refused";
	if (run->asked++ < run->stall_every)
		return BRAID_STREAM_LATER;
	run->asked = 0;
	run->heads++;
	memset(run->payload, 0, PAYLOAD);
	load->foreign = run->foreign;
	if (run->heads % 2) {
		load->body = run->payload;
	} else {
		load->bvec = run->vec;
		load->nr_bvec = load->length / PAGE_SIZE;
	}
	return NULL;
}

static bool same_payload(struct run *run, unsigned int at)
{
	const u8 *want = run->bytes + run->begins[at] + sizeof(struct braid_wire_frame);
	u32 length = run->sent[at].payload;
	u32 i;

	if (run->heads % 2)
		return !memcmp(run->payload, want, length);
	for (i = 0; i < length; i += PAGE_SIZE)
		if (memcmp(page_address(run->page[i / PAGE_SIZE]), want + i, PAGE_SIZE))
			return false;
	return true;
}

static void take(struct braid_stream *stream, const struct braid_frame *frame)
{
	struct run *run = run_of(stream);
	unsigned int at = run->frames++;

	if (at >= FRAMES || frame->seq != run->sent[at].seq ||
	    frame->type != run->sent[at].type ||
	    frame->payload != run->sent[at].payload || !same_payload(run, at))
		run->wrong++;
}

static const struct braid_stream_ops stream_ops = {
	.copy = copy_bytes,
	.head = place,
	.frame = take,
};

static void add_frame(struct run *run, struct rnd_state *rnd, unsigned int at)
{
	static const u8 types[] = {
		BRAID_OP_WRITE, BRAID_OP_READ, BRAID_OP_FLUSH, BRAID_OP_WRITE,
	};
	struct braid_frame *frame = &run->sent[at];
	u8 *payload = run->bytes + run->length + sizeof(struct braid_wire_frame);
	struct braid_load load;

	memset(frame, 0, sizeof(*frame));
	frame->type = types[random_below(rnd, ARRAY_SIZE(types))];
	frame->seq = random_u64(rnd);
	if (frame->type != BRAID_OP_FLUSH)
		frame->length = PAGE_SIZE * (1 + random_below(rnd, PAYLOAD / PAGE_SIZE));
	if (frame->type == BRAID_OP_WRITE)
		frame->payload = frame->length;
	prandom_bytes_state(rnd, payload, frame->payload);
	load = (struct braid_load){ .body = payload, .length = frame->payload };
	frame->payload_crc = braid_load_crc(&load);
	braid_wire_encode(frame, (void *)(run->bytes + run->length));
	run->begins[at] = run->length;
	run->length += sizeof(struct braid_wire_frame) + frame->payload;
}

static void run_begin(struct run *run)
{
	braid_stream_init(&run->stream, &stream_ops, false, true);
	run->heads = 0;
	run->frames = 0;
	run->wrong = 0;
	run->asked = 0;
	run->stall_every = 0;
	run->refuse_at = FRAMES;
	run->foreign = false;
}

static int stream_test_init(struct kunit *test)
{
	struct rnd_state rnd;
	struct run *run;
	int i;

	run = kunit_kzalloc(test, sizeof(*run), GFP_KERNEL);
	test->priv = run;
	if (!run)
		return -ENOMEM;
	run->bytes = kunit_kzalloc(test, STREAM_MAX, GFP_KERNEL);
	run->payload = kunit_kzalloc(test, PAYLOAD, GFP_KERNEL);
	if (!run->bytes || !run->payload)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(run->page); i++) {
		run->page[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!run->page[i])
			return -ENOMEM;
		bvec_set_page(&run->vec[i], run->page[i], PAGE_SIZE, 0);
	}
	random_begin(test, &rnd);
	for (i = 0; i < FRAMES; i++)
		add_frame(run, &rnd, i);
	run->begins[FRAMES] = run->length;
	run_begin(run);
	return 0;
}

static void stream_test_exit(struct kunit *test)
{
	struct run *run = test->priv;
	int i;

	for (i = 0; run && i < ARRAY_SIZE(run->page); i++)
		if (run->page[i])
			__free_page(run->page[i]);
}

/*
 * Feeds all bytes in pieces of up to @most bytes. Return: the number of bytes
 * accepted.
 */
static u32 feed(struct run *run, struct rnd_state *rnd, u32 most)
{
	u32 at = 0, piece, used;

	while (at < run->length) {
		piece = most ? 1 + random_below(rnd, most) : run->length;
		piece = min(piece, run->length - at);
		used = braid_stream_feed(&run->stream, run->bytes, at, piece);
		at += used;
		if (used < piece && !braid_stream_resume(&run->stream) &&
		    run->stream.state == BRAID_STREAM_BROKEN)
			break;
	}
	while (run->stream.state == BRAID_STREAM_WAIT)
		braid_stream_resume(&run->stream);
	return at;
}

static void pieces_of_any_size(struct kunit *test)
{
	static const u32 sizes[] = { 0, 1, 2, 127, 128, 129, 4096, 9999, 65536 };
	struct run *run = test->priv;
	struct rnd_state rnd;
	int i, stall;

	random_begin(test, &rnd);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (stall = 0; stall < 3; stall++) {
			run_begin(run);
			run->stall_every = stall;
			KUNIT_ASSERT_EQ(test, feed(run, &rnd, sizes[i]), run->length);
			KUNIT_ASSERT_EQ(test, run->frames, FRAMES);
			KUNIT_ASSERT_EQ(test, run->wrong, 0);
		}
	}
}

/* A stream that waits for room accepts no byte of the frame's payload. */
static void waiting_takes_nothing(struct kunit *test)
{
	struct run *run = test->priv;
	u32 used;

	run->stall_every = 2;
	used = braid_stream_feed(&run->stream, run->bytes, 0, run->length);
	KUNIT_EXPECT_EQ(test, used, (u32)sizeof(struct braid_wire_frame));
	KUNIT_EXPECT_EQ(test, (int)run->stream.state, (int)BRAID_STREAM_WAIT);
	KUNIT_EXPECT_EQ(test, braid_stream_feed(&run->stream, run->bytes, used, 1), 0);
	KUNIT_EXPECT_FALSE(test, braid_stream_resume(&run->stream));
	KUNIT_EXPECT_EQ(test, run->heads, 0);
	KUNIT_EXPECT_TRUE(test, braid_stream_resume(&run->stream));
	KUNIT_EXPECT_EQ(test, run->heads, 1);
}

/*
 * Frames before a changed byte are delivered; the frame with the changed byte
 * is not.
 */
static void no_byte_can_be_changed(struct kunit *test)
{
	struct run *run = test->priv;
	struct rnd_state rnd;
	unsigned int round, at;
	u32 byte;

	random_begin(test, &rnd);
	for (round = 0; round < 3000; round++) {
		/* First every bit of a header is flipped, then any byte. */
		byte = round < 1024 ? run->begins[3] + round / 8 :
				      random_below(&rnd, run->length);
		for (at = 0; run->begins[at + 1] <= byte; at++)
			;
		run->bytes[byte] ^= 1 << round % 8;
		run_begin(run);
		run->foreign = round / 8 % 2;
		feed(run, &rnd, 0);
		run->bytes[byte] ^= 1 << round % 8;
		KUNIT_ASSERT_EQ_MSG(test, run->frames, at, "byte %u", byte);
		KUNIT_ASSERT_EQ(test, run->wrong, 0);
		KUNIT_ASSERT_EQ(test, (int)run->stream.state, (int)BRAID_STREAM_BROKEN);
		KUNIT_ASSERT_NOT_NULL(test, run->stream.why);
	}
}

/* Feeds single bytes, and overwrites the payload received so far. */
static void feed_and_scribble(struct run *run)
{
	u32 at;

	for (at = 0; at < run->length; at++) {
		if (braid_stream_feed(&run->stream, run->bytes, at, 1) != 1)
			return;
		if (run->stream.state != BRAID_STREAM_PAYLOAD)
			continue;
		run->payload[0] ^= 0xff;
		*(u8 *)page_address(run->page[0]) ^= 0xff;
	}
}

/*
 * An application writes into the pages that it reads into: the sender is not to
 * blame.
 */
static void pages_of_others_may_change(struct kunit *test)
{
	struct run *run = test->priv;

	run->foreign = true;
	feed_and_scribble(run);
	KUNIT_EXPECT_EQ(test, run->frames, FRAMES);
	KUNIT_EXPECT_NULL(test, run->stream.why);
	/* In a buffer of our own the final contents count. */
	run_begin(run);
	feed_and_scribble(run);
	KUNIT_EXPECT_LT(test, run->frames, FRAMES);
	KUNIT_EXPECT_STREQ(test, run->stream.why, "digest of the payload is wrong");
}

static void broken_stays_broken(struct kunit *test)
{
	struct run *run = test->priv;

	run->refuse_at = 2;
	braid_stream_feed(&run->stream, run->bytes, 0, run->length);
	KUNIT_EXPECT_EQ(test, run->frames, 2);
	KUNIT_EXPECT_STREQ(test, run->stream.why, "refused");
	KUNIT_EXPECT_EQ(test, braid_stream_feed(&run->stream, run->bytes, 0, 1000), 0);
	KUNIT_EXPECT_FALSE(test, braid_stream_resume(&run->stream));
	KUNIT_EXPECT_EQ(test, run->frames, 2);
}

static void digest_is_that_of_the_pages(struct kunit *test)
{
	struct run *run = test->priv;
	struct bio_vec one = { };
	struct braid_load body = { .body = run->bytes, .length = 8192 };
	struct braid_load pages = { .bvec = run->vec, .nr_bvec = 2, .length = 8192 };
	struct braid_load whole = { .bvec = &one, .nr_bvec = 1, .length = 8192 };
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 1);

	KUNIT_ASSERT_NOT_NULL(test, page);
	memcpy(page_address(page), run->bytes, 8192);
	memcpy(page_address(run->page[0]), run->bytes, PAGE_SIZE);
	memcpy(page_address(run->page[1]), run->bytes + PAGE_SIZE, PAGE_SIZE);
	bvec_set_page(&one, page, 8192, 0);
	KUNIT_EXPECT_EQ(test, braid_load_crc(&body), crc32c(~0, run->bytes, 8192));
	KUNIT_EXPECT_EQ(test, braid_load_crc(&pages), braid_load_crc(&body));
	KUNIT_EXPECT_EQ(test, braid_load_crc(&whole), braid_load_crc(&body));
	body.length = 0;
	KUNIT_EXPECT_EQ(test, braid_load_crc(&body), 0);
	__free_pages(page, 1);
}

static struct kunit_case stream_cases[] = {
	KUNIT_CASE(pieces_of_any_size),
	KUNIT_CASE(waiting_takes_nothing),
	KUNIT_CASE(no_byte_can_be_changed),
	KUNIT_CASE(pages_of_others_may_change),
	KUNIT_CASE(broken_stays_broken),
	KUNIT_CASE(digest_is_that_of_the_pages),
	{}
};

static struct kunit_suite stream_suite = {
	.name = "braid_stream",
	.init = stream_test_init,
	.exit = stream_test_exit,
	.test_cases = stream_cases,
};

kunit_test_suite(stream_suite);

MODULE_DESCRIPTION("braid: tests of the stream of frames");
MODULE_LICENSE("GPL");
