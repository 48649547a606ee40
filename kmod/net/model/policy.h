/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Policy: which rule judges a connection.
 *
 * A rule is cut into cells: one for each peer and for each power-of-two block
 * of its port range (at most 30). A cell is found by exact lookup. The shapes of
 * a subject's cells (which kind of peer, which prefix lengths) are kept with
 * it, and a lookup tries each shape once: its cost depends on how many shapes
 * there are, never on how many rules.
 *
 * Pure: knows no packet, no namespace and no netlink.
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
 * struct braid_rule_peer - the other side, as a rule names it
 * @id: for BRAID_PEER_IDENTITY
 * @addr: for BRAID_PEER_CIDR, no bits beyond @plen
 * @plen: for BRAID_PEER_CIDR
 */
struct braid_rule_peer {
	u32 id;
	struct in6_addr addr;
	u8 plen;
};

/**
 * struct braid_rule - what policy needs of a rule
 * @life: generations it is valid in; outlives the rule's placement
 * @name: for a strict order among otherwise equal rules
 * @subject: identity it is for
 * @priority: larger wins
 * @dir: enum braid_net_direction
 * @deny: deny, else allow
 * @proto: IP protocol, 0 is any
 * @ranged: @min to @max limit the port or the ICMP type
 * @min: first port, or the type
 * @max: last port, or the type
 * @peer_kind: what @peers are
 * @npeers: length of @peers; 1 with no content for BRAID_PEER_ANY
 * @peers: owned by the rule
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

/* What is judged; @port is the ICMP type for ICMP. */
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
 * @cells: by peer, protocol and block of ports; written under the namespace
 *	mutex, read under RCU
 * @subjects: by identity and direction; the same
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
