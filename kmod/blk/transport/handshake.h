/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_HANDSHAKE_H
#define BRAID_BLK_HANDSHAKE_H

#include <linux/types.h>
#include <linux/uuid.h>

#include "transport/auth.h"
#include "proto/epoch.h"
#include "proto/proto.h"
#include "proto/record.h"

/*
 * The four messages that open a connection. Nothing is sent or received here,
 * so that a test can stand between the two sides.
 *
 *   writer                         target
 *   hello (nonce)           ->
 *                           <-     challenge (nonce)
 *   proof (what it wants)   ->
 *                           <-     welcome (which voter it is)
 *
 * The MAC of the proof covers hello, challenge and proof; the MAC of the
 * welcome covers all four messages. Each is computed with the label of its
 * sender. A message that is replayed, sent back, or taken from another
 * connection does not match.
 */

/**
 * struct braid_handshake - the messages so far, in their form on the wire
 * @hello: first message
 * @challenge: second message
 * @proof: third message
 * @welcome: fourth message
 * @why: what was wrong with the last message taken; static text for the
 *	administrator
 */
struct braid_handshake {
	struct braid_wire_hello hello;
	struct braid_wire_challenge challenge;
	struct braid_wire_proof proof;
	struct braid_wire_welcome welcome;
	const char *why;
};

/**
 * struct braid_handshake_want - request of a writer, valid after authentication
 * @role: BRAID_ROLE_*
 * @voter: id of the voter; 0: any that the target has
 * @volume: UUID of the volume; nil: use @name
 * @name: name of the volume; may be empty with a @volume
 * @epoch: on a data connection the promised epoch, else zero
 * @session: nonce of the connection set
 */
struct braid_handshake_want {
	u8 role;
	u8 voter;
	uuid_t volume;
	char name[BRAID_NAME_MAX + 1];
	struct braid_epoch epoch;
	u64 session;
};

/**
 * struct braid_handshake_got - answer of a target
 * @status: 0 or a negative errno; if not 0, the other fields are zero
 * @volume: UUID of the volume
 * @store: id of the opening of the store
 * @sequence: sequence of the record
 * @cookie: number that every frame of this connection must carry
 * @voter: id of the voter
 */
struct braid_handshake_got {
	int status;
	uuid_t volume;
	u64 store;
	u64 sequence;
	u64 cookie;
	u8 voter;
};

void braid_handshake_hello(struct braid_handshake *handshake);

int braid_handshake_take_challenge(struct braid_handshake *handshake);

int braid_handshake_proof(struct braid_handshake *handshake,
			  const struct braid_secrets *secrets,
			  unsigned int which,
			  const struct braid_handshake_want *want);

int braid_handshake_take_welcome(struct braid_handshake *handshake,
				 const struct braid_secrets *secrets,
				 unsigned int which,
				 struct braid_handshake_got *got);

int braid_handshake_take_hello(struct braid_handshake *handshake);
void braid_handshake_challenge(struct braid_handshake *handshake);

int braid_handshake_take_proof(struct braid_handshake *handshake,
			       const struct braid_secrets *secrets,
			       unsigned int *which,
			       struct braid_handshake_want *want);
int braid_handshake_welcome(struct braid_handshake *handshake,
			    const struct braid_secrets *secrets,
			    unsigned int which,
			    const struct braid_handshake_got *got);
void braid_handshake_reject(struct braid_handshake *handshake);

void braid_handshake_clear(struct braid_handshake *handshake);

#endif /* BRAID_BLK_HANDSHAKE_H */
