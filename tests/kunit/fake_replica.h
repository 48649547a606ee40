/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A replica that keeps its data in memory and answers on demand. It replaces
 * the real one behind kmod/blk/target/target.c.
 */
#ifndef BRAID_KUNIT_FAKE_REPLICA_H
#define BRAID_KUNIT_FAKE_REPLICA_H

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "../../kmod/blk/replica/replica.h"
#include "../../kmod/blk/store/request.h"

#define FAKE_SIZE	(8u << 20)
#define FAKE_SESSIONS	16

/* When requests are answered. */
enum fake_when {
	FAKE_AT_ONCE,	/* before braid_replica_submit() returns */
	FAKE_LATER,	/* in another thread, a few at a time, newest first */
	FAKE_HELD,	/* data when the session is closed, with -ESHUTDOWN */
	FAKE_HUNG,	/* data not before this is changed; the session waits */
};

struct braid_replica {
	struct braid_record record;
	u64 store;
	u8 *data;
	enum fake_when when;
	bool closing;
	struct braid_epoch promised;
	spinlock_t lock;		/* queue */
	struct list_head queue;		/* of requests, lock */
	struct work_struct work;
	atomic_t refs;
	atomic_t sessions;
	atomic64_t submitted;
	atomic64_t answered;
	s64 awaited;			/* of @submitted: then @reached is complete */
	struct completion reached;
};

struct braid_session {
	struct braid_replica *replica;
	struct braid_epoch epoch;
	bool cut;
	atomic_t users;
};

static struct braid_replica *fake;

static void fake_copy(const struct braid_request *request, bool write)
{
	u8 *data = fake->data + request->offset;
	unsigned int i;
	u8 *page;

	for (i = 0; i < request->nr_bvec; i++) {
		page = page_address(request->bvec[i].bv_page) + request->bvec[i].bv_offset;
		if (write)
			memcpy(data, page, request->bvec[i].bv_len);
		else
			memcpy(page, data, request->bvec[i].bv_len);
		data += request->bvec[i].bv_len;
	}
}

static int fake_execute(struct braid_request *request)
{
	if (request->length > FAKE_SIZE || request->offset > FAKE_SIZE - request->length)
		return -EINVAL;
	switch (request->op) {
	case BRAID_OP_WRITE:
	case BRAID_OP_READ:
		fake_copy(request, request->op == BRAID_OP_WRITE);
		return 0;
	case BRAID_OP_ZERO:
		memset(fake->data + request->offset, 0, request->length);
		return 0;
	case BRAID_OP_FLUSH:
		return 0;
	case BRAID_OP_LEASE:
		request->value = request->n;
		return 0;
	case BRAID_OP_ASK:
		/* Instead of a record: the body of the request, padded. */
		memset(request->body + request->body_len, 0xa5,
		       BRAID_SLOT_SIZE - request->body_len);
		request->body_len = BRAID_SLOT_SIZE;
		request->value = 77;
		return -EBUSY;
	case BRAID_OP_DIRTY:
		request->body_len = min_t(u32, request->body_max, BRAID_BODY_MAX);
		memset(request->body, 0x3c, request->body_len);
		return 0;
	case BRAID_OP_CLEAR:
		request->value = request->body_len;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static void fake_answer(struct braid_request *request, int error)
{
	struct braid_session *session = request->session;

	request->error = error;
	atomic64_inc(&fake->answered);
	request->done(request);
	atomic_dec(&session->users);
}

static struct braid_request *fake_take(void)
{
	struct braid_request *request;
	unsigned long flags;

	spin_lock_irqsave(&fake->lock, flags);
	request = list_first_entry_or_null(&fake->queue, struct braid_request, node);
	if (request)
		list_del(&request->node);
	spin_unlock_irqrestore(&fake->lock, flags);
	return request;
}

static void fake_work(struct work_struct *work)
{
	struct braid_request *request;

	while ((request = fake_take()))
		fake_answer(request, READ_ONCE(request->session->cut) ?
				     -ESHUTDOWN : fake_execute(request));
}

void braid_replica_submit(struct braid_session *session, struct braid_request *request)
{
	enum fake_when when = READ_ONCE(fake->when);
	unsigned long flags;

	if ((when == FAKE_HELD || when == FAKE_HUNG) && !BRAID_OP_IS_DATA(request->op))
		when = FAKE_AT_ONCE;
	request->session = session;
	atomic_inc(&session->users);
	if (atomic64_inc_return(&fake->submitted) == READ_ONCE(fake->awaited))
		complete(&fake->reached);
	if (READ_ONCE(session->cut)) {
		fake_answer(request, -ESHUTDOWN);
		return;
	}
	if (when == FAKE_AT_ONCE) {
		fake_answer(request, fake_execute(request));
		return;
	}
	spin_lock_irqsave(&fake->lock, flags);
	list_add(&request->node, &fake->queue);
	spin_unlock_irqrestore(&fake->lock, flags);
	if (when == FAKE_LATER)
		queue_work(system_dfl_wq, &fake->work);
}

int braid_session_open(struct braid_replica *replica, const struct braid_epoch *epoch,
		       u64 nonce, struct braid_session **out)
{
	struct braid_session *session;

	if (READ_ONCE(replica->closing))
		return -ESHUTDOWN;
	if (epoch->counter && braid_epoch_cmp(epoch, &replica->promised))
		return -ESTALE;
	session = kzalloc(sizeof(*session), GFP_KERNEL);
	if (!session)
		return -ENOMEM;
	session->replica = replica;
	session->epoch = *epoch;
	atomic_inc(&replica->sessions);
	*out = session;
	return 0;
}

void braid_session_close(struct braid_session *session)
{
	WRITE_ONCE(session->cut, true);
	while (atomic_read(&session->users)) {
		if (READ_ONCE(fake->when) != FAKE_HUNG)
			queue_work(system_dfl_wq, &fake->work);
		msleep(20);
	}
	atomic_dec(&session->replica->sessions);
	kfree(session);
}

void braid_replica_info(struct braid_replica *replica, struct braid_replica_info *info)
{
	memset(info, 0, sizeof(*info));
	info->record = replica->record;
	info->store = READ_ONCE(replica->store);
}

int braid_replica_walk(struct braid_blk_node *node,
		       int (*fn)(struct braid_replica *replica, void *context),
		       void *context)
{
	return fn(fake, context);
}

struct braid_replica *braid_replica_get(struct braid_blk_node *node,
					const uuid_t *volume, u8 voter)
{
	if (!uuid_equal(volume, &fake->record.volume) ||
	    (voter && voter != fake->record.voter) || READ_ONCE(fake->closing))
		return NULL;
	atomic_inc(&fake->refs);
	return fake;
}

void braid_replica_put(struct braid_replica *replica)
{
	atomic_dec(&replica->refs);
}

/* @reached is complete when @count more requests have come. */
static inline void fake_await(unsigned int count)
{
	reinit_completion(&fake->reached);
	WRITE_ONCE(fake->awaited, atomic64_read(&fake->submitted) + count);
	if (!count)
		complete(&fake->reached);
}

static int fake_begin(void)
{
	fake = kzalloc(sizeof(*fake), GFP_KERNEL);
	if (!fake)
		return -ENOMEM;
	fake->data = vzalloc(FAKE_SIZE);
	if (!fake->data) {
		kfree(fake);
		return -ENOMEM;
	}
	spin_lock_init(&fake->lock);
	init_completion(&fake->reached);
	INIT_LIST_HEAD(&fake->queue);
	INIT_WORK(&fake->work, fake_work);
	memset(&fake->record.volume, 0x11, sizeof(fake->record.volume));
	strscpy(fake->record.name, "disk", sizeof(fake->record.name));
	fake->record.voter = 5;
	fake->record.sequence = 42;
	fake->store = 99;
	fake->promised = (struct braid_epoch){ 3, 4 };
	return 0;
}

static void fake_end(void)
{
	cancel_work_sync(&fake->work);
	vfree(fake->data);
	kfree(fake);
}

#endif
