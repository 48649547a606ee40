// SPDX-License-Identifier: GPL-2.0-only
/* Opening and closing replicas; the registry of those that are open. */
#include "replica/replica.h"

#include <crypto/hash.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/workqueue.h>

#include "proto/map.h"
#include "proto/text.h"
#include "replica/replica_state.h"
#include "replica/serve.h"
#include "replica/session.h"
#include "store/journal.h"
#include "store/journal_open.h"
#include "store/slots.h"
#include "store/store.h"
#include "store/store_open.h"
#include "transport/node.h"

static struct workqueue_struct *close_wq;

static DEFINE_MUTEX(registry);
static u64 openings;			/* protected by registry */

static void close_work(struct work_struct *work);

/* Set once, before any replica is opened. */
static void (*end_connections)(struct braid_blk_node *node,
			       const struct braid_replica *replica) __ro_after_init;

static struct braid_replica *replica_create(struct braid_blk_node *node,
					    const char *path)
{
	struct braid_replica *replica = kzalloc(sizeof(*replica), GFP_KERNEL);

	if (!replica)
		return NULL;
	kref_init(&replica->ref);
	replica->owner = node;
	mutex_init(&replica->control);
	spin_lock_init(&replica->lock);
	INIT_LIST_HEAD(&replica->node);
	INIT_LIST_HEAD(&replica->sessions);
	INIT_LIST_HEAD(&replica->queued);
	INIT_LIST_HEAD(&replica->digests);
	INIT_WORK(&replica->control_work, braid_serve_control);
	INIT_WORK(&replica->digest_work, braid_serve_digests);
	INIT_WORK(&replica->close_work, close_work);
	replica->path = kstrdup(path, GFP_KERNEL);
	replica->slot = kmalloc(BRAID_SLOT_SIZE, GFP_KERNEL);
	replica->clear = kcalloc(BRAID_RING_PER_RECORD, sizeof(*replica->clear),
				 GFP_KERNEL);
	if (!replica->path || !replica->slot || !replica->clear)
		goto err_destroy;
	replica->sha256 = crypto_alloc_shash("sha256", 0, 0);
	if (!IS_ERR(replica->sha256))
		return replica;
	replica->sha256 = NULL;

err_destroy:
	braid_replica_destroy(replica);
	return NULL;
}

static struct braid_replica *find_path(struct braid_blk_node *node,
				       const char *path)
{
	struct braid_replica *replica;

	lockdep_assert_held(&registry);
	list_for_each_entry(replica, &node->replicas, node)
		if (!strcmp(replica->path, path))
			return replica;
	return NULL;
}

static bool is_voter(struct braid_replica *replica, const uuid_t *volume,
		     u8 voter)
{
	unsigned long flags;
	bool is;

	spin_lock_irqsave(&replica->lock, flags);
	is = uuid_equal(&replica->record.volume, volume) &&
	     (!voter || replica->record.voter == voter);
	spin_unlock_irqrestore(&replica->lock, flags);
	return is;
}

/*
 * Opens the store. Only its record tells whether it has a data space, so the
 * store is opened as that of a witness first.
 */
static int open_store(struct braid_replica *replica,
		      struct netlink_ext_ack *extack)
{
	struct braid_record *record = &replica->record;
	struct braid_store *store;
	int error;

	store = braid_store_open(replica->path, true, extack);
	if (IS_ERR(store))
		return PTR_ERR(store);
	error = braid_slots_read(store, record, extack);
	if (!error && !(record->flags & BRAID_RECORD_WITNESS)) {
		braid_store_close(store);
		store = braid_store_open(replica->path, false, extack);
		if (IS_ERR(store))
			return PTR_ERR(store);
		error = braid_slots_read(store, record, extack);
	}
	if (error) {
		braid_store_close(store);
		return error;
	}
	replica->store = store;
	replica->id = store->id;
	replica->data_size = store->data_size;
	return 0;
}

static int open_journal(struct braid_replica *replica,
			struct netlink_ext_ack *extack)
{
	const struct braid_record *record = &replica->record;

	if (record->flags & BRAID_RECORD_WITNESS)
		return 0;
	if (replica->data_size < record->size)
		return braid_refuse(extack, -ENOSPC,
				    "%s has room for %llu bytes, the volume has %llu",
				    replica->path, replica->data_size,
				    record->size);
	if (!record->voters.count)
		return 0;
	return braid_journal_open(replica->store, record->map_id,
				  braid_record_regions(record->size,
						       record->region_shift),
				  record->generation, &replica->journal,
				  extack);
}

/*
 * Grants of an earlier opening are unknown: assumes a full lease, unless the
 * volume was closed.
 */
static void begin_grant(struct braid_replica *replica)
{
	const struct braid_record *record = &replica->record;

	replica->grant.epoch = record->promised;
	if ((record->promised.counter || record->promised.node) &&
	    !braid_voter_is_closed(record))
		replica->grant.until = ktime_get_boottime_ns() +
				       (u64)record->lease_ms * NSEC_PER_MSEC;
}

static int replica_enlist(struct braid_replica *replica,
			  struct netlink_ext_ack *extack)
{
	const struct braid_record *record = &replica->record;
	struct braid_blk_node *node = replica->owner;
	struct braid_replica *other;
	int error = 0;

	mutex_lock(&registry);
	list_for_each_entry(other, &node->replicas, node)
		if (is_voter(other, &record->volume, record->voter))
			error = braid_refuse(extack, -EEXIST,
					     "voter %u of volume %s is open already, from %s",
					     record->voter, record->name,
					     other->path);
	if (!error) {
		replica->number = ++openings;
		list_add_tail(&replica->node, &node->replicas);
	}
	mutex_unlock(&registry);
	return error;
}

static void close_store(struct braid_replica *replica)
{
	struct braid_journal *journal = replica->journal;
	struct braid_store *store = replica->store;

	spin_lock_irq(&replica->lock);
	replica->journal = NULL;
	replica->store = NULL;
	spin_unlock_irq(&replica->lock);
	if (journal)
		braid_journal_close(journal);
	if (store)
		braid_store_close(store);
}

static int open_one(struct braid_blk_node *node, const char *path,
		    struct netlink_ext_ack *extack)
{
	struct braid_replica *replica;
	int error;

	replica = replica_create(node, path);
	if (!replica)
		return -ENOMEM;
	error = open_store(replica, extack) ?: open_journal(replica, extack);
	if (error)
		goto err_close;
	begin_grant(replica);
	spin_lock_irq(&replica->lock);
	braid_replica_refresh(replica);
	spin_unlock_irq(&replica->lock);
	error = replica_enlist(replica, extack);
	if (error)
		goto err_close;
	return 0;

err_close:
	close_store(replica);
	braid_replica_put(replica);
	return error;
}

/**
 * braid_replica_open() - open a replica or witness
 * @node: the node
 * @path: path of the store
 * @extack: receives the reason for a refusal
 *
 * Context: Process, may sleep long.
 * Return: 0 or a negative errno.
 */
int braid_replica_open(struct braid_blk_node *node, const char *path,
		       struct netlink_ext_ack *extack)
{
	bool open;
	int error;

	mutex_lock(&node->opening);
	mutex_lock(&registry);
	open = find_path(node, path);
	mutex_unlock(&registry);
	error = open ? braid_refuse(extack, -EEXIST, "%s is open already", path)
		     : open_one(node, path, extack);
	mutex_unlock(&node->opening);
	return error;
}

static bool is_served(const struct braid_replica *replica)
{
	const struct braid_session *session;

	lockdep_assert_held(&replica->lock);
	if (!braid_replica_grant_left(replica))
		return false;
	list_for_each_entry(session, &replica->sessions, node)
		if (braid_session_is_data(session) && !session->cut)
			return true;
	return false;
}

static int begin_close(struct braid_replica *replica, bool force,
		       struct netlink_ext_ack *extack)
{
	char holder[BRAID_HOLDER_MAX + 1];
	bool busy;

	spin_lock_irq(&replica->lock);
	busy = !force && is_served(replica);
	if (!busy)
		replica->closing = true;
	strscpy(holder, replica->record.holder, sizeof(holder));
	spin_unlock_irq(&replica->lock);
	if (busy)
		return braid_refuse(extack, -EBUSY,
				    "the volume of %s is attached at %s",
				    replica->path,
				    holder[0] ? holder : "a node without a name");
	return 0;
}

/*
 * Closes a replica that is in no list. No session can be opened any more, and
 * the open ones are cut: when they have drained, nothing is running that uses
 * the store.
 */
static void close_one(struct braid_replica *replica)
{
	struct braid_session *session;

	spin_lock_irq(&replica->lock);
	list_for_each_entry(session, &replica->sessions, node)
		braid_session_cut(session, -ESHUTDOWN);
	spin_unlock_irq(&replica->lock);
	end_connections(replica->owner, replica);
	braid_session_drain(replica, false);
	/* The works may still be returning from their last answers. */
	flush_work(&replica->control_work);
	flush_work(&replica->digest_work);

	mutex_lock(&replica->control);
	close_store(replica);
	mutex_unlock(&replica->control);
	braid_replica_put(replica);
}

static void replica_delist(struct braid_replica *replica)
{
	mutex_lock(&registry);
	list_del_init(&replica->node);
	mutex_unlock(&registry);
}

/**
 * braid_replica_close() - close a replica or witness
 * @node: the node
 * @path: path of the store
 * @extack: receives the reason for a refusal
 *
 * Refused while the session of a writer with a valid lease is open.
 *
 * Context: Process, may sleep long.
 * Return: 0 or a negative errno.
 */
int braid_replica_close(struct braid_blk_node *node, const char *path,
			struct netlink_ext_ack *extack)
{
	struct braid_replica *replica;
	int error;

	mutex_lock(&node->opening);
	mutex_lock(&registry);
	replica = find_path(node, path);
	mutex_unlock(&registry);
	/* It stays in the list: replicas are closed one at a time. */
	error = replica ? begin_close(replica, false, extack) :
			  braid_refuse(extack, -ENOENT, "%s is not open", path);
	if (!error)
		replica_delist(replica);
	mutex_unlock(&node->opening);
	/*
	 * Without the mutex: a disk that hangs must not delay other replicas.
	 */
	if (!error)
		close_one(replica);
	return error;
}

/**
 * braid_replica_get() - look up a replica
 * @node: the node
 * @volume: UUID of the volume
 * @voter: id of the voter; 0: the one with the lowest id
 *
 * Context: Process, may sleep.
 * Return: a referenced replica, or NULL.
 */
struct braid_replica *braid_replica_get(struct braid_blk_node *node,
					const uuid_t *volume, u8 voter)
{
	struct braid_replica *replica, *found = NULL;

	mutex_lock(&registry);
	list_for_each_entry(replica, &node->replicas, node) {
		if (!is_voter(replica, volume, voter))
			continue;
		/* The voter of a store never changes. */
		if (!found || replica->record.voter < found->record.voter)
			found = replica;
	}
	if (found)
		braid_replica_hold(found);
	mutex_unlock(&registry);
	return found;
}

/* Return: the first replica opened after @number, referenced, or NULL. */
static struct braid_replica *get_after(struct braid_blk_node *node, u64 number)
{
	struct braid_replica *replica, *found = NULL;

	mutex_lock(&registry);
	list_for_each_entry(replica, &node->replicas, node) {
		if (replica->number <= number)
			continue;
		found = replica;
		braid_replica_hold(found);
		break;
	}
	mutex_unlock(&registry);
	return found;
}

/**
 * braid_replica_walk() - call a function for each open replica
 * @node: the node
 * @fn: the function; a non-zero result ends the walk
 * @context: argument of @fn
 *
 * Calls @fn in the order of opening, without a lock.
 *
 * Context: Process, may sleep.
 * Return: the last result of @fn, or 0.
 */
int braid_replica_walk(struct braid_blk_node *node,
		       int (*fn)(struct braid_replica *replica, void *context),
		       void *context)
{
	struct braid_replica *replica;
	u64 number = 0;
	int result = 0;

	while (!result && (replica = get_after(node, number))) {
		number = replica->number;
		result = fn(replica, context);
		braid_replica_put(replica);
	}
	return result;
}

int braid_replica_init(void (*end)(struct braid_blk_node *node,
				   const struct braid_replica *replica))
{
	int ret;

	end_connections = end;
	/* One that waits for its disk must not keep another waiting. */
	close_wq = alloc_workqueue("braid_replica_close", WQ_UNBOUND, WQ_MAX_ACTIVE);
	if (!close_wq)
		return -ENOMEM;
	ret = braid_replica_queue_init();
	if (ret)
		destroy_workqueue(close_wq);
	return ret;
}

void braid_replica_exit(void)
{
	braid_replica_queue_exit();
	destroy_workqueue(close_wq);
}

static void close_work(struct work_struct *work)
{
	struct braid_replica *replica = container_of(work, struct braid_replica,
						     close_work);

	close_one(replica);
}

/**
 * braid_replica_end_begin() - begin to close all replicas of a node
 * @node: the node, which gets no requests any more
 *
 * Context: Process, may sleep.
 */
void braid_replica_end_begin(struct braid_blk_node *node)
{
	struct braid_replica *replica;

	mutex_lock(&registry);
	list_for_each_entry(replica, &node->replicas, node) {
		begin_close(replica, true, NULL);
		/* For braid_replica_end(); the list's goes with the work. */
		braid_replica_hold(replica);
		queue_work(close_wq, &replica->close_work);
	}
	mutex_unlock(&registry);
}

/**
 * braid_replica_end() - wait until all replicas of a node are closed
 * @node: the node, after braid_replica_end_begin()
 *
 * Context: Process, may sleep long.
 */
void braid_replica_end(struct braid_blk_node *node)
{
	struct braid_replica *replica, *next;

	list_for_each_entry_safe(replica, next, &node->replicas, node) {
		flush_work(&replica->close_work);
		replica_delist(replica);
		braid_replica_put(replica);
	}
}
