/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A join begins when all is reconciled. Without that: the joiner gets what
 * one member has, and reconciling the others forgets it.
 *
 * breaks: I8
 */
:: scenario == RULE_JOIN_RECONCILED ->
	DO(write, 0, 0)
	LANDS(0, 0, 0)
	DO(writer_dies, 0)
	ATTACH(1, 0, 1)
	DO(promise, 1, 2)
	TRY(join, 1, 2)
	TRY(join_from, 1, 1)
	TRY_COPIED(1, 2, 0) TRY_COPIED(1, 2, 1)
	FLUSHED(1)
	TRY(join_propose, 1)
	TRY(store, 1, 0) TRY(store, 1, 1) TRY(commit, 1)
	RECONCILED(1, 0, 1)
	DO(read, 1, 0, 0)
