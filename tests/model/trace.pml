/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Directed traces: one for each rule, in trace/RULE.pml. DO must be possible, or
 * the end is not reached; TRY is what the rule forbids, or what depends on that.
 * The environment says which: TRACE and MUTATION are numbers of rules.pml.
 */

#define DO(step, ...)	d_step { can_##step(__VA_ARGS__) -> do_##step(__VA_ARGS__) };
#define TRY(step, ...)	if :: d_step { can_##step(__VA_ARGS__) -> do_##step(__VA_ARGS__) } \
			:: else fi;

#define LANDS(w, b, v)		DO(submit, w, b, v) DO(done, w, b, v)
#define TRY_LANDS(w, b, v)	TRY(submit, w, b, v) TRY(done, w, b, v)
/* A record is stored at two voters and committed. */
#define RECORD(w, u, v)		DO(store, w, u) DO(store, w, v) DO(commit, w)
#define ATTACH(w, u, v)		DO(ask, w) DO(promise, w, u) DO(promise, w, v) \
				DO(choose, w) RECORD(w, u, v)
#define EJECT(w, c, u, v)	DO(time_out, w, c) DO(shrink, w, c) RECORD(w, u, v)
/* Whoever can be is flushed. */
#define FLUSH_EACH(w)		TRY(flush_one, w, 0) TRY(flush_one, w, 1) TRY(flush_one, w, 2)
#define FLUSHED(w)		DO(flush, w) FLUSH_EACH(w) DO(flushed, w)
#define CLEAR_AT(w, v)		TRY(clear_submit, w, v) TRY(clear_done, w, v)
#define CLEARED(w)		DO(clear, w) CLEAR_AT(w, 0) CLEAR_AT(w, 1) CLEAR_AT(w, 2)
#define COPIED(w, t, b)		DO(copy, w, t, b) DO(copy_submit, w) DO(copy_done, w)
#define TRY_COPIED(w, t, b)	TRY(copy, w, t, b) TRY(copy_submit, w) TRY(copy_done, w)
/* The joiner c gets from s what it is found to miss. */
#define CATCHES_UP(w, c, s)	DO(join, w, c) DO(join_from, w, s) \
				TRY_COPIED(w, c, 0) TRY_COPIED(w, c, 1)
#define JOINS(w, c, s, u, v)	CATCHES_UP(w, c, s) FLUSHED(w) DO(join_propose, w) \
				RECORD(w, u, v)
#define RECONCILED(w, s, t)	DO(source, w, s) COPIED(w, t, 0) COPIED(w, t, 1) \
				FLUSHED(w) DO(reconciled, w)

hidden byte scenario;

/* The first broken invariant ends it, so that it is the one that is reported. */
proctype Cluster() provided (ALL_INVARIANTS)
{
	if
#include "traces.pml"
	fi;
	/* Seen by the runner: a trace that does not get here shows nothing. */
	c_code { printf("the end of the trace\n"); }
}
