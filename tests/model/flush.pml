/* SPDX-License-Identifier: GPL-2.0-only */
/* Flushes, and the clears that follow them. C1 to C3, I9. */

#define can_flush(w)	(phase[w] == ATTACHED && !flushing[w] && \
			 (!settled[w] || (joiner[w] != NOBODY && !join_flushed[w])))
inline do_flush(w)
{
	flushing[w] = 1;
	flushed_by[w] = 0;
	flush_covers[w] = QUIET(w);
	flush_seen[AT(w, 0)] = seen[0];
	flush_seen[AT(w, 1)] = seen[1];
	flush_limit[AT(w, 0)] = seen_limit[0];
	flush_limit[AT(w, 1)] = seen_limit[1]
}

/* A replica makes durable what it has. The joiner's own counts after its copies. */
#define can_flush_one(w, v) (phase[w] == ATTACHED && flushing[w] && IN(PARTNERS(w), v) && \
			     REACHES(w, v) && !IN(flushed_by[w], v))
inline do_flush_one(w, v)
{
	disk[AT(v, 0)] = cache[AT(v, 0)];
	disk[AT(v, 1)] = cache[AT(v, 1)];
	flushed_by[w] = flushed_by[w] | BIT(v);
	if
	:: joiner[w] == v -> join_flushed[w] = (join_chosen[w] && join_left[w] == 0)
	:: else
	fi
}

/* A member whose flush fails is out; it is not asked again and believed. */
#define can_flush_fails(w, v) (can_flush_one(w, v) && failures < FAILURES)
inline do_flush_fails(w, v)
{
	failures++;
	if
	:: MUTATED(FLUSH_FAILED) -> flushed_by[w] = flushed_by[w] | BIT(v)
	:: else -> loses(w, v)
	fi
}

/*
 * A joiner that a flush left out has to be flushed again before it is proposed:
 * what that flush answered for would be in its cache only.
 */
#define MUST_FLUSH(w)	(MUTATED(FLUSH) -> committed[w] : REQUIRED(w))
#define can_flushed(w)	(phase[w] == ATTACHED && flushing[w] && \
			 (MUST_FLUSH(w) & ~flushed_by[w]) == 0)
inline do_flushed(w)
{
	lasting(w, 0);
	lasting(w, 1);
	settled[w] = settled[w] | flush_covers[w];
	if
	:: joiner[w] != NOBODY && !IN(flushed_by[w], joiner[w]) && !MUTATED(JOIN_FLUSHED) ->
		join_flushed[w] = 0
	:: else
	fi;
	no_flush(w)
}

inline lasting(w, b)
{
	if
	:: high_mver < MVER(epoch[w] + 1, 0) ->
		safe[b] = flush_seen[AT(w, b)];
		safe_limit[b] = flush_limit[AT(w, b)]
	:: else
	fi
}

/* C2: all acknowledged and flushed since, all reconciled, nothing proposed. */
#define ANY_DIRTY(w)	((IN(committed[w], 0) && dirty[0]) || \
			 (IN(committed[w], 1) && dirty[1]) || \
			 (IN(committed[w], 2) && dirty[2]))
#define NO_CLEAR(w)	(clr[BETWEEN(w, 0)] == 0 && clr[BETWEEN(w, 1)] == 0 && \
			 clr[BETWEEN(w, 2)] == 0)
#define can_clear(w)	(phase[w] == ATTACHED && (ANY_DIRTY(w) || MUTATED(C2_JOINER)) && \
			 NO_CLEAR(w) && \
			 (!unreconciled[w] || MUTATED(C2_RECONCILED)) && \
			 ((settled[w] && QUIET(w)) || MUTATED(C2)) && \
			 (!pending[w] || MUTATED(C2_PROPOSED)))
inline do_clear(w)
{
	clear_one(w, 0);
	clear_one(w, 1);
	clear_one(w, 2);
	clear_gen[w] = rec_gen[w];
	clear_stamps[w] = (DATA & ~committed[w]) != 0
}

/* Taken out, C2 lets a joiner by itself clear what it copied, before its flush. */
#define CLEARED_SET(w)	(MUTATED(C2_JOINER) -> JOINER_BIT(w) : committed[w])
inline clear_one(w, v)
{
	if
	:: IN(CLEARED_SET(w), v) && SESSION(w, v) -> clr[BETWEEN(w, v)] = 1
	:: else
	fi
}

#define can_clear_submit(w, v) (clr[BETWEEN(w, v)] == 1 && up[v] && \
				promised[v] == epoch[w])
inline do_clear_submit(w, v)
{
	if
	:: clr_late[BETWEEN(w, v)] && !MUTATED(C1) ->
		clr[BETWEEN(w, v)] = 0
	:: else ->
		clr[BETWEEN(w, v)] = 2;
		clearing[v] = 1
	fi;
	clr_late[BETWEEN(w, v)] = 0
}

/* C3: while a data replica is outside, the generation of now goes with it. */
#define can_clear_done(w, v) (clr[BETWEEN(w, v)] == 2 && up[v])
inline do_clear_done(w, v)
{
	dirty[v] = 0;
	if
	:: clear_stamps[w] && !MUTATED(C3) ->
		restamp(v, clear_gen[w])
	:: else
	fi;
	clr[BETWEEN(w, v)] = 0;
	clearing[v] = 0
}
