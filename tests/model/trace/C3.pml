/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A clear stamps the generation of now while a replica is outside. Crash case
 * 22: the write was begun two records before it landed, and is older than
 * what voter 2 was told.
 *
 * breaks: I3
 */
:: scenario == RULE_C3 ->
	DO(write, 0, 0)
	DO(bump, 0) RECORD(0, 0, 1)
	DO(tell, 0, 2)
	DO(power_loss, 2, 0)
	DO(notice, 0, 2)
	DO(shrink, 0, 2)
	RECORD(0, 0, 1)
	LANDS(0, 0, 0) LANDS(0, 0, 1)
	DO(ack, 0, 0)
	FLUSHED(0)
	CLEARED(0)
	DO(return, 2)
	JOINS(0, 2, 0, 0, 2)
	DO(read, 0, 0, 2)
