// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flushes.  One covers every write acknowledged before it: its requests go out
 * after the members answered those writes, and whoever is proposed while it is
 * in flight gets it too (braid_write_review()), so that what was flushed does
 * not hang on a member that did not flush.
 */
#include "io/flush.h"

#include <linux/completion.h>

#include "io/write.h"

bool braid_flush_begin(struct braid_io_set *set, struct bio *bio, bool wait)
{
	struct braid_io *io;

	io = braid_io_alloc(set, wait ? GFP_NOIO : GFP_NOWAIT);
	if (!io)
		return false;
	io->bio = bio;
	io->op = BRAID_OP_FLUSH;
	braid_io_start(io);
	return true;
}

/* What one who waits wants to know. */
struct flush_end {
	struct completion done;
	u64 flushed;
	u64 n;
	int error;
};

static void flush_finish(struct braid_io *io)
{
	struct flush_end *end = io->private;

	end->flushed = io->acked;
	end->n = io->n;
	end->error = io->result;
	/* @end is on the stack of who waits. */
	complete(&end->done);
}

int braid_flush_wait(struct braid_io_set *set, u64 *flushed, u64 *n)
{
	struct flush_end end = {};
	struct braid_io *io;

	init_completion(&end.done);
	io = braid_io_alloc(set, GFP_NOIO);
	io->op = BRAID_OP_FLUSH;
	io->finish = flush_finish;
	io->private = &end;
	braid_io_start(io);
	wait_for_completion(&end.done);
	*flushed = end.flushed;
	*n = end.n;
	return end.error;
}
