/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random rules and queries that often match, and a naive search for the rule that
 * decides, which compares all rules. The model shares only structures with the policy.
 */
#ifndef BRAID_KUNIT_RULES_H
#define BRAID_KUNIT_RULES_H

#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/sprintf.h>

#include "model/policy.h"

#include "cidr.h"
#include "random.h"

enum {
	PEERS = 4,
	SUBJECTS = 3,
	IDENTITIES = 5,
};

/**
 * struct rule - a rule of the test
 * @node: in the world's list
 * @life: life of @rule
 * @rule: the rule that the policy gets
 * @peers: peers of @rule
 * @cidrs: the same peers in the form of the model
 * @name: name of @rule
 * @placement: place in the policy, or NULL
 * @from: first generation that has the rule
 * @until: first generation that does not have it any more
 */
struct rule {
	struct list_head node;
	struct braid_life life;
	struct braid_rule rule;
	struct braid_rule_peer peers[PEERS];
	struct cidr cidrs[PEERS];
	char name[16];
	struct braid_placement *placement;
	u64 from;
	u64 until;
};

struct question {
	struct braid_query query;
	struct cidr address;
};

static inline u8 random_proto(struct rnd_state *rnd)
{
	static const u8 protos[] = { 0, 1, 6, 17, 132 };

	return protos[random_below(rnd, ARRAY_SIZE(protos))];
}

static inline u16 random_port(struct rnd_state *rnd)
{
	static const u16 edges[] = { 0, 1, 80, 255, 256, 32767, 32768, 65534, 65535 };

	if (random_once_in(rnd, 2))
		return edges[random_below(rnd, ARRAY_SIZE(edges))];
	return random_size(rnd);
}

static inline void random_ports(struct rnd_state *rnd, struct braid_rule *rule)
{
	u16 a = random_port(rnd), b = random_port(rnd);

	rule->ranged = random_below(rnd, 4);
	if (!rule->ranged)
		return;
	if (rule->proto == 1)
		a &= 0xff;
	if (rule->proto == 1 || random_once_in(rnd, 3))
		b = a;
	rule->min = min(a, b);
	rule->max = max(a, b);
}

static inline void random_peers(struct rnd_state *rnd, struct rule *rule)
{
	unsigned int i;

	rule->rule.peers = rule->peers;
	rule->rule.npeers = 1;
	rule->rule.peer_kind = random_below(rnd, BRAID_PEER_IDENTITY + 1);
	if (rule->rule.peer_kind == BRAID_PEER_ANY)
		return;
	rule->rule.npeers += random_below(rnd, PEERS);
	for (i = 0; i < rule->rule.npeers; i++) {
		if (rule->rule.peer_kind == BRAID_PEER_IDENTITY) {
			rule->peers[i].id = random_below(rnd, IDENTITIES);
			continue;
		}
		random_prefix(rnd, &rule->cidrs[i]);
		rule->peers[i].addr = rule->cidrs[i].addr;
		rule->peers[i].plen = rule->cidrs[i].plen;
	}
}

/* Fills in @rule, which is zeroed; its name is made of @number. */
static inline void random_rule(struct rnd_state *rnd, struct rule *rule,
			       unsigned int number)
{
	static const u32 priorities[] = { 0, 999, 1000, 1000, 1000, U32_MAX };

	snprintf(rule->name, sizeof(rule->name), "r%u", number);
	rule->rule.life = &rule->life;
	rule->rule.name = rule->name;
	rule->rule.subject = random_below(rnd, SUBJECTS);
	rule->rule.priority = priorities[random_below(rnd, ARRAY_SIZE(priorities))];
	rule->rule.dir = random_below(rnd, 2);
	rule->rule.deny = random_below(rnd, 2);
	rule->rule.proto = random_proto(rnd);
	random_ports(rnd, &rule->rule);
	random_peers(rnd, rule);
}

/* Makes a query; one that nearly matches @rule if it is not NULL. */
static inline void random_question(struct rnd_state *rnd, struct question *question,
				   const struct rule *rule)
{
	struct braid_query *query = &question->query;
	const struct cidr *cidr;

	random_address(rnd, &question->address);
	query->addr = &question->address.addr;
	query->subject = random_below(rnd, SUBJECTS);
	query->dir = random_below(rnd, 2);
	query->peer = random_below(rnd, IDENTITIES);
	query->proto = random_proto(rnd) ?: 47;
	query->port = random_port(rnd);
	if (!rule || random_once_in(rnd, 4))
		return;
	query->subject = rule->rule.subject;
	query->dir = rule->rule.dir;
	if (rule->rule.proto)
		query->proto = rule->rule.proto;
	if (rule->rule.ranged)
		query->port = (random_below(rnd, 2) ? rule->rule.min : rule->rule.max) +
			      random_below(rnd, 3) - 1;
	if (rule->rule.peer_kind == BRAID_PEER_IDENTITY)
		query->peer = rule->peers[random_below(rnd, rule->rule.npeers)].id;
	if (rule->rule.peer_kind == BRAID_PEER_CIDR) {
		cidr = &rule->cidrs[random_below(rnd, rule->rule.npeers)];
		question->address.v4 = cidr->v4;
		question->address.addr = cidr->addr;
		if (cidr->plen <= 120)
			question->address.addr.s6_addr[15] = prandom_u32_state(rnd);
	}
}

static inline bool rule_shown(const struct rule *rule, u64 gen)
{
	return gen >= rule->from && gen < rule->until;
}

static inline bool rule_is_for(const struct rule *rule, u32 subject, u8 dir)
{
	return rule->rule.subject == subject && rule->rule.dir == dir;
}

static inline bool rule_matches(const struct rule *rule, unsigned int peer,
				const struct question *question)
{
	const struct braid_query *query = &question->query;

	if (!rule_is_for(rule, query->subject, query->dir))
		return false;
	if (rule->rule.proto && rule->rule.proto != query->proto)
		return false;
	if (rule->rule.ranged &&
	    (query->port < rule->rule.min || query->port > rule->rule.max))
		return false;
	if (rule->rule.peer_kind == BRAID_PEER_IDENTITY)
		return rule->peers[peer].id == query->peer;
	if (rule->rule.peer_kind == BRAID_PEER_CIDR)
		return cidr_covers(&rule->cidrs[peer], &question->address);
	return true;
}

/* The criteria of a rule, the most important first; the larger value decides. */
struct rank {
	s64 why[5];
	const char *name;
};

static inline struct rank rule_rank(const struct rule *rule, unsigned int peer)
{
	static const s64 kinds[] = {
		[BRAID_PEER_ANY] = 0,
		[BRAID_PEER_CIDR] = 1,
		[BRAID_PEER_IDENTITY] = 2,
	};
	const struct braid_rule *r = &rule->rule;
	s64 ports = 65536;

	if (!r->proto)
		ports = 1000000;
	else if (r->ranged)
		ports = (s64)r->max - r->min + 1;
	return (struct rank){
		.why = {
			r->priority,
			r->deny,
			kinds[r->peer_kind],
			-ports,
			r->peer_kind == BRAID_PEER_CIDR ? rule->cidrs[peer].plen : 0,
		},
		.name = r->name,
	};
}

static inline bool rank_beats(const struct rank *a, const struct rank *b)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(a->why); i++)
		if (a->why[i] != b->why[i])
			return a->why[i] > b->why[i];
	return strcmp(a->name, b->name) < 0;
}

static inline const struct rule *rules_decide(const struct list_head *rules,
					      const struct question *question,
					      u64 gen)
{
	const struct rule *rule, *best = NULL;
	struct rank rank, highest;
	unsigned int i;

	list_for_each_entry(rule, rules, node) {
		if (!rule_shown(rule, gen))
			continue;
		for (i = 0; i < rule->rule.npeers; i++) {
			if (!rule_matches(rule, i, question))
				continue;
			rank = rule_rank(rule, i);
			if (best && !rank_beats(&rank, &highest))
				continue;
			best = rule;
			highest = rank;
		}
	}
	return best;
}

static inline bool rules_select(const struct list_head *rules, u32 subject, u8 dir,
				u64 gen)
{
	const struct rule *rule;

	list_for_each_entry(rule, rules, node)
		if (rule_shown(rule, gen) && rule_is_for(rule, subject, dir))
			return true;
	return false;
}

#endif
