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
 * A stream of bytes that is cut into frames. The stream knows no socket: bytes
 * arrive in pieces of any size, and the copy() of its owner reads them.
 */

/**
 * struct braid_load - payload of a frame
 * @bvec: pages of the payload, or NULL
 * @nr_bvec: number of @bvec, which hold @length bytes
 * @body: without @bvec: buffer in kernel memory
 * @length: number of bytes
 * @foreign: other users may write to the pages while the payload arrives
 */
struct braid_load {
	const struct bio_vec *bvec;
	unsigned int nr_bvec;
	void *body;
	u32 length;
	bool foreign;
};

u32 braid_load_crc(const struct braid_load *load);

enum braid_stream_state {
	BRAID_STREAM_HEAD,	/* a header is being received */
	BRAID_STREAM_WAIT,	/* a header was received, there is no room for its payload yet */
	BRAID_STREAM_PAYLOAD,	/* a payload is being received into its buffer */
	BRAID_STREAM_BROKEN,	/* no more bytes are accepted */
};

struct braid_stream;

#define BRAID_STREAM_LATER	((const char *)ERR_PTR(-EAGAIN))

/**
 * struct braid_stream_ops - operations of the owner of a stream
 * @copy: copies @length bytes from @offset of @source, as
 *	skb_copy_datagram_iter(); with @crc, continues that checksum over the
 *	bytes in @source
 * @head: called for a valid header; fills in @load, of which only the length is
 *	set (0 without payload). Returns NULL, or what is wrong with the header,
 *	or BRAID_STREAM_LATER if there is no room now; then it is called again
 *	by braid_stream_resume()
 * @frame: called when payload and digest are right; the stream does not access
 *	@load any more
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
 * struct braid_stream - receiving side of a connection
 * @ops: operations of the owner
 * @answers: the frames are answers, not requests
 * @data: the connection is a data connection
 * @state: part that is being received
 * @have: bytes of the header or payload received so far
 * @wire: the header in its form on the wire
 * @frame: the decoded header
 * @load: buffer for the payload
 * @crc: checksum of the payload received so far, if @load is foreign
 * @vec: body of @load, for @iter
 * @iter: rest of @load to be received
 * @why: in state BROKEN: what is wrong; static text
 *
 * Used by one task at a time.
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

u32 braid_stream_feed(struct braid_stream *stream, const void *source,
		      u32 offset, u32 length);

bool braid_stream_resume(struct braid_stream *stream);

#endif /* BRAID_BLK_STREAM_H */
