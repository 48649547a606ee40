/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Transactions: changes that wait for a commit.
 *
 * A socket has at most one transaction. A change is parsed when it arrives, without
 * the namespace mutex; the commit checks what depends on other objects.
 */
#ifndef BRAID_TXN_H
#define BRAID_TXN_H

#include "model/change.h"
#include "model/net.h"

/**
 * struct braid_txn - the transaction of a socket
 * @list: entry in the list of the namespace
 * @portid: port of the socket
 * @gen: generation when the transaction began
 * @len: length of @changes
 * @failed: a change was refused, so the transaction cannot be committed
 * @changes: changes in their order; owned
 */
struct braid_txn {
	struct list_head list;
	u32 portid;
	u64 gen;
	unsigned int len;
	bool failed;
	struct list_head changes;
};

void braid_txn_free_change(struct braid_net_change *change);
int braid_txn_begin(struct braid_net *bn, u32 portid, u64 *gen);
bool braid_txn_stage(struct braid_net *bn, u32 portid,
		     struct braid_net_change *change, int *ret,
		     struct braid_err *err);
void braid_txn_fail(struct braid_net *bn, u32 portid);
struct braid_txn *braid_txn_take(struct braid_net *bn, u32 portid);
void braid_txn_free(struct braid_txn *txn);
void braid_txn_drop_all(struct braid_net *bn);
int braid_txn_init(void);
void braid_txn_exit(void);

#endif
