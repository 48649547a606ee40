/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_RECORD_H
#define BRAID_BLK_RECORD_H

#include <linux/types.h>
#include <linux/uuid.h>

#include "proto/epoch.h"
#include "proto/voter.h"

/* The control record: the durable knowledge of a voter. Pure: no kernel I/O. */

#define BRAID_SLOT_SIZE		4096
#define BRAID_NAME_MAX		24	/* with the prefix "braid!" it fits in a disk name */
#define BRAID_HOLDER_MAX	64

#define BRAID_BLOCK		4096u	/* logical and physical block size of a volume */
#define BRAID_BLOCK_SHIFT	12
#define BRAID_REGION_SHIFT_MIN	16	/* 64 KiB */
#define BRAID_REGION_SHIFT_DEFAULT 18	/* 256 KiB */
#define BRAID_REGION_SHIFT_MAX	22	/* 4 MiB */
#define BRAID_SIZE_MAX		(16ULL << 40)
#define BRAID_GENERATION_MAX	0x7fffffffu
#define BRAID_LEASE_MS		8000
#define BRAID_SEQUENCE_BLANK	1	/* of a replica that belongs to no created volume yet */

/* State of a voter's own data, as the voter records it. */
enum braid_own_state {
	BRAID_OWN_BLANK,	/* nothing was ever recorded here, or the record was lost */
	BRAID_OWN_JOINING,	/* the replica is being filled and never serves reads */
	BRAID_OWN_INSYNC,	/* complete when the state was last recorded; also for a witness */
};

/* struct braid_record.flags */
#define BRAID_RECORD_DISCARD	BIT(0)	/* every data replica zeroes by unmapping */
#define BRAID_RECORD_CLEAN	BIT(1)	/* closed: nothing to reconcile, no lease */
#define BRAID_RECORD_WITNESS	BIT(2)	/* this voter holds no data */
#define BRAID_RECORD_FLAGS	(BRAID_RECORD_DISCARD | BRAID_RECORD_CLEAN | \
				 BRAID_RECORD_WITNESS)

/**
 * struct braid_record - a voter's control record
 * @volume: UUID of the volume, not nil
 * @map_id: first 8 bytes of the UUID for which the store was made, as in the
 *	pages of its region map; unchanged when a forced attach mints another
 *	UUID
 * @incarnation: random number chosen when the store was made
 * @data_at: offset of the data on a block device, in bytes; 0 in a file store
 *	and for a witness
 * @name: name of the volume, not empty, NUL-terminated
 * @holder: host name of the writer that holds @promised; may be empty
 * @voter: id of the voter that this record belongs to
 * @own: state of the voter's own data
 * @flags: BRAID_RECORD_*
 * @region_shift: log2 of the region size in bytes
 * @lease_ms: length of a lease in milliseconds
 * @size: size of the volume in bytes, multiple of BRAID_BLOCK
 * @list_version: version of @voters, incremented with each change
 * @voters: voters of the volume; empty until the volume is created
 * @next: new list during a change of voters, valid beside @voters; else empty
 * @promised: epoch that was promised last, the only one that is served
 * @mver: version of the membership, all zero before creation
 * @isr: data replicas that hold every acknowledged write
 * @joining: with @own JOINING: membership under which the join began
 * @generation: generation of the last record taken (G1)
 * @last_insync_gen: generation of the last committed record that names this
 *	voter (G4)
 * @known: sequences of the voters as the writer knew them when it proposed the
 *	record, in the order of @voters; a voter with a lower one was rolled
 *	back
 * @stores: ids of the openings of the voters' stores, in the same order; 0 if
 *	not known
 * @sequence: incremented with every write of the record
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

void braid_record_encode(const struct braid_record *record, void *slot);

const char *braid_record_decode(struct braid_record *record, const void *slot);

int braid_record_choose(struct braid_record *record, const void *a,
			const void *b, const char **why);

const char *braid_record_check_size(u64 size, u8 region_shift);

u32 braid_record_regions(u64 size, u8 region_shift);

u8 braid_record_region_shift(u64 size);

#endif /* BRAID_BLK_RECORD_H */
