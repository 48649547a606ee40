/* SPDX-License-Identifier: GPL-2.0-only */
/* Reconcile (attach 4) and join: both copy blocks. G5, I4, I7. */

/* --- reconcile --------------------------------------------------------------- */

/* Any member is a source. */
#define can_source(w, s) (phase[w] == ATTACHED && unreconciled[w] && \
			  source[w] == NOBODY && IN(committed[w], s) && \
			  REACHES(w, s) && ANY_DIRTY(w))
inline do_source(w, s)
{
	source[w] = s;
	copied[w] = copied[w] | 3 << AT(s, 0)
}

/* The source has failed: another one, and from the beginning. */
#define can_no_source(w) (phase[w] == ATTACHED && source[w] != NOBODY && \
			  !SESSION(w, source[w]) && copy_stage[w] == 0)
inline do_no_source(w)
{
	source[w] = NOBODY;
	copied[w] = 0;
	join_chosen[w] = 0
}

#define HAS(w, v)	(!IN(committed[w], v) || ((copied[w] >> AT(v, 0)) & 3) == 3)
#define can_reconciled(w) (phase[w] == ATTACHED && unreconciled[w] && copy_stage[w] == 0 && \
			   (!ANY_DIRTY(w) || \
			    (source[w] != NOBODY && HAS(w, 0) && HAS(w, 1) && HAS(w, 2) && \
			     (settled[w] || MUTATED(A4_FLUSH)))))
inline do_reconciled(w)
{
	unreconciled[w] = 0;
	source[w] = NOBODY;
	copied[w] = 0
}

/* --- join -------------------------------------------------------------------- */

/*
 * The record without v is committed. Its earlier session is drained: nothing is
 * submitted, and what is on its way has another nonce. JOINING is durable.
 */
#define can_join(w, v)	(phase[w] == ATTACHED && !pending[w] && \
			 (!unreconciled[w] || MUTATED(JOIN_RECONCILED)) && \
			 joiner[w] == NOBODY && IN(DATA & ~committed[w], v) && \
			 rec_k[w] < RECORDS && up[v] && promised[v] == epoch[w] && \
			 !SUBMITTED(v))
inline do_join(w, v)
{
	joiner[w] = v;
	failed[w] = failed[w] & ~BIT(v);
	reopened[w] = reopened[w] & ~BIT(v);
	lossy[v] = 0;
	if
	:: MUTATED(JOIN_RECONCILED) -> copied[w] = copied[w] | 3 << AT(v, 0)
	:: else
	fi;
	no_clear(w, v);
	if
	:: MUTATED(JOIN_DRAIN)
	:: else -> drop(TO(w, 0, v)); drop(TO(w, 1, v))
	fi;
	if
	:: MUTATED(JOIN_DURABLE)
	:: else ->
		joining[v] = 1;
		joined_under[v] = MVER(epoch[w], rec_k[w])
	fi
}

/* What the joiner missed: by a member's map, or dirty on the joiner itself. */
#define MISSED(v, s)	(stamp[s] >= last_insync[v] || \
			 (dirty[v] && !MUTATED(JOIN_OWN)) || \
			 (dirty[s] && !MUTATED(JOIN_DIRTY)))
#define can_join_from(w, s) (phase[w] == ATTACHED && joiner[w] != NOBODY && \
			     !join_chosen[w] && IN(committed[w], s) && REACHES(w, s) && \
			     SESSION(w, joiner[w]))
inline do_join_from(w, s)
{
	join_chosen[w] = 1;
	source[w] = s;
	join_left[w] = (MISSED(joiner[w], s) -> 3 : 0)
}

/* A join that cannot go on ends; a proposed one only by a record. */
#define can_join_ends(w) (phase[w] == ATTACHED && joiner[w] != NOBODY && \
			  (!IN(asked[w], joiner[w]) || MUTATED(JOIN_ABANDON)) && \
			  copy_stage[w] == 0 && \
			  (!SESSION(w, joiner[w]) || join_missed[w]))
inline do_join_ends(w)
{
	failed[w] = failed[w] | BIT(joiner[w]);
	asked[w] = asked[w] & (MUTATED(JOIN_ABANDON) -> committed[w] : 7);
	if
	:: MUTATED(JOIN_ABANDON) -> pending[w] = 0; stored[w] = 0
	:: else
	fi;
	no_join(w);
	source[w] = NOBODY
}

/* Copied, flushed, and every write since it began acknowledged. */
#define can_join_propose(w) (phase[w] == ATTACHED && joiner[w] != NOBODY && !pending[w] && \
			     join_chosen[w] && join_left[w] == 0 && copy_stage[w] == 0 && \
			     (join_flushed[w] || MUTATED(JOIN_FLUSH)) && \
			     (!join_missed[w] || MUTATED(JOIN_ACKED)) && \
			     SESSION(w, joiner[w]) && rec_k[w] < RECORDS && \
			     !IN(committed[w], joiner[w]))
inline do_join_propose(w)
{
	proposed[w] = committed[w] | BIT(joiner[w]);
	propose(w)
}

/* --- copies ------------------------------------------------------------------ */

/*
 * A copy holds its block from before the source is read until the target has
 * answered: no write in flight when it begins, none begun before it ends.
 */
#define WANTED(w, t, b)	((unreconciled[w] && joiner[w] == NOBODY && IN(committed[w], t) && \
			  !IN(copied[w], AT(t, b))) || \
			 (joiner[w] == (t) && join_chosen[w] && IN(join_left[w], b)))
#define can_copy(w, t, b) (phase[w] == ATTACHED && copy_stage[w] == 0 && \
			   source[w] != NOBODY && source[w] != (t) && WANTED(w, t, b) && \
			   REACHES(w, source[w]) && SESSION(w, t) && \
			   (writing[AT(w, b)] == 0 || MUTATED(JOIN_HOLD)))
inline do_copy(w, t, b)
{
	claim(I4, high_mver >= MVER(epoch[w] + 1, 0) || IN(high_isr, source[w]));
	copy_stage[w] = 1;
	copy_to[w] = t;
	copy_block[w] = b;
	copy_value[w] = cache[AT(source[w], b)];
	copy_gen[w] = rec_gen[w];
	changed(w)
}

/* G5: a copy is a write to its target. */
#define can_copy_submit(w) (copy_stage[w] == 1 && REACHES(w, copy_to[w]) && \
			    !clearing[copy_to[w]])
inline do_copy_submit(w)
{
	copy_stage[w] = 2;
	if
	:: MUTATED(G5)
	:: else -> mark(copy_to[w], copy_gen[w])
	fi;
	overtake(w, copy_to[w])
}

#define can_copy_done(w) (copy_stage[w] == 2 && up[copy_to[w]])
inline do_copy_done(w)
{
	claim(I7, joiner[w] != copy_to[w] || joining[copy_to[w]]);
	cache[AT(copy_to[w], copy_block[w])] = copy_value[w];
	if
	:: phase[w] == ATTACHED && joiner[w] == copy_to[w] ->
		join_left[w] = join_left[w] & ~BIT(copy_block[w])
	:: phase[w] == ATTACHED && unreconciled[w] && joiner[w] != copy_to[w] ->
		copied[w] = copied[w] | BIT(AT(copy_to[w], copy_block[w]))
	:: else
	fi;
	no_copy(w)
}
