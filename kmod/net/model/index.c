// SPDX-License-Identifier: GPL-2.0-only
#include "model/index.h"

#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/build_bug.h>

#include "model/addr.h"

static const struct rhashtable_params index_params = {
	.head_offset = offsetof(struct braid_entry, node),
	.key_offset = offsetof(struct braid_entry, key),
	.key_len = sizeof(struct braid_key),
	.automatic_shrinking = true,
};

static_assert(sizeof(struct braid_key) == 24);
static_assert(sizeof(struct braid_entry) == 48);

/**
 * braid_index_init() - initialises an empty index
 * @index: zeroed memory
 *
 * Context: process, may sleep.
 * Return: 0, or -ENOMEM.
 */
int braid_index_init(struct braid_index *index)
{
	return rhltable_init(&index->table, &index_params);
}

/**
 * braid_index_exit() - frees an index
 * @index: without entries and without readers
 *
 * Context: process, may sleep.
 */
void braid_index_exit(struct braid_index *index)
{
	rhltable_destroy(&index->table);
}

static struct braid_lens *index_lens(struct braid_index *index,
				     enum braid_key_kind kind)
{
	switch (kind) {
	case BRAID_KEY_PREFIX:
		return &index->prefix;
	case BRAID_KEY_ROUTE:
		return &index->route;
	default:
		return NULL;
	}
}

static void index_lens_drop(struct braid_lens *lens, u8 plen)
{
	if (!--lens->count[plen])
		clear_bit(plen, lens->used);
}

/**
 * braid_index_insert() - lets readers find an entry
 * @index: the index
 * @entry: owned by the caller, with key and life set; must exist until a grace
 *	period after braid_index_remove()
 *
 * Context: process, namespace mutex held.
 * Return: 0, -ENOMEM or -E2BIG.
 */
int braid_index_insert(struct braid_index *index, struct braid_entry *entry)
{
	struct braid_lens *lens = index_lens(index, entry->key.kind);
	u8 plen = entry->key.plen;
	int err;

	/* Set the length before the entry, or a reader could miss the entry. */
	if (lens && !lens->count[plen]++)
		set_bit(plen, lens->used);
	err = rhltable_insert(&index->table, &entry->node, index_params);
	if (err && lens)
		index_lens_drop(lens, plen);
	return err;
}

/**
 * braid_index_remove() - removes an entry
 * @index: the index
 * @entry: an entry of @index; the caller may free it after a grace period
 *
 * Context: process, namespace mutex held.
 */
void braid_index_remove(struct braid_index *index, struct braid_entry *entry)
{
	struct braid_lens *lens = index_lens(index, entry->key.kind);

	rhltable_remove(&index->table, &entry->node, index_params);
	if (lens)
		index_lens_drop(lens, entry->key.plen);
}

/**
 * braid_index_clash() - looks for a second version with the key of an entry
 * @index: the index
 * @entry: entry of a new version, already inserted
 * @agree: tells whether two versions may share the key; NULL if they may not
 *
 * Versions that the commit removes do not count. A version may have a key twice.
 *
 * Context: process, namespace mutex held.
 * Return: the life of another version that has the key after the commit, or NULL.
 */
struct braid_life *
braid_index_clash(struct braid_index *index, const struct braid_entry *entry,
		  bool (*agree)(struct braid_life *a, struct braid_life *b))
{
	struct rhlist_head *list, *pos;
	struct braid_life *clash = NULL;
	struct braid_entry *other;

	rcu_read_lock();
	list = rhltable_lookup(&index->table, &entry->key, index_params);
	rhl_for_each_entry_rcu(other, pos, list, node) {
		if (other->life == entry->life || other->life->leaving ||
		    (agree && agree(entry->life, other->life)))
			continue;
		clash = other->life;
		break;
	}
	rcu_read_unlock();
	return clash;
}

/**
 * braid_index_find() - finds the version with a key
 * @index: the index
 * @key: the key; all bytes are compared
 * @gen: generation of the reader
 *
 * Context: any, in an RCU read section that began before @gen was latched.
 * Return: the version's life, valid until the section ends, or NULL.
 */
struct braid_life *braid_index_find(struct braid_index *index,
				    const struct braid_key *key, u64 gen)
{
	struct rhlist_head *list, *pos;
	struct braid_entry *entry;

	list = rhltable_lookup(&index->table, key, index_params);
	rhl_for_each_entry_rcu(entry, pos, list, node)
		if (braid_life_visible(entry->life, gen))
			return entry->life;
	return NULL;
}

/**
 * braid_index_match() - finds the version with the longest prefix of an address
 * @index: the index
 * @kind: BRAID_KEY_PREFIX or BRAID_KEY_ROUTE
 * @addr: the address; an IPv4 address matches IPv4 prefixes only
 * @gen: generation of the reader
 *
 * Context: any, in an RCU read section that began before @gen was latched.
 * Return: the version's life, valid until the section ends, or NULL.
 */
struct braid_life *braid_index_match(struct braid_index *index,
				     enum braid_key_kind kind,
				     const struct in6_addr *addr, u64 gen)
{
	struct braid_lens *lens = index_lens(index, kind);
	unsigned int shortest = braid_addr_is_v4(addr) ? BRAID_V4_BITS : 0;
	struct braid_key key = { .kind = kind };
	struct braid_life *life;
	unsigned int len = 129, next;

	for (;;) {
		next = find_last_bit(lens->used, len);
		if (next == len || next < shortest)
			return NULL;
		len = next;
		key.plen = len;
		ipv6_addr_prefix(&key.addr, addr, len);
		life = braid_index_find(index, &key, gen);
		if (life || !len)
			return life;
	}
}
