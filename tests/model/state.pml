/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What there is: voters with their disks, writers, what travels between them,
 * and the ghosts that remember what was promised to the user.
 *
 * One region of two blocks. Voters 0 to 2; with two data replicas voter 2 is
 * a witness. Writers 0 and 1 are nodes of their own. The numbers:
 *
 *	epoch	(counter, node) = counter * 2 + node
 *	mver	(epoch, k) = epoch * 8 + k
 *	value	(epoch, n) = epoch * 4 + n, of the n-th write of an epoch; 0 at creation
 *
 * so that each is ordered as a number.
 */

#define N		3
#define MAJORITY	2
#define NOBODY		3	/* no voter */

#ifndef REPLICAS
#define REPLICAS	3	/* with data; the rest are witnesses */
#endif
#ifndef WRITES
#define WRITES		2	/* of one epoch, at most 3 */
#endif
#ifndef ATTACHES
#define ATTACHES	2	/* after the one it begins with */
#endif
#ifndef FAILURES
#define FAILURES	3
#endif
#ifndef RECORDS
#define RECORDS		4	/* of one epoch, at most 7 */
#endif
#ifdef TRACE
byte min_isr = 1;
#define MIN_ISR		min_isr
#else
#define MIN_ISR		1
#endif

#define DATA		((1 << REPLICAS) - 1)
#define BIT(v)		(1 << (v))
#define IN(set, v)	(((set) >> (v)) & 1)
#define COUNT(set)	(IN(set, 0) + IN(set, 1) + IN(set, 2))
#define ENOUGH(set)	(COUNT(set) >= MAJORITY)
#define MVER(e, k)	((e) * 8 + (k))
#define OWNER(e)	((e) & 1)
#define EPOCH_OF(value)	((value) >> 2)
#define FIRST_OF(e)	((e) * 4)	/* every value of an earlier epoch is lower */

/* A block's place, of a voter or of a writer; a message's, to a voter. */
#define AT(i, b)	((i) * 2 + (b))
#define TO(w, b, v)	(((w) * 2 + (b)) * N + (v))
#define BETWEEN(w, v)	((w) * N + (v))

/* --- voters: the record, as a load would find it (slots.pml) --------------- */

bit up[N] = 1;
byte promised[N];
byte mver[N];		/* of the record stored */
byte isr[N];		/* ... its members */
byte gen[N];		/* ... its generation */
bit clean[N];
bit joining[N];
byte joined_under[N];	/* the mver that JOINING began under */
byte last_insync[N];	/* generation: last_insync_gen */

/* --- data replicas: region map (durable) and blocks ------------------------ */

byte stamp[N];		/* the region's generation */
bit dirty[N];
byte disk[6];		/* what a power loss leaves */
byte cache[6];		/* what a read finds */
bit clearing[N];	/* a clear is being written */

/* --- writers --------------------------------------------------------------- */

#define IDLE		0	/* detached, dead or fenced */
#define PREPARING	1
#define RECORDING	2	/* the first record of the epoch */
#define ATTACHED	3
#define CLOSING		4

byte phase[2];
byte epoch[2];
byte attaches;		/* made so far, of both */
bit lease[2];		/* not run out, as the writer counts it */
byte answered[2];	/* voters that promised */
byte best_mver[2];	/* the highest record among them */
byte best_isr[2];
bit best_clean[2];
byte best_gen[2];	/* the highest generation among them */

byte committed[2];	/* recorded ISR */
byte committed_gen[2];
byte proposed[2];	/* ISR of the newest proposal */
byte asked[2];		/* union of all memberships not known to be superseded */
byte rec_k[2];		/* k of the newest proposal */
byte rec_gen[2];	/* the generation of now */
bit pending[2];		/* the newest proposal is not committed */
bit closing[2];		/* ... and says clean */
byte stored[2];		/* voters that acknowledged it */

byte failed[2];		/* members without a session */
byte reopened[2];	/* voters whose store id is another now */

byte writes[2];		/* begun in this epoch */
byte writing[4];	/* value in flight by writer and block, 0 none */
byte acked[4];		/* ... replicas that acknowledged it */

bit unreconciled[2];
byte source[2];		/* of copies */
byte copied[2];		/* reconcile: bit AT(voter, block) */
byte copy_stage[2];	/* 0 none, 1 on its way, 2 submitted to the disk */
byte copy_to[2];
bit copy_block[2];
byte copy_value[2];
byte copy_gen[2];

bit flushing[2];
byte flushed_by[2];
bit flush_covers[2];	/* nothing changed the region since this flush began */
bit settled[2];		/* ... since the last complete one */

bit clear_stamps[2];	/* the clear under way */
byte clear_gen[2];

byte joiner[2] = NOBODY;
byte join_left[2];	/* blocks still to copy, a mask */
bit join_chosen[2];	/* what to copy is known */
bit join_flushed[2];
bit join_missed[2];	/* a write was acknowledged without the joiner */

/* --- messages -------------------------------------------------------------- */

byte msg[12];		/* write: 0 none, 1 on its way, 2 submitted to the disk */
byte msg_value[12];
byte msg_gen[12];
byte msg_told[12];	/* committed generation, 0 if its record does not name the target */

byte clr[6];		/* clear: as a write */
bit clr_late[6];	/* the target received a write after it was sent */

/* --- the ghosts ------------------------------------------------------------ */

byte failures;

/* The highest record that M voters have stored, now or before they took another. */
byte high_mver;
byte high_isr;
byte accepted[2];	/* voters that ever stored the newest proposal */

/*
 * What a block may hold: the value that was acknowledged or read last, or
 * anything above the limit (a write that came after it).
 */
byte seen[2];
byte seen_limit[2];
bit seen_read[2];	/* it was read, not acknowledged */
/* The same for what must survive a power loss. */
byte safe[2];
byte safe_limit[2];
byte flush_seen[4];	/* seen, as a flush of a writer began */
byte flush_limit[4];

byte forgiven;		/* values below were in reach of a power loss and not flushed */
bit lossy[N];		/* lost cached writes and has not been made whole */
byte written_gen[N];	/* generation that the last data write carried */

#define FITS(x, b)	((x) == seen[b] || (x) > seen_limit[b])
#define LASTS(x, b)	((x) == safe[b] || (x) > safe_limit[b])

/* A writer's session with a voter. S1: another store id is another session. */
#define SESSION(w, v)	(!IN(failed[w], v) && \
			 (!IN(reopened[w], v) || MUTATED(S1)))
/* A replica takes what the writer sends it now. */
#define REACHES(w, v)	(up[v] && promised[v] == epoch[w] && SESSION(w, v))
#define REQUIRED(w)	(committed[w] | asked[w])
#define JOINER_BIT(w)	(BIT(joiner[w]) & 7)
#define QUIET(w)	(writing[AT(w, 0)] == 0 && writing[AT(w, 1)] == 0 && \
			 copy_stage[w] == 0)
#define SUBMITTED(v)	(msg[TO(0, 0, v)] == 2 || msg[TO(0, 1, v)] == 2 || \
			 msg[TO(1, 0, v)] == 2 || msg[TO(1, 1, v)] == 2 || \
			 (copy_stage[0] == 2 && copy_to[0] == (v)) || \
			 (copy_stage[1] == 2 && copy_to[1] == (v)) || clearing[v])

inline raise(x, y)
{
	if
	:: x < y -> x = y
	:: else
	fi
}
