/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A joiner's acknowledgement counts from the proposal on. Crash case 9: the
 * proposal reached only the joiner.
 *
 * breaks: I3
 */
:: scenario == RULE_JOIN_COUNTS ->
	EJECT(0, 2, 0, 1)
	CATCHES_UP(0, 2, 0)
	FLUSHED(0)
	DO(join_propose, 0)
	DO(store_unheard, 0, 2)
	DO(write, 0, 0)
	LANDS(0, 0, 0) LANDS(0, 0, 1)
	TRY(ack, 0, 0)
	LANDS(0, 0, 2)
	DO(ack, 0, 0)
