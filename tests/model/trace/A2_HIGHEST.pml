/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attach 2: the record with the highest mver counts, not the first one. Crash
 * case 20.
 *
 * breaks: I3
 */
:: scenario == RULE_A2_HIGHEST ->
	EJECT(0, 0, 1, 2)
	DO(write, 0, 0)
	LANDS(0, 0, 1) LANDS(0, 0, 2)
	DO(ack, 0, 0)
	DO(writer_dies, 0)
	ATTACH(1, 0, 1)
	DO(source, 1, 1)
	FLUSHED(1)
	DO(reconciled, 1)
	DO(read, 1, 0, 1)
