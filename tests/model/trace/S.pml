/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a member missed is acknowledged only after the record without it.
 *
 * breaks: I1
 */
:: scenario == RULE_S ->
	DO(write, 0, 0)
	LANDS(0, 0, 0) LANDS(0, 0, 1)
	DO(time_out, 0, 2)
	TRY(ack, 0, 0)
	DO(shrink, 0, 2)
	RECORD(0, 0, 1)
	TRY(ack, 0, 0)
