/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attach 3: nothing is served before the record is durable. Without that: the
 * record still says clean after a write landed on one replica.
 *
 * breaks: I8
 */
:: scenario == RULE_A3 ->
	DO(close, 0)
	RECORD(0, 0, 1)
	DO(ask, 1) DO(promise, 1, 0) DO(promise, 1, 1) DO(choose, 1)
	TRY(write, 1, 0)
	TRY_LANDS(1, 0, 0)
	DO(writer_dies, 1)
	ATTACH(0, 0, 1)
	DO(read, 0, 0, 0)
