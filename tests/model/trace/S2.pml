/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who is outside the ISR keeps its vote. Without that: a writer that reaches
 * only voter 0 records itself there, while voters 1 and 2 elect another.
 *
 * breaks: I1
 */
:: scenario == RULE_S2 ->
	EJECT(0, 2, 0, 1)
	DO(write, 0, 0)
	LANDS(0, 0, 0)
	DO(time_out, 0, 1)
	DO(shrink, 0, 1)
	DO(store, 0, 0)
	TRY(commit, 0)
	TRY(ack, 0, 0)
	DO(expire, 0)
	ATTACH(1, 1, 2)
	DO(reconciled, 1)
	DO(read, 1, 0, 1)
