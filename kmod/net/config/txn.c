// SPDX-License-Identifier: GPL-2.0-only
#include "config/txn.h"

#include <linux/netlink.h>
#include <linux/notifier.h>
#include <linux/slab.h>

/* Limits the memory that transactions can use. */
#define BRAID_TXN_CHANGES 262144
#define BRAID_TXNS 64

/**
 * braid_txn_free_change() - frees a change with its version
 * @change: the change
 *
 * Context: any.
 */
void braid_txn_free_change(struct braid_net_change *change)
{
	braid_obj_free(change->obj);
	kfree(change);
}

/**
 * braid_txn_free() - frees a transaction with its changes
 * @txn: from braid_txn_take(), or NULL
 *
 * Context: process.
 */
void braid_txn_free(struct braid_txn *txn)
{
	struct braid_net_change *change, *tmp;

	if (!txn)
		return;
	list_for_each_entry_safe(change, tmp, &txn->changes, list)
		braid_txn_free_change(change);
	kfree(txn);
}

static struct braid_txn *txn_find(struct braid_net *bn, u32 portid)
{
	struct braid_txn *txn;

	lockdep_assert_held(&bn->txn_lock);
	list_for_each_entry(txn, &bn->txns, list)
		if (txn->portid == portid)
			return txn;
	return NULL;
}

/**
 * braid_txn_take() - removes the transaction of a socket from the namespace
 * @bn: the namespace
 * @portid: port of the socket
 *
 * Context: process, may sleep.
 * Return: the transaction, which the caller frees, or NULL.
 */
struct braid_txn *braid_txn_take(struct braid_net *bn, u32 portid)
{
	struct braid_txn *txn;

	mutex_lock(&bn->txn_lock);
	txn = txn_find(bn, portid);
	if (txn) {
		list_del(&txn->list);
		bn->ntxns--;
	}
	mutex_unlock(&bn->txn_lock);
	return txn;
}

/**
 * braid_txn_begin() - opens a transaction
 * @bn: the namespace
 * @portid: port of the socket, which has no open transaction
 * @gen: filled in with the generation that its commit expects
 *
 * Context: process, may sleep.
 * Return: 0, -ENOMEM, or -ENOSPC if too many are open.
 */
int braid_txn_begin(struct braid_net *bn, u32 portid, u64 *gen)
{
	struct braid_txn *txn;
	int ret = 0;

	txn = kzalloc(sizeof(*txn), GFP_KERNEL_ACCOUNT);
	if (!txn)
		return -ENOMEM;
	INIT_LIST_HEAD(&txn->changes);
	txn->portid = portid;
	txn->gen = braid_net_gen(bn);
	*gen = txn->gen;
	mutex_lock(&bn->txn_lock);
	if (bn->ntxns < BRAID_TXNS && !txn_find(bn, portid)) {
		list_add(&txn->list, &bn->txns);
		bn->ntxns++;
		txn = NULL;
	} else {
		ret = -ENOSPC;
	}
	mutex_unlock(&bn->txn_lock);
	braid_txn_free(txn);
	return ret;
}

/**
 * braid_txn_fail() - marks the transaction of a socket as failed
 * @bn: the namespace
 * @portid: port of the socket, which may have no transaction
 *
 * Context: process, may sleep.
 */
void braid_txn_fail(struct braid_net *bn, u32 portid)
{
	struct braid_txn *txn;

	mutex_lock(&bn->txn_lock);
	txn = txn_find(bn, portid);
	if (txn)
		txn->failed = true;
	mutex_unlock(&bn->txn_lock);
}

/**
 * braid_txn_stage() - adds a change to the transaction of a socket
 * @bn: the namespace
 * @portid: port of the socket
 * @change: taken over if the result is true and @ret is 0
 * @ret: filled in with 0 or -E2BIG
 * @err: filled in on refusal
 *
 * Context: process, may sleep.
 * Return: false if the socket has no transaction.
 */
bool braid_txn_stage(struct braid_net *bn, u32 portid,
		     struct braid_net_change *change, int *ret,
		     struct braid_err *err)
{
	struct braid_txn *txn;

	*ret = 0;
	mutex_lock(&bn->txn_lock);
	txn = txn_find(bn, portid);
	if (txn && txn->len == BRAID_TXN_CHANGES) {
		txn->failed = true;
		*ret = braid_refuse(err, -E2BIG, 0,
				    "more than 262144 changes in a transaction");
	} else if (txn) {
		list_add_tail(&change->list, &txn->changes);
		txn->len++;
	}
	mutex_unlock(&bn->txn_lock);
	return txn;
}

/**
 * braid_txn_drop_all() - frees the transactions of a namespace
 * @bn: the namespace; no message can arrive
 *
 * Context: process, may sleep.
 */
void braid_txn_drop_all(struct braid_net *bn)
{
	struct braid_txn *txn, *tmp;

	list_for_each_entry_safe(txn, tmp, &bn->txns, list) {
		list_del(&txn->list);
		bn->ntxns--;
		braid_txn_free(txn);
	}
}

/* Frees the transaction of a socket that is closed. */
static int txn_release(struct notifier_block *nb, unsigned long event,
		       void *data)
{
	struct netlink_notify *n = data;

	if (event == NETLINK_URELEASE && n->protocol == NETLINK_GENERIC)
		braid_txn_free(braid_txn_take(braid_net_of(n->net), n->portid));
	return NOTIFY_DONE;
}

static struct notifier_block txn_notifier = {
	.notifier_call = txn_release,
};

/**
 * braid_txn_init() - begins to watch sockets
 *
 * Context: process, may sleep; namespaces are set up.
 * Return: 0 or an error.
 */
int braid_txn_init(void)
{
	return netlink_register_notifier(&txn_notifier);
}

/**
 * braid_txn_exit() - stops watching sockets
 *
 * Context: process, may sleep.
 */
void braid_txn_exit(void)
{
	netlink_unregister_notifier(&txn_notifier);
}
