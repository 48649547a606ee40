/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A joiner is flushed before it is proposed.
 *
 * breaks: I3
 */
:: scenario == RULE_JOIN_FLUSH ->
	EJECT(0, 2, 0, 1)
	DO(write, 0, 0)
	LANDS(0, 0, 0) LANDS(0, 0, 1)
	DO(ack, 0, 0)
	FLUSHED(0)
	CATCHES_UP(0, 2, 0)
	TRY(join_propose, 0)
	TRY(store, 0, 2)
	FLUSHED(0)
	DO(join_propose, 0)
	RECORD(0, 0, 2)
