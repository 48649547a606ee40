/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An attach begins above the highest generation among its promises. Without
 * that: voter 0 missed two records, answers first, and the write of the new
 * writer looks older than what voter 2 was told.
 *
 * breaks: I3
 */
:: scenario == RULE_G1 ->
	DO(bump, 0) RECORD(0, 1, 2)
	DO(bump, 0) RECORD(0, 1, 2)
	DO(tell, 0, 2)
	DO(power_loss, 2, 0)
	DO(writer_dies, 0)
	ATTACH(1, 0, 1)
	DO(reconciled, 1)
	DO(write, 1, 0)
	LANDS(1, 0, 0) LANDS(1, 0, 1)
	DO(ack, 1, 0)
	FLUSHED(1)
	CLEARED(1)
	DO(return, 2)
	DO(promise, 1, 2)
	JOINS(1, 2, 0, 0, 2)
	DO(read, 1, 0, 2)
