/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A joiner gets the regions that are dirty on itself. Without that: it keeps
 * a write that only it has.
 *
 * breaks: I3
 */
:: scenario == RULE_JOIN_OWN ->
	DO(write, 0, 0)
	LANDS(0, 0, 2)
	DO(writer_dies, 0)
	DO(power_loss, 2, 1)
	ATTACH(1, 0, 1)
	DO(reconciled, 1)
	DO(read, 1, 0, 0)
	DO(return, 2)
	DO(promise, 1, 2)
	JOINS(1, 2, 0, 0, 2)
	DO(read, 1, 0, 2)
