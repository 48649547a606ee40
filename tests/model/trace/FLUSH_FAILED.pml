/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A member whose flush fails is ejected, not asked again and believed. Crash
 * case 13.
 *
 * breaks: I9
 */
:: scenario == RULE_FLUSH_FAILED ->
	DO(write, 0, 0)
	LANDS(0, 0, 0) LANDS(0, 0, 1) LANDS(0, 0, 2)
	DO(ack, 0, 0)
	DO(flush, 0)
	DO(flush_one, 0, 0) DO(flush_one, 0, 1)
	DO(flush_fails, 0, 2)
	TRY(flushed, 0)
	DO(shrink, 0, 2)
	RECORD(0, 0, 1)
	DO(flushed, 0)
