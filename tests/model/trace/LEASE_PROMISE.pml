/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A voter does not promise while the lease of the present writer runs.
 * Without that: it reads what another one has replaced.
 *
 * breaks: I4
 */
:: scenario == RULE_LEASE_PROMISE ->
	TRY(ask, 1)
	TRY(promise, 1, 1) TRY(promise, 1, 2)
	TRY(choose, 1)
	TRY(store, 1, 1) TRY(store, 1, 2)
	TRY(commit, 1)
	DO(read, 0, 0, 0)
