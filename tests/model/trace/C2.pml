/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A region with a write in flight is not cleared. Without that: the write is
 * on one replica and no bit says so.
 *
 * breaks: I5
 */
:: scenario == RULE_C2 ->
	DO(write, 0, 0)
	LANDS(0, 0, 0)
	TRY(clear, 0)
	CLEAR_AT(0, 0) CLEAR_AT(0, 1) CLEAR_AT(0, 2)
	LANDS(0, 0, 1) LANDS(0, 0, 2)
	DO(ack, 0, 0)
