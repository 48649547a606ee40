/* SPDX-License-Identifier: GPL-2.0-only */
/* RECORD: how a membership is proposed, stored, committed. Attach 3, G1, G4, S. */

/* The generation goes up with every proposal (G1). */
inline propose(w)
{
	rec_k[w]++;
	rec_gen[w]++;
	asked[w] = asked[w] | proposed[w];
	stored[w] = 0;
	accepted[w] = 0;
	pending[w] = 1
}

inline whole(v)
{
	if
	:: IN(high_isr, v) -> lossy[v] = 0
	:: else
	fi
}

/*
 * A ghost: this record is on a majority now. A replica that lost what it had
 * cached and was then found by an attach has lost what nobody flushed, as any
 * disk may.
 */
inline recorded(w, v)
{
	high_mver = mver[v];
	high_isr = isr[v];
	if
	:: rec_k[w] == 1 ->
		if
		:: (IN(high_isr, 0) && lossy[0]) || (IN(high_isr, 1) && lossy[1]) ||
		   (IN(high_isr, 2) && lossy[2]) ->
			forgiven = FIRST_OF(epoch[w]);
			seen[0] = safe[0];
			seen_limit[0] = safe_limit[0];
			seen[1] = safe[1];
			seen_limit[1] = safe_limit[1]
		:: else
		fi;
		whole(0);
		whole(1);
		whole(2)
	:: else
	fi
}

inline keep(w, v)
{
	mver[v] = MVER(epoch[w], rec_k[w]);
	isr[v] = proposed[w];
	gen[v] = rec_gen[w];
	clean[v] = closing[w];
	if
	:: MUTATED(G4) && IN(proposed[w], v) -> last_insync[v] = rec_gen[w]
	:: else
	fi;
	accepted[w] = accepted[w] | BIT(v);
	if
	:: ENOUGH(accepted[w]) && high_mver < mver[v] -> recorded(w, v)
	:: else
	fi
}

/* A voter stores the newest proposal. Without an answer if its link then fails. */
#define can_store(w, v)	(phase[w] >= RECORDING && pending[w] && up[v] && \
			 (promised[v] == epoch[w] || MUTATED(RECORD_EPOCH)) && \
			 mver[v] < MVER(epoch[w], rec_k[w]) && \
			 !(MUTATED(S4) && COUNT(proposed[w]) < MIN_ISR))
inline do_store(w, v)
{
	keep(w, v);
	stored[w] = stored[w] | BIT(v)
}

#define can_store_unheard(w, v) (can_store(w, v) && failures < FAILURES)
inline do_store_unheard(w, v)
{
	failures++;
	keep(w, v)
}

/* M voters answered. S2: a majority of the voters, whoever is in the ISR. */
#define can_commit(w)	(phase[w] >= RECORDING && pending[w] && \
			 (ENOUGH(stored[w]) || \
			  (MUTATED(S2) && 2 * COUNT(stored[w] & proposed[w]) > \
			   COUNT(proposed[w]))))
inline do_commit(w)
{
	committed[w] = proposed[w];
	committed_gen[w] = rec_gen[w];
	asked[w] = 0;
	pending[w] = 0;
	stored[w] = 0;
	if
	:: phase[w] == RECORDING -> phase[w] = ATTACHED
	:: else
	fi;
	if
	:: joiner[w] != NOBODY && IN(committed[w], joiner[w]) ->
		no_join(w);
		source[w] = NOBODY
	:: else
	fi;
	if
	:: closing[w] -> ends(w)
	:: else
	fi
}

/* A snapshot, or the same ISR once more: the generation goes up (G1). */
#define can_bump(w)	(phase[w] == ATTACHED && !pending[w] && rec_k[w] < RECORDS)
inline do_bump(w)
{
	proposed[w] = committed[w];
	propose(w)
}

/*
 * S: a member that failed leaves. S3: never the last one. A joiner that was
 * proposed leaves in the same way: a proposal is only given up by a record.
 */
#define BASE(w)		(pending[w] -> proposed[w] : committed[w])
#define can_shrink(w, v) (phase[w] == ATTACHED && rec_k[w] < RECORDS && \
			  IN(BASE(w), v) && IN(failed[w], v) && \
			  ((BASE(w) & ~BIT(v)) != 0 || MUTATED(S3)))
inline do_shrink(w, v)
{
	proposed[w] = BASE(w) & ~BIT(v);
	propose(w);
	if
	:: joiner[w] == v -> no_join(w); source[w] = NOBODY
	:: else
	fi
}

inline loses(w, v)
{
	failed[w] = failed[w] | BIT(v);
	if
	:: copy_stage[w] == 1 && copy_to[w] == v -> no_copy(w)
	:: else
	fi;
	no_clear(w, v)
}

/* The writer notices that a member is silent, or has another store id (S1). */
#define PARTNERS(w)	(REQUIRED(w) | JOINER_BIT(w))
#define can_time_out(w, v) (phase[w] == ATTACHED && failures < FAILURES && \
			    IN(PARTNERS(w), v) && !IN(failed[w], v))
inline do_time_out(w, v)
{
	failures++;
	loses(w, v)
}

#define can_notice(w, v) (phase[w] == ATTACHED && IN(PARTNERS(w), v) && \
			  IN(reopened[w], v) && !IN(failed[w], v))
inline do_notice(w, v)
{
	loses(w, v)
}

/* G4. */
inline told(v, generation)
{
	if
	:: generation != 0 ->
		raise(last_insync[v], generation);
		joining[v] = 0;
		joined_under[v] = 0
	:: else
	fi
}

/* A member hears which record is committed; here a write elsewhere tells it. */
#define can_tell(w, v)	(phase[w] == ATTACHED && IN(committed[w], v) && REACHES(w, v) && \
			 (last_insync[v] < committed_gen[w] || joining[v]))
inline do_tell(w, v)
{
	told(v, committed_gen[w])
}

/* Detach: nothing in flight, all flushed, all clear. */
#define CLEAN(w, v)	(!IN(committed[w], v) || MUTATED(DETACH) || \
			 (!dirty[v] && clr[BETWEEN(w, v)] == 0 && SESSION(w, v)))
#define can_close(w)	(phase[w] == ATTACHED && !pending[w] && !unreconciled[w] && \
			 rec_k[w] < RECORDS && !flushing[w] && \
			 (QUIET(w) || MUTATED(DETACH)) && \
			 joiner[w] == NOBODY && CLEAN(w, 0) && CLEAN(w, 1) && CLEAN(w, 2))
inline do_close(w)
{
	closing[w] = 1;
	phase[w] = CLOSING;
	proposed[w] = committed[w];
	propose(w)
}

/* The lease. Another node attaches only after it ran out at the writer. */
#define can_expire(w)	(phase[w] != IDLE && lease[w] && failures < FAILURES)
inline do_expire(w)
{
	failures++;
	lease[w] = 0
}

#define can_renew(w)	(phase[w] >= ATTACHED && !lease[w] && \
			 (up[0] && promised[0] == epoch[w]) + \
			 (up[1] && promised[1] == epoch[w]) + \
			 (up[2] && promised[2] == epoch[w]) >= MAJORITY)
inline do_renew(w)
{
	lease[w] = 1
}
