/* SPDX-License-Identifier: GPL-2.0-only */
/* The steps of which free.pml takes any. */
	OF_WRITER(ask) OF_VOTER(promise) OF_WRITER(choose)
	OF_WRITER(writer_dies) OF_WRITER(fence) OF_WRITER(expire) OF_WRITER(renew)
	OF_VOTER(store) OF_VOTER(store_unheard)
	OF_VOTER(shrink) OF_VOTER(time_out) OF_VOTER(tell)
	OF_BLOCK(write) OF_BLOCK_AND_VOTER(read)
	FLUSHES OF_VOTER(flush_fails)
	OF_VOTER(source) OF_WRITER(no_source) OF_COPY(copy)
	LANDINGS
#ifndef EAGER
	CONCLUSIONS
#endif
#ifndef WITHOUT_CLEAR
	OF_WRITER(clear) CLEARS
#endif
#ifdef WITH_JOIN
	OF_VOTER(join) OF_VOTER(join_from) OF_WRITER(join_ends) OF_WRITER(join_propose)
#endif
#ifdef WITH_BUMP
	OF_WRITER(bump)
#endif
#ifdef WITH_CLOSE
	OF_WRITER(close)
#endif
	OF_POWER(0) OF_POWER(1) OF_POWER(2)
