/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the host's client and the node's agent say to each other over one
 * virtio-serial port: frames of a type, a length and that many bytes.  A port
 * carries one command at a time; several commands use several ports.
 *
 *	host			node
 *	COMMAND argv		OUTPUT, ERRORS: bytes of stdout, stderr
 *	INPUT bytes, "" = end	EXIT status: the command is over
 *	SIGNAL number
 *	WINDOW rows, columns	READY marker: see below
 *
 * A client may die in the middle of a frame, and a port that is closed and
 * opened again looks to the node as if it had never been closed, when the node
 * was not scheduled in between.  So the client notes beside the port that it
 * uses it, and takes the note away after a clean end.  A client that finds the
 * note waits for READY, which the agent sends whenever it saw the other side
 * go, and opens the port anew until READY comes.
 */
#ifndef LAB_FRAME_H
#define LAB_FRAME_H

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum frame_type {
	FRAME_COMMAND = 1,
	FRAME_INPUT,
	FRAME_SIGNAL,
	FRAME_WINDOW,
	FRAME_OUTPUT,
	FRAME_ERRORS,
	FRAME_EXIT,
	FRAME_READY,
};

#define FRAME_DATA	(16 * 1024)	/* most data bytes of a stream's frame */
#define FRAME_MAX	(128 * 1024)	/* and of any, which is a command's size */

struct frame_head {
	uint32_t type;
	uint32_t size;
};

/* First bytes of a COMMAND, followed by TERM's value and argv, NUL-ended. */
struct frame_command {
	uint16_t terminal;		/* 1: give it a terminal of its own */
	uint16_t rows;
	uint16_t columns;
	uint16_t reserved;
};

struct frame_window {
	uint16_t rows;
	uint16_t columns;
};

static const char frame_marker[16] = "lab-port-ready\n";

/* Bytes of a stream, from @start up to @end. */
struct frame_buffer {
	size_t start;
	size_t end;
	char data[sizeof(struct frame_head) + FRAME_MAX];
};

static inline size_t frame_pending(const struct frame_buffer *b)
{
	return b->end - b->start;
}

/* Appends a frame; the caller knows that there is room. */
static inline void frame_put(struct frame_buffer *b, uint32_t type,
			     const void *data, size_t size)
{
	struct frame_head head = { .type = type, .size = size };

	if (b->start == b->end)
		b->start = b->end = 0;
	memcpy(b->data + b->end, &head, sizeof(head));
	if (size)
		memcpy(b->data + b->end + sizeof(head), data, size);
	b->end += sizeof(head) + size;
}

/*
 * Takes the next whole frame: 1 and @head, @data when there is one, 0 when
 * more bytes are needed, -1 when these are no frames.
 */
static inline int frame_get(struct frame_buffer *b, struct frame_head *head,
			    char **data)
{
	if (frame_pending(b) < sizeof(*head))
		return 0;
	memcpy(head, b->data + b->start, sizeof(*head));
	if (head->size > FRAME_MAX || head->type < FRAME_COMMAND ||
	    head->type > FRAME_READY)
		return -1;
	if (frame_pending(b) < sizeof(*head) + head->size)
		return 0;
	*data = b->data + b->start + sizeof(*head);
	b->start += sizeof(*head) + head->size;
	return 1;
}

/* One read into the buffer; what read() returned.  Frames taken are gone. */
static inline ssize_t frame_fill(struct frame_buffer *b, int fd)
{
	ssize_t n;

	if (b->start) {
		memmove(b->data, b->data + b->start, frame_pending(b));
		b->end -= b->start;
		b->start = 0;
	}
	n = read(fd, b->data + b->end, sizeof(b->data) - b->end);
	if (n > 0)
		b->end += n;
	return n;
}

/* One write from the buffer: 0, or -1 with errno for a real error. */
static inline int frame_flush(struct frame_buffer *b, int fd)
{
	ssize_t n = write(fd, b->data + b->start, frame_pending(b));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	b->start += n;
	return 0;
}

#endif
