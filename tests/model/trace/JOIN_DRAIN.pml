/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A joiner drains its earlier session. Without that: a write of before its
 * ejection, delayed, lands on what was copied.
 *
 * breaks: I3
 */
:: scenario == RULE_JOIN_DRAIN ->
	DO(write, 0, 0)
	LANDS(0, 0, 0) LANDS(0, 0, 1)
	EJECT(0, 2, 0, 1)
	DO(ack, 0, 0)
	DO(write, 0, 0)
	LANDS(0, 0, 0) LANDS(0, 0, 1)
	DO(ack, 0, 0)
	CATCHES_UP(0, 2, 0)
	TRY_LANDS(0, 0, 2)
	FLUSHED(0)
	DO(join_propose, 0)
	RECORD(0, 0, 2)
	DO(read, 0, 0, 2)
