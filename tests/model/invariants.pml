/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * I1, I3, I5, I6, I8 and I9 in every state. I2, I4, I7, and I8 for the value
 * that is read, are claims in the steps that could break them.
 */

#define I1	1
#define I2	2
#define I3	3
#define I4	4
#define I5	5
#define I6	6
#define I7	7
#define I8	8
#define I9	9

/* The checker prints the expression of a failed assertion, so the number is in it. */
inline claim(invariant, condition)
{
	if
	:: condition
	:: else -> assert(0 == invariant)
	fi
}

/*
 * What v must hold. A member that lost what it had cached has failed (S1) and is
 * held to what was flushed until it is whole again.
 */
#define HOLDS(v)	(lossy[v] || (FITS(cache[AT(v, 0)], 0) && FITS(cache[AT(v, 1)], 1)))
#define KEEPS(v)	(LASTS(disk[AT(v, 0)], 0) && LASTS(disk[AT(v, 1)], 1))

#define BLOCK_HELD(v, b) (!IN(high_isr, v) || lossy[v] || FITS(cache[AT(v, b)], b))
#define ALL_HOLD(b)	(BLOCK_HELD(0, b) && BLOCK_HELD(1, b) && BLOCK_HELD(2, b))
#define MEMBER_KEEPS(v)	(!IN(high_isr, v) || KEEPS(v))

/* A record above the highest committed one, stored at u: could be adopted. */
#define NAMED(u, v)	(IN(isr[u], v) && !(joining[v] && joined_under[v] >= mver[u]))
#define ADOPTABLE_MEMBER(u, v) (!NAMED(u, v) || (HOLDS(v) && KEEPS(v)))
#define ADOPTABLE(u)	(mver[u] <= high_mver || \
			 (ADOPTABLE_MEMBER(u, 0) && ADOPTABLE_MEMBER(u, 1) && \
			  ADOPTABLE_MEMBER(u, 2)))

#define BOTH(u, v)	(IN(high_isr, u) && IN(high_isr, v))
#define ALIKE(u, v)	(cache[AT(u, 0)] == cache[AT(v, 0)] && \
			 cache[AT(u, 1)] == cache[AT(v, 1)])
#define CLEAN_MEMBER(v)	(!IN(high_isr, v) || !dirty[v])
#define EQUAL(u, v)	(!BOTH(u, v) || ALIKE(u, v))
#define ALL_CLEAN	(CLEAN_MEMBER(0) && CLEAN_MEMBER(1) && CLEAN_MEMBER(2))

#define HOLDS_I1	((ALL_HOLD(0) || seen_read[0]) && (ALL_HOLD(1) || seen_read[1]))
#define HOLDS_I3	(ADOPTABLE(0) && ADOPTABLE(1) && ADOPTABLE(2))
#define HOLDS_I5	(!ALL_CLEAN || (EQUAL(0, 1) && EQUAL(0, 2) && EQUAL(1, 2)))
#define HOLDS_I6	(stamp[0] >= written_gen[0] && stamp[1] >= written_gen[1] && \
			 stamp[2] >= written_gen[2])
#define HOLDS_I8	((ALL_HOLD(0) || !seen_read[0]) && (ALL_HOLD(1) || !seen_read[1]))
#define HOLDS_I9	(high_isr != 0 && MEMBER_KEEPS(0) && MEMBER_KEEPS(1) && \
			 MEMBER_KEEPS(2))

#define ALL_INVARIANTS	(HOLDS_I1 && HOLDS_I3 && HOLDS_I5 && HOLDS_I6 && HOLDS_I8 && HOLDS_I9)

/* Each is executable only when its invariant is broken. */
proctype Monitor()
{
end:	do
	:: atomic { !(HOLDS_I1) -> assert(0 == I1) }
	:: atomic { !(HOLDS_I3) -> assert(0 == I3) }
	:: atomic { !(HOLDS_I5) -> assert(0 == I5) }
	:: atomic { !(HOLDS_I6) -> assert(0 == I6) }
	:: atomic { !(HOLDS_I8) -> assert(0 == I8) }
	:: atomic { !(HOLDS_I9) -> assert(0 == I9) }
	od
}
