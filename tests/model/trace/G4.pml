/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A proposal does not raise last_insync_gen. Crash case 24: two shrinks reach
 * only voter 2, the others go on without it, and their generation is lower
 * than the one it saw.
 *
 * breaks: I3
 */
:: scenario == RULE_G4 ->
	DO(time_out, 0, 1)
	DO(shrink, 0, 1)
	DO(store_unheard, 0, 2)
	DO(time_out, 0, 0)
	DO(shrink, 0, 0)
	DO(store_unheard, 0, 2)
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
