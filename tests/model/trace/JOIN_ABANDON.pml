/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A proposed join is given up only by a record that supersedes it.
 *
 * breaks: I3
 */
:: scenario == RULE_JOIN_ABANDON ->
	EJECT(0, 2, 0, 1)
	CATCHES_UP(0, 2, 0)
	FLUSHED(0)
	DO(join_propose, 0)
	DO(store_unheard, 0, 2)
	DO(time_out, 0, 2)
	TRY(join_ends, 0)
	DO(write, 0, 0)
	LANDS(0, 0, 0) LANDS(0, 0, 1)
	TRY(ack, 0, 0)
	DO(shrink, 0, 2)
	RECORD(0, 0, 1)
	DO(ack, 0, 0)
