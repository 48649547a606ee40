/* SPDX-License-Identifier: GPL-2.0-only */
/* Valid records for tests, random or with given fields. */
#ifndef BRAID_KUNIT_BLK_RECORDS_H
#define BRAID_KUNIT_BLK_RECORDS_H

#include <linux/socket.h>

#include "../../kmod/blk/proto/record.h"
#include "random.h"

static inline void voters_plain(struct braid_voters *list, u8 data, u8 witnesses)
{
	u8 i;

	memset(list, 0, sizeof(*list));
	for (i = 0; i < data + witnesses; i++) {
		list->voter[i].id = i + 1;
		list->voter[i].witness = i >= data;
		list->voter[i].address.family = AF_INET;
		list->voter[i].address.port = 7000;
		list->voter[i].address.ip[3] = i + 1;
	}
	list->count = data + witnesses;
}

/*
 * Record of @voter among @data replicas and @witnesses; the ISR has all
 * replicas.
 */
static inline struct braid_record record_plain(u8 voter, u8 data, u8 witnesses)
{
	struct braid_record record = {
		.map_id = 0x1122334455667788,
		.incarnation = 7,
		.name = "db",
		.voter = voter,
		.own = BRAID_OWN_INSYNC,
		.region_shift = BRAID_REGION_SHIFT_DEFAULT,
		.lease_ms = BRAID_LEASE_MS,
		.size = 64 << 20,
		.list_version = 1,
		.mver = { .epoch = { 1, 1 }, .k = 1 },
		.promised = { 1, 1 },
		.generation = 1,
		.sequence = 2,
	};

	record.volume.b[0] = 1;
	voters_plain(&record.voters, data, witnesses);
	record.isr = braid_voters_data(&record.voters);
	if (voter > data)
		record.flags |= BRAID_RECORD_WITNESS;
	return record;
}

static inline void voters_random(struct rnd_state *rnd,
				 struct braid_voters *list)
{
	u64 used = 0;
	int i, j;

	memset(list, 0, sizeof(*list));
	list->count = 1 + random_below(rnd, BRAID_VOTERS_MAX);
	for (i = 0; i < list->count; i++) {
		struct braid_voter *voter = &list->voter[i];

		do {
			voter->id = 1 + random_below(rnd, BRAID_VOTER_ID_MAX);
		} while (used & BRAID_VOTER_BIT(voter->id));
		used |= BRAID_VOTER_BIT(voter->id);
		voter->witness = i && random_once_in(rnd, 3);
		voter->address.family = random_once_in(rnd, 2) ? AF_INET : AF_INET6;
		voter->address.port = prandom_u32_state(rnd);
		for (j = 0; j < (voter->address.family == AF_INET ? 4 : 16); j++)
			voter->address.ip[j] = prandom_u32_state(rnd);
	}
}

static inline struct braid_record record_random(struct rnd_state *rnd)
{
	struct braid_record record = record_plain(1, 1, 0);
	int i;

	voters_random(rnd, &record.voters);
	if (random_once_in(rnd, 4))
		voters_random(rnd, &record.next);
	for (i = 0; i < sizeof(record.volume.b); i++)
		record.volume.b[i] = 1 + random_below(rnd, 255);
	for (i = 0; i < 1 + random_below(rnd, BRAID_NAME_MAX); i++)
		record.name[i] = 'a' + random_below(rnd, 26);
	for (i = 0; i < random_below(rnd, BRAID_HOLDER_MAX + 1); i++)
		record.holder[i] = 'a' + random_below(rnd, 26);
	record.map_id = random_u64(rnd);
	record.incarnation = random_u64(rnd);
	record.data_at = random_u64(rnd);
	record.voter = 1 + random_below(rnd, BRAID_VOTER_ID_MAX);
	record.own = random_below(rnd, 3);
	record.flags = random_below(rnd, BRAID_RECORD_FLAGS + 1);
	record.region_shift = 16 + random_below(rnd, 7);
	record.lease_ms = 1000 + random_below(rnd, 599001);
	record.size = (1 + random_u64(rnd) % (BRAID_SIZE_MAX >> 12)) << 12;
	record.list_version = prandom_u32_state(rnd);
	record.promised = (struct braid_epoch){ random_u64(rnd), random_u64(rnd) };
	record.mver = (struct braid_mver){ record.promised, prandom_u32_state(rnd) };
	record.joining = record.mver;
	record.isr = braid_voters_data(&record.voters) & random_u64(rnd);
	if (!record.isr)
		record.isr = braid_voters_data(&record.voters);
	record.generation = random_below(rnd, BRAID_GENERATION_MAX) + 1;
	record.last_insync_gen = random_below(rnd, record.generation + 1);
	for (i = 0; i < BRAID_VOTERS_MAX; i++) {
		record.known[i] = random_u64(rnd);
		record.stores[i] = random_u64(rnd);
	}
	record.sequence = random_u64(rnd);
	return record;
}

#endif
