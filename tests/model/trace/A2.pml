/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attach 2: who is not in the highest record never serves. Crash case 17:
 * voter 0 left, a write was acknowledged, voter 1 is gone.
 *
 * breaks: I3
 */
:: scenario == RULE_A2 ->
	EJECT(0, 0, 1, 2)
	DO(write, 0, 0)
	LANDS(0, 0, 1) LANDS(0, 0, 2)
	DO(ack, 0, 0)
	DO(writer_dies, 0)
	DO(power_loss, 1, 0)
	ATTACH(1, 0, 2)
	DO(source, 1, 2)
	FLUSHED(1)
	DO(reconciled, 1)
	DO(read, 1, 0, 2)
