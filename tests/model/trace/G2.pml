/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The region is dirty before its data changes. Without that: the writer dies
 * while a replica writes, which then differs from the others and nobody knows.
 *
 * breaks: I5
 */
:: scenario == RULE_G2 ->
	DO(write, 0, 0)
	DO(submit, 0, 0, 0)
	DO(writer_dies, 0)
	DO(done, 0, 0, 0)
	ATTACH(1, 0, 1)
	RECONCILED(1, 0, 1)
	DO(read, 1, 0, 1)
