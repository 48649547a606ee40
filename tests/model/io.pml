/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes and reads. G2, G3, I2, I4, I7, I8. */

/* G3: in the generation that the writer says. */
inline restamp(v, generation)
{
	if
	:: MUTATED(G3) -> raise(stamp[v], gen[v])
	:: else -> raise(stamp[v], generation)
	fi
}

/* G2, G3, G5: before data changes, the region is dirty in the carried generation. */
inline mark(v, generation)
{
	restamp(v, generation);
	dirty[v] = 1
}

/* A clear on its way to v meets a later write there (C1). */
inline overtake(w, v)
{
	if
	:: clr[BETWEEN(w, v)] == 1 -> clr_late[BETWEEN(w, v)] = 1
	:: else
	fi
}

inline changed(w)
{
	flush_covers[w] = 0;
	settled[w] = 0
}

/* A write goes to the members, proposed ones too, and to the joiner. */
inline emit(w, b, v)
{
	if
	:: IN(PARTNERS(w), v) && SESSION(w, v) ->
		msg[TO(w, b, v)] = 1;
		msg_value[TO(w, b, v)] = writing[AT(w, b)];
		msg_gen[TO(w, b, v)] = rec_gen[w];
		if
		:: IN(committed[w], v) -> msg_told[TO(w, b, v)] = committed_gen[w]
		:: else -> msg_told[TO(w, b, v)] = 0
		fi
	:: else
	fi
}

#define COPYING(w, b)	(copy_stage[w] != 0 && copy_block[w] == (b) && !MUTATED(JOIN_HOLD))
#define can_write(w, b)	(phase[w] == ATTACHED && lease[w] && writes[w] < WRITES && \
			 writing[AT(w, b)] == 0 && !COPYING(w, b) && \
			 (!unreconciled[w] || MUTATED(A4_WRITE)) && \
			 COUNT(committed[w]) >= MIN_ISR)
inline do_write(w, b)
{
	if
	:: MUTATED(A4_WRITE) -> unreconciled[w] = 0
	:: else
	fi;
	writes[w]++;
	writing[AT(w, b)] = FIRST_OF(epoch[w]) + writes[w];
	acked[AT(w, b)] = 0;
	emit(w, b, 0);
	emit(w, b, 1);
	emit(w, b, 2);
	changed(w)
}

/* The replica submits it to its disk: epoch checked, region marked. */
#define can_submit(w, b, v) (msg[TO(w, b, v)] == 1 && up[v] && \
			     (promised[v] == EPOCH_OF(msg_value[TO(w, b, v)]) || \
			      MUTATED(A1_ADMIT)) && \
			     (!clearing[v] || MUTATED(C1_WAIT)))
inline do_submit(w, b, v)
{
	msg[TO(w, b, v)] = 2;
	if
	:: MUTATED(G2) || (MUTATED(C1_WAIT) && clearing[v])
	:: else -> mark(v, msg_gen[TO(w, b, v)])
	fi;
	told(v, msg_told[TO(w, b, v)]);
	overtake(w, v)
}

/*
 * It is done; the acknowledgement counts if the session lasts. I2: a replica that
 * promised a higher epoch gives none. An old writer may still acknowledge what all
 * members of a new ISR had acknowledged before: the new one goes on from there.
 */
#define CURRENT(w, b, v) (phase[w] == ATTACHED && msg_value[TO(w, b, v)] != 0 && \
			  writing[AT(w, b)] == msg_value[TO(w, b, v)] && \
			  !IN(failed[w], v))
#define can_done(w, b, v) (msg[TO(w, b, v)] == 2 && up[v])
inline do_done(w, b, v)
{
	claim(I7, !CURRENT(w, b, v) || joiner[w] != v || joining[v]);
	cache[AT(v, b)] = msg_value[TO(w, b, v)];
	written_gen[v] = msg_gen[TO(w, b, v)];
	if
	:: CURRENT(w, b, v) ->
		claim(I2, promised[v] == epoch[w]);
		acked[AT(w, b)] = acked[AT(w, b)] | BIT(v);
		if
		:: MUTATED(G2) -> mark(v, msg_gen[TO(w, b, v)])
		:: else
		fi
	:: else
	fi;
	forget(TO(w, b, v))
}

/* Acknowledged: every member, recorded or proposed, has it. */
#define MUST_ACK(w)	(MUTATED(S) -> REQUIRED(w) & ~failed[w] : \
			 (MUTATED(JOIN_COUNTS) -> committed[w] : REQUIRED(w)))
#define can_ack(w, b)	(phase[w] == ATTACHED && writing[AT(w, b)] != 0 && \
			 (MUST_ACK(w) & ~acked[AT(w, b)]) == 0)
inline do_ack(w, b)
{
	if
	:: writing[AT(w, b)] > seen_limit[b] && writing[AT(w, b)] >= forgiven ->
		seen[b] = writing[AT(w, b)];
		seen_limit[b] = seen[b];
		seen_read[b] = 0
	:: else		/* a new writer has gone on from it */
	fi;
	if
	:: joiner[w] != NOBODY && !IN(acked[AT(w, b)], joiner[w]) -> join_missed[w] = 1
	:: else
	fi;
	writing[AT(w, b)] = 0;
	acked[AT(w, b)] = 0
}

/*
 * A read; it and its answer are one step, so the lease holds when it completes.
 * What it finds of an earlier epoch nobody writes again: the user takes it for
 * what the disk holds, so it must last like something flushed.
 */
#define can_read(w, b, v) (phase[w] == ATTACHED && (lease[w] || MUTATED(LEASE_READ)) && \
			   (!unreconciled[w] || MUTATED(A4_READ)) && \
			   writing[AT(w, b)] == 0 && IN(committed[w], v) && REACHES(w, v))
inline do_read(w, b, v)
{
	claim(I4, IN(high_isr, v));
	claim(I8, FITS(cache[AT(v, b)], b));
	if
	:: cache[AT(v, b)] < FIRST_OF(epoch[w]) ->
		seen[b] = cache[AT(v, b)];
		seen_limit[b] = FIRST_OF(epoch[w]) - 1;
		seen_read[b] = 1;
		safe[b] = seen[b];
		safe_limit[b] = seen_limit[b]
	:: else
	fi
}
