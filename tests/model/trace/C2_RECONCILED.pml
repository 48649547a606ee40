/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A region that is not reconciled yet is not cleared. Without that: a flush
 * makes it look settled, and what only voter 0 has is forgotten.
 *
 * breaks: I5
 */
:: scenario == RULE_C2_RECONCILED ->
	DO(write, 0, 0)
	LANDS(0, 0, 0)
	DO(writer_dies, 0)
	ATTACH(1, 0, 1)
	FLUSHED(1)
	TRY(clear, 1)
	CLEAR_AT(1, 0) CLEAR_AT(1, 1)
	RECONCILED(1, 1, 0)
	DO(read, 1, 0, 0)
