/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An empty ISR is never proposed. Without that: nobody has what was flushed.
 *
 * breaks: I9
 */
:: scenario == RULE_S3 ->
	EJECT(0, 2, 0, 1)
	EJECT(0, 1, 0, 1)
	DO(write, 0, 0)
	LANDS(0, 0, 0)
	DO(ack, 0, 0)
	FLUSHED(0)
	DO(time_out, 0, 0)
	TRY(shrink, 0, 0)
	TRY(store, 0, 0) TRY(store, 0, 1)
	DO(writer_dies, 0)
	ATTACH(1, 0, 1)
