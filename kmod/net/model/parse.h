/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads values from netlink attributes; every refusal has a message. */
#ifndef BRAID_PARSE_H
#define BRAID_PARSE_H

#include <linux/if_ether.h>

#include "model/netlink-policy-gen.h"
#include "model/object.h"

/* An IP network; @plen is the length in the 128-bit form of addr.h. */
struct braid_cidr {
	struct in6_addr addr;
	u8 plen;
};

/* Reserved identities. */
enum braid_id {
	BRAID_ID_UNKNOWN = 0,
	BRAID_ID_HOST = 1,
	BRAID_ID_WORLD = 2,
	BRAID_ID_REMOTE_NODE = 6,
	BRAID_IDENTITY_RESERVED = 255,
};

int braid_net_parse_need(struct nlattr **tb, u16 attr, struct braid_err *err,
			 const char *msg);
int braid_net_parse_name(const struct nlattr *nla, char *name,
			 struct braid_err *err);
int braid_net_parse_addr(const struct nlattr *nla, struct in6_addr *addr,
			 struct braid_err *err);
int braid_net_parse_cidr(const struct nlattr *nla, struct braid_cidr *cidr,
			 struct braid_err *err);
int braid_net_parse_port(const struct nlattr *nla, u16 *port,
			 struct braid_err *err);
int braid_net_parse_device(struct net *net, const struct nlattr *nla, int *ifindex,
			   struct braid_err *err);
int braid_fill_addr(struct sk_buff *skb, int attr, const struct in6_addr *addr);
int braid_fill_cidr(struct sk_buff *skb, int attr,
		    const struct braid_cidr *cidr);
void braid_key_id(struct braid_slot_key *key, u32 id);
void braid_key_name(struct braid_slot_key *key, const char *name);

#endif
