/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state of braid in a connection of nf_conntrack; stamp.h has its format.
 *
 * Every CPU that decides about a packet of the connection writes both words, and
 * every CPU reads them, each with a single access. A race costs one more decision.
 */
#ifndef BRAID_CONN_H
#define BRAID_CONN_H

#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_labels.h>

#include "model/addr.h"
#include "packet/drop.h"
#include "packet/stamp.h"

/* Return: an address of a tuple of @ct in the 128-bit form. */
static inline struct in6_addr braid_tuple_addr(const struct nf_conn *ct,
					       const union nf_inet_addr *addr)
{
	if (nf_ct_l3num(ct) == NFPROTO_IPV6)
		return addr->in6;
	return braid_addr_v4(addr->ip);
}

/* Return: an address in the form of nf_nat. */
static inline union nf_inet_addr braid_addr_to_nf(const struct in6_addr *addr)
{
	union nf_inet_addr nf = {};

	if (braid_addr_is_v4(addr))
		nf.ip = braid_addr_to_v4(addr);
	else
		nf.in6 = *addr;
	return nf;
}

/* Return: false for a connection older than the module, which has no labels. */
static inline bool braid_conn_known(const struct nf_conn *ct)
{
	return nf_ct_labels_find(ct);
}

static inline u64 braid_conn_pair(const struct nf_conn *ct)
{
	const struct nf_conn_labels *labels = nf_ct_labels_find(ct);

	return labels ? READ_ONCE(labels->bits[0]) : 0;
}

static inline void braid_conn_set_pair(struct nf_conn *ct, u32 source,
				       u32 destination)
{
	struct nf_conn_labels *labels = nf_ct_labels_find(ct);

	if (labels)
		WRITE_ONCE(labels->bits[0],
			   braid_pair_encode(source, destination));
}

/*
 * An administrator of the namespace can write labels too, so a stamp with an invalid
 * reason counts as none.
 */
static inline struct braid_net_stamp braid_conn_stamp(const struct nf_conn *ct)
{
	const struct nf_conn_labels *labels = nf_ct_labels_find(ct);
	struct braid_net_stamp stamp;

	stamp = braid_stamp_decode(labels ? READ_ONCE(labels->bits[1]) : 0);
	return stamp.reason < BRAID_REASON_COUNT ? stamp :
						   (struct braid_net_stamp){};
}

static inline void braid_conn_set_stamp(struct nf_conn *ct,
					const struct braid_net_stamp *stamp)
{
	struct nf_conn_labels *labels = nf_ct_labels_find(ct);

	if (labels)
		WRITE_ONCE(labels->bits[1], braid_stamp_encode(stamp));
}

#endif
