/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The index: every exact or longest-prefix lookup of the datapath.
 *
 * Each namespace has one hash table, which finds versions of objects by key.
 * Versions with the same key are on one list; a reader takes the version that is
 * valid in the reader's generation. Longest-prefix match does one exact lookup for
 * each prefix length in use, so no lookup depends on the number of entries.
 *
 * Pure: the index knows no packet, no namespace and no kind of object.
 */
#ifndef BRAID_INDEX_H
#define BRAID_INDEX_H

#include <linux/in6.h>
#include <linux/rhashtable.h>

#include "model/life.h"

/**
 * enum braid_key_kind - what a key stands for
 * @BRAID_KEY_IDENTITY: @num is an identity
 * @BRAID_KEY_ENDPOINT: @num is the ifindex of an endpoint
 * @BRAID_KEY_UPLINK: @num is the ifindex of an uplink, or 0 for any uplink
 * @BRAID_KEY_OVERLAY: the only overlay
 * @BRAID_KEY_ADDRESS: @addr is an address of an endpoint
 * @BRAID_KEY_NODE: @num is the number of a node
 * @BRAID_KEY_UNDERLAY: @addr is an underlay address of a node
 * @BRAID_KEY_INSIDE: @addr is an address of a node inside the overlay
 * @BRAID_KEY_FRONTEND: @addr, @port and protocol @num of a service
 * @BRAID_KEY_BACKEND: @addr and @port of a backend of service number @num
 * @BRAID_KEY_PREFIX: @addr/@plen has an identity (longest match)
 * @BRAID_KEY_ROUTE: @addr/@plen is reached through a node (longest match)
 */
enum braid_key_kind {
	BRAID_KEY_IDENTITY,
	BRAID_KEY_ENDPOINT,
	BRAID_KEY_UPLINK,
	BRAID_KEY_OVERLAY,
	BRAID_KEY_ADDRESS,
	BRAID_KEY_NODE,
	BRAID_KEY_UNDERLAY,
	BRAID_KEY_INSIDE,
	BRAID_KEY_FRONTEND,
	BRAID_KEY_BACKEND,
	BRAID_KEY_PREFIX,
	BRAID_KEY_ROUTE,
};

/* All bytes are hashed: the struct has no padding and unused fields are zero. */
struct braid_key {
	u8 kind;
	u8 plen;
	__be16 port;
	u32 num;
	struct in6_addr addr;
};

/**
 * struct braid_entry - one key of one version of an object
 * @node: entry in the hash table
 * @key: the key
 * @life: of the version that the entry belongs to; outlives the entry
 */
struct braid_entry {
	struct rhlist_head node;
	struct braid_key key;
	struct braid_life *life;
};

/**
 * struct braid_lens - prefix lengths in use by one kind of longest match
 * @count: number of entries of each length; protected by the namespace mutex
 * @used: lengths that have entries; written under the namespace mutex, read under
 *	RCU. While an entry is inserted or removed, its length may be set without
 *	an entry
 */
struct braid_lens {
	u32 count[129];
	DECLARE_BITMAP(used, 129);
};

struct braid_index {
	struct rhltable table;
	struct braid_lens prefix;
	struct braid_lens route;
};

int braid_index_init(struct braid_index *index);
void braid_index_exit(struct braid_index *index);
int braid_index_insert(struct braid_index *index, struct braid_entry *entry);
void braid_index_remove(struct braid_index *index, struct braid_entry *entry);
struct braid_life *
braid_index_clash(struct braid_index *index, const struct braid_entry *entry,
		  bool (*agree)(struct braid_life *a, struct braid_life *b));
struct braid_life *braid_index_find(struct braid_index *index,
				    const struct braid_key *key, u64 gen);
struct braid_life *braid_index_match(struct braid_index *index,
				     enum braid_key_kind kind,
				     const struct in6_addr *addr, u64 gen);

#endif
