/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lease is valid when a read completes. Crash case 6: a writer that was
 * paused reads what another one has replaced.
 *
 * breaks: I4
 */
:: scenario == RULE_LEASE_READ ->
	DO(expire, 0)
	ATTACH(1, 1, 2)
	DO(reconciled, 1)
	DO(write, 1, 0)
	LANDS(1, 0, 1) LANDS(1, 0, 2)
	DO(ack, 1, 0)
	TRY(read, 0, 0, 0)
