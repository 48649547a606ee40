/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * min-isr does not keep an attach from being recorded. Without that: the one
 * member that is left serves while the record names two, and what was read
 * from it is not on the other.
 *
 * breaks: I8
 */
:: scenario == RULE_S4 ->
	min_isr = 2;
	EJECT(0, 2, 0, 1)
	DO(write, 0, 0)
	LANDS(0, 0, 0)
	DO(writer_dies, 0)
	DO(power_loss, 1, 0)
	DO(ask, 1) DO(promise, 1, 0) DO(promise, 1, 2) DO(choose, 1)
	TRY(store, 1, 0) TRY(store, 1, 2) TRY(commit, 1)
	DO(source, 1, 0)
	FLUSHED(1)
	DO(reconciled, 1)
	DO(read, 1, 0, 0)
	DO(return, 1)
