/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The numbers of the rules that can be taken out. MUTATED(G4) is true where G4
 * is: in a trace by the environment variable MUTATION, elsewhere by -DMUTATION=.
 */

#define RULE_NONE		0
#define RULE_G1			1
#define RULE_G2			2
#define RULE_G3			3
#define RULE_G4			4
#define RULE_G5			5
#define RULE_C1			6
#define RULE_C1_WAIT		7
#define RULE_C2			8
#define RULE_C2_RECONCILED	9
#define RULE_C2_JOINER		10
#define RULE_C2_PROPOSED	11
#define RULE_C3			12
#define RULE_S			13
#define RULE_S1			14
#define RULE_S2			15
#define RULE_S3			16
#define RULE_S4			17
#define RULE_A1_WAIT		18
#define RULE_A1_ADMIT		19
#define RULE_A1_DURABLE		20
#define RULE_A2			21
#define RULE_A2_HIGHEST		22
#define RULE_A2_JOINING		23
#define RULE_A3			24
#define RULE_A4_READ		25
#define RULE_A4_WRITE		26
#define RULE_A4_FLUSH		27
#define RULE_JOIN_RECONCILED	28
#define RULE_JOIN_DRAIN		29
#define RULE_JOIN_DURABLE	30
#define RULE_JOIN_OWN		31
#define RULE_JOIN_DIRTY		32
#define RULE_JOIN_HOLD		33
#define RULE_JOIN_FLUSH		34
#define RULE_JOIN_FLUSHED	35
#define RULE_JOIN_ACKED		36
#define RULE_JOIN_COUNTS	37
#define RULE_JOIN_ABANDON	38
#define RULE_FLUSH		39
#define RULE_FLUSH_FAILED	40
#define RULE_LEASE_READ		41
#define RULE_LEASE_PROMISE	42
#define RULE_RECORD_EPOCH	43
#define RULE_DETACH		44

#ifdef TRACE
hidden byte mutation;
#define MUTATED(rule)	(mutation == RULE_##rule)
#else
#ifndef MUTATION
#define MUTATION	RULE_NONE
#endif
#define MUTATED(rule)	(MUTATION == RULE_##rule)
#endif
