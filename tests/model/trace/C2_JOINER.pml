/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Nothing is cleared on a joiner before its own flush. Without that: it loses
 * power, falls back to a write of its own that nobody else has, and looks
 * clean.
 *
 * breaks: I3
 */
:: scenario == RULE_C2_JOINER ->
	DO(write, 0, 0)
	LANDS(0, 0, 2)
	DO(writer_dies, 0)
	DO(power_loss, 2, 1)
	ATTACH(1, 0, 1)
	DO(reconciled, 1)
	DO(read, 1, 0, 0)
	DO(return, 2)
	DO(promise, 1, 2)
	CATCHES_UP(1, 2, 0)
	DO(flush, 1)
	DO(flush_one, 1, 0) DO(flush_one, 1, 1)
	DO(flushed, 1)
	TRY(clear, 1)
	CLEAR_AT(1, 0) CLEAR_AT(1, 1) CLEAR_AT(1, 2)
	DO(power_loss, 2, 0)
	DO(return, 2)
	DO(join_ends, 1)
	JOINS(1, 2, 0, 0, 2)
	DO(read, 1, 0, 2)
