// SPDX-License-Identifier: GPL-2.0-only
#include "control/attach.h"

#include <linux/err.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "control/ask.h"
#include "control/attached.h"
#include "control/connect.h"
#include "control/detach.h"
#include "control/reach.h"
#include "proto/text.h"
#include "target/target.h"
#include "volume/peer.h"

/* Creation: every voter gets the first record.  One that fails can be repeated. */

/**
 * struct create - one creation
 * @make: what the person said
 * @volume: has the connections; not listed
 * @ask: what they answered
 * @first: of those that were created by an earlier try, or NULL
 * @record: that all get
 * @extack: told why not
 */
struct create {
	const struct braid_volume_make *make;
	struct braid_volume *volume;
	struct braid_ask *ask;
	const struct braid_record *first;
	struct braid_record record;
	struct netlink_ext_ack *extack;
};

static int check_voters(const struct braid_volume_make *make,
			struct netlink_ext_ack *extack)
{
	const struct braid_voters *voters = &make->voters;
	u64 seen = 0;
	unsigned int i;

	if (!voters->count || voters->count > BRAID_VOTERS_MAX)
		return braid_refuse(extack, -EINVAL,
				    "a volume has 1 to %u voters",
				    BRAID_VOTERS_MAX);
	for (i = 0; i < voters->count; i++) {
		const struct braid_voter *voter = &voters->voter[i];

		if (!voter->id || voter->id > BRAID_VOTER_ID_MAX)
			return braid_refuse(extack, -EINVAL,
					    "voter id %u is not in 1 to %u",
					    voter->id, BRAID_VOTER_ID_MAX);
		if (seen & BRAID_VOTER_BIT(voter->id))
			return braid_refuse(extack, -EINVAL,
					    "voter %u is named twice",
					    voter->id);
		if (!voter->address.port)
			return braid_refuse(extack, -EINVAL,
					    "voter %u has no port", voter->id);
		seen |= BRAID_VOTER_BIT(voter->id);
	}
	if (!braid_voters_data(voters))
		return braid_refuse(extack, -EINVAL,
				    "no voter is a data replica");
	return 0;
}

static bool same_voters(const struct braid_voters *a,
			const struct braid_voters *b)
{
	unsigned int i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++) {
		const struct braid_address *x = &a->voter[i].address;
		const struct braid_address *y = &b->voter[i].address;

		if (a->voter[i].id != b->voter[i].id ||
		    a->voter[i].witness != b->voter[i].witness ||
		    x->family != y->family || x->port != y->port ||
		    memcmp(x->ip, y->ip, sizeof(x->ip)))
			return false;
	}
	return true;
}

/* Was it made by an earlier try of the same creation, and never attached? */
static bool is_of_this_creation(const struct create *c,
				const struct braid_record *record)
{
	return record->size == c->make->size &&
	       same_voters(&record->voters, &c->make->voters) &&
	       record->mver.k == 1 && record->generation == 1 &&
	       record->flags & BRAID_RECORD_CLEAN &&
	       !braid_epoch_cmp(&record->promised, &record->mver.epoch) &&
	       (!c->first || !braid_mver_cmp(&record->mver, &c->first->mver));
}

static int check_data(struct create *c, const struct braid_record *record,
		      u8 *region_shift)
{
	u8 id = record->voter;

	if (record->size < c->make->size)
		return braid_refuse(c->extack, -ENOSPC,
				    "voter %u has room for %llu bytes only", id,
				    record->size);
	if (*region_shift && *region_shift != record->region_shift)
		return braid_refuse(c->extack, -EINVAL,
				    "voter %u was made with regions of another size",
				    id);
	*region_shift = record->region_shift;
	return 0;
}

static int check_voter(struct create *c, const struct braid_reply *reply,
		       const struct braid_record *other, u8 *region_shift)
{
	const struct braid_record *record = &reply->answer.record;
	const struct braid_voter *voter = &reply->peer->voter;
	bool witness = record->flags & BRAID_RECORD_WITNESS;

	if (!uuid_equal(&record->volume, &other->volume))
		return braid_refuse(c->extack, -EINVAL,
				    "voter %u was made for volume %pUb, voter %u for %pUb",
				    voter->id, &record->volume, other->voter,
				    &other->volume);
	if (witness != voter->witness)
		return braid_refuse(c->extack, -EINVAL, "voter %u is %s",
				    voter->id, witness ? "a witness" :
							 "not a witness");
	if (record->voters.count && !is_of_this_creation(c, record))
		return braid_refuse(c->extack, -EEXIST,
				    "voter %u holds an older volume, of %llu bytes and %u voters",
				    voter->id, record->size,
				    record->voters.count);
	if (record->voters.count)
		c->first = record;
	return witness ? 0 : check_data(c, record, region_shift);
}

static int check_all(struct create *c, u8 *region_shift)
{
	const struct braid_record *other = &c->ask->reply[0].answer.record;
	char list[BRAID_MISSING_MAX];
	unsigned int i;
	const char *wrong;
	int error = 0;

	if (braid_reach_silent(c->ask))
		return braid_refuse(c->extack, -EHOSTUNREACH,
				    "every voter is needed; missing: %s",
				    braid_reach_list(c->volume,
						     braid_reach_silent(c->ask),
						     list));
	for (i = 0; i < c->ask->count && !error; i++)
		error = check_voter(c, &c->ask->reply[i], other, region_shift);
	if (error)
		return error;
	wrong = braid_record_check_size(c->make->size, *region_shift);
	return wrong ? braid_refuse(c->extack, -EINVAL, "%s", wrong) : 0;
}

static void make_record(struct create *c, u8 region_shift)
{
	struct braid_record *record = &c->record;
	bool discard = true;
	unsigned int i;

	if (c->first) {
		*record = *c->first;
		return;
	}
	for (i = 0; i < c->ask->count; i++) {
		const struct braid_record *own = &c->ask->reply[i].answer.record;

		if (!(own->flags & BRAID_RECORD_WITNESS) &&
		    !(own->flags & BRAID_RECORD_DISCARD))
			discard = false;
	}
	record->volume = c->ask->reply[0].answer.record.volume;
	strscpy(record->name, c->make->name, sizeof(record->name));
	record->voter = c->make->voters.voter[0].id;
	record->own = BRAID_OWN_INSYNC;
	/* Nothing was ever written: it is closed, and reads as zeroes. */
	record->flags = BRAID_RECORD_CLEAN;
	if (discard)
		record->flags |= BRAID_RECORD_DISCARD;
	record->region_shift = region_shift;
	record->lease_ms = BRAID_LEASE_MS;
	record->size = c->make->size;
	record->list_version = 1;
	record->voters = c->make->voters;
	record->promised.counter = 1;
	get_random_bytes(&record->promised.node, sizeof(record->promised.node));
	record->mver.epoch = record->promised;
	record->mver.k = 1;
	record->isr = braid_voters_data(&record->voters);
	/* Generation 0 means never written: regions begin below the record. */
	record->generation = 1;
}

static int check_answers(struct create *c)
{
	unsigned int i;

	for (i = 0; i < c->ask->count; i++) {
		const struct braid_reply *reply = &c->ask->reply[i];
		char address[BRAID_ADDRESS_TEXT];

		if (reply->error)
			return braid_refuse(c->extack, reply->error,
					    "voter %u (%s) did not take it: %s; create it again",
					    reply->peer->voter.id,
					    braid_address_text(&reply->peer->voter.address,
							       address),
					    braid_error_text(reply->error));
	}
	return 0;
}

static int create(struct create *c)
{
	struct braid_question question = { .timeout_ms = BRAID_ANSWER_MS };
	struct braid_volume *volume = c->volume;
	u8 region_shift = 0;
	uuid_t nil = {};
	int error;
	u8 here;

	here = braid_peer_here(volume->owner, &nil, volume->name, NULL);
	braid_volume_set_peers(volume, &c->make->voters, here);
	error = braid_reach(volume);
	if (error)
		return error;
	c->ask = braid_ask_alloc(volume);
	if (!c->ask)
		return -ENOMEM;
	question.op = BRAID_OP_ASK;
	question.epoch.counter = 1;
	braid_ask(c->ask, NULL, &question);
	/* Blank is what is wanted. */
	error = check_all(c, &region_shift);
	if (error)
		return error;
	make_record(c, region_shift);
	question.op = BRAID_OP_CREATE;
	question.epoch = c->record.promised;
	question.record = &c->record;
	braid_ask(c->ask, NULL, &question);
	return check_answers(c);
}

int braid_volume_create(struct braid_blk_node *node,
			const struct braid_volume_make *make,
			struct netlink_ext_ack *extack)
{
	struct braid_volume *volume;
	struct create *c;
	const char *wrong;
	int error;

	wrong = braid_reach_check_name(make->name);
	if (wrong)
		return braid_refuse(extack, -EINVAL, "%s", wrong);
	error = check_voters(make, extack);
	if (error)
		return error;
	volume = braid_volume_new(node, make->name, false,
				  &braid_detach_works);
	if (IS_ERR(volume))
		return PTR_ERR(volume);
	c = kvzalloc(sizeof(*c), GFP_KERNEL);
	error = c ? 0 : -ENOMEM;
	volume->secrets = make->secrets;
	if (!error && !volume->secrets.count &&
	    braid_target_secrets(node, &volume->secrets))
		error = braid_refuse(extack, -ENOKEY,
				     "no secret is given, and no target listens here to take one from");
	if (!error) {
		c->make = make;
		c->volume = volume;
		c->extack = extack;
		error = create(c);
		braid_ask_free(c->ask);
	}
	kvfree(c);
	mutex_lock(&volume->control);
	braid_volume_get(volume);
	braid_volume_close(volume);
	mutex_unlock(&volume->control);
	braid_volume_put(volume);
	if (error == -EINTR)
		braid_refuse(extack, error, "interrupted");
	return error;
}
