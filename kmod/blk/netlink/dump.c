// SPDX-License-Identifier: GPL-2.0-only
#include "netlink/dump.h"

#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/time64.h>
#include <net/genetlink.h>
#include <net/sock.h>
#include <uapi/linux/braid_blk.h>

#include "transport/node.h"
#include "volume/family.h"

static_assert((int)BRAID_OWN_BLANK == (int)BRAID_BLK_REPLICA_STATE_BLANK);
static_assert((int)BRAID_OWN_JOINING == (int)BRAID_BLK_REPLICA_STATE_JOINING);
static_assert((int)BRAID_OWN_INSYNC == (int)BRAID_BLK_REPLICA_STATE_INSYNC);
static_assert((int)BRAID_VOLUME_ATTACHING ==
	      (int)BRAID_BLK_VOLUME_STATE_ATTACHING);
static_assert((int)BRAID_VOLUME_ACTIVE == (int)BRAID_BLK_VOLUME_STATE_ACTIVE);
static_assert((int)BRAID_VOLUME_DETACHING ==
	      (int)BRAID_BLK_VOLUME_STATE_DETACHING);
static_assert((int)BRAID_VOLUME_DEAD == (int)BRAID_BLK_VOLUME_STATE_DEAD);
static_assert((int)BRAID_PEER_DOWN == (int)BRAID_BLK_VOTER_STATE_DOWN);
static_assert((int)BRAID_PEER_ASKED == (int)BRAID_BLK_VOTER_STATE_ASKED);
static_assert((int)BRAID_PEER_UP == (int)BRAID_BLK_VOTER_STATE_UP);
static_assert((int)BRAID_PEER_FAILED == (int)BRAID_BLK_VOTER_STATE_FAILED);
static_assert(BIT(BRAID_BLK_HELD_LEASE) == BRAID_HELD_LEASE);
static_assert(BIT(BRAID_BLK_HELD_RECORD) == BRAID_HELD_RECORD);
static_assert(BIT(BRAID_BLK_HELD_MIN_ISR) == BRAID_HELD_MIN_ISR);
static_assert(BIT(BRAID_BLK_HELD_USER) == BRAID_HELD_USER);
static_assert(BIT(BRAID_BLK_HELD_REFUSED) == BRAID_HELD_REFUSED);

#define HELD_BITS	(BRAID_BLK_HELD_REFUSED + 1)

/* ---- parts ---- */

static int fill_flag(struct sk_buff *skb, int attr, bool set)
{
	return set ? nla_put_flag(skb, attr) : 0;
}

/* No text, no attribute. */
static int fill_text(struct sk_buff *skb, int attr, const char *text)
{
	return text && *text ? nla_put_string(skb, attr, text) : 0;
}

/* An attribute for each voter of a set. */
static int fill_set(struct sk_buff *skb, int attr, u64 set)
{
	u8 id;

	for (id = 1; id <= BRAID_VOTER_ID_MAX; id++) {
		if (set & BRAID_VOTER_BIT(id) && nla_put_u8(skb, attr, id))
			return -EMSGSIZE;
	}
	return 0;
}

static int fill_address(struct sk_buff *skb, int attr,
			const struct braid_address *address)
{
	struct nlattr *nest = nla_nest_start(skb, attr);

	if (!nest ||
	    nla_put(skb, BRAID_BLK_A_ADDRESS_IP,
		    address->family == AF_INET ? 4 : 16, address->ip) ||
	    nla_put_u16(skb, BRAID_BLK_A_ADDRESS_PORT, address->port))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_version(struct sk_buff *skb, int attr,
			const struct braid_mver *mver)
{
	struct nlattr *nest = nla_nest_start(skb, attr);

	if (!nest ||
	    nla_put_u64_64bit(skb, BRAID_BLK_A_VERSION_EPOCH,
			      mver->epoch.counter, BRAID_BLK_A_VERSION_PAD) ||
	    nla_put_u64_64bit(skb, BRAID_BLK_A_VERSION_NODE, mver->epoch.node,
			      BRAID_BLK_A_VERSION_PAD) ||
	    nla_put_u32(skb, BRAID_BLK_A_VERSION_RECORD, mver->k))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_voter(struct sk_buff *skb, const struct braid_voter *voter)
{
	if (nla_put_u8(skb, BRAID_BLK_A_VOTER_ID, voter->id) ||
	    fill_flag(skb, BRAID_BLK_A_VOTER_WITNESS, voter->witness) ||
	    fill_address(skb, BRAID_BLK_A_VOTER_ADDRESS, &voter->address))
		return -EMSGSIZE;
	return 0;
}

/* A witness has no regions, nor has what nobody recorded yet. */
static int fill_region_size(struct sk_buff *skb, int attr,
			    const struct braid_record *record)
{
	if (!record->region_shift || record->flags & BRAID_RECORD_WITNESS)
		return 0;
	return nla_put_u32(skb, attr, 1u << record->region_shift);
}

/* ---- replicas ---- */

static int fill_voters(struct sk_buff *skb, const struct braid_voters *voters)
{
	struct nlattr *nest;
	int i;

	for (i = 0; i < voters->count; i++) {
		nest = nla_nest_start(skb, BRAID_BLK_A_REPLICA_VOTERS);
		if (!nest || fill_voter(skb, &voters->voter[i]))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

/* Whose and what it is. */
static int fill_record_identity(struct sk_buff *skb,
				const struct braid_record *record)
{
	u32 flags = record->flags;

	if (nla_put_string(skb, BRAID_BLK_A_REPLICA_VOLUME, record->name) ||
	    nla_put(skb, BRAID_BLK_A_REPLICA_UUID, UUID_SIZE,
		    &record->volume) ||
	    nla_put_u8(skb, BRAID_BLK_A_REPLICA_VOTER, record->voter) ||
	    /* A witness learns it when the volume is made. */
	    (record->size &&
	     nla_put_u64_64bit(skb, BRAID_BLK_A_REPLICA_SIZE, record->size,
			       BRAID_BLK_A_REPLICA_PAD)) ||
	    nla_put_u32(skb, BRAID_BLK_A_REPLICA_STATE, record->own) ||
	    fill_flag(skb, BRAID_BLK_A_REPLICA_WITNESS,
		      flags & BRAID_RECORD_WITNESS) ||
	    fill_flag(skb, BRAID_BLK_A_REPLICA_CLEAN,
		      flags & BRAID_RECORD_CLEAN) ||
	    fill_flag(skb, BRAID_BLK_A_REPLICA_DISCARD,
		      flags & BRAID_RECORD_DISCARD) ||
	    nla_put_u64_64bit(skb, BRAID_BLK_A_REPLICA_INCARNATION,
			      record->incarnation, BRAID_BLK_A_REPLICA_PAD))
		return -EMSGSIZE;
	return fill_region_size(skb, BRAID_BLK_A_REPLICA_REGION_SIZE, record);
}

/* What it promised and what it recorded. */
static int fill_record_membership(struct sk_buff *skb,
				  const struct braid_record *record)
{
	if (fill_text(skb, BRAID_BLK_A_REPLICA_HOLDER, record->holder) ||
	    nla_put_u64_64bit(skb, BRAID_BLK_A_REPLICA_EPOCH,
			      record->promised.counter,
			      BRAID_BLK_A_REPLICA_PAD) ||
	    nla_put_u64_64bit(skb, BRAID_BLK_A_REPLICA_NODE,
			      record->promised.node, BRAID_BLK_A_REPLICA_PAD) ||
	    fill_version(skb, BRAID_BLK_A_REPLICA_VERSION, &record->mver) ||
	    fill_set(skb, BRAID_BLK_A_REPLICA_ISR, record->isr) ||
	    fill_voters(skb, &record->voters) ||
	    nla_put_u32(skb, BRAID_BLK_A_REPLICA_LIST_VERSION,
			record->list_version) ||
	    nla_put_u32(skb, BRAID_BLK_A_REPLICA_GENERATION,
			record->generation) ||
	    nla_put_u32(skb, BRAID_BLK_A_REPLICA_INSYNC_GENERATION,
			record->last_insync_gen) ||
	    nla_put_u64_64bit(skb, BRAID_BLK_A_REPLICA_SEQUENCE,
			      record->sequence, BRAID_BLK_A_REPLICA_PAD) ||
	    nla_put_u32(skb, BRAID_BLK_A_REPLICA_LEASE, record->lease_ms))
		return -EMSGSIZE;
	return 0;
}

int braid_fill_replica(struct sk_buff *skb,
		       const struct braid_replica_info *info)
{
	if (nla_put_string(skb, BRAID_BLK_A_REPLICA_PATH, info->path) ||
	    fill_record_identity(skb, &info->record) ||
	    fill_record_membership(skb, &info->record) ||
	    nla_put_u64_64bit(skb, BRAID_BLK_A_REPLICA_STORE, info->store,
			      BRAID_BLK_A_REPLICA_PAD) ||
	    nla_put_u64_64bit(skb, BRAID_BLK_A_REPLICA_ROOM, info->data_size,
			      BRAID_BLK_A_REPLICA_PAD) ||
	    nla_put_u32(skb, BRAID_BLK_A_REPLICA_DIRTY, info->regions_dirty) ||
	    nla_put_u64_64bit(skb, BRAID_BLK_A_REPLICA_LEASE_LEFT,
			      info->lease_left_ms, BRAID_BLK_A_REPLICA_PAD) ||
	    fill_flag(skb, BRAID_BLK_A_REPLICA_FAILED, info->failed))
		return -EMSGSIZE;
	return 0;
}

/* ---- targets ---- */

int braid_fill_target(struct sk_buff *skb,
		      const struct braid_target_info *info)
{
	if (fill_address(skb, BRAID_BLK_A_TARGET_ADDRESS, &info->address) ||
	    nla_put_u32(skb, BRAID_BLK_A_TARGET_CONNECTIONS,
			info->connections) ||
	    nla_put_u64_64bit(skb, BRAID_BLK_A_TARGET_REFUSED, info->refused,
			      BRAID_BLK_A_TARGET_PAD) ||
	    nla_put_u64_64bit(skb, BRAID_BLK_A_TARGET_BROKEN, info->broken,
			      BRAID_BLK_A_TARGET_PAD))
		return -EMSGSIZE;
	return 0;
}

/* ---- volumes ---- */

static int fill_peer(struct sk_buff *skb, const struct braid_volume_info *info,
		     unsigned int i)
{
	u64 answered = info->peer[i].answered_ms_ago;

	if (fill_voter(skb, &info->peer[i].voter) ||
	    nla_put_u32(skb, BRAID_BLK_A_VOTER_STATE, info->peer[i].state) ||
	    fill_text(skb, BRAID_BLK_A_VOTER_WHY, info->peer[i].why) ||
	    fill_flag(skb, BRAID_BLK_A_VOTER_LOCAL, info->peer[i].local))
		return -EMSGSIZE;
	if (answered == BRAID_NEVER)
		return 0;
	return nla_put_u64_64bit(skb, BRAID_BLK_A_VOTER_ANSWERED, answered,
				 BRAID_BLK_A_VOTER_PAD);
}

static int fill_peers(struct sk_buff *skb, const struct braid_volume_info *info)
{
	struct nlattr *nest;
	unsigned int i;

	for (i = 0; i < info->npeers; i++) {
		nest = nla_nest_start(skb, BRAID_BLK_A_VOLUME_VOTERS);
		if (!nest || fill_peer(skb, info, i))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

static int fill_held(struct sk_buff *skb, u32 held)
{
	u32 bit;

	for (bit = 0; bit < HELD_BITS; bit++) {
		if (held & BIT(bit) &&
		    nla_put_u32(skb, BRAID_BLK_A_VOLUME_HELD, bit))
			return -EMSGSIZE;
	}
	return 0;
}

static int fill_io(struct sk_buff *skb, const struct braid_io_info *io)
{
	if (nla_put_u32(skb, BRAID_BLK_A_VOLUME_WRITES, io->writes) ||
	    nla_put_u32(skb, BRAID_BLK_A_VOLUME_READS, io->reads) ||
	    nla_put_u32(skb, BRAID_BLK_A_VOLUME_WAITING, io->held) ||
	    nla_put_u32(skb, BRAID_BLK_A_VOLUME_DIRTY, io->dirty) ||
	    nla_put_u32(skb, BRAID_BLK_A_VOLUME_UNRECONCILED,
			io->unreconciled) ||
	    fill_set(skb, BRAID_BLK_A_VOLUME_WAITS_FOR, io->waits_for) ||
	    nla_put_u64_64bit(skb, BRAID_BLK_A_VOLUME_REPAIRED, io->repaired,
			      BRAID_BLK_A_VOLUME_PAD))
		return -EMSGSIZE;
	if (!io->writes)
		return 0;
	return nla_put_u64_64bit(skb, BRAID_BLK_A_VOLUME_OLDEST,
				 div_u64(io->oldest_ns, NSEC_PER_MSEC),
				 BRAID_BLK_A_VOLUME_PAD);
}

static int fill_membership(struct sk_buff *skb,
			   const struct braid_volume_info *info)
{
	const struct braid_record *record = &info->record;

	if (fill_set(skb, BRAID_BLK_A_VOLUME_ISR, record->isr) ||
	    fill_set(skb, BRAID_BLK_A_VOLUME_PROPOSED, info->proposed) ||
	    nla_put_u64_64bit(skb, BRAID_BLK_A_VOLUME_EPOCH,
			      info->epoch.counter, BRAID_BLK_A_VOLUME_PAD) ||
	    nla_put_u64_64bit(skb, BRAID_BLK_A_VOLUME_NODE, info->epoch.node,
			      BRAID_BLK_A_VOLUME_PAD) ||
	    fill_version(skb, BRAID_BLK_A_VOLUME_VERSION, &record->mver) ||
	    nla_put_u32(skb, BRAID_BLK_A_VOLUME_GENERATION,
			record->generation) ||
	    nla_put_u32(skb, BRAID_BLK_A_VOLUME_LEASE, record->lease_ms) ||
	    nla_put_u64_64bit(skb, BRAID_BLK_A_VOLUME_LEASE_LEFT,
			      info->lease_left_ms, BRAID_BLK_A_VOLUME_PAD) ||
	    nla_put_u32(skb, BRAID_BLK_A_VOLUME_MIN_ISR, info->min_isr) ||
	    nla_put_u32(skb, BRAID_BLK_A_VOLUME_SUSPEND_TIMEOUT,
			info->suspend_timeout_ms / MSEC_PER_SEC))
		return -EMSGSIZE;
	return 0;
}

static int fill_device(struct sk_buff *skb, const char *device)
{
	char path[sizeof("/dev/braid/") + BRAID_DEVICE_MAX];

	snprintf(path, sizeof(path), "/dev/braid/%s", device);
	return nla_put_string(skb, BRAID_BLK_A_VOLUME_DEVICE, path);
}

int braid_fill_volume(struct sk_buff *skb, const struct braid_volume_info *info)
{
	const struct braid_record *record = &info->record;

	if (nla_put_string(skb, BRAID_BLK_A_VOLUME_NAME, info->name) ||
	    fill_device(skb, info->device) ||
	    nla_put(skb, BRAID_BLK_A_VOLUME_UUID, UUID_SIZE, &record->volume) ||
	    nla_put_u64_64bit(skb, BRAID_BLK_A_VOLUME_SIZE, record->size,
			      BRAID_BLK_A_VOLUME_PAD) ||
	    nla_put_u32(skb, BRAID_BLK_A_VOLUME_STATE, info->state) ||
	    fill_text(skb, BRAID_BLK_A_VOLUME_FAILURE, info->dead_why) ||
	    fill_held(skb, info->held) || fill_membership(skb, info) ||
	    nla_put_u32(skb, BRAID_BLK_A_VOLUME_OPENERS, info->openers) ||
	    fill_region_size(skb, BRAID_BLK_A_VOLUME_REGION_SIZE, record) ||
	    fill_flag(skb, BRAID_BLK_A_VOLUME_DISCARD,
		      record->flags & BRAID_RECORD_DISCARD) ||
	    fill_io(skb, &info->io))
		return -EMSGSIZE;
	return fill_peers(skb, info);
}

/* ---- listings ---- */

/**
 * struct listing - a part of a listing that fits into one message
 * @skb: the message
 * @cb: of the listing; @cb->args[0] is how many were listed before
 * @node: whose
 * @at: how many were seen in this pass
 * @info: of a listing of replicas, room for what is told of one
 */
struct listing {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	struct braid_blk_node *node;
	unsigned long at;
	struct braid_replica_info *info;
};

static void listing_begin(struct listing *listing, struct sk_buff *skb,
			  struct netlink_callback *cb)
{
	memset(listing, 0, sizeof(*listing));
	listing->skb = skb;
	listing->cb = cb;
	listing->node = braid_blk_node_of(sock_net(skb->sk));
	/* 0 would switch the check off. */
	cb->seq = (u32)atomic_read(&listing->node->changes) ?: 1;
}

/* Was it in a message before? */
static bool listing_skips(struct listing *listing)
{
	return listing->at++ < listing->cb->args[0];
}

static void *listing_put(struct listing *listing, u8 cmd)
{
	struct netlink_callback *cb = listing->cb;
	void *head;

	head = braid_nl_put(listing->skb, NETLINK_CB(cb->skb).portid,
			    cb->nlh->nlmsg_seq, NLM_F_MULTI, cmd);
	if (head)
		genl_dump_check_consistent(cb, head);
	return head;
}

/* @ret: of the filling, which is undone if it did not fit. */
static int listing_end(struct listing *listing, void *head, int ret)
{
	if (!head)
		return -EMSGSIZE;
	if (ret) {
		genlmsg_cancel(listing->skb, head);
		return ret;
	}
	genlmsg_end(listing->skb, head);
	listing->cb->args[0] = listing->at;
	return 0;
}

static int listing_result(const struct listing *listing, int ret)
{
	return ret && !listing->skb->len ? ret : listing->skb->len;
}

static int list_replica(struct braid_replica *replica, void *context)
{
	struct listing *listing = context;
	void *head;

	if (listing_skips(listing))
		return 0;
	braid_replica_info(replica, listing->info);
	head = listing_put(listing, BRAID_BLK_CMD_REPLICA_GET);
	return listing_end(listing, head,
			   head ? braid_fill_replica(listing->skb,
						     listing->info) : 0);
}

int braid_dump_replicas(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct listing listing;
	int ret;

	listing_begin(&listing, skb, cb);
	listing.info = kzalloc(sizeof(*listing.info), GFP_KERNEL);
	if (!listing.info)
		return -ENOMEM;
	ret = braid_replica_walk(listing.node, list_replica, &listing);
	kfree(listing.info);
	return listing_result(&listing, ret);
}

static int list_target(const struct braid_target_info *info, void *context)
{
	struct listing *listing = context;
	void *head;

	if (listing_skips(listing))
		return 0;
	head = listing_put(listing, BRAID_BLK_CMD_TARGET_GET);
	return listing_end(listing, head,
			   head ? braid_fill_target(listing->skb, info) : 0);
}

int braid_dump_targets(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct listing listing;

	listing_begin(&listing, skb, cb);
	return listing_result(&listing,
			      braid_target_walk(listing.node, list_target,
						&listing));
}

static int list_volume(const struct braid_volume_info *info, void *context)
{
	struct listing *listing = context;
	void *head;

	if (listing_skips(listing))
		return 0;
	head = listing_put(listing, BRAID_BLK_CMD_VOLUME_GET);
	return listing_end(listing, head,
			   head ? braid_fill_volume(listing->skb, info) : 0);
}

int braid_dump_volumes(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct listing listing;

	listing_begin(&listing, skb, cb);
	return listing_result(&listing,
			      braid_volume_walk(listing.node, list_volume,
						&listing));
}
