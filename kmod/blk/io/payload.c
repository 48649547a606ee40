// SPDX-License-Identifier: GPL-2.0-only
/* The data of a write: pages of our own. */
#include "io/payload.h"

#include <linux/bio.h>
#include <linux/highmem.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "store/request.h"
#include "transport/spare.h"

#define PAYLOAD_PAGES	DIV_ROUND_UP(BRAID_PAYLOAD_MAX, PAGE_SIZE)

static_assert(PAYLOAD_PAGES * sizeof(struct bio_vec) <= PAGE_SIZE);

int braid_payload_reserve(mempool_t *pool)
{
	/* And one for the table. */
	return mempool_init_page_pool(pool, PAYLOAD_PAGES + 1, 0);
}

/* @order: what is wanted, on return what there is. */
static struct page *page_get(unsigned int *order, gfp_t gfp, mempool_t *pool)
{
	const gfp_t at_once = GFP_NOWAIT | __GFP_NORETRY | __GFP_NOWARN |
			      __GFP_NOMEMALLOC;
	struct page *page;

	for (; *order; --*order) {
		page = braid_spare_get(*order, at_once);
		if (page)
			return page;
	}
	if (!pool)
		return braid_spare_get(0, gfp | __GFP_NOWARN);
	page = braid_spare_get(0, at_once);
	/* The allocator would look for one for ever: the reserve ends that. */
	return page ?: mempool_alloc(pool, gfp);
}

/*
 * A page that a socket still refers to is not put into the reserve: it would be
 * written to while it may be sent once more.  The reserve goes first: somebody
 * may wait for it.
 */
static void page_give(struct page *page, mempool_t *pool)
{
	if (pool && READ_ONCE(pool->curr_nr) < pool->min_nr &&
	    !PageCompound(page) && page_count(page) == 1)
		mempool_free(page, pool);
	else
		braid_spare_put(page);
}

bool braid_payload_alloc(struct braid_payload *payload, u32 length, gfp_t gfp,
			 mempool_t *pool)
{
	unsigned int order = 0;
	struct page *page;
	u32 done, piece;

	payload->nr = 0;
	payload->table = NULL;
	payload->bvec = payload->few;
	for (done = 0; done < length; done += piece) {
		if (payload->nr == BRAID_PAYLOAD_INLINE && !payload->table) {
			order = 0;
			page = page_get(&order, gfp, pool);
			if (!page)
				goto none;
			payload->table = page;
			payload->bvec = page_address(page);
			memcpy(payload->bvec, payload->few,
			       sizeof(payload->few));
		}
		order = ilog2(max_t(u32, (length - done) >> PAGE_SHIFT, 1));
		/* Larger pieces are fewer fragments on the way to a socket. */
		order = min(order, BRAID_SPARE_ORDER);
		page = page_get(&order, gfp, pool);
		if (!page)
			goto none;
		piece = min_t(u32, length - done, PAGE_SIZE << order);
		bvec_set_page(&payload->bvec[payload->nr++], page, piece, 0);
	}
	return true;

none:
	braid_payload_free(payload, pool);
	return false;
}

void braid_payload_free(struct braid_payload *payload, mempool_t *pool)
{
	unsigned int i;

	for (i = 0; i < payload->nr; i++)
		page_give(payload->bvec[i].bv_page, pool);
	if (payload->table)
		page_give(payload->table, pool);
	payload->nr = 0;
	payload->table = NULL;
}

/* Most of what is written is whole pages, which cost least as such. */
static void copy_part(void *to, const void *from, u32 length)
{
	if (length == PAGE_SIZE && !offset_in_page(to) && !offset_in_page(from))
		copy_page(to, (void *)from);
	else
		memcpy(to, from, length);
}

void braid_payload_fill(struct braid_payload *payload, struct bio *bio)
{
	struct bio_vec *to = payload->bvec;
	struct bvec_iter iter;
	struct bio_vec from;
	u32 at = 0, part, done;
	char *data;

	bio_for_each_segment(from, bio, iter) {
		data = bvec_kmap_local(&from);
		for (done = 0; done < from.bv_len; done += part) {
			part = min(from.bv_len - done, to->bv_len - at);
			copy_part(page_address(to->bv_page) + at, data + done,
				  part);
			at += part;
			if (at == to->bv_len) {
				to++;
				at = 0;
			}
		}
		kunmap_local(data);
	}
}

/* Copies @length bytes from @at on to @out. */
static void payload_copy_out(const struct braid_payload *payload, u32 at,
			     char *out, u32 length)
{
	const struct bio_vec *from = payload->bvec;
	u32 part;

	while (at >= from->bv_len)
		at -= (from++)->bv_len;
	for (; length; length -= part, out += part, at = 0, from++) {
		part = min(length, from->bv_len - at);
		memcpy(out, page_address(from->bv_page) + at, part);
	}
}

void braid_payload_drain(const struct braid_payload *payload, struct bio *bio,
			 u32 at, u32 length)
{
	struct bvec_iter iter;
	struct bio_vec to;
	u32 pos = 0, skip, part, done = 0;
	char *data;

	bio_for_each_segment(to, bio, iter) {
		if (done == length)
			return;
		if (pos + to.bv_len > at + done) {
			skip = at + done - pos;
			part = min(to.bv_len - skip, length - done);
			data = bvec_kmap_local(&to);
			payload_copy_out(payload, done, data + skip, part);
			kunmap_local(data);
			flush_dcache_page(to.bv_page);
			done += part;
		}
		pos += to.bv_len;
	}
}

unsigned int braid_payload_part(const struct braid_payload *payload,
				u32 length, struct bio_vec *out)
{
	unsigned int nr;

	for (nr = 0; length; nr++) {
		out[nr] = payload->bvec[nr];
		out[nr].bv_len = min(out[nr].bv_len, length);
		length -= out[nr].bv_len;
	}
	return nr;
}

bool braid_payload_is_zero(const struct braid_payload *payload, u32 length)
{
	const struct bio_vec *bvec = payload->bvec;
	u32 part;

	for (; length; length -= part, bvec++) {
		part = min(length, bvec->bv_len);
		if (memchr_inv(page_address(bvec->bv_page), 0, part))
			return false;
	}
	return true;
}
