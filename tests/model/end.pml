/* SPDX-License-Identifier: GPL-2.0-only */
/* What goes when a message, a session or a writer goes. Everything is zeroed, so that equal states are equal. */

inline forget(m)
{
	msg[m] = 0;
	msg_value[m] = 0;
	msg_gen[m] = 0;
	msg_told[m] = 0
}

inline drop(m)
{
	if
	:: msg[m] == 1 -> forget(m)
	:: else
	fi
}

/* What a writer of a lower epoch sent to v and v will not take any more. */
inline refuse(w, v)
{
	drop(TO(w, 0, v));
	drop(TO(w, 1, v));
	if
	:: clr[BETWEEN(w, v)] == 1 -> clr[BETWEEN(w, v)] = 0; clr_late[BETWEEN(w, v)] = 0
	:: else
	fi
}

/* A clear that has not arrived is lost; one being written ends by itself. */
inline no_clear(w, v)
{
	if
	:: clr[BETWEEN(w, v)] == 1 ->
		clr[BETWEEN(w, v)] = 0;
		clr_late[BETWEEN(w, v)] = 0
	:: else
	fi
}

inline no_copy(w)
{
	copy_stage[w] = 0;
	copy_to[w] = 0;
	copy_block[w] = 0;
	copy_value[w] = 0;
	copy_gen[w] = 0
}

inline no_flush(w)
{
	flushing[w] = 0;
	flushed_by[w] = 0;
	flush_covers[w] = 0;
	flush_seen[AT(w, 0)] = 0;
	flush_seen[AT(w, 1)] = 0;
	flush_limit[AT(w, 0)] = 0;
	flush_limit[AT(w, 1)] = 0
}

inline no_join(w)
{
	joiner[w] = NOBODY;
	join_left[w] = 0;
	join_chosen[w] = 0;
	join_flushed[w] = 0;
	join_missed[w] = 0
}

inline ends(w)
{
	phase[w] = IDLE;
	epoch[w] = 0;
	lease[w] = 0;
	answered[w] = 0;
	best_mver[w] = 0;
	best_isr[w] = 0;
	best_clean[w] = 0;
	best_gen[w] = 0;
	committed[w] = 0;
	committed_gen[w] = 0;
	proposed[w] = 0;
	asked[w] = 0;
	rec_k[w] = 0;
	rec_gen[w] = 0;
	pending[w] = 0;
	closing[w] = 0;
	stored[w] = 0;
	accepted[w] = 0;
	failed[w] = 0;
	reopened[w] = 0;
	writes[w] = 0;
	writing[AT(w, 0)] = 0;
	writing[AT(w, 1)] = 0;
	acked[AT(w, 0)] = 0;
	acked[AT(w, 1)] = 0;
	unreconciled[w] = 0;
	source[w] = NOBODY;
	copied[w] = 0;
	no_flush(w);
	settled[w] = 0;
	no_join(w);
	if
	:: copy_stage[w] == 1 -> no_copy(w)
	:: else
	fi;
	no_clear(w, 0);
	no_clear(w, 1);
	no_clear(w, 2)
}
