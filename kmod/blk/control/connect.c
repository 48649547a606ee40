// SPDX-License-Identifier: GPL-2.0-only
/* Connects a volume to its voters: control first, data when a member may serve. */
#include "control/connect.h"

#include <linux/ktime.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "control/ask.h"
#include "control/ballot.h"
#include "io/io.h"
#include "proto/text.h"
#include "replica/replica.h"
#include "target/target.h"
#include "transport/node.h"
#include "transport/remote.h"
#include "volume/event.h"
#include "volume/failure.h"
#include "volume/peer.h"
#include "volume/volume.h"

/* A connection broke, and all that it carried was answered. */
static void peer_lost(void *context)
{
	struct braid_peer *peer = context;
	unsigned long flags;

	spin_lock_irqsave(&peer->volume->lock, flags);
	if (!peer->broken)
		braid_peer_reset(peer, "connection broke");
	spin_unlock_irqrestore(&peer->volume->lock, flags);
}

/* S1: what was acknowledged and not flushed may be gone with the old opening. */
static void store_changed(struct braid_peer *peer)
{
	struct braid_volume *volume = peer->volume;

	if (!(peer->bit & braid_volume_required(volume)))
		return;
	peer->state = BRAID_PEER_FAILED;
	peer->why = "its store was opened anew";
	volume->failed |= peer->bit;
	volume->fatal |= peer->bit;
	braid_ballot_kick(volume);
}

struct here {
	struct braid_blk_node *node;
	const uuid_t *uuid;
	const char *name;
	struct braid_replica_info info;
	uuid_t found;
	u8 voter;
	bool served;
};

/* Is it known to others by an address of this node? */
static bool is_served_here(struct braid_blk_node *node,
			   const struct braid_record *record)
{
	const struct braid_voter *voter =
		braid_voters_find(&record->voters, record->voter);

	return voter && braid_target_listens(node, &voter->address);
}

static int look_here(struct braid_replica *replica, void *context)
{
	struct here *here = context;
	const struct braid_record *record = &here->info.record;
	bool served;

	braid_replica_info(replica, &here->info);
	if (uuid_is_null(here->uuid) ? strcmp(record->name, here->name) :
				       !uuid_equal(&record->volume, here->uuid))
		return 0;
	served = is_served_here(here->node, record);
	if (here->voter && (served != here->served ? here->served :
			    here->voter < record->voter))
		return 0;
	here->voter = record->voter;
	here->served = served;
	here->found = record->volume;
	return 0;
}

u8 braid_peer_here(struct braid_blk_node *node, const uuid_t *uuid,
		   const char *name, uuid_t *found)
{
	struct here *here;
	u8 voter;

	here = kzalloc(sizeof(*here), GFP_NOIO);
	if (!here)
		return 0;
	here->node = node;
	here->uuid = uuid;
	here->name = name;
	braid_replica_walk(node, look_here, here);
	voter = here->voter;
	if (found)
		*found = here->found;
	kfree(here);
	return voter;
}

static int connect_here(struct braid_peer *peer,
			struct braid_remote_hello *hello)
{
	static const struct braid_epoch nobody;
	struct braid_volume *volume = peer->volume;
	struct braid_replica_info *info;
	struct braid_replica *replica;
	u8 voter = peer->voter.id;
	uuid_t uuid;
	int error;

	uuid = volume->record.volume;
	if (uuid_is_null(&uuid))
		voter = braid_peer_here(volume->owner, &uuid, volume->name,
					&uuid);
	replica = braid_replica_get(volume->owner, &uuid, voter);
	if (!replica)
		return -ENOENT;
	info = kmalloc(sizeof(*info), GFP_NOIO);
	if (!info) {
		error = -ENOMEM;
		goto err_put;
	}
	braid_replica_info(replica, info);
	hello->store = info->store;
	hello->sequence = info->record.sequence;
	kfree(info);
	error = braid_session_open(replica, &nobody, volume->session,
				   &peer->control);
	if (error)
		goto err_put;
	peer->local = replica;
	return 0;

err_put:
	braid_replica_put(replica);
	return error;
}

static int connect_remote(struct braid_peer *peer,
			  struct braid_remote_hello *hello)
{
	struct braid_volume *volume = peer->volume;
	struct braid_remote_where where;
	int error;

	memset(&where, 0, sizeof(where));
	where.dialling = &peer->dialling;
	where.address = peer->voter.address;
	where.volume = volume->record.volume;
	strscpy(where.name, volume->name, sizeof(where.name));
	where.voter = peer->voter.id;
	where.secrets = volume->secrets;
	error = braid_remote_connect(&where, BRAID_CONNECT_MS, peer_lost, peer,
				     hello, &peer->remote);
	if (error)
		peer->remote = NULL;
	memzero_explicit(&where, sizeof(where));
	return error;
}

static void note_connected(struct braid_peer *peer,
			   const struct braid_remote_hello *hello)
{
	lockdep_assert_held(&peer->volume->lock);
	if (peer->state == BRAID_PEER_DOWN)
		peer->state = BRAID_PEER_ASKED;
	if (peer->state != BRAID_PEER_FAILED)
		peer->why = NULL;
	if (hello->sequence < peer->sequence)
		braid_peer_lose(peer, hello->sequence == BRAID_SEQUENCE_BLANK ?
				      "blank" : BRAID_ROLLED_BACK);
	if (peer->store && peer->store != hello->store)
		store_changed(peer);
	peer->store = hello->store;
	peer->sequence = max(peer->sequence, hello->sequence);
}

static int connect(struct braid_peer *peer)
{
	struct braid_volume *volume = peer->volume;
	struct braid_remote_hello hello = {};
	unsigned long flags;
	int error;

	error = peer->here ? connect_here(peer, &hello) :
			     connect_remote(peer, &hello);
	spin_lock_irqsave(&volume->lock, flags);
	if (!error)
		note_connected(peer, &hello);
	else if (peer->state != BRAID_PEER_FAILED)
		peer->why = peer->here && error == -ENOENT ?
			    "not open here" : braid_error_text(error);
	spin_unlock_irqrestore(&volume->lock, flags);
	/* Whoever submits from here on sees the pointers. */
	if (!error)
		atomic_set_release(&peer->users, 1);
	/* braid_peer_stop() did not see the connection. */
	if (!braid_dialling_done(&peer->dialling))
		braid_peer_kill(peer);
	spin_lock_irqsave(&volume->lock, flags);
	peer->settled = !peer->broken;
	spin_unlock_irqrestore(&volume->lock, flags);
	wake_up_all(&volume->wait);
	return error;
}

static void disconnect(struct braid_peer *peer)
{
	struct braid_volume *volume = peer->volume;
	unsigned long flags;

	spin_lock_irqsave(&volume->lock, flags);
	if (peer->state != BRAID_PEER_FAILED)
		peer->state = BRAID_PEER_DOWN;
	peer->promised = false;
	spin_unlock_irqrestore(&volume->lock, flags);

	if (braid_peer_connected(peer)) {
		braid_peer_kill(peer);
		braid_peer_drop_user(peer);
		wait_event(volume->wait, !atomic_read(&peer->users));
		if (peer->remote)
			braid_remote_put(peer->remote);
		if (peer->session)
			braid_session_close(peer->session);
		if (peer->control)
			braid_session_close(peer->control);
		if (peer->local)
			braid_replica_put(peer->local);
		peer->remote = NULL;
		peer->session = NULL;
		peer->control = NULL;
		peer->local = NULL;
	}

	spin_lock_irqsave(&volume->lock, flags);
	peer->broken = false;
	spin_unlock_irqrestore(&volume->lock, flags);
}

/* What became of PREPARE.  Return: 0 if it promised. volume->lock held. */
static int take_promise(struct braid_peer *peer, const struct braid_reply *reply,
			const struct braid_epoch *epoch)
{
	struct braid_volume *volume = peer->volume;
	const struct braid_record *record = &reply->answer.record;

	if (peer->broken || braid_epoch_cmp(epoch, &volume->epoch))
		return -EAGAIN;
	if (reply->error == -ENODATA)
		braid_peer_lose(peer, "blank");
	else if (reply->error)
		braid_peer_blame(peer, reply->error);
	if (reply->error)
		return reply->error;
	if (!braid_peer_learn(peer, record))
		return -ENODATA;
	if (braid_ballot_is_foreign(volume, record)) {
		braid_volume_die(volume, "another writer has recorded itself");
		return -ESTALE;
	}
	peer->promised = true;
	return 0;
}

/* A voter that comes later is sent PREPARE, then the current record. */
static int prepare(struct braid_peer *peer)
{
	struct braid_volume *volume = peer->volume;
	struct braid_question question = { .op = BRAID_OP_PREPARE,
					   .timeout_ms = BRAID_ANSWER_MS };
	struct braid_reply *reply;
	struct braid_ask *ask;
	unsigned long flags;
	bool due;
	int error;

	spin_lock_irqsave(&volume->lock, flags);
	due = volume->ballot.ready && !peer->promised && !peer->out &&
	      !peer->ended && volume->state != BRAID_VOLUME_DEAD;
	question.epoch = volume->epoch;
	spin_unlock_irqrestore(&volume->lock, flags);
	if (!due)
		return 0;
	ask = braid_ask_alloc(volume);
	if (!ask)
		return -ENOMEM;
	braid_ask(ask, peer, &question);
	reply = &ask->reply[peer - volume->peers];

	spin_lock_irqsave(&volume->lock, flags);
	error = take_promise(peer, reply, &question.epoch);
	if (!error) {
		if (!peer->ended)
			braid_volume_queue(volume, volume->errands,
					   &peer->vote_work);
		braid_ballot_kick(volume);
	}
	spin_unlock_irqrestore(&volume->lock, flags);
	if (error == -ESTALE)
		braid_volume_refused(volume, peer);
	braid_ask_free(ask);
	return error;
}

/* May its data session be opened now?  Else it is in its final state. */
static bool wants_session(struct braid_peer *peer)
{
	struct braid_volume *volume = peer->volume;

	lockdep_assert_held(&volume->lock);
	if (!peer->promised || peer->broken || peer->ended ||
	    !braid_ballot_settled(volume))
		return false;
	/* A member serves only what its own record says that it holds. */
	if (peer->bit & braid_volume_required(volume))
		return peer->state == BRAID_PEER_ASKED &&
		       !(volume->failed & peer->bit) &&
		       braid_mver_cmp(&peer->recorded,
				      &volume->record.mver) >= 0;
	peer->failing = 0;
	peer->tried = 0;
	if (peer->voter.witness) {
		peer->state = BRAID_PEER_UP;
		peer->why = NULL;
	} else {
		peer->state = BRAID_PEER_FAILED;
		if (!peer->why)
			peer->why = "outside the in-sync replicas";
	}
	wake_up_all(&volume->wait);
	return false;
}

/* The session is open: data may come, and what waited for it goes first. */
static int serve(struct braid_peer *peer, const struct braid_epoch *epoch)
{
	struct braid_volume *volume = peer->volume;
	unsigned long flags;
	int error = 0;

	spin_lock_irqsave(&volume->lock, flags);
	if (peer->broken || braid_epoch_cmp(epoch, &volume->epoch) ||
	    !wants_session(peer)) {
		error = -EAGAIN;
	} else {
		/* Pairs with braid_peer_submit(). */
		smp_store_release(&peer->state, BRAID_PEER_UP);
		peer->why = NULL;
		peer->failing = 0;
		peer->tried = 0;
		peer->served = ktime_get_boottime_ns();
		WRITE_ONCE(peer->answered, peer->served);
		braid_event_volume(volume->owner, volume->name, "voter up",
				   peer->voter.id, NULL);
	}
	spin_unlock_irqrestore(&volume->lock, flags);
	wake_up_all(&volume->wait);
	if (!error && volume->io)
		braid_io_resend(volume, peer);
	return error;
}

static int open_session(struct braid_peer *peer)
{
	struct braid_volume *volume = peer->volume;
	struct braid_epoch epoch;
	unsigned long flags;
	bool wanted;
	int error;

	spin_lock_irqsave(&volume->lock, flags);
	wanted = wants_session(peer);
	epoch = volume->epoch;
	spin_unlock_irqrestore(&volume->lock, flags);
	if (!wanted)
		return 0;
	if (peer->local)
		error = braid_session_open(peer->local, &epoch,
					   volume->session, &peer->session);
	else
		error = braid_remote_attach(peer->remote, &epoch,
					    volume->session, BRAID_CONNECT_MS);
	if (!error)
		error = serve(peer, &epoch);
	if (!error)
		return 0;
	/* A half-open one is of no use: begin anew. */
	spin_lock_irqsave(&volume->lock, flags);
	braid_peer_reset(peer, error == -EAGAIN ? "connection broke" :
						  braid_error_text(error));
	spin_unlock_irqrestore(&volume->lock, flags);
	if (error == -ESTALE)
		braid_volume_refused(volume, peer);
	return error;
}

static void peer_work(struct work_struct *work)
{
	struct braid_peer *peer = container_of(to_delayed_work(work),
					       struct braid_peer, work);
	struct braid_volume *volume = peer->volume;
	unsigned long flags;
	int error = 0;
	bool ended;

	spin_lock_irqsave(&volume->lock, flags);
	ended = peer->ended || volume->closing;
	spin_unlock_irqrestore(&volume->lock, flags);
	if (ended)
		return;
	if (READ_ONCE(peer->broken))
		disconnect(peer);
	if (READ_ONCE(volume->state) == BRAID_VOLUME_DEAD)
		return;
	if (!braid_peer_connected(peer))
		error = connect(peer);
	if (!error)
		error = prepare(peer);
	if (!error)
		error = open_session(peer);
	if (!error)
		return;
	spin_lock_irqsave(&volume->lock, flags);
	braid_peer_retry(peer, peer->tried + 1);
	spin_unlock_irqrestore(&volume->lock, flags);
	wake_up_all(&volume->wait);
}

void braid_peer_init(struct braid_peer *peer, struct braid_volume *volume,
		     const struct braid_voter *voter, bool here)
{
	struct braid_vote *vote = peer->vote;

	memset(peer, 0, sizeof(*peer));
	peer->vote = vote;
	peer->volume = volume;
	peer->voter = *voter;
	peer->bit = BRAID_VOTER_BIT(voter->id);
	peer->here = here;
	braid_dialling_init(&peer->dialling, volume->owner);
	peer->failing = ktime_get_boottime_ns();
	INIT_WORK(&peer->vote_work, braid_ballot_vote_work);
	INIT_DELAYED_WORK(&peer->work, peer_work);
}

void braid_peer_exit(struct braid_peer *peer)
{
	struct braid_volume *volume = peer->volume;
	unsigned long flags;

	/* Nothing is queued from here on; answers may still come. */
	spin_lock_irqsave(&volume->lock, flags);
	peer->ended = true;
	spin_unlock_irqrestore(&volume->lock, flags);
	braid_peer_stop(peer);
	cancel_delayed_work_sync(&peer->work);
	cancel_work_sync(&peer->vote_work);
	disconnect(peer);
}
