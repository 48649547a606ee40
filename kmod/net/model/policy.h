/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Policy: finds the rule that decides about a connection.
 *
 * A rule is divided into cells: one for each pair of a peer and an aligned
 * power-of-two block of its port range (at most 30 blocks). An exact lookup finds a
 * cell. The policy keeps the shapes of a subject's cells (kind of peer, prefix
 * lengths), and a lookup tries each shape once, so its cost depends on the number of
 * shapes and not on the number of rules.
 *
 * Pure: the policy knows no packet, no namespace and no netlink.
 */
#ifndef BRAID_POLICY_H
#define BRAID_POLICY_H

#include <linux/in6.h>
#include <linux/list.h>
#include <linux/rhashtable.h>

#include "model/life.h"

enum braid_peer_kind {
	BRAID_PEER_ANY,
	BRAID_PEER_CIDR,
	BRAID_PEER_IDENTITY,
};

/**
 * struct braid_rule_peer - the other side of a rule
 * @id: identity, for BRAID_PEER_IDENTITY
 * @addr: network, for BRAID_PEER_CIDR; bits beyond @plen are 0
 * @plen: prefix length in the 128-bit form, for BRAID_PEER_CIDR
 */
struct braid_rule_peer {
	u32 id;
	struct in6_addr addr;
	u8 plen;
};

/**
 * struct braid_rule - a rule as the policy matches it
 * @life: generations in which the rule is valid; outlives its placement
 * @name: orders rules that are equal otherwise
 * @subject: identity that the rule applies to
 * @priority: the rule with the larger value decides
 * @dir: enum braid_net_direction
 * @deny: true for deny, false for allow
 * @proto: IP protocol, 0 for any
 * @ranged: the rule matches ports or ICMP types from @min to @max only
 * @min: first port, host byte order, or the ICMP type
 * @max: last port, host byte order, or the ICMP type
 * @peer_kind: kind of all @peers
 * @npeers: length of @peers; 1 for BRAID_PEER_ANY
 * @peers: owned; the content is unused for BRAID_PEER_ANY
 */
struct braid_rule {
	const struct braid_life *life;
	const char *name;
	u32 subject;
	u32 priority;
	u8 dir;
	bool deny;
	u8 proto;
	bool ranged;
	u16 min;
	u16 max;
	enum braid_peer_kind peer_kind;
	unsigned int npeers;
	struct braid_rule_peer *peers;
};

/* A connection to decide about; @port is in host byte order, or the ICMP type. */
struct braid_query {
	u32 subject;
	u32 peer;
	const struct in6_addr *addr;
	u8 dir;
	u8 proto;
	u16 port;
};

/**
 * struct braid_policy - all rules of a namespace
 * @cells: cells by subject, peer, protocol and block of ports; written under the
 *	namespace mutex, read under RCU
 * @subjects: subjects by identity and direction; written under the namespace mutex,
 *	read under RCU
 */
struct braid_policy {
	struct rhashtable cells;
	struct rhashtable subjects;
};

struct braid_placement;

int braid_policy_init(struct braid_policy *policy);
void braid_policy_exit(struct braid_policy *policy);
struct braid_placement *braid_policy_insert(struct braid_policy *policy,
					    struct braid_rule *rule);
void braid_policy_remove(struct braid_policy *policy,
			 struct braid_placement *placement);
void braid_policy_free(struct braid_placement *placement);
bool braid_policy_selected(struct braid_policy *policy, u32 subject, u8 dir,
			   u64 gen);
const struct braid_rule *braid_policy_lookup(struct braid_policy *policy,
					     const struct braid_query *query,
					     u64 gen);

#endif
