// SPDX-License-Identifier: GPL-2.0-only
#include "control/attach.h"

#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/time64.h>

#include "proto/member.h"
#include "proto/text.h"

/* One sentence about what a volume waits for.  Pure. */

#define ANSWERS_MS	5000	/* who was heard of within it answers */
#define SLOW_NS		500000000ULL	/* what takes longer is worth a word */

/**
 * struct sentence - a text that grows to BRAID_WHY_MAX
 * @out: where it is
 * @at: its length
 */
struct sentence {
	char *out;
	int at;
};

static void __printf(2, 3) say(struct sentence *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	s->at += vscnprintf(s->out + s->at, BRAID_WHY_MAX - s->at, format,
			    args);
	va_end(args);
}

static bool answers(const struct braid_volume_info *info, unsigned int i)
{
	return info->peer[i].state != BRAID_PEER_DOWN && !info->peer[i].lost &&
	       info->peer[i].answered_ms_ago < ANSWERS_MS;
}

static u64 who_is_lost(const struct braid_volume_info *info)
{
	u64 set = 0;
	unsigned int i;

	for (i = 0; i < info->npeers; i++)
		if (info->peer[i].lost)
			set |= BRAID_VOTER_BIT(info->peer[i].voter.id);
	return set;
}

static u64 who_answers(const struct braid_volume_info *info)
{
	u64 set = 0;
	unsigned int i;

	for (i = 0; i < info->npeers; i++)
		if (answers(info, i))
			set |= BRAID_VOTER_BIT(info->peer[i].voter.id);
	return set;
}

/* "voter 2 (10.0.0.2:7000, connection refused) or voter 3 (...)" */
static void say_voters(struct sentence *s, const struct braid_volume_info *info,
		       u64 set, const char *word)
{
	char address[BRAID_ADDRESS_TEXT];
	const char *separator = "";
	unsigned int i;

	for (i = 0; i < info->npeers; i++) {
		const struct braid_voter *voter = &info->peer[i].voter;

		if (!(set & BRAID_VOTER_BIT(voter->id)))
			continue;
		say(s, "%svoter %u (%s, %s)", separator, voter->id,
		    info->peer[i].local ? "here" :
		    braid_address_text(&voter->address, address),
		    info->peer[i].why ?: "no answer");
		separator = word;
	}
}

/* "voters 1, 3 of 5 answer" */
static void say_answering(struct sentence *s,
			  const struct braid_volume_info *info, u64 set)
{
	const char *separator = " ";
	unsigned int i;

	if (!set) {
		say(s, "none of %u voters answers", info->npeers);
		return;
	}
	say(s, "only voter%s", hweight64(set) > 1 ? "s" : "");
	for (i = 0; i < info->npeers; i++) {
		if (!(set & BRAID_VOTER_BIT(info->peer[i].voter.id)))
			continue;
		say(s, "%s%u", separator, info->peer[i].voter.id);
		separator = ", ";
	}
	say(s, " of %u answer%s", info->npeers,
	    hweight64(set) > 1 ? "" : "s");
}

static void say_few_voters(struct sentence *s,
			   const struct braid_volume_info *info)
{
	u64 set = who_answers(info);
	u64 all = braid_voters_all(&info->record.voters);

	if (braid_record_has_majority(&info->record, set)) {
		say(s, "I/O waits: %s; enough voters answer, it goes on by itself",
		    info->held & BRAID_HELD_RECORD ?
		    "a record is not durable at a majority yet" :
		    "the lease ran out and is being renewed");
		return;
	}
	say(s, "I/O waits: ");
	say_answering(s, info, set);
	say(s, ", %u are needed; bring back ",
	    braid_voters_majority(&info->record.voters));
	say_voters(s, info, all & ~set, " or ");
}

static void say_few_members(struct sentence *s,
			    const struct braid_volume_info *info)
{
	u64 outside = braid_voters_data(&info->record.voters) &
		      ~info->record.isr;

	unsigned int inside = hweight64(info->record.isr);

	say(s, "writes wait: %u replica%s every write, min-isr is %u", inside,
	    inside == 1 ? " holds" : "s hold", info->min_isr);
	if (outside) {
		say(s, "; outside: ");
		say_voters(s, info, outside, ", ");
	}
}

static void say_held(struct sentence *s, const struct braid_volume_info *info)
{
	if (info->held & BRAID_HELD_USER)
		say(s, "I/O waits: suspended by a person; resume %s frees it",
		    info->name);
	else if (info->held & BRAID_HELD_REFUSED)
		say(s, "I/O waits: a voter promised another writer; it goes on when a majority promises a higher epoch");
	else if (info->held & (BRAID_HELD_LEASE | BRAID_HELD_RECORD))
		say_few_voters(s, info);
	else
		say_few_members(s, info);
}

/* S3: nobody else holds every write, so it is waited for. */
static bool is_last(const struct braid_volume_info *info, u64 members)
{
	return is_power_of_2(info->record.isr) && members == info->record.isr;
}

static u64 who_serves(const struct braid_volume_info *info)
{
	u64 set = 0;
	unsigned int i;

	for (i = 0; i < info->npeers; i++)
		if (info->peer[i].state == BRAID_PEER_UP)
			set |= BRAID_VOTER_BIT(info->peer[i].voter.id);
	return set & info->record.isr;
}

static void say_active(struct sentence *s, const struct braid_volume_info *info)
{
	u64 set = who_answers(info);

	if (info->io.waits_for && info->io.oldest_ns >= SLOW_NS) {
		say(s, "the oldest write waits %llu ms for ",
		    div_u64(info->io.oldest_ns, NSEC_PER_MSEC));
		say_voters(s, info, info->io.waits_for, " and ");
		if (is_last(info, info->io.waits_for)) {
			say(s, "; no other replica holds every write: bring it back");
			return;
		}
		if (braid_record_has_majority(&info->record, set)) {
			say(s, "; who does not answer in time is left out");
			return;
		}
		say(s, "; ");
		say_answering(s, info, set);
		say(s, ", %u are needed to leave it out",
		    braid_voters_majority(&info->record.voters));
	} else if (info->io.held && !who_serves(info)) {
		say(s, "I/O waits for ");
		say_voters(s, info, info->record.isr, " or ");
		say(s, "; no other replica holds every write: bring %s back",
		    is_last(info, info->record.isr) ? "it" : "one");
		return;
	} else if (info->io.unreconciled) {
		say(s, "nothing waits; %u regions are being made equal",
		    info->io.unreconciled);
	} else {
		say(s, "nothing waits");
	}
	set = who_is_lost(info);
	if (set) {
		say(s, "; not counted: ");
		say_voters(s, info, set, ", ");
	}
}

void braid_volume_why(const struct braid_volume_info *info, char *out)
{
	struct sentence s = { .out = out };

	out[0] = '\0';
	switch (info->state) {
	case BRAID_VOLUME_DEAD:
		say(&s, "dead: %s; everything fails until it is detached and attached again",
		    info->dead_why ?: "failed");
		break;
	case BRAID_VOLUME_ATTACHING:
		say(&s, "it is being attached");
		break;
	case BRAID_VOLUME_DETACHING:
		say(&s, "it is being detached");
		break;
	case BRAID_VOLUME_ACTIVE:
		if (info->held)
			say_held(&s, info);
		else
			say_active(&s, info);
		break;
	}
}
