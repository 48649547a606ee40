/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A voter loses power and comes back. Of what its disk had cached, the blocks in
 * the mask are on the disk nevertheless; what had been submitted and not done is
 * not. A record being written is the old one or the new one: the old one if this
 * comes before do_store, the new one after do_store_unheard.
 */

inline lose(v, b, mask)
{
	if
	:: IN(mask, b) -> disk[AT(v, b)] = cache[AT(v, b)]
	:: else ->
		if
		:: disk[AT(v, b)] != cache[AT(v, b)] -> lossy[v] = 1
		:: else
		fi;
		cache[AT(v, b)] = disk[AT(v, b)]
	fi
}

inline disconnect(w, v)
{
	if
	:: msg[TO(w, 0, v)] != 0 -> forget(TO(w, 0, v))
	:: else
	fi;
	if
	:: msg[TO(w, 1, v)] != 0 -> forget(TO(w, 1, v))
	:: else
	fi;
	clr[BETWEEN(w, v)] = 0;
	clr_late[BETWEEN(w, v)] = 0;
	if
	:: copy_stage[w] != 0 && copy_to[w] == v -> no_copy(w)
	:: else
	fi;
	if
	:: phase[w] != IDLE -> reopened[w] = reopened[w] | BIT(v)
	:: else
	fi
}

/* Only masks that make a difference. */
#define CACHED(v)	((disk[AT(v, 0)] != cache[AT(v, 0)]) + \
			 2 * (disk[AT(v, 1)] != cache[AT(v, 1)]))
#define can_power_loss(v, mask) (up[v] && failures < FAILURES && \
				 ((mask) & ~CACHED(v)) == 0)
inline do_power_loss(v, mask)
{
	failures++;
	up[v] = 0;
	lose(v, 0, mask);
	lose(v, 1, mask);
	clearing[v] = 0;
	disconnect(0, v);
	disconnect(1, v);
	if
	:: MUTATED(A1_DURABLE) -> promised[v] = mver[v] >> 3
	:: else
	fi
}

#define can_return(v)	(!up[v])
inline do_return(v)
{
	up[v] = 1
}
