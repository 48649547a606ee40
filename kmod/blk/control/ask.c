// SPDX-License-Identifier: GPL-2.0-only
#include "control/ask.h"

#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "transport/node.h"
#include "proto/text.h"
#include "volume/peer.h"
#include "volume/volume.h"

struct braid_ask *braid_ask_alloc(struct braid_volume *volume)
{
	struct braid_ask *ask;
	unsigned int i;

	ask = kvzalloc(sizeof(*ask), GFP_NOIO);
	if (!ask)
		return NULL;
	init_completion(&ask->done);
	ask->count = volume->npeers;
	for (i = 0; i < ask->count; i++) {
		struct braid_reply *reply = &ask->reply[i];

		reply->ask = ask;
		reply->peer = &volume->peers[i];
		reply->error = -ENOTCONN;
		reply->slot = kmalloc(BRAID_SLOT_SIZE, GFP_NOIO);
		if (!reply->slot) {
			braid_ask_free(ask);
			return NULL;
		}
	}
	return ask;
}

void braid_ask_free(struct braid_ask *ask)
{
	unsigned int i;

	if (!ask)
		return;
	for (i = 0; i < ask->count; i++)
		kfree(ask->reply[i].slot);
	kvfree(ask);
}

static void ask_done(struct braid_request *request)
{
	struct braid_reply *reply = request->private;
	struct braid_ask *ask = reply->ask;

	if (request->error != -ENOTCONN)
		WRITE_ONCE(reply->peer->answered, ktime_get_boottime_ns());
	WRITE_ONCE(reply->answered, true);
	if (atomic_dec_and_test(&ask->pending))
		complete(&ask->done);
}

static void fill(struct braid_reply *reply,
		 const struct braid_question *question)
{
	struct braid_request *request = &reply->request;

	memset(request, 0, sizeof(*request));
	request->op = question->op;
	request->flags = question->flags;
	request->epoch = question->epoch;
	request->body = reply->slot;
	request->body_max = BRAID_SLOT_SIZE;
	if (question->record) {
		braid_record_encode(question->record, reply->slot);
		request->body_len = BRAID_SLOT_SIZE;
	} else {
		braid_holder_name(reply->peer->volume->owner->number,
				  reply->slot);
		request->body_len = strlen(reply->slot);
	}
	request->done = ask_done;
	request->private = reply;
	reply->answered = false;
	reply->asked = true;
}

/* Its request is answered when its connection breaks; one in this kernel will. */
static void give_up(struct braid_reply *reply)
{
	if (!READ_ONCE(reply->answered))
		braid_peer_kill(reply->peer);
}

/* What it says about itself is looked at before anything is made of it. */
static void take_record(struct braid_reply *reply)
{
	const struct braid_volume *volume = reply->peer->volume;
	struct braid_record *record = &reply->answer.record;
	u8 voter = reply->peer->voter.id;

	if (reply->request.body_len != BRAID_SLOT_SIZE ||
	    braid_record_decode(record, reply->slot)) {
		/* A refusal may come without a record, consent does not. */
		if (!reply->error)
			reply->error = -EPROTO;
		return;
	}
	if ((voter && record->voter != voter) ||
	    strcmp(record->name, volume->name) ||
	    (!uuid_is_null(&volume->record.volume) &&
	     !uuid_equal(&record->volume, &volume->record.volume))) {
		reply->error = -EPROTO;
		return;
	}
	reply->told = true;
	reply->answer.store = reply->peer->store;
}

static void take_answer(struct braid_reply *reply,
			const struct braid_question *question)
{
	reply->error = reply->request.error;
	reply->value = reply->request.value;
	if (!question->record && reply->error != -ENOTCONN)
		take_record(reply);
}

void braid_ask(struct braid_ask *ask, struct braid_peer *only,
	       const struct braid_question *question)
{
	unsigned int i;

	atomic_set(&ask->pending, 1);
	reinit_completion(&ask->done);
	for (i = 0; i < ask->count; i++) {
		struct braid_reply *reply = &ask->reply[i];

		reply->asked = false;
		reply->told = false;
		reply->error = -ENOTCONN;
		if ((only && reply->peer != only) ||
		    reply->peer->bit & question->except)
			continue;
		fill(reply, question);
		atomic_inc(&ask->pending);
		braid_peer_submit(reply->peer, &reply->request);
	}
	if (!atomic_dec_and_test(&ask->pending) &&
	    !wait_for_completion_timeout(&ask->done,
					 msecs_to_jiffies(question->timeout_ms))) {
		for (i = 0; i < ask->count; i++)
			if (ask->reply[i].asked)
				give_up(&ask->reply[i]);
		wait_for_completion(&ask->done);
	}
	for (i = 0; i < ask->count; i++)
		if (ask->reply[i].asked)
			take_answer(&ask->reply[i], question);
}
