/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The record says clean only when nothing is in flight and all is clear.
 * Without that: a write that one replica has is not reconciled.
 *
 * breaks: I8
 */
:: scenario == RULE_DETACH ->
	DO(write, 0, 0)
	LANDS(0, 0, 0)
	TRY(close, 0)
	TRY(store, 0, 0) TRY(store, 0, 1) TRY(commit, 0)
	TRY(writer_dies, 0)
	ATTACH(1, 0, 1)
	TRY(source, 1, 1)
	TRY_COPIED(1, 0, 0) TRY_COPIED(1, 0, 1)
	TRY(flush, 1) FLUSH_EACH(1) TRY(flushed, 1)
	TRY(reconciled, 1)
	DO(read, 1, 0, 0)
