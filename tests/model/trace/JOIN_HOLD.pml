/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A copy holds its range from before the source is read until the target
 * answered. Without that: it overwrites a newer write.
 *
 * breaks: I3
 */
:: scenario == RULE_JOIN_HOLD ->
	DO(write, 0, 0)
	LANDS(0, 0, 0) LANDS(0, 0, 1) LANDS(0, 0, 2)
	DO(ack, 0, 0)
	EJECT(0, 2, 0, 1)
	DO(join, 0, 2)
	DO(join_from, 0, 0)
	DO(copy, 0, 2, 0)
	TRY(write, 0, 0)
	TRY_LANDS(0, 0, 0) TRY_LANDS(0, 0, 1) TRY_LANDS(0, 0, 2)
	TRY(ack, 0, 0)
	DO(copy_submit, 0) DO(copy_done, 0)
	COPIED(0, 2, 1)
	FLUSHED(0)
	DO(join_propose, 0)
	RECORD(0, 0, 2)
