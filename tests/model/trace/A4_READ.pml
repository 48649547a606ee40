/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attach 4: the first touch by a read copies the region first. Crash case 1:
 * what is read from one replica is not on the other.
 *
 * breaks: I8
 */
:: scenario == RULE_A4_READ ->
	DO(write, 0, 0)
	LANDS(0, 0, 0)
	DO(writer_dies, 0)
	ATTACH(1, 0, 1)
	TRY(read, 1, 0, 0)
	RECONCILED(1, 0, 1)
	DO(read, 1, 0, 0)
