/* SPDX-License-Identifier: GPL-2.0-only */
/* Drops: each has a reason, is counted and sends an event. */
#ifndef BRAID_DROP_H
#define BRAID_DROP_H

#include <linux/skbuff.h>
#include <linux/in6.h>

#include "model/net.h"

#define BRAID_REASONS(X) \
	X(POLICY, "policy-denied") \
	X(SPOOFED, "spoofed-source") \
	X(TUNNEL_PORT, "tunnel-port") \
	X(UNKNOWN_NODE, "unknown-node") \
	X(SPOOFED_INNER, "spoofed-inner-source") \
	X(UNKNOWN_IDENTITY, "unknown-identity") \
	X(NOT_UPLINK, "not-uplink") \
	X(MALFORMED, "malformed") \
	X(PROTOCOL, "unsupported-protocol") \
	X(INVALID, "invalid-connection") \
	X(UNTRACKED, "untracked") \
	X(NO_BACKEND, "no-backend") \
	X(STALE, "backend-removed") \
	X(NO_NODE, "no-node") \
	X(NO_ROUTE, "no-route") \
	X(TOO_BIG, "too-big") \
	X(LINK_DOWN, "link-down") \
	X(NOT_ADDRESS, "not-an-address") \
	X(NO_MEMORY, "no-memory")

enum braid_reason {
	BRAID_PASS,	/* the verdict of a packet that is not dropped */
#define X(name, text) BRAID_DROP_##name,
	BRAID_REASONS(X)
#undef X
	BRAID_REASON_COUNT
};

/**
 * struct braid_counters - counters of one CPU
 * @drops: dropped packets by reason and direction
 * @forwarded: packets of endpoints that passed policy
 */
struct braid_counters {
	u64 drops[BRAID_REASON_COUNT][2];
	u64 forwarded;
};

/**
 * struct braid_drop - a packet that is dropped
 * @reason: why
 * @dir: enum braid_net_direction, seen from the endpoint
 * @src_id: identity of the source, 0 if it is not known
 * @dst_id: identity of the destination, 0 if it is not known
 * @src: source address
 * @dst: destination address, after translation where it was translated
 * @proto: IP protocol
 * @sport: source port, host byte order
 * @dport: destination port or ICMP type, host byte order
 * @dev: device that received it, or NULL
 */
struct braid_drop {
	enum braid_reason reason;
	u8 dir;
	u32 src_id;
	u32 dst_id;
	struct in6_addr src;
	struct in6_addr dst;
	u8 proto;
	u16 sport;
	u16 dport;
	const struct net_device *dev;
};

const char *braid_drop_text(enum braid_reason reason);
void braid_drop_describe(struct braid_drop *drop, const struct sk_buff *skb,
			 u8 pf);
void braid_drop_report(struct braid_net *bn, const struct braid_drop *drop);
void braid_count_forwarded(struct braid_net *bn);
u64 braid_stats_drops(struct braid_net *bn, enum braid_reason reason, u8 dir);
u64 braid_stats_forwarded(struct braid_net *bn);
void braid_stats_reset(struct braid_net *bn);

#endif
