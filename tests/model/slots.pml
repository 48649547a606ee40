/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two slots of a control record, by themselves. volume.pml takes a record that
 * is being written when the power fails for the old one or the new one, never for
 * both or none. This is why it may: a slot write that the power loss meets is
 * complete, lost or torn (invalid), and what is loaded afterwards is never older
 * than what was answered before.
 *
 * MUTATION takes out: 1 one slot is complete before the other one is begun; 2 after
 * a load, the slot that was not loaded is written before anything is answered.
 */

#ifndef MUTATION
#define MUTATION	0
#endif
#define CHANGES		4
#define POWER_LOSSES	4
#define TORN		255

byte slot[2];		/* the sequence in it, or TORN */
bit busy[2];		/* being written */
byte stage;		/* 0 idle, 1 first slot, 2 second slot, 3 repair after a load */
byte sequence;		/* of the record in memory */
byte answered;		/* ghost: the last one that was told to anybody */
byte changes;
byte losses;

#define VALID(s)	(slot[s] != TORN)
#define HIGHER(s, t)	(VALID(s) && (!VALID(t) || slot[s] > slot[t]))
#define LOADED		(HIGHER(0, 1) -> slot[0] : slot[1])

inline finish(s)
{
	slot[s] = sequence;
	busy[s] = 0
}

inline tear(s)
{
	if
	:: busy[s] ->
		if
		:: slot[s] = TORN
		:: slot[s] = sequence
		:: skip
		fi
	:: else
	fi;
	busy[s] = 0
}

active proctype Disk()
{
end:	do
	:: atomic { stage == 0 && changes < CHANGES ->
		changes++;
		sequence++;
		stage = 1;
		busy[0] = 1;
		busy[1] = (MUTATION == 1) }
	:: atomic { stage == 1 ->
		finish(0);
		stage = 2;
		busy[1] = 1 }
	:: atomic { stage == 2 ->
		finish(1);
		stage = 0;
		answered = sequence }
	:: atomic { stage == 3 ->
		if
		:: busy[0] -> finish(0)
		:: else -> finish(1)
		fi;
		stage = 0;
		answered = sequence }
	:: atomic { losses < POWER_LOSSES ->
		losses++;
		tear(0);
		tear(1);
		assert(VALID(0) || VALID(1));
		assert(LOADED >= answered);
		sequence = LOADED;
		if
		:: slot[0] == slot[1] || MUTATION == 2 -> stage = 0; answered = sequence
		:: else ->
			stage = 3;
			busy[0] = HIGHER(1, 0);
			busy[1] = HIGHER(0, 1)
		fi }
	od
}
