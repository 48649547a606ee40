/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_RECORD_H
#define BRAID_BLK_RECORD_H

#include <linux/types.h>
#include <linux/uuid.h>

#include "proto/epoch.h"
#include "proto/voter.h"

/* The control record: what a voter knows durably.  Pure: no kernel I/O. */

#define BRAID_SLOT_SIZE		4096
#define BRAID_NAME_MAX		24	/* "braid!" and this fit in a disk's name */
#define BRAID_HOLDER_MAX	64

#define BRAID_BLOCK		4096u	/* the logical and physical block */
#define BRAID_BLOCK_SHIFT	12
#define BRAID_REGION_SHIFT_MIN	16	/* 64 KiB */
#define BRAID_REGION_SHIFT_DEFAULT 18	/* 256 KiB */
#define BRAID_REGION_SHIFT_MAX	22	/* 4 MiB */
#define BRAID_SIZE_MAX		(16ULL << 40)
#define BRAID_GENERATION_MAX	0x7fffffffu
#define BRAID_LEASE_MS		8000
#define BRAID_SEQUENCE_BLANK	1	/* of a replica that no volume was created with */

/* What a voter says of its own data. */
enum braid_own_state {
	BRAID_OWN_BLANK,	/* nothing was ever recorded here, or it was lost */
	BRAID_OWN_JOINING,	/* being filled; never serves */
	BRAID_OWN_INSYNC,	/* complete when last recorded so; witnesses too */
};

/* struct braid_record.flags */
#define BRAID_RECORD_DISCARD	BIT(0)	/* every data replica zeroes by unmapping */
#define BRAID_RECORD_CLEAN	BIT(1)	/* closed: nothing to reconcile, no lease */
#define BRAID_RECORD_WITNESS	BIT(2)	/* this voter holds no data */
#define BRAID_RECORD_FLAGS	(BRAID_RECORD_DISCARD | BRAID_RECORD_CLEAN | \
				 BRAID_RECORD_WITNESS)

/**
 * struct braid_record - a voter's control record
 * @volume: identity of the volume; nil is not a volume
 * @map_id: first 8 bytes of the UUID the store was made for, as in the pages
 *	of its region map; they stay when a forced attach mints another UUID
 * @incarnation: random, of the making of this store
 * @data_at: byte of a block device where the data begins; 0 in a file store
 *	and for a witness
 * @name: of the volume, not empty, NUL-terminated
 * @holder: host name of who holds @promised; may be empty
 * @voter: id of the voter this record is of
 * @own: what it says of its own data
 * @flags: BRAID_RECORD_*
 * @region_shift: log2 of the region size in bytes
 * @lease_ms: what a lease grants, milliseconds
 * @size: of the volume, bytes, multiple of BRAID_BLOCK
 * @list_version: of @voters, one up with each change
 * @voters: who votes; empty until the volume is created
 * @next: during a change of voters, the new list as well; else empty
 * @promised: no writer below this is served
 * @mver: version of the membership, all zero before creation
 * @isr: data replicas that hold every acknowledged write
 * @joining: with @own JOINING, the membership it began under
 * @generation: of the last record taken (G1)
 * @last_insync_gen: of the last committed record that names this voter (G4)
 * @known: sequences of the voters as the writer knew them when it proposed,
 *	in the order of @voters; lower later means rolled back
 * @stores: ids of the openings of their stores, likewise; 0: not known
 * @sequence: one up with every write of the record
 */
struct braid_record {
	uuid_t volume;
	u64 map_id;
	u64 incarnation;
	u64 data_at;
	char name[BRAID_NAME_MAX + 1];
	char holder[BRAID_HOLDER_MAX + 1];
	u8 voter;
	enum braid_own_state own;
	u32 flags;
	u8 region_shift;
	u32 lease_ms;
	u64 size;
	u32 list_version;
	struct braid_voters voters;
	struct braid_voters next;
	struct braid_epoch promised;
	struct braid_mver mver;
	u64 isr;
	struct braid_mver joining;
	u32 generation;
	u32 last_insync_gen;
	u64 known[BRAID_VOTERS_MAX];
	u64 stores[BRAID_VOTERS_MAX];
	u64 sequence;
};

/**
 * braid_record_encode() - write a record in its form on disk and on the wire
 * @record: a valid record
 * @slot: BRAID_SLOT_SIZE bytes, all of them are written
 */
void braid_record_encode(const struct braid_record *record, void *slot);

/**
 * braid_record_decode() - read a record from its form on disk or on the wire
 * @record: filled on success, undefined otherwise
 * @slot: BRAID_SLOT_SIZE bytes from anywhere
 *
 * Return: NULL, or what is wrong with it (static text, for people).
 */
const char *braid_record_decode(struct braid_record *record, const void *slot);

/**
 * braid_record_choose() - the newer valid one of two slots
 * @record: filled when 0 is returned
 * @a: BRAID_SLOT_SIZE bytes of the first slot
 * @b: the same of the second
 * @why: what is wrong with the newer or only bad slot, or NULL if both are good;
 *	may be NULL
 *
 * Return: 0, or -ENODATA if neither is valid.
 */
int braid_record_choose(struct braid_record *record, const void *a,
			const void *b, const char **why);

/*
 * braid_record_check_size() - can a volume be that large with these regions?
 *
 * Return: NULL, or what is wrong (static text).
 */
const char *braid_record_check_size(u64 size, u8 region_shift);

/* Number of regions of a volume. */
u32 braid_record_regions(u64 size, u8 region_shift);

/* The default for a size: the smallest from 256 KiB up with a map of at most 64 MiB. */
u8 braid_record_region_shift(u64 size);

#endif /* BRAID_BLK_RECORD_H */
