/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A joiner is proposed only if it acknowledged every write since it joined.
 *
 * breaks: I3
 */
:: scenario == RULE_JOIN_ACKED ->
	EJECT(0, 2, 0, 1)
	CATCHES_UP(0, 2, 0)
	DO(write, 0, 0)
	LANDS(0, 0, 0) LANDS(0, 0, 1)
	DO(ack, 0, 0)
	FLUSHED(0)
	TRY(join_propose, 0)
	TRY(store, 0, 2)
	DO(join_ends, 0)
	JOINS(0, 2, 0, 0, 2)
	DO(read, 0, 0, 2)
