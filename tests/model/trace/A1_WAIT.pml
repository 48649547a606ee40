/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attach 1: a voter promises only when what earlier epochs submitted has
 * ended. Without that: a write of the old writer lands after it was
 * reconciled away.
 *
 * breaks: I2
 */
:: scenario == RULE_A1_WAIT ->
	DO(write, 0, 0)
	DO(submit, 0, 0, 0)
	DO(expire, 0)
	DO(ask, 1)
	TRY(promise, 1, 0) DO(promise, 1, 1) DO(promise, 1, 2)
	DO(choose, 1)
	RECORD(1, 1, 2)
	TRY(source, 1, 1)
	TRY_COPIED(1, 0, 0) TRY_COPIED(1, 0, 1)
	TRY_COPIED(1, 2, 0) TRY_COPIED(1, 2, 1)
	FLUSHED(1)
	DO(reconciled, 1)
	DO(read, 1, 0, 1)
	DO(done, 0, 0, 0)
	DO(read, 1, 0, 2)
