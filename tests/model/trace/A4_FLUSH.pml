/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attach 4: what was reconciled is flushed before it is served. Without that:
 * voter 0 has an unacknowledged write on its disk and the older value copied
 * over it in its cache; after a power loss what was read has changed.
 *
 * breaks: I9
 */
:: scenario == RULE_A4_FLUSH ->
	DO(write, 0, 0)
	LANDS(0, 0, 0)
	DO(flush, 0)
	DO(flush_one, 0, 0)
	DO(writer_dies, 0)
	ATTACH(1, 0, 1)
	DO(source, 1, 1)
	COPIED(1, 0, 0) COPIED(1, 0, 1)
	TRY(reconciled, 1)
	TRY(read, 1, 0, 0)
	FLUSHED(1)
	DO(reconciled, 1)
	DO(read, 1, 0, 0)
	DO(power_loss, 0, 0)
