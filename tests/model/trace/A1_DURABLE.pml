/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attach 1: the promise is durable before it is answered. Without that: voter
 * 0 forgets it, and the old writer has a majority again.
 *
 * breaks: I3
 */
:: scenario == RULE_A1_DURABLE ->
	DO(expire, 0)
	DO(ask, 1) DO(promise, 1, 0) DO(promise, 1, 1) DO(choose, 1)
	DO(power_loss, 0, 0)
	DO(return, 0)
	TRY(renew, 0)
	DO(notice, 0, 0)
	DO(shrink, 0, 0)
	DO(time_out, 0, 1)
	DO(shrink, 0, 1)
	TRY(store, 0, 0) DO(store, 0, 2) TRY(commit, 0)
	TRY(write, 0, 0)
	TRY_LANDS(0, 0, 2)
	TRY(ack, 0, 0)
	TRY(expire, 0)
	DO(promise, 1, 2)
	RECORD(1, 1, 2)
