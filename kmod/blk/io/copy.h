/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_COPY_H
#define BRAID_BLK_COPY_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/types.h>

#include "io/payload.h"
#include "store/request.h"
#include "proto/voter.h"

struct braid_io_set;

#define BRAID_DIGEST_SIZE	32

/*
 * Asks several members the same and waits for all of them; reads from whoever
 * can and writes to others.  For what works region by region in the background.
 */

/**
 * struct braid_copier - what one needs who copies; one user at a time
 * @set: whose
 * @buffer: room for data
 * @room: bytes of it
 * @bvec: the part of @buffer that is in use
 * @ask: what to ask: op, flags, offset, length, body and body_len are the user's
 * @ok: members that answered without an error, of the last question
 * @bad: members that answered with one that is theirs
 * @unreadable: of those, the ones that could not read their disk
 * @lost: members that were not reached
 * @copied: the last braid_copier_equalise() had to write
 * @left: answers to come, and one for who sends
 * @answered: slots that answered
 * @done: all answered
 * @request: one a slot
 * @digest: answers to DIGEST, one a slot
 */
struct braid_copier {
	struct braid_io_set *set;
	struct braid_payload buffer;
	u32 room;
	struct bio_vec *bvec;
	struct braid_request ask;
	u64 ok;
	u64 bad;
	u64 unreadable;
	u64 lost;
	bool copied;
	atomic_t left;
	unsigned long answered;
	struct completion done;
	struct braid_request request[BRAID_VOTERS_MAX];
	u8 digest[BRAID_VOTERS_MAX][BRAID_DIGEST_SIZE];
};

/* @room: bytes, 0: it only asks.  Context: may sleep. Return: NULL: no memory. */
struct braid_copier *braid_copier_new(struct braid_io_set *set, u32 room,
				      gfp_t gfp);
/* NULL is nothing. */
void braid_copier_free(struct braid_copier *copier);

/**
 * braid_copier_ask() - ask members, wait for all answers
 * @copier: @copier->ask says what
 * @members: whom
 *
 * A member that is late, or fails at something that changes it, is reported.
 * Context: may sleep. Return: true if all answered without an error.
 */
bool braid_copier_ask(struct braid_copier *copier, u64 members);

/**
 * braid_copier_read() - read into the buffer from one member
 * @copier: its buffer is filled
 * @offset: bytes
 * @length: bytes, at most the room
 * @members: who may be asked
 * @first: whom to ask first, a set of one or empty
 * @unreadable: members that could not read it are added
 * @from: who did
 *
 * Return: 0; -EIO: nobody can; -EAGAIN: nobody who may was reached.
 */
int braid_copier_read(struct braid_copier *copier, u64 offset, u32 length,
		      u64 members, u64 first, u64 *unreadable, u64 *from);

/* Writes the buffer to @members (G5). Return: 0 or -EAGAIN. */
int braid_copier_write(struct braid_copier *copier, u64 offset, u32 length,
		       u64 members);

/**
 * braid_copier_equalise() - make a piece equal on every member
 * @copier: its buffer is used
 * @offset: bytes
 * @length: bytes
 * @first: member to copy from, a set of one or empty
 * @kept: members to copy from if @first cannot read it; another one when none of these
 *	can
 *
 * A member of these two that does not answer is waited for until it is out: a copy from
 * another one may be older.
 *
 * The caller holds the range, exclusively, and its regions (braid_dirty_hold()).
 * A block that nobody can read is left alone.
 * Return: 0 or -EAGAIN: somebody was not reached.
 */
int braid_copier_equalise(struct braid_copier *copier, u64 offset, u64 length,
			  u64 first, u64 kept);

#endif /* BRAID_BLK_COPY_H */
