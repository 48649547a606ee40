/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A replica ignores a clear if it received a later write. Crash case 26: the
 * clear was on its way when the next write was faster.
 *
 * breaks: I5
 */
:: scenario == RULE_C1 ->
	DO(write, 0, 0)
	LANDS(0, 0, 0) LANDS(0, 0, 1) LANDS(0, 0, 2)
	DO(ack, 0, 0)
	FLUSHED(0)
	DO(clear, 0)
	DO(write, 0, 1)
	LANDS(0, 1, 0)
	CLEAR_AT(0, 0) CLEAR_AT(0, 1) CLEAR_AT(0, 2)
	LANDS(0, 1, 1) LANDS(0, 1, 2)
	DO(ack, 0, 1)
