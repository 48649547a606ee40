/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A copy stamps its target. Crash case 25: a write lands on voter 0 only, is
 * copied to voter 1 and read; then voter 0 leaves and voter 2 learns from the
 * map of voter 1 what it missed.
 *
 * breaks: I3
 */
:: scenario == RULE_G5 ->
	DO(write, 0, 0)
	LANDS(0, 0, 0)
	DO(power_loss, 2, 0)
	DO(writer_dies, 0)
	ATTACH(1, 0, 1)
	RECONCILED(1, 0, 1)
	DO(read, 1, 0, 1)
	EJECT(1, 0, 0, 1)
	DO(return, 2)
	DO(promise, 1, 2)
	JOINS(1, 2, 1, 1, 2)
	DO(read, 1, 0, 2)
