/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The generation is the writer's. Without that: a replica that missed a
 * record stamps the one of its own, older than the write.
 *
 * breaks: I6
 */
:: scenario == RULE_G3 ->
	DO(bump, 0) RECORD(0, 1, 2)
	DO(write, 0, 0)
	LANDS(0, 0, 0)
