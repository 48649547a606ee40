/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attach 4: the first touch by a write copies the region first. Without that:
 * the region counts as one of the new writer's, and its other block differs.
 *
 * breaks: I8
 */
:: scenario == RULE_A4_WRITE ->
	DO(write, 0, 0)
	LANDS(0, 0, 0)
	DO(writer_dies, 0)
	ATTACH(1, 0, 1)
	TRY(write, 1, 1)
	TRY_LANDS(1, 1, 0) TRY_LANDS(1, 1, 1)
	TRY(ack, 1, 1)
	TRY(read, 1, 0, 0)
	RECONCILED(1, 0, 1)
	DO(read, 1, 0, 0)
