/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A flush covers proposals. Crash case 27: a join is proposed, a write and a
 * flush complete, all but the joiner die.
 *
 * breaks: I3
 */
:: scenario == RULE_FLUSH ->
	EJECT(0, 2, 0, 1)
	CATCHES_UP(0, 2, 0)
	FLUSHED(0)
	DO(join_propose, 0)
	DO(store_unheard, 0, 2)
	DO(write, 0, 0)
	LANDS(0, 0, 0) LANDS(0, 0, 1) LANDS(0, 0, 2)
	DO(ack, 0, 0)
	DO(flush, 0)
	DO(flush_one, 0, 0) DO(flush_one, 0, 1)
	TRY(flushed, 0)
	DO(flush_one, 0, 2)
	DO(flushed, 0)
