/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The protocol of Documentation/volumes.md, for spin.
 *
 * Every step of it is one transition, with a guard and an effect. In a trace
 * they are taken in a given order (trace.pml), else in any (free.pml).
 */

#include "rules.pml"
#include "state.pml"
#include "invariants.pml"
#include "end.pml"
#include "attach.pml"
#include "record.pml"
#include "io.pml"
#include "flush.pml"
#include "copy.pml"
#include "power.pml"

/* Writer 0 is attached to a new volume. */
inline creation(v)
{
	promised[v] = 2;
	mver[v] = MVER(2, 1);
	isr[v] = DATA;
	gen[v] = 1;
	last_insync[v] = 1
}

#ifdef TRACE
#include "trace.pml"
#else
#include "free.pml"
#endif

init
{
#ifdef TRACE
	c_code {
		scenario = atoi(getenv("TRACE"));
		mutation = atoi(getenv("MUTATION"));
	};
#endif
	atomic {
		creation(0);
		creation(1);
		creation(2);
		phase[0] = ATTACHED;
		epoch[0] = 2;
		lease[0] = 1;
		answered[0] = 7;
		proposed[0] = DATA;
		committed[0] = DATA;
		committed_gen[0] = 1;
		rec_k[0] = 1;
		rec_gen[0] = 1;
		settled[0] = 1;
		source[0] = NOBODY;
		source[1] = NOBODY;
		high_mver = MVER(2, 1);
		high_isr = DATA;
		run Monitor();
#ifdef EAGER
		run Writers();
#endif
		run Cluster()
	}
}
