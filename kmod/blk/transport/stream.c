// SPDX-License-Identifier: GPL-2.0-only
#include "transport/stream.h"

#include <linux/crc32.h>
#include <linux/highmem.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>

/**
 * braid_load_crc() - compute the checksum of a payload
 * @load: the payload
 *
 * Return: the crc32c for the frame's header; 0 without payload.
 */
u32 braid_load_crc(const struct braid_load *load)
{
	const struct bvec_iter start = { .bi_size = load->length };
	struct bvec_iter iter;
	struct bio_vec bv;
	u32 crc = ~0;
	void *map;

	if (!load->length)
		return 0;
	if (!load->bvec)
		return crc32c(crc, load->body, load->length);
	for_each_bvec(bv, load->bvec, iter, start) {
		map = bvec_kmap_local(&bv);
		crc = crc32c(crc, map, bv.bv_len);
		kunmap_local(map);
	}
	return crc;
}

/**
 * braid_stream_init() - initialise a stream
 * @stream: the stream
 * @ops: operations of the owner
 * @answers: the frames are answers, not requests
 * @data: the connection is a data connection
 */
void braid_stream_init(struct braid_stream *stream,
		       const struct braid_stream_ops *ops, bool answers,
		       bool data)
{
	memset(stream, 0, sizeof(*stream));
	stream->ops = ops;
	stream->answers = answers;
	stream->data = data;
	stream->state = BRAID_STREAM_HEAD;
}

static void stream_break(struct braid_stream *stream, const char *why)
{
	stream->state = BRAID_STREAM_BROKEN;
	stream->why = why;
}

/*
 * Returns the checksum of the payload in its final buffer, which proves that
 * the data used is the data checked. A foreign buffer may have changed
 * meanwhile (an application may write to the pages that it reads into), which
 * is no fault of the peer; the checksum of the received bytes is used then.
 */
static u32 payload_crc(const struct braid_stream *stream)
{
	return stream->load.foreign ? stream->crc :
				      braid_load_crc(&stream->load);
}

static void stream_deliver(struct braid_stream *stream)
{
	if (stream->load.length &&
	    payload_crc(stream) != stream->frame.payload_crc) {
		stream_break(stream, "digest of the payload is wrong");
		return;
	}
	stream->state = BRAID_STREAM_HEAD;
	stream->have = 0;
	stream->ops->frame(stream, &stream->frame);
}

static void stream_place(struct braid_stream *stream)
{
	struct braid_load *load = &stream->load;
	const char *wrong;

	*load = (struct braid_load){ .length = stream->frame.payload };
	wrong = stream->ops->head(stream, &stream->frame, load);
	if (wrong == BRAID_STREAM_LATER) {
		stream->state = BRAID_STREAM_WAIT;
		return;
	}
	if (wrong) {
		stream_break(stream, wrong);
		return;
	}
	stream->have = 0;
	stream->crc = ~0;
	if (!load->length) {
		stream_deliver(stream);
		return;
	}
	stream->state = BRAID_STREAM_PAYLOAD;
	if (load->bvec) {
		iov_iter_bvec(&stream->iter, ITER_DEST, load->bvec,
			      load->nr_bvec, load->length);
	} else {
		struct kvec *vec = &stream->vec;

		vec->iov_base = load->body;
		vec->iov_len = load->length;
		iov_iter_kvec(&stream->iter, ITER_DEST, vec, 1, load->length);
	}
}

static u32 feed_head(struct braid_stream *stream, const void *source,
		     u32 offset, u32 length)
{
	struct kvec vec = {
		.iov_base = (u8 *)&stream->wire + stream->have,
		.iov_len = min_t(u32, length, sizeof(stream->wire) - stream->have),
	};
	struct iov_iter iter;
	const char *wrong;

	iov_iter_kvec(&iter, ITER_DEST, &vec, 1, vec.iov_len);
	if (stream->ops->copy(source, offset, &iter, vec.iov_len, NULL)) {
		stream_break(stream, "bytes could not be read");
		return 0;
	}
	stream->have += vec.iov_len;
	if (stream->have < sizeof(stream->wire))
		return vec.iov_len;
	wrong = braid_wire_decode(&stream->frame, &stream->wire,
				  stream->answers, stream->data);
	if (wrong)
		stream_break(stream, wrong);
	else
		stream_place(stream);
	return vec.iov_len;
}

static u32 feed_payload(struct braid_stream *stream, const void *source,
			u32 offset, u32 length)
{
	u32 *crc = stream->load.foreign ? &stream->crc : NULL;

	length = min(length, stream->load.length - stream->have);
	if (stream->ops->copy(source, offset, &stream->iter, length, crc)) {
		stream_break(stream, "bytes could not be read");
		return 0;
	}
	stream->have += length;
	if (stream->have == stream->load.length)
		stream_deliver(stream);
	return length;
}

/**
 * braid_stream_feed() - receive bytes
 * @stream: the stream
 * @source: source of the bytes, for the copy() of the owner
 * @offset: first byte in @source
 * @length: number of bytes
 *
 * Return: the number of bytes accepted, less than @length if the stream waits
 * for room or is broken.
 */
u32 braid_stream_feed(struct braid_stream *stream, const void *source,
		      u32 offset, u32 length)
{
	u32 used = 0;

	while (used < length) {
		if (stream->state == BRAID_STREAM_HEAD)
			used += feed_head(stream, source, offset + used,
					  length - used);
		else if (stream->state == BRAID_STREAM_PAYLOAD)
			used += feed_payload(stream, source, offset + used,
					     length - used);
		else
			break;
	}
	return used;
}

/**
 * braid_stream_resume() - try again after waiting for room
 * @stream: the stream
 *
 * Return: true if the stream accepts bytes.
 */
bool braid_stream_resume(struct braid_stream *stream)
{
	if (stream->state == BRAID_STREAM_WAIT)
		stream_place(stream);
	return stream->state == BRAID_STREAM_HEAD ||
	       stream->state == BRAID_STREAM_PAYLOAD;
}
