/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A member with another store id has failed. Crash case 3: it lost what it
 * had cached, comes back at once, and a flush counts it.
 *
 * breaks: I9
 */
:: scenario == RULE_S1 ->
	DO(write, 0, 0)
	LANDS(0, 0, 0) LANDS(0, 0, 1) LANDS(0, 0, 2)
	DO(ack, 0, 0)
	DO(power_loss, 1, 0)
	DO(return, 1)
	DO(flush, 0)
	FLUSH_EACH(0)
	TRY(flushed, 0)
	DO(notice, 0, 1)
	DO(shrink, 0, 1)
	RECORD(0, 0, 1)
	DO(flushed, 0)
	JOINS(0, 1, 0, 0, 1)
	DO(read, 0, 0, 1)
