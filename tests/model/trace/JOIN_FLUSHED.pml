/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A joiner that a flush left out is flushed again before it is proposed.
 * Without that: what the user flushed after the joiner's own flush is in its
 * cache only.
 *
 * breaks: I3
 */
:: scenario == RULE_JOIN_FLUSHED ->
	EJECT(0, 2, 0, 1)
	CATCHES_UP(0, 2, 0)
	FLUSHED(0)
	DO(write, 0, 0)
	LANDS(0, 0, 0) LANDS(0, 0, 1) LANDS(0, 0, 2)
	DO(ack, 0, 0)
	DO(flush, 0)
	DO(flush_one, 0, 0) DO(flush_one, 0, 1)
	DO(flushed, 0)
	TRY(join_propose, 0)
	TRY(store, 0, 2)
	FLUSHED(0)
	DO(join_propose, 0)
	RECORD(0, 0, 2)
