/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A volume whose voters the test plays: each has a small disk in memory, and
 * answers what it is asked at once, later, in any order, or with an error.
 */
#ifndef BRAID_KUNIT_IO_WORLD_H
#define BRAID_KUNIT_IO_WORLD_H

#include <kunit/test.h>
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/slab.h>

#include "random.h"

#include "../../kmod/blk/io/account.h"
#include "../../kmod/blk/io/io.h"
#include "../../kmod/blk/store/request.h"
#include "../../kmod/blk/volume/volume.h"
#include "../../kmod/blk/volume/failure.h"

enum {
	WORLD_PEERS = 4,	/* ids 1 to 4; 4 is a witness */
	WORLD_BLOCKS = 512,
	WORLD_SIZE = WORLD_BLOCKS * 4096,
	WORLD_REGION_SHIFT = 16,
	WORLD_REGIONS = WORLD_SIZE >> WORLD_REGION_SHIFT,
	WORLD_LOG = 4096,
};

#define A	BRAID_VOTER_BIT(1)
#define B	BRAID_VOTER_BIT(2)
#define C	BRAID_VOTER_BIT(3)

/* What a voter does with what it is asked. */
enum fake_mode {
	FAKE_ANSWER,	/* at once, inside the submit */
	FAKE_HOLD,	/* when the test says so */
	FAKE_LATER,	/* soon, in any order, from elsewhere */
};

struct fake {
	enum fake_mode mode;
	int error;		/* of every answer, but: */
	int read_error;
	int clear_error;
	int write_error;	/* of writes and zeroes */
	u32 digest_len;		/* if not 0, that of its digests */
	u8 *disk;
	unsigned long *bad;	/* blocks that cannot be read */
	struct list_head held;
	u32 asked;
};

/* One request, as it was when it was submitted. */
struct asked {
	int peer;
	enum braid_op op;
	u32 flags;
	u64 offset;
	u64 length;
	u64 n;
	u32 generation;
	u32 committed;
	u64 epoch;
	u32 clears;
	u64 clear_n;		/* of the first of them */
};

struct world {
	struct kunit *test;
	struct braid_volume volume;
	spinlock_t lock;	/* protects all below */
	struct fake fake[WORLD_PEERS];
	struct asked log[WORLD_LOG];
	u32 logged;
	u64 failed;		/* braid_volume_member_failed() */
	u64 failed_flush;
	int failed_error;
	u64 refused;
	int equal;		/* calls of braid_volume_equal() */
	u32 cleared;		/* regions in answered CLEARs of peer 1 */
	int accounting;		/* begun and not ended */
	struct rnd_state rnd;
	struct workqueue_struct *queue;
	struct work_struct later;
};

static inline struct world *world_of(struct braid_volume *volume)
{
	return container_of(volume, struct world, volume);
}

static inline int peer_index(const struct braid_peer *peer)
{
	return peer->voter.id - 1;
}

/* Looks again until it is so, for a minute. Return: whether it is. */
#define wait_until(condition)						\
({									\
	const unsigned long __end = jiffies + 60 * HZ;			\
									\
	while (!(condition) && time_before(jiffies, __end))		\
		usleep_range(500, 1000);				\
	(condition);							\
})

/* What a disk does with a request. */
static inline int fake_execute(struct fake *fake, struct braid_request *request)
{
	u64 first = request->offset >> BRAID_BLOCK_SHIFT, at = request->offset;
	u64 end = (request->offset + request->length) >> BRAID_BLOCK_SHIFT;
	unsigned int i;
	u32 crc;

	if (request->op >= BRAID_OP_DIGEST && request->op != BRAID_OP_FLUSH &&
	    request->offset + request->length > WORLD_SIZE)
		return -EINVAL;
	switch (request->op) {
	case BRAID_OP_READ:
	case BRAID_OP_WRITE:
		if (request->op == BRAID_OP_READ &&
		    find_next_bit(fake->bad, end, first) < end)
			return -EIO;
		for (i = 0; i < request->nr_bvec; i++) {
			struct bio_vec bv = request->bvec[i];

			if (request->op == BRAID_OP_READ)
				memcpy(page_address(bv.bv_page) + bv.bv_offset,
				       fake->disk + at, bv.bv_len);
			else
				memcpy(fake->disk + at,
				       page_address(bv.bv_page) + bv.bv_offset,
				       bv.bv_len);
			at += bv.bv_len;
		}
		if (at != request->offset + request->length)
			return -EINVAL;
		if (request->op == BRAID_OP_WRITE)
			bitmap_clear(fake->bad, first, end - first);
		return 0;
	case BRAID_OP_ZERO:
	case BRAID_OP_DISCARD:
		memset(fake->disk + at, 0, request->length);
		bitmap_clear(fake->bad, first, end - first);
		return 0;
	case BRAID_OP_DIGEST:
		if (find_next_bit(fake->bad, end, first) < end)
			return -EIO;
		memset(request->body, 0, request->body_max);
		crc = crc32_le(~0, fake->disk + at, request->length);
		memcpy(request->body, &crc, sizeof(crc));
		request->body_len = fake->digest_len ?: request->body_max;
		return 0;
	default:
		return 0;
	}
}

/* Answers a request, which is on no list. */
static inline void fake_answer(struct world *w, int peer,
			       struct braid_request *request, int error)
{
	struct fake *fake = &w->fake[peer];
	unsigned long flags;

	spin_lock_irqsave(&w->lock, flags);
	/* What was lost may have been done all the same. */
	if (!error)
		error = fake_execute(fake, request);
	else if (error == -ENOTCONN && request->op >= BRAID_OP_WRITE &&
		 request->op != BRAID_OP_READ && (request->n & 1))
		fake_execute(fake, request);
	if (!error && request->op == BRAID_OP_CLEAR && !peer)
		w->cleared += request->body_len / sizeof(struct braid_clear);
	spin_unlock_irqrestore(&w->lock, flags);
	request->error = error;
	request->done(request);
}

/* Nothing is held back on the way to a peer that is played. */
void braid_peer_push(struct braid_peer *peer)
{
}

void braid_peer_submit(struct braid_peer *peer, struct braid_request *request)
{
	struct world *w = world_of(peer->volume);
	int index = peer_index(peer), error;
	struct fake *fake = &w->fake[index];
	enum fake_mode mode;
	struct asked *asked;
	unsigned long flags;

	spin_lock_irqsave(&w->lock, flags);
	fake->asked++;
	asked = &w->log[w->logged++ % WORLD_LOG];
	*asked = (struct asked) {
		.peer = index,
		.op = request->op,
		.flags = request->flags,
		.offset = request->offset,
		.length = request->length,
		.n = request->n,
		.generation = request->generation,
		.committed = request->committed,
		.epoch = request->epoch.counter,
		.clears = request->op == BRAID_OP_CLEAR ?
			request->body_len / sizeof(struct braid_clear) : 0,
	};
	if (asked->clears)
		asked->clear_n = le64_to_cpu(((struct braid_clear *)request->body)->n);
	mode = fake->mode;
	error = fake->write_error && (request->op == BRAID_OP_WRITE ||
				      request->op == BRAID_OP_ZERO) ?
			fake->write_error :
		request->op == BRAID_OP_READ ? fake->read_error :
		request->op == BRAID_OP_CLEAR ? fake->clear_error :
						fake->error;
	if (mode != FAKE_ANSWER)
		list_add_tail(&request->node, &fake->held);
	spin_unlock_irqrestore(&w->lock, flags);
	if (mode == FAKE_LATER)
		queue_work(w->queue, &w->later);
	if (mode == FAKE_ANSWER)
		fake_answer(w, index, request, error);
}

/* Answers the @which-th that a voter holds. Return: false: it holds fewer. */
static inline bool answer(struct world *w, int peer, u32 which, int error)
{
	struct braid_request *request, *found = NULL;
	unsigned long flags;

	spin_lock_irqsave(&w->lock, flags);
	list_for_each_entry(request, &w->fake[peer].held, node) {
		if (which--)
			continue;
		found = request;
		list_del(&found->node);
		break;
	}
	spin_unlock_irqrestore(&w->lock, flags);
	if (found)
		fake_answer(w, peer, found, error);
	return found;
}

static inline u32 held(struct world *w, int peer)
{
	struct braid_request *request;
	unsigned long flags;
	u32 count = 0;

	spin_lock_irqsave(&w->lock, flags);
	list_for_each_entry(request, &w->fake[peer].held, node)
		count++;
	spin_unlock_irqrestore(&w->lock, flags);
	return count;
}

static inline void answer_all(struct world *w, int peer, int error)
{
	while (answer(w, peer, 0, error))
		;
}

static inline void answer_later(struct work_struct *work)
{
	struct world *w = container_of(work, struct world, later);
	int peer;
	bool any;

	do {
		any = false;
		for (peer = 0; peer < WORLD_PEERS; peer++) {
			u32 count = held(w, peer);

			if (!count || w->fake[peer].mode != FAKE_LATER)
				continue;
			any |= answer(w, peer,
				      prandom_u32_state(&w->rnd) % count,
				      w->fake[peer].error);
		}
	} while (any);
}

void braid_volume_member_failed(struct braid_volume *volume,
				struct braid_peer *peer, int error, bool flush)
{
	struct world *w = world_of(volume);
	unsigned long flags;

	spin_lock_irqsave(&w->lock, flags);
	w->failed |= peer->bit;
	w->failed_error = error;
	if (flush)
		w->failed_flush |= peer->bit;
	spin_unlock_irqrestore(&w->lock, flags);
}

void braid_volume_equal(struct braid_volume *volume)
{
	WRITE_ONCE(world_of(volume)->equal, world_of(volume)->equal + 1);
}

void braid_volume_refused(struct braid_volume *volume, struct braid_peer *peer)
{
	struct world *w = world_of(volume);
	unsigned long flags;

	spin_lock_irqsave(&w->lock, flags);
	w->refused |= peer->bit;
	spin_unlock_irqrestore(&w->lock, flags);
}

unsigned long braid_account_begin(struct bio *bio)
{
	return 7;
}

void braid_account_end(struct bio *bio, unsigned long start)
{
	WARN_ON(start != 7);
}

u32 braid_record_regions(u64 size, u8 region_shift)
{
	return DIV_ROUND_UP_ULL(size, 1ULL << region_shift);
}

/* An application's bio. */
struct app {
	struct bio *bio;
	struct page *page;	/* of order 8 */
	struct completion done;
	int status;
	bool ended;
};

#define APP_ORDER	8

static inline void app_ended(struct bio *bio)
{
	struct app *app = bio->bi_private;

	app->status = blk_status_to_errno(bio->bi_status);
	WARN_ON(app->ended);
	app->ended = true;
	complete(&app->done);
}

/* @fill: every byte of the data */
static inline struct app *app_submit_bytes(struct world *w, blk_opf_t opf,
					   u64 at, u32 bytes, u8 fill)
{
	struct app *app = kunit_kzalloc(w->test, sizeof(*app), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(w->test, app);
	init_completion(&app->done);
	app->bio = bio_alloc(NULL, 1, opf, GFP_KERNEL);
	app->bio->bi_iter.bi_sector = at >> SECTOR_SHIFT;
	app->bio->bi_end_io = app_ended;
	app->bio->bi_private = app;
	if ((opf & REQ_OP_MASK) == REQ_OP_WRITE ||
	    (opf & REQ_OP_MASK) == REQ_OP_READ) {
		app->page = alloc_pages(GFP_KERNEL | __GFP_COMP, APP_ORDER);
		KUNIT_ASSERT_NOT_NULL(w->test, app->page);
		memset(page_address(app->page), fill, bytes);
		if (bytes)
			__bio_add_page(app->bio, app->page, bytes, 0);
	} else {
		app->bio->bi_iter.bi_size = bytes;
	}
	braid_io_submit(&w->volume, app->bio);
	return app;
}

static inline struct app *app_submit(struct world *w, blk_opf_t opf, u64 block,
				     u32 blocks, u8 fill)
{
	return app_submit_bytes(w, opf, block * 4096, blocks * 4096, fill);
}

static inline void app_free(struct app *app)
{
	bio_put(app->bio);
	if (app->page)
		__free_pages(app->page, APP_ORDER);
}

/* Waits for its end. Return: its errno. */
static inline int app_wait(struct world *w, struct app *app)
{
	int status;

	KUNIT_ASSERT_TRUE_MSG(w->test,
			      wait_for_completion_timeout(&app->done, 10 * HZ),
			      "a bio did not end");
	status = app->status;
	app_free(app);
	return status;
}

static inline u8 app_byte(struct app *app, u32 block)
{
	return ((u8 *)page_address(app->page))[block * 4096 + 17];
}

static inline u8 disk_byte(struct world *w, int peer, u64 block)
{
	return w->fake[peer].disk[block * 4096 + 17];
}

static inline void world_members(struct world *w, u64 isr, u64 proposed)
{
	spin_lock_irq(&w->volume.lock);
	w->volume.isr = isr;
	w->volume.proposed = proposed;
	w->volume.generation++;
	if (!proposed)
		w->volume.committed = w->volume.generation;
	spin_unlock_irq(&w->volume.lock);
	braid_io_membership(&w->volume);
}

static inline void world_hold(struct world *w, u32 why)
{
	spin_lock_irq(&w->volume.lock);
	w->volume.held = why;
	spin_unlock_irq(&w->volume.lock);
	braid_io_gate(&w->volume);
}

/* How many requests of @op were made of a voter, or with -1 of all. */
static inline u32 logged(struct world *w, int peer, enum braid_op op)
{
	u32 i, count = 0;

	for (i = 0; i < min_t(u32, w->logged, WORLD_LOG); i++)
		count += w->log[i].op == op &&
			 (peer < 0 || w->log[i].peer == peer);
	return count;
}

static inline const struct asked *last_of(struct world *w, int peer, enum braid_op op)
{
	u32 i = w->logged;

	while (i--)
		if (w->log[i % WORLD_LOG].op == op &&
		    w->log[i % WORLD_LOG].peer == peer)
			return &w->log[i % WORLD_LOG];
	return NULL;
}

static inline void world_end(void *data)
{
	struct world *w = data;
	int i;

	for (i = 0; i < WORLD_PEERS; i++)
		w->fake[i].mode = FAKE_ANSWER;
	destroy_workqueue(w->queue);
	spin_lock_irq(&w->volume.lock);
	w->volume.state = BRAID_VOLUME_DEAD;
	spin_unlock_irq(&w->volume.lock);
	/* As if the connections were ended. */
	braid_io_fail(&w->volume, -EIO);
	for (i = 0; i < WORLD_PEERS; i++)
		answer_all(w, i, -ENOTCONN);
	braid_io_exit(&w->volume);
	braid_spare_exit();
	for (i = 0; i < WORLD_PEERS; i++) {
		kvfree(w->fake[i].disk);
		bitmap_free(w->fake[i].bad);
	}
	kvfree(w);
}

/* A, B and C are data replicas and members; A is in this kernel. */
static inline struct world *world_begin(struct kunit *test)
{
	struct world *w = kvzalloc(sizeof(*w), GFP_KERNEL);
	struct braid_volume *volume;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, w);
	w->test = test;
	spin_lock_init(&w->lock);
	INIT_WORK(&w->later, answer_later);
	w->queue = alloc_workqueue("fake", WQ_UNBOUND, 0);
	KUNIT_ASSERT_NOT_NULL(test, w->queue);
	volume = &w->volume;
	strscpy(volume->name, "test", sizeof(volume->name));
	spin_lock_init(&volume->lock);
	init_waitqueue_head(&volume->wait);
	volume->state = BRAID_VOLUME_ACTIVE;
	volume->isr = A | B | C;
	volume->generation = 5;
	volume->committed = 4;
	volume->epoch.counter = 3;
	volume->lease_until = U64_MAX;
	volume->member_timeout_ms = 3000;
	volume->record.size = WORLD_SIZE;
	volume->record.region_shift = WORLD_REGION_SHIFT;
	volume->record.flags = BRAID_RECORD_DISCARD;
	volume->record.voters.count = WORLD_PEERS;
	volume->npeers = WORLD_PEERS;
	for (i = 0; i < WORLD_PEERS; i++) {
		struct braid_peer *peer = &volume->peers[i];

		peer->volume = volume;
		peer->voter.id = i + 1;
		peer->voter.witness = i == 3;
		peer->bit = BRAID_VOTER_BIT(i + 1);
		peer->state = BRAID_PEER_UP;
		volume->record.voters.voter[i] = peer->voter;
		INIT_LIST_HEAD(&w->fake[i].held);
		w->fake[i].disk = kvzalloc(WORLD_SIZE, GFP_KERNEL);
		w->fake[i].bad = bitmap_zalloc(WORLD_BLOCKS, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, w->fake[i].disk);
		KUNIT_ASSERT_NOT_NULL(test, w->fake[i].bad);
	}
	volume->local = &volume->peers[0];
	KUNIT_ASSERT_EQ(test, braid_io_init(volume), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, world_end, w), 0);
	return w;
}

static inline void world_mode(struct world *w, enum fake_mode mode)
{
	int i;

	for (i = 0; i < WORLD_PEERS; i++)
		w->fake[i].mode = mode;
}

#endif
