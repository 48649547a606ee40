/* SPDX-License-Identifier: GPL-2.0-only */
/* Attach 0 to 2, and how a writer ends. A step X has a guard can_X and an effect do_X. */

#define WOULD(w, v)	(up[v] && (OWNER(promised[v]) == (w) || \
				   !lease[OWNER(promised[v])] || \
				   MUTATED(LEASE_PROMISE)))

inline look(w, v)
{
	if
	:: up[v] -> raise(epoch[w], promised[v])
	:: else
	fi
}

/* Attach 0. The counter is above all that was seen. */
#define can_ask(w)	(phase[w] == IDLE && attaches < ATTACHES && copy_stage[w] == 0 && \
			 WOULD(w, 0) + WOULD(w, 1) + WOULD(w, 2) >= MAJORITY)
inline do_ask(w)
{
	attaches++;
	epoch[w] = 0;
	look(w, 0);
	look(w, 1);
	look(w, 2);
	epoch[w] = ((epoch[w] >> 1) + 1) * 2 + w;
	phase[w] = PREPARING;
	lease[w] = 1;
}

/*
 * Attach 1: a voter promises. What an earlier epoch submitted to its disk has
 * ended then; what is still on its way will be refused.
 */
#define can_promise(w, v) (phase[w] != IDLE && up[v] && epoch[w] > promised[v] && \
			   WOULD(w, v) && (!SUBMITTED(v) || MUTATED(A1_WAIT)))
inline do_promise(w, v)
{
	promised[v] = epoch[w];
	answered[w] = answered[w] | BIT(v);
	reopened[w] = reopened[w] & ~BIT(v);
	if
	:: phase[w] == PREPARING ->
		if
		:: mver[v] > best_mver[w] && !(MUTATED(A2_HIGHEST) && best_mver[w]) ->
			best_mver[w] = mver[v];
			best_isr[w] = isr[v];
			best_clean[w] = clean[v]
		:: else
		fi;
		if
		:: MUTATED(G1) && best_gen[w]	/* the first answer's, not the highest */
		:: else -> raise(best_gen[w], gen[v])
		fi
	:: else
	fi;
	if
	:: MUTATED(A1_ADMIT)
	:: else -> refuse(0, v); refuse(1, v)
	fi
}

inline serve(w)
{
	phase[w] = ATTACHED;
	committed[w] = proposed[w];
	committed_gen[w] = rec_gen[w]
}

/* Attach 2: the reachable part of the ISR in the highest record. */
#define COUNTS(w, v)	(!(joining[v] && joined_under[v] >= best_mver[w]) || \
			 MUTATED(A2_JOINING))
#define CHOICE(w)	((MUTATED(A2) -> DATA : best_isr[w]) & answered[w] & \
			 (COUNTS(w, 0) | COUNTS(w, 1) << 1 | COUNTS(w, 2) << 2))
#define can_choose(w)	(phase[w] == PREPARING && ENOUGH(answered[w]) && CHOICE(w) != 0)
inline do_choose(w)
{
	proposed[w] = CHOICE(w);
	asked[w] = proposed[w];
	committed[w] = 0;
	rec_k[w] = 1;
	rec_gen[w] = best_gen[w] + 1;
	pending[w] = 1;
	unreconciled[w] = !best_clean[w];
	phase[w] = RECORDING;
	best_mver[w] = 0;
	best_isr[w] = 0;
	best_clean[w] = 0;
	best_gen[w] = 0;
	if
	:: MUTATED(A3) || (MUTATED(S4) && COUNT(proposed[w]) < MIN_ISR) -> serve(w)
	:: else
	fi
}

/* The writer dies: what it sent to others goes on. Its lease runs out. */
#define can_writer_dies(w) (phase[w] != IDLE && failures < FAILURES)
inline do_writer_dies(w)
{
	failures++;
	ends(w)
}

/* Fenced: a voter is promised to a higher epoch. */
#define HIGHER(w, v)	(up[v] && promised[v] > epoch[w])
#define can_fence(w)	(phase[w] != IDLE && \
			 (HIGHER(w, 0) || HIGHER(w, 1) || HIGHER(w, 2)))
inline do_fence(w)
{
	ends(w)
}
