/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_STREAM_H
#define BRAID_BLK_STREAM_H

#include <linux/bvec.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/types.h>
#include <linux/uio.h>

#include "proto/proto.h"
#include "transport/wire.h"

/*
 * A stream of bytes cut into frames.  Knows no socket: bytes come in pieces of
 * any size from wherever copy() takes them.
 */

/**
 * struct braid_load - where the payload of a frame lies
 * @bvec: pages, or NULL
 * @nr_bvec: number of @bvec; they hold @length bytes
 * @body: without @bvec: memory of the kernel
 * @length: bytes
 * @foreign: somebody else may write to the pages while the payload comes
 */
struct braid_load {
	const struct bio_vec *bvec;
	unsigned int nr_bvec;
	void *body;
	u32 length;
	bool foreign;
};

/* The checksum that goes into the head; 0 without a payload. */
u32 braid_load_crc(const struct braid_load *load);

enum braid_stream_state {
	BRAID_STREAM_HEAD,	/* gathering a head */
	BRAID_STREAM_WAIT,	/* the head is known, there is no room for it yet */
	BRAID_STREAM_PAYLOAD,	/* gathering the payload where it belongs */
	BRAID_STREAM_BROKEN,	/* nothing more is taken */
};

struct braid_stream;

#define BRAID_STREAM_LATER	((const char *)ERR_PTR(-EAGAIN))

/**
 * struct braid_stream_ops - what the owner of a stream does
 * @copy: take @length bytes from @offset of @source, as skb_copy_datagram_iter();
 *	with @crc, go on with that checksum over them as they are in @source
 * @head: a valid head has come: say where its payload belongs by filling @load
 *	(its length is set, and 0 without one).  Return: NULL, or what is wrong
 *	with it; BRAID_STREAM_LATER: no room now, ask again on resume
 * @frame: payload and digest are right; the stream is done with @load
 */
struct braid_stream_ops {
	int (*copy)(const void *source, int offset, struct iov_iter *to,
		    int length, u32 *crc);
	const char *(*head)(struct braid_stream *stream,
			    const struct braid_frame *frame,
			    struct braid_load *load);
	void (*frame)(struct braid_stream *stream,
		      const struct braid_frame *frame);
};

/**
 * struct braid_stream - one direction of a connection
 * @ops: the owner's
 * @answers: whether answers or requests come here
 * @data: whether it is a data connection
 * @state: what comes next
 * @have: bytes of the head or payload that have come
 * @wire: the head
 * @frame: the same, checked
 * @load: where the payload goes
 * @crc: of what came of it, where the pages cannot be looked at later
 * @vec: @load's body, for @iter
 * @iter: what of it is still to come
 * @why: with BROKEN: what was wrong; static text
 *
 * One task at a time.
 */
struct braid_stream {
	const struct braid_stream_ops *ops;
	bool answers;
	bool data;
	enum braid_stream_state state;
	u32 have;
	struct braid_wire_frame wire;
	struct braid_frame frame;
	struct braid_load load;
	u32 crc;
	struct kvec vec;
	struct iov_iter iter;
	const char *why;
};

void braid_stream_init(struct braid_stream *stream,
		       const struct braid_stream_ops *ops, bool answers,
		       bool data);

/*
 * braid_stream_feed() - take bytes
 *
 * Return: how many of @length were taken; fewer while it waits for room or when
 * it is broken.
 */
u32 braid_stream_feed(struct braid_stream *stream, const void *source,
		      u32 offset, u32 length);

/* There may be room now.  Return: whether bytes are taken (again). */
bool braid_stream_resume(struct braid_stream *stream);

#endif /* BRAID_BLK_STREAM_H */
