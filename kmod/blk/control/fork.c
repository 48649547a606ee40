// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "control/fork.h"

#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uuid.h>

#include "control/attach.h"
#include "control/attempt.h"
#include "transport/node.h"
#include "volume/peer.h"
#include "control/reach.h"
#include "proto/text.h"
#include "volume/volume.h"

/* Told by one that was created, and has its vote. */
static bool counts(const struct braid_attempt *a, unsigned int i)
{
	const struct braid_reply *reply = &a->ask->reply[i];

	return reply->told && reply->answer.record.voters.count &&
	       !(a->choice.rolled_back & reply->peer->bit);
}

static const struct braid_record *highest(const struct braid_attempt *a)
{
	const struct braid_record *best = NULL;
	unsigned int i;

	for (i = 0; i < a->ask->count; i++) {
		const struct braid_record *record =
			&a->ask->reply[i].answer.record;

		if (counts(a, i) &&
		    (!best || braid_mver_cmp(&record->mver, &best->mver) > 0))
			best = record;
	}
	return best;
}

/* Complete members of the highest record. */
static u64 members(const struct braid_attempt *a,
		   const struct braid_record *best)
{
	u64 set = 0;
	unsigned int i;

	for (i = 0; i < a->ask->count; i++) {
		const struct braid_record *own = &a->ask->reply[i].answer.record;

		if (counts(a, i) && own->own == BRAID_OWN_INSYNC)
			set |= best->isr & BRAID_VOTER_BIT(own->voter);
	}
	return set;
}

/*
 * Without any: the one that was known to be complete last, though writes that came
 * after are lost with this.  One that was being filled never serves.
 *
 * Never two: what they say of themselves may be the same though one went on longer
 * (it need not be durable, G4), and regions may be clean on both and differ (I5).
 */
static u64 left_behind(const struct braid_attempt *a)
{
	const struct braid_record *best = NULL;
	unsigned int i;

	for (i = 0; i < a->ask->count; i++) {
		const struct braid_record *own = &a->ask->reply[i].answer.record;

		if (!counts(a, i) || own->own != BRAID_OWN_INSYNC ||
		    own->flags & BRAID_RECORD_WITNESS)
			continue;
		if (!best || own->last_insync_gen > best->last_insync_gen ||
		    (own->last_insync_gen == best->last_insync_gen &&
		     braid_mver_cmp(&own->mver, &best->mver) > 0))
			best = own;
	}
	return best ? BRAID_VOTER_BIT(best->voter) : 0;
}

/* Why a force is not what is needed. */
static int check_need(struct braid_attempt *a,
		      enum braid_attach_refusal refusal)
{
	u64 held = 0;
	unsigned int i;

	for (i = 0; i < a->ask->count; i++)
		if (a->ask->reply[i].told && a->ask->reply[i].error == -EBUSY)
			held = max(held, a->ask->reply[i].value);
	if (held)
		return braid_refuse(a->extack, -EBUSY,
				    "a writer's lease runs %llu ms: force takes it from nobody, takeover does",
				    held);
	if (refusal == BRAID_ATTACH_OK)
		return braid_refuse(a->extack, -EINVAL,
				    "enough voters answer: attach %s without force",
				    a->volume->name);
	return 0;
}

static void make_record(const struct braid_attempt *a,
			const struct braid_record *best, u64 isr,
			struct braid_record *record)
{
	unsigned int i;

	*record = *best;
	generate_random_uuid(record->volume.b);
	memset(&record->voters, 0, sizeof(record->voters));
	memset(&record->next, 0, sizeof(record->next));
	memset(record->known, 0, sizeof(record->known));
	memset(record->stores, 0, sizeof(record->stores));
	memset(&record->joining, 0, sizeof(record->joining));
	for (i = 0; i < a->ask->count; i++) {
		const struct braid_voter *voter =
			&a->ask->reply[i].peer->voter;
		const struct braid_voter *known =
			braid_voters_find(&best->voters, voter->id);

		if (!counts(a, i))
			continue;
		/* The next attach copies from a member that has kept its cache. */
		if (known)
			record->stores[record->voters.count] =
				best->stores[known - best->voters.voter];
		record->voters.voter[record->voters.count++] = *voter;
	}
	record->list_version++;
	record->isr = isr;
	record->own = BRAID_OWN_INSYNC;
	record->flags &= ~BRAID_RECORD_CLEAN;
	record->promised.counter = a->choice.counter + 1;
	record->promised.node = a->node;
	record->mver.epoch = record->promised;
	record->mver.k = 1;
	record->generation = min(a->choice.generation + 1,
				 BRAID_GENERATION_MAX);
	braid_holder_name(a->volume->owner->number, record->holder);
}

static int tell_all(struct braid_attempt *a, enum braid_op op,
		    const struct braid_record *record)
{
	struct braid_question question = { .op = op,
					   .timeout_ms = BRAID_ANSWER_MS };
	unsigned int i;

	question.epoch = record->promised;
	question.record = op == BRAID_OP_FORK ? record : NULL;
	for (i = 0; i < a->ask->count; i++) {
		struct braid_reply *reply = &a->ask->reply[i];

		/* Its answer of before is overwritten: look at the list. */
		if (!braid_voters_find(&record->voters,
				       reply->peer->voter.id))
			continue;
		braid_ask(a->ask, reply->peer, &question);
		if (reply->error)
			return braid_refuse(a->extack, reply->error,
					    "voter %u does not become the other volume: %s",
					    reply->peer->voter.id,
					    braid_error_text(reply->error));
	}
	return 0;
}

int braid_fork(struct braid_attempt *a)
{
	const struct braid_record *best;
	struct braid_record *record;
	u64 willing, isr;
	uuid_t old;
	int error;

	error = check_need(a, braid_attempt_ask(a, &willing));
	if (error)
		return error;
	best = highest(a);
	isr = best ? members(a, best) ?: left_behind(a) : 0;
	if (!isr)
		return braid_refuse(a->extack, -ENODEV,
				    "no replica that was ever complete answers: there is nothing to make a volume of");
	record = kmalloc(sizeof(*record), GFP_KERNEL);
	if (!record)
		return -ENOMEM;
	make_record(a, best, isr, record);
	*a->forked = record->voters;
	old = best->volume;
	/* Nobody who was promised before goes on with the old one. */
	error = tell_all(a, BRAID_OP_PREPARE, record) ?:
		tell_all(a, BRAID_OP_FORK, record);
	if (error)
		a->forked->count = 0;
	else
		pr_notice("volume %s: by force, volume %pUb of %u voters follows %pUb\n",
			  record->name, &record->volume, record->voters.count,
			  &old);
	kfree(record);
	return error;
}
