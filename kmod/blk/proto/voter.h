/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_VOTER_H
#define BRAID_BLK_VOTER_H

#include <linux/bits.h>
#include <linux/bitops.h>
#include <linux/types.h>

/* The voters of a volume. Pure: no kernel I/O. */

#define BRAID_VOTERS_MAX	7
#define BRAID_VOTER_ID_MAX	63	/* ids are 1 to 63, so that a set fits in a u64 */

/* A set of voters: bit ID for voter ID. */
#define BRAID_VOTER_BIT(id)	BIT_ULL(id)

/**
 * struct braid_address - address where the target of a voter listens
 * @family: AF_INET or AF_INET6
 * @port: port in host byte order
 * @ip: address in network byte order; IPv4 uses the first 4 bytes, the rest is
 *	zero
 */
struct braid_address {
	u16 family;
	u16 port;
	u8 ip[16];
};

/**
 * struct braid_voter - one voter of a volume
 * @id: 1 to BRAID_VOTER_ID_MAX
 * @witness: the voter holds the record only, no data
 * @address: address of its target
 */
struct braid_voter {
	u8 id;
	bool witness;
	struct braid_address address;
};

/**
 * struct braid_voters - a list of voters with unique ids
 * @count: 0 (no list) to BRAID_VOTERS_MAX
 * @voter: the voters, in the order given at creation
 */
struct braid_voters {
	u8 count;
	struct braid_voter voter[BRAID_VOTERS_MAX];
};

/* Returns the set of all voters of the list. */
static inline u64 braid_voters_all(const struct braid_voters *list)
{
	u64 set = 0;
	int i;

	for (i = 0; i < list->count; i++)
		set |= BRAID_VOTER_BIT(list->voter[i].id);
	return set;
}

/* Returns the set of the data replicas of the list. */
static inline u64 braid_voters_data(const struct braid_voters *list)
{
	u64 set = 0;
	int i;

	for (i = 0; i < list->count; i++)
		if (!list->voter[i].witness)
			set |= BRAID_VOTER_BIT(list->voter[i].id);
	return set;
}

static inline const struct braid_voter *
braid_voters_find(const struct braid_voters *list, u8 id)
{
	int i;

	for (i = 0; i < list->count; i++)
		if (list->voter[i].id == id)
			return &list->voter[i];
	return NULL;
}

/* Returns the number of voters that make a majority of the list. */
static inline unsigned int braid_voters_majority(const struct braid_voters *list)
{
	return list->count / 2 + 1;
}

static inline bool braid_voters_are_majority(const struct braid_voters *list,
					     u64 set)
{
	return hweight64(set & braid_voters_all(list)) >=
	       braid_voters_majority(list);
}

#endif /* BRAID_BLK_VOTER_H */
