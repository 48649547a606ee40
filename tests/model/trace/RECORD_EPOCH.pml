/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A RECORD is taken only under the promised epoch. Without that: voter 2,
 * promised to the new writer, makes a majority for the old one.
 *
 * breaks: I3
 */
:: scenario == RULE_RECORD_EPOCH ->
	DO(write, 0, 0)
	LANDS(0, 0, 0)
	DO(time_out, 0, 1)
	DO(time_out, 0, 2)
	DO(expire, 0)
	DO(ask, 1) DO(promise, 1, 1) DO(promise, 1, 2) DO(choose, 1)
	DO(shrink, 0, 1)
	DO(shrink, 0, 2)
	DO(store, 0, 0)
	TRY(store, 0, 2)
	TRY(commit, 0)
	TRY(ack, 0, 0)
	RECORD(1, 1, 2)
	DO(reconciled, 1)
	DO(read, 1, 0, 1)
