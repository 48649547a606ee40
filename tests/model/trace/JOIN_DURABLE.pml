/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JOINING is durable before the first overwrite.
 *
 * breaks: I7
 */
:: scenario == RULE_JOIN_DURABLE ->
	EJECT(0, 2, 0, 1)
	DO(write, 0, 0)
	LANDS(0, 0, 0) LANDS(0, 0, 1)
	DO(ack, 0, 0)
	JOINS(0, 2, 0, 0, 1)
