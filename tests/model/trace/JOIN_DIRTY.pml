/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A joiner gets the regions that are dirty at the writer. Without that: a
 * write that was begun in an older generation is missed.
 *
 * breaks: I3
 */
:: scenario == RULE_JOIN_DIRTY ->
	DO(write, 0, 0)
	DO(bump, 0) RECORD(0, 0, 1)
	DO(tell, 0, 2)
	DO(power_loss, 2, 0)
	DO(notice, 0, 2)
	DO(shrink, 0, 2)
	RECORD(0, 0, 1)
	LANDS(0, 0, 0) LANDS(0, 0, 1)
	DO(ack, 0, 0)
	DO(return, 2)
	JOINS(0, 2, 0, 0, 2)
	DO(read, 0, 0, 2)
