// SPDX-License-Identifier: GPL-2.0-only
/* What a volume says that it waits for, and how long it waits before it tries again. */
#include <kunit/test.h>

#include "../../kmod/blk/proto/member.c"
#include "../../kmod/blk/proto/text.c"
#include "../../kmod/blk/control/why.c"

#include "../../kmod/blk/transport/backoff.h"

static struct braid_volume_info *three_voters(struct kunit *test)
{
	struct braid_volume_info *info;
	unsigned int i;

	info = kunit_kzalloc(test, sizeof(*info), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, info);
	strscpy(info->name, "db", sizeof(info->name));
	info->state = BRAID_VOLUME_ACTIVE;
	info->min_isr = 1;
	info->npeers = 3;
	info->record.voters.count = 3;
	info->record.isr = 0xe;
	for (i = 0; i < 3; i++) {
		struct braid_voter *voter = &info->record.voters.voter[i];

		voter->id = i + 1;
		voter->address.family = AF_INET;
		voter->address.port = 7000;
		voter->address.ip[0] = 10;
		voter->address.ip[3] = i + 1;
		info->peer[i].voter = *voter;
		info->peer[i].state = BRAID_PEER_UP;
		info->peer[i].answered_ms_ago = 1;
	}
	return info;
}

static void lose(struct braid_volume_info *info, unsigned int i,
		 const char *why)
{
	info->peer[i].state = BRAID_PEER_DOWN;
	info->peer[i].why = why;
}

static void expect(struct kunit *test, const struct braid_volume_info *info,
		   const char *expected)
{
	char *why = kunit_kzalloc(test, BRAID_WHY_MAX, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, why);
	braid_volume_why(info, why);
	KUNIT_EXPECT_STREQ(test, why, expected);
}

static void why_few_voters(struct kunit *test)
{
	struct braid_volume_info *info = three_voters(test);

	info->held = BRAID_HELD_LEASE;
	lose(info, 1, "connection refused");
	lose(info, 2, NULL);
	expect(test, info,
	       "I/O waits: only voter 1 of 3 answers, 2 are needed; bring back voter 2 (10.0.0.2:7000, connection refused) or voter 3 (10.0.0.3:7000, no answer)");
	/* A connection alone is no answer. */
	info->peer[0].answered_ms_ago = ANSWERS_MS;
	info->peer[0].local = true;
	expect(test, info,
	       "I/O waits: none of 3 voters answers, 2 are needed; bring back voter 1 (here, no answer) or voter 2 (10.0.0.2:7000, connection refused) or voter 3 (10.0.0.3:7000, no answer)");
	info->peer[0].answered_ms_ago = 0;
	info->peer[1].state = BRAID_PEER_ASKED;
	expect(test, info,
	       "I/O waits: the lease ran out and is being renewed; enough voters answer, it goes on by itself");
	info->held |= BRAID_HELD_RECORD;
	expect(test, info,
	       "I/O waits: a record is not durable at a majority yet; enough voters answer, it goes on by itself");
}

/* Who lost what it promised answers in vain, and is named. */
static void why_lost(struct kunit *test)
{
	struct braid_volume_info *info = three_voters(test);

	info->peer[2].state = BRAID_PEER_FAILED;
	info->peer[2].lost = true;
	info->peer[2].why = "blank";
	expect(test, info,
	       "nothing waits; not counted: voter 3 (10.0.0.3:7000, blank)");
	info->held = BRAID_HELD_LEASE;
	lose(info, 1, "connection refused");
	expect(test, info,
	       "I/O waits: only voter 1 of 3 answers, 2 are needed; bring back voter 2 (10.0.0.2:7000, connection refused) or voter 3 (10.0.0.3:7000, blank)");
}

static void why_few_members(struct kunit *test)
{
	struct braid_volume_info *info = three_voters(test);

	info->held = BRAID_HELD_MIN_ISR;
	info->min_isr = 2;
	info->record.isr = 0x2;
	info->record.voters.voter[2].witness = true;
	info->peer[1].state = BRAID_PEER_FAILED;
	info->peer[1].why = "its store was opened anew";
	expect(test, info,
	       "writes wait: 1 replica holds every write, min-isr is 2; outside: voter 2 (10.0.0.2:7000, its store was opened anew)");
}

static void why_other_states(struct kunit *test)
{
	struct braid_volume_info *info = three_voters(test);

	expect(test, info, "nothing waits");
	info->io.unreconciled = 7;
	expect(test, info, "nothing waits; 7 regions are being made equal");
	info->io.waits_for = BRAID_VOTER_BIT(2);
	info->io.oldest_ns = SLOW_NS - 1;
	expect(test, info, "nothing waits; 7 regions are being made equal");
	info->io.oldest_ns = 2 * SLOW_NS;
	info->peer[1].why = "no answer in time";
	expect(test, info,
	       "the oldest write waits 1000 ms for voter 2 (10.0.0.2:7000, no answer in time); who does not answer in time is left out");
	lose(info, 1, "no answer in time");
	lose(info, 2, "unreachable");
	expect(test, info,
	       "the oldest write waits 1000 ms for voter 2 (10.0.0.2:7000, no answer in time); only voter 1 of 3 answers, 2 are needed to leave it out");
	/* What a person asked for explains more than what else is wrong. */
	info->held = BRAID_HELD_USER | BRAID_HELD_LEASE;
	expect(test, info,
	       "I/O waits: suspended by a person; resume db frees it");
	info->held = BRAID_HELD_REFUSED | BRAID_HELD_RECORD;
	expect(test, info,
	       "I/O waits: a voter promised another writer; it goes on when a majority promises a higher epoch");
	info->state = BRAID_VOLUME_DEAD;
	info->dead_why = "another writer has taken it over";
	expect(test, info,
	       "dead: another writer has taken it over; everything fails until it is detached and attached again");
}

/* Who is not left out has to come back. */
static void why_last_member(struct kunit *test)
{
	struct braid_volume_info *info = three_voters(test);

	info->record.isr = BRAID_VOTER_BIT(2);
	info->io.held = 1;
	expect(test, info, "nothing waits");
	lose(info, 1, "unreachable");
	expect(test, info,
	       "I/O waits for voter 2 (10.0.0.2:7000, unreachable); no other replica holds every write: bring it back");
	info->io.waits_for = BRAID_VOTER_BIT(2);
	info->io.oldest_ns = 2 * SLOW_NS;
	expect(test, info,
	       "the oldest write waits 1000 ms for voter 2 (10.0.0.2:7000, unreachable); no other replica holds every write: bring it back");
	info->io.oldest_ns = 0;
	info->record.isr |= BRAID_VOTER_BIT(3);
	lose(info, 2, NULL);
	expect(test, info,
	       "I/O waits for voter 2 (10.0.0.2:7000, unreachable) or voter 3 (10.0.0.3:7000, no answer); no other replica holds every write: bring one back");
}

/* However much there is to say, it stays in its room and ends. */
static void why_is_cut(struct kunit *test)
{
	struct braid_volume_info *info = three_voters(test);
	char *out = kunit_kmalloc(test, BRAID_WHY_MAX + 16, GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, out);
	memset(out, 0x5a, BRAID_WHY_MAX + 16);
	info->npeers = BRAID_VOTERS_MAX;
	info->record.voters.count = BRAID_VOTERS_MAX;
	info->held = BRAID_HELD_LEASE;
	for (i = 0; i < BRAID_VOTERS_MAX; i++) {
		struct braid_voter *voter = &info->record.voters.voter[i];

		voter->id = 57 + i;
		voter->address.family = AF_INET6;
		memset(voter->address.ip, 0xab, 16);
		voter->address.port = 65535;
		info->peer[i].voter = *voter;
		lose(info, i, "speaks another version of the protocol");
	}
	braid_volume_why(info, out);
	KUNIT_EXPECT_EQ(test, strnlen(out, BRAID_WHY_MAX + 16),
			(size_t)BRAID_WHY_MAX - 1);
	for (i = 0; i < 16; i++)
		KUNIT_EXPECT_EQ(test, out[BRAID_WHY_MAX + i], 0x5a);
}

static void addresses(struct kunit *test)
{
	struct braid_address address = { .family = AF_INET6, .port = 65535 };
	char out[BRAID_ADDRESS_TEXT];

	memset(address.ip, 0xab, 16);
	KUNIT_EXPECT_STREQ(test, braid_address_text(&address, out),
			   "[abab:abab:abab:abab:abab:abab:abab:abab]:65535");
	memset(address.ip, 0, 16);
	address.ip[15] = 1;
	KUNIT_EXPECT_STREQ(test, braid_address_text(&address, out),
			   "[::1]:65535");
}

/* Longer and longer up to a limit, and never the same for all. */
static void backoff_grows(struct kunit *test)
{
	unsigned int tried;

	for (tried = 0; tried < 40; tried++) {
		unsigned int least = braid_backoff_ms(tried, 0);
		unsigned int most = 0;
		u32 random;

		for (random = 0; random < 4096; random++) {
			unsigned int ms = braid_backoff_ms(tried, random);

			KUNIT_EXPECT_GE(test, ms, least);
			most = max(most, ms);
		}
		KUNIT_EXPECT_EQ(test, most, 2 * least);
		KUNIT_EXPECT_LE(test, most, BRAID_BACKOFF_MAX_MS);
		KUNIT_EXPECT_EQ(test, least, tried < 5 ?
				(BRAID_BACKOFF_MIN_MS << tried) / 2 :
				BRAID_BACKOFF_MAX_MS / 2);
	}
	KUNIT_EXPECT_EQ(test, braid_backoff_ms(0, U32_MAX) <= 100, true);
	KUNIT_EXPECT_EQ(test, braid_backoff_ms(U32_MAX, U32_MAX) <= 2000, true);
}

static struct kunit_case why_cases[] = {
	KUNIT_CASE(why_few_voters),
	KUNIT_CASE(why_lost),
	KUNIT_CASE(why_few_members),
	KUNIT_CASE(why_other_states),
	KUNIT_CASE(why_last_member),
	KUNIT_CASE(why_is_cut),
	KUNIT_CASE(addresses),
	KUNIT_CASE(backoff_grows),
	{}
};

static struct kunit_suite why_suite = {
	.name = "braid_why",
	.test_cases = why_cases,
};

kunit_test_suite(why_suite);

MODULE_DESCRIPTION("Tests of what a volume says that it waits for");
MODULE_LICENSE("GPL");
