/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attach 1: a voter that promised admits lower epochs no more, and a replica
 * checks when it submits. Crash case 5.
 *
 * breaks: I2
 */
:: scenario == RULE_A1_ADMIT ->
	DO(write, 0, 0)
	DO(expire, 0)
	ATTACH(1, 0, 1)
	DO(reconciled, 1)
	DO(read, 1, 0, 0)
	TRY_LANDS(0, 0, 0)
	DO(read, 1, 0, 0)
