/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A write that meets a clear being written waits and sets the bit again.
 * Without that: it finds the region dirty still, and then it is not.
 *
 * breaks: I5
 */
:: scenario == RULE_C1_WAIT ->
	DO(write, 0, 0)
	LANDS(0, 0, 0) LANDS(0, 0, 1) LANDS(0, 0, 2)
	DO(ack, 0, 0)
	FLUSHED(0)
	DO(clear, 0)
	DO(clear_submit, 0, 0)
	CLEAR_AT(0, 1) CLEAR_AT(0, 2)
	DO(write, 0, 1)
	TRY_LANDS(0, 1, 0)
	DO(clear_done, 0, 0)
	TRY_LANDS(0, 1, 0)
	LANDS(0, 1, 1) LANDS(0, 1, 2)
	DO(ack, 0, 1)
