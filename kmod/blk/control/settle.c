// SPDX-License-Identifier: GPL-2.0-only
#include "control/settle.h"

#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/wait.h>

#include "control/reach.h"
#include "proto/text.h"
#include "store/request.h"
#include "volume/failure.h"
#include "volume/peer.h"
#include "volume/volume.h"

#define SESSIONS_MS	15000	/* until every member has a session or is out */
#define FLUSH_MS	60000
#define TRIES_MAX	8	/* of a member that stays because it is the last */

/**
 * struct settle - what is collected
 * @request: the one on its way
 * @body: room for an answer, BRAID_BODY_MAX bytes
 * @dirty: bit of each region that is dirty on a member
 * @regions: how many there are
 * @collected: members that were asked
 */
struct settle {
	struct braid_request request;
	void *body;
	unsigned long *dirty;
	u32 regions;
	u64 collected;
};

/* Is every member either served or out? */
static bool sessions_open(struct braid_volume *volume)
{
	unsigned long flags;
	bool open = true;
	unsigned int i;

	spin_lock_irqsave(&volume->lock, flags);
	for (i = 0; i < volume->npeers; i++)
		if (volume->peers[i].bit & braid_volume_required(volume) &&
		    volume->peers[i].state != BRAID_PEER_UP)
			open = false;
	if (volume->state == BRAID_VOLUME_DEAD)
		open = true;
	spin_unlock_irqrestore(&volume->lock, flags);
	return open;
}

static int wait_for_sessions(struct braid_volume *volume,
			     struct netlink_ext_ack *extack)
{
	char list[BRAID_MISSING_MAX];
	u64 missing = 0;
	unsigned int i;
	long left;

	left = wait_event_interruptible_timeout(volume->wait,
						sessions_open(volume),
						msecs_to_jiffies(SESSIONS_MS));
	if (left < 0)
		return -EINTR;
	if (READ_ONCE(volume->state) == BRAID_VOLUME_DEAD)
		return braid_refuse(extack, -EIO, "%s", volume->dead_why);
	if (left)
		return 0;
	for (i = 0; i < volume->npeers; i++)
		if (volume->peers[i].bit & braid_volume_required(volume) &&
		    volume->peers[i].state != BRAID_PEER_UP)
			missing |= BIT_ULL(i);
	return braid_refuse(extack, -ETIMEDOUT,
			    "no session with a replica that is needed: %s",
			    braid_reach_list(volume, missing, list));
}

static void prepare_request(struct braid_volume *volume, struct settle *settle,
			    enum braid_op op, u64 offset)
{
	struct braid_request *request = &settle->request;
	unsigned long flags;

	memset(request, 0, sizeof(*request));
	request->op = op;
	request->offset = offset;
	spin_lock_irqsave(&volume->lock, flags);
	request->epoch = volume->epoch;
	request->generation = volume->generation;
	request->committed = volume->committed;
	spin_unlock_irqrestore(&volume->lock, flags);
	if (op == BRAID_OP_DIRTY) {
		request->body = settle->body;
		request->body_max = BRAID_BODY_MAX;
	}
}

static int take_regions(struct settle *settle, u32 from)
{
	const __le32 *region = settle->body;
	u32 i, count = settle->request.body_len / sizeof(*region);

	for (i = 0; i < count; i++) {
		if (le32_to_cpu(region[i]) >= settle->regions)
			return -EPROTO;
		__set_bit(le32_to_cpu(region[i]), settle->dirty);
	}
	/* It has to come to an end. */
	return settle->request.value > from ? 0 : -EPROTO;
}

static int collect_dirty(struct braid_peer *peer, struct settle *settle)
{
	u64 from = 0;
	int error;

	while (from < settle->regions) {
		prepare_request(peer->volume, settle, BRAID_OP_DIRTY, from);
		error = braid_peer_call(peer, &settle->request,
					BRAID_ANSWER_MS);
		if (!error)
			error = take_regions(settle, from);
		if (error)
			return error;
		from = settle->request.value;
	}
	return 0;
}

static int collect(struct braid_peer *peer, struct settle *settle)
{
	struct braid_volume *volume = peer->volume;
	int error;

	error = collect_dirty(peer, settle);
	if (!error) {
		prepare_request(volume, settle, BRAID_OP_FLUSH, 0);
		error = braid_peer_call(peer, &settle->request, FLUSH_MS);
		if (error && error != -ENOTCONN && error != -ESTALE)
			braid_volume_member_failed(volume, peer, error, true);
	} else if (error != -ENOTCONN && error != -ESTALE) {
		braid_volume_member_failed(volume, peer, error, false);
	}
	if (!error)
		settle->collected |= peer->bit;
	else if (error == -ESTALE)
		braid_volume_refused(volume, peer);
	return error;
}

/* A member that was not asked yet, or NULL. */
static struct braid_peer *next_member(struct braid_volume *volume,
				      u64 collected)
{
	struct braid_peer *next = NULL;
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&volume->lock, flags);
	for (i = 0; i < volume->npeers && !next; i++)
		if (volume->peers[i].bit & volume->isr & ~collected)
			next = &volume->peers[i];
	spin_unlock_irqrestore(&volume->lock, flags);
	return next;
}

/* Return: negative if interrupted. */
static int wait_until_out(struct braid_volume *volume,
			  const struct braid_peer *peer)
{
	const long limit = msecs_to_jiffies(volume->member_timeout_ms);
	long left;

	left = wait_event_interruptible_timeout(volume->wait,
						!(READ_ONCE(volume->isr) &
						  peer->bit), limit);
	return left < 0 ? -EINTR : 0;
}

static int collect_all(struct braid_volume *volume, struct settle *settle,
		       struct netlink_ext_ack *extack)
{
	struct braid_peer *peer;
	unsigned int tries = 0;
	int error;

	for (;;) {
		error = wait_for_sessions(volume, extack);
		if (error)
			return error;
		peer = next_member(volume, settle->collected);
		if (!peer)
			return 0;
		error = collect(peer, settle);
		if (error && ++tries >= TRIES_MAX)
			return braid_refuse(extack, error,
					    "voter %u does not tell what is dirty: %s",
					    peer->voter.id,
					    braid_error_text(error));
		/* It is out as soon as that is recorded. */
		if (error && wait_until_out(volume, peer))
			return -EINTR;
	}
}

/* While members may differ the record has the ids of stores that did not change. */
static u64 members_with_cache(struct braid_volume *volume)
{
	const struct braid_record *record = &volume->record;
	unsigned long flags;
	unsigned int i;
	u64 kept = 0;

	spin_lock_irqsave(&volume->lock, flags);
	for (i = 0; i < record->voters.count; i++) {
		const struct braid_peer *peer =
			braid_volume_peer(volume, record->voters.voter[i].id);

		if (peer && peer->store && peer->store == record->stores[i])
			kept |= peer->bit;
	}
	kept &= volume->isr;
	spin_unlock_irqrestore(&volume->lock, flags);
	return kept;
}

int braid_settle(struct braid_volume *volume, bool clean, u8 prefer,
		 unsigned long **dirty, u8 *source, u64 *kept,
		 struct netlink_ext_ack *extack)
{
	struct settle *settle;
	int error = -ENOMEM;
	u64 isr;

	*dirty = NULL;
	if (clean)
		return wait_for_sessions(volume, extack);
	settle = kzalloc(sizeof(*settle), GFP_KERNEL);
	if (!settle)
		return -ENOMEM;
	settle->regions = braid_record_regions(volume->record.size,
					       volume->record.region_shift);
	settle->body = kmalloc(BRAID_BODY_MAX, GFP_KERNEL);
	settle->dirty = kvcalloc(BITS_TO_LONGS(settle->regions), sizeof(long),
				 GFP_KERNEL);
	if (settle->body && settle->dirty)
		error = collect_all(volume, settle, extack);
	if (!error) {
		isr = READ_ONCE(volume->isr);
		*kept = members_with_cache(volume);
		*source = isr & BRAID_VOTER_BIT(prefer) ?
				  prefer : __ffs64(*kept ?: isr);
		if (!bitmap_empty(settle->dirty, settle->regions))
			swap(*dirty, settle->dirty);
	}
	kvfree(settle->dirty);
	kfree(settle->body);
	kfree(settle);
	return error;
}
