/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every step at any time it can be taken. To make less of what differs in
 * nothing that matters:
 *
 * EAGER	A writer draws its conclusions at once: what it knows a moment later is
 *		all that another order would change.
 * WHOLE	What a replica submits to its disk is done at once; a flush is, on all
 *		that it reaches.
 */

#include "symmetry.pml"

#define TAKE(step, ...)	:: d_step { can_##step(__VA_ARGS__) -> \
				    do_##step(__VA_ARGS__); c_code { in_order(); } }
#define OF_WRITER(step)	TAKE(step, 0) TAKE(step, 1)
#define OF_BLOCK(step)	TAKE(step, 0, 0) TAKE(step, 0, 1) TAKE(step, 1, 0) TAKE(step, 1, 1)
#define VOTERS(step, ...) TAKE(step, __VA_ARGS__, 0) TAKE(step, __VA_ARGS__, 1) \
			  TAKE(step, __VA_ARGS__, 2)
#define OF_VOTER(step)	VOTERS(step, 0) VOTERS(step, 1)
#define OF_BLOCK_AND_VOTER(step) VOTERS(step, 0, 0) VOTERS(step, 0, 1) \
				 VOTERS(step, 1, 0) VOTERS(step, 1, 1)
#define COPIES(step, w, v) TAKE(step, w, v, 0) TAKE(step, w, v, 1)
#define OF_COPY(step)	COPIES(step, 0, 0) COPIES(step, 0, 1) COPIES(step, 0, 2) \
			COPIES(step, 1, 0) COPIES(step, 1, 1) COPIES(step, 1, 2)
#define OF_POWER(v)	TAKE(power_loss, v, 0) TAKE(power_loss, v, 1) \
			TAKE(power_loss, v, 2) TAKE(power_loss, v, 3) \
			TAKE(return, v)

#define CONCLUSIONS	OF_WRITER(commit) OF_VOTER(notice) OF_BLOCK(ack) \
			OF_WRITER(flushed) OF_WRITER(reconciled)

#ifdef EAGER
#define BY_VOTER(step, w) (can_##step(w, 0) || can_##step(w, 1) || can_##step(w, 2))
#define CONCLUDES(w)	(can_commit(w) || BY_VOTER(notice, w) || can_ack(w, 0) || \
			 can_ack(w, 1) || can_flushed(w) || can_reconciled(w))
#define WAITS		provided (!CONCLUDES(0) && !CONCLUDES(1))

proctype Writers()
{
end:	do
	CONCLUSIONS
	od
}
#else
#define WAITS
#endif

#ifdef WHOLE
#define do_submit_done(w, b, v) do_submit(w, b, v); do_done(w, b, v)
#define can_submit_done(w, b, v) can_submit(w, b, v)
#define do_copy_whole(w) do_copy_submit(w); do_copy_done(w)
#define can_copy_whole(w) can_copy_submit(w)
#define can_clear_whole(w, v) can_clear_submit(w, v)
#define do_clear_whole(w, v) do_clear_submit(w, v); if_can_clear_done(w, v)
#define can_flush_whole(w) can_flush(w)
#define do_flush_whole(w) do_flush(w); if_can_flush_one(w, 0); \
			  if_can_flush_one(w, 1); if_can_flush_one(w, 2)

inline if_can_clear_done(w, v)
{
	if
	:: can_clear_done(w, v) -> do_clear_done(w, v)
	:: else
	fi
}

inline if_can_flush_one(w, v)
{
	if
	:: can_flush_one(w, v) -> do_flush_one(w, v)
	:: else
	fi
}

#define LANDINGS	OF_BLOCK_AND_VOTER(submit_done) OF_WRITER(copy_whole)
#define FLUSHES		OF_WRITER(flush_whole) OF_VOTER(flush_one)
#define CLEARS		OF_VOTER(clear_whole)
#else
#define FLUSHES		OF_WRITER(flush) OF_VOTER(flush_one)
#define CLEARS		OF_VOTER(clear_submit) OF_VOTER(clear_done)
#define LANDINGS	OF_BLOCK_AND_VOTER(submit) OF_BLOCK_AND_VOTER(done) \
			OF_WRITER(copy_submit) OF_WRITER(copy_done)
#endif

proctype Cluster() WAITS
{
end:	do
#include "steps.pml"
	od
}
