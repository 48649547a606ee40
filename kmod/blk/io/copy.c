// SPDX-License-Identifier: GPL-2.0-only
/* Asking several members at once, and copying between them. */
#include "io/copy.h"

#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "io/io_set.h"
#include "volume/failure.h"

struct braid_copier *braid_copier_new(struct braid_io_set *set, u32 room,
				      gfp_t gfp)
{
	struct braid_copier *copier = kzalloc(sizeof(*copier), gfp);

	if (!copier)
		return NULL;
	copier->set = set;
	copier->room = room;
	init_completion(&copier->done);
	if (!room)
		return copier;
	if (!braid_payload_alloc(&copier->buffer, room, gfp, NULL))
		goto free_copier;
	copier->bvec = kcalloc(copier->buffer.nr, sizeof(*copier->bvec), gfp);
	if (!copier->bvec)
		goto free_buffer;
	return copier;

free_buffer:
	braid_payload_free(&copier->buffer, NULL);
free_copier:
	kfree(copier);
	return NULL;
}

void braid_copier_free(struct braid_copier *copier)
{
	if (!copier)
		return;
	kfree(copier->bvec);
	braid_payload_free(&copier->buffer, NULL);
	kfree(copier);
}

/* Does it change the member, so that an error is a failure of the member? */
static bool op_changes(enum braid_op op)
{
	return op == BRAID_OP_WRITE || op == BRAID_OP_ZERO ||
	       op == BRAID_OP_CLEAR;
}

static void copier_answer(struct braid_request *request)
{
	struct braid_copier *copier = request->private;

	set_bit(request - copier->request, &copier->answered);
	if (atomic_dec_and_test(&copier->left))
		complete(&copier->done);
}

/* Fills in the requests. Return: the slots to be asked. */
static u32 copier_prepare(struct braid_copier *copier, u64 members)
{
	struct braid_io_set *set = copier->set;
	struct braid_volume *volume = set->volume;
	struct braid_request *request;
	u32 asked = 0;
	unsigned int i;

	spin_lock_irq(&volume->lock);
	copier->ask.epoch = volume->epoch;
	copier->ask.generation = volume->generation;
	copier->ask.committed = volume->committed;
	/* A copy is a write like any other (G5). */
	if (op_changes(copier->ask.op) && copier->ask.op != BRAID_OP_CLEAR)
		copier->ask.n = ++set->n;
	spin_unlock_irq(&volume->lock);

	copier->ask.private = copier;
	copier->ask.done = copier_answer;
	for (i = 0; i < set->nslots; i++) {
		if (!(set->slot[i].bit & members))
			continue;
		request = &copier->request[i];
		*request = copier->ask;
		if (request->op == BRAID_OP_DIGEST) {
			request->body = copier->digest[i];
			request->body_max = BRAID_DIGEST_SIZE;
		}
		asked |= BIT(i);
	}
	return asked;
}

/* Their requests are ours until they are answered: blame and go on waiting. */
static void copier_wait(struct braid_copier *copier, u32 asked)
{
	struct braid_io_set *set = copier->set;
	u64 patience = braid_io_patience(set->volume, copier->ask.length);
	unsigned int i;

	while (!wait_for_completion_timeout(&copier->done,
					    nsecs_to_jiffies(patience) + 1)) {
		for (i = 0; i < set->nslots; i++)
			if ((asked & BIT(i)) && !test_bit(i, &copier->answered))
				braid_volume_member_failed(set->volume,
							   set->slot[i].peer,
							   -ETIMEDOUT, false);
	}
}

static void copier_judge(struct braid_copier *copier, unsigned int i)
{
	struct braid_io_slot *slot = &copier->set->slot[i];
	struct braid_volume *volume = copier->set->volume;
	int error = copier->request[i].error;
	bool of_now;

	if (!error) {
		copier->ok |= slot->bit;
		return;
	}
	spin_lock_irq(&volume->lock);
	of_now = braid_io_is_of_now(copier->set, &copier->request[i]);
	spin_unlock_irq(&volume->lock);
	if (error == -ESTALE && of_now)
		braid_volume_refused(volume, slot->peer);
	if (braid_is_lost(error)) {
		copier->lost |= slot->bit;
		return;
	}
	copier->bad |= slot->bit;
	if (braid_is_unreadable(error))
		copier->unreadable |= slot->bit;
	if (op_changes(copier->ask.op))
		braid_volume_member_failed(volume, slot->peer, error, false);
}

bool braid_copier_ask(struct braid_copier *copier, u64 members)
{
	struct braid_io_set *set = copier->set;
	unsigned int i;
	u32 asked;

	copier->ok = 0;
	copier->bad = 0;
	copier->unreadable = 0;
	copier->lost = 0;
	copier->answered = 0;
	reinit_completion(&copier->done);
	asked = copier_prepare(copier, members);
	atomic_set(&copier->left, hweight32(asked) + 1);
	for (i = 0; i < set->nslots; i++)
		if (asked & BIT(i))
			braid_peer_submit(set->slot[i].peer,
					  &copier->request[i]);
	if (!atomic_dec_and_test(&copier->left))
		copier_wait(copier, asked);
	for (i = 0; i < set->nslots; i++)
		if (asked & BIT(i))
			copier_judge(copier, i);
	return copier->ok == members;
}

static void copier_shape(struct braid_copier *copier, enum braid_op op,
			 u64 offset, u64 length)
{
	copier->ask = (struct braid_request) {
		.op = op,
		.offset = offset,
		.length = length,
	};
	if (op != BRAID_OP_WRITE && op != BRAID_OP_READ)
		return;
	copier->ask.bvec = copier->bvec;
	copier->ask.nr_bvec =
		braid_payload_part(&copier->buffer, length, copier->bvec);
}

int braid_copier_read(struct braid_copier *copier, u64 offset, u32 length,
		      u64 members, u64 first, u64 *unreadable, u64 *from)
{
	int result = -EIO;

	if (!members)
		return -EAGAIN;
	while (members) {
		/* Not there, or asked already: then whoever is left. */
		if (!(first & members))
			first = BIT_ULL(__ffs64(members));
		copier_shape(copier, BRAID_OP_READ, offset, length);
		if (braid_copier_ask(copier, first)) {
			*from = first;
			return 0;
		}
		if (copier->unreadable)
			*unreadable |= first;
		else
			result = -EAGAIN;
		members &= ~first;
	}
	return result;
}

int braid_copier_write(struct braid_copier *copier, u64 offset, u32 length,
		       u64 members)
{
	bool zero = braid_payload_is_zero(&copier->buffer, length);

	if (!members)
		return 0;
	copier_shape(copier, zero ? BRAID_OP_ZERO : BRAID_OP_WRITE, offset,
		     length);
	return braid_copier_ask(copier, members) ? 0 : -EAGAIN;
}

static u64 copier_members(struct braid_copier *copier)
{
	struct braid_volume *volume = copier->set->volume;
	u64 members;

	spin_lock_irq(&volume->lock);
	members = braid_volume_required(volume);
	spin_unlock_irq(&volume->lock);
	return members;
}

/* Do all say the same of it?  1 or 0, -EAGAIN. */
static int copier_compare(struct braid_copier *copier, u64 offset, u64 length,
			  u64 members)
{
	struct braid_io_set *set = copier->set;
	const u8 *digest = NULL;
	unsigned int i;

	copier_shape(copier, BRAID_OP_DIGEST, offset, length);
	if (!braid_copier_ask(copier, members))
		return copier->lost ? -EAGAIN : 0;
	for (i = 0; i < set->nslots; i++) {
		if (!(set->slot[i].bit & members))
			continue;
		if (copier->request[i].body_len != BRAID_DIGEST_SIZE)
			return 0;
		if (digest && memcmp(digest, copier->digest[i],
				     BRAID_DIGEST_SIZE))
			return 0;
		digest = copier->digest[i];
	}
	return 1;
}

/* Reads from @first, else from one of @kept, else from any member: see copy.h. */
static int copier_fetch(struct braid_copier *copier, u64 offset, u32 length,
			u64 members, u64 first, u64 kept, u64 *from)
{
	u64 unreadable = 0, one;
	int err = -EIO;

	for (kept = (kept | first) & members; kept && err == -EIO; kept &= ~one) {
		one = first & kept ? first : BIT_ULL(__ffs64(kept));
		err = braid_copier_read(copier, offset, length, one, one,
					&unreadable, from);
	}
	if (err != -EIO || !(members & ~unreadable))
		return err;
	/* Other blocks can be read: the caller asks for one by one. */
	if (unreadable && length > BRAID_BLOCK)
		return err;
	return braid_copier_read(copier, offset, length, members & ~unreadable,
				 0, &unreadable, from);
}

static int copier_copy(struct braid_copier *copier, u64 offset, u32 length,
		       u64 first, u64 kept)
{
	u64 members = copier_members(copier), from;
	int err;

	if (!members)
		return -EAGAIN;
	err = copier_fetch(copier, offset, length, members, first, kept, &from);
	if (err)
		return err;
	return braid_copier_write(copier, offset, length, members & ~from);
}

int braid_copier_equalise(struct braid_copier *copier, u64 offset, u64 length,
			  u64 first, u64 kept)
{
	u64 members = copier_members(copier), end = offset + length;
	u32 piece, at;
	int err;

	copier->copied = false;
	if (hweight64(members) < 2)
		return 0;
	err = copier_compare(copier, offset, length, members);
	if (err)
		return err < 0 ? err : 0;
	copier->copied = true;
	for (; offset < end; offset += piece) {
		piece = min_t(u64, copier->room, end - offset);
		err = copier_copy(copier, offset, piece, first, kept);
		for (at = 0; err == -EIO && at < piece; at += BRAID_BLOCK) {
			/* Nobody has all of it; a block that nobody has stays. */
			err = copier_copy(copier, offset + at, BRAID_BLOCK,
					  first, kept);
			if (!err)
				err = -EIO;
			else if (err == -EAGAIN)
				return err;
		}
		if (err == -EAGAIN)
			return err;
	}
	return 0;
}
