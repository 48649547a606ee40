// SPDX-License-Identifier: GPL-2.0-only
#include "replica/digest.h"

#include <crypto/hash.h>
#include <linux/bvec.h>
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "replica/session.h"
#include "store/store.h"

#define PIECE_ORDER	4u
#define PIECE		(PAGE_SIZE << PIECE_ORDER)

struct piece {
	struct braid_store_io io;
	struct bio_vec bvec;
	struct completion done;
	int error;
};

static void piece_done(struct braid_store_io *io, int error)
{
	struct piece *piece = container_of(io, struct piece, io);

	piece->error = error;
	complete(&piece->done);
}

static int read_piece(struct braid_store *store, struct piece *piece,
		      u64 offset, u32 length)
{
	memset(&piece->io, 0, sizeof(piece->io));
	piece->bvec.bv_len = length;
	piece->io.op = BRAID_STORE_READ;
	piece->io.offset = offset;
	piece->io.length = length;
	piece->io.bvec = &piece->bvec;
	piece->io.nr_bvec = 1;
	piece->io.done = piece_done;
	reinit_completion(&piece->done);
	braid_store_submit(store, &piece->io);
	wait_for_completion(&piece->done);
	return piece->error;
}

static int digest_range(struct braid_store *store, struct shash_desc *desc,
			struct piece *piece,
			const struct braid_session *session, u64 offset,
			u64 length)
{
	const void *data = page_address(piece->bvec.bv_page);
	u64 at;
	u32 count;
	int error;

	for (at = 0; at < length; at += count) {
		error = READ_ONCE(session->cut);
		if (error)
			return error;
		count = min_t(u64, length - at, PIECE);
		error = read_piece(store, piece, offset + at, count);
		if (!error)
			error = crypto_shash_update(desc, data, count);
		if (error)
			return error;
		cond_resched();
	}
	return 0;
}

/**
 * braid_digest() - compute the SHA-256 of a range of data
 * @store: the store
 * @sha256: transform for SHA-256
 * @session: session of the request; the computation ends when it is cut
 * @offset: first byte
 * @length: number of bytes
 * @out: receives BRAID_DIGEST_SIZE bytes
 *
 * Context: Process, may sleep long.
 * Return: 0 or a negative errno.
 */
int braid_digest(struct braid_store *store, struct crypto_shash *sha256,
		 const struct braid_session *session, u64 offset, u64 length,
		 u8 *out)
{
	struct shash_desc *desc;
	struct piece *piece;
	struct page *pages;
	int error = -ENOMEM;

	desc = kzalloc(sizeof(*desc) + crypto_shash_descsize(sha256), GFP_NOIO);
	piece = kzalloc(sizeof(*piece), GFP_NOIO);
	pages = alloc_pages(GFP_NOIO, PIECE_ORDER);
	if (!desc || !piece || !pages)
		goto out;
	init_completion(&piece->done);
	piece->bvec.bv_page = pages;
	desc->tfm = sha256;
	error = crypto_shash_init(desc);
	if (!error)
		error = digest_range(store, desc, piece, session, offset,
				     length);
	if (!error)
		error = crypto_shash_final(desc, out);
out:
	if (pages)
		__free_pages(pages, PIECE_ORDER);
	kfree(piece);
	kfree(desc);
	return error;
}
