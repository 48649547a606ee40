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
 * The four messages that open a connection.  Nothing is sent or received here,
 * so a test can stand between the two sides.
 *
 *   writer                         target
 *   hello (nonce)           ->
 *                           <-     challenge (nonce)
 *   proof (what it wants)   ->
 *                           <-     welcome (whom it reached)
 *
 * The MAC of the proof is over hello, challenge and proof, that of the welcome
 * over all four, each under the label of who speaks: what is replayed, sent
 * back, or taken from another connection does not fit.
 */

/*
 * struct braid_handshake - the messages so far, as they are on the wire
 * @why: what was wrong with the last message taken, for people; static text
 */
struct braid_handshake {
	struct braid_wire_hello hello;
	struct braid_wire_challenge challenge;
	struct braid_wire_proof proof;
	struct braid_wire_welcome welcome;
	const char *why;
};

/**
 * struct braid_handshake_want - what a writer wants, once it has proved itself
 * @role: BRAID_ROLE_*
 * @voter: 0: whichever the target has
 * @volume: nil: by @name
 * @name: of the volume; may be empty with a @volume
 * @epoch: data: the one promised; control: zero
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
 * struct braid_handshake_got - what a target answers
 * @status: 0 or a negative errno; if not 0 the rest is zero
 * @volume: its UUID
 * @store: id of the opening of the store
 * @sequence: of the record
 * @cookie: to be in every frame of this connection
 * @voter: its id
 */
struct braid_handshake_got {
	int status;
	uuid_t volume;
	u64 store;
	u64 sequence;
	u64 cookie;
	u8 voter;
};

/* The writer's side.  Each of these fills or takes one message. */
void braid_handshake_hello(struct braid_handshake *handshake);

/* Return: 0, -EPROTO, or -EPROTONOSUPPORT (version, or a required feature). */
int braid_handshake_take_challenge(struct braid_handshake *handshake);

/* @which: of the two secrets.  May sleep.  Return: 0 or a negative errno. */
int braid_handshake_proof(struct braid_handshake *handshake,
			  const struct braid_secrets *secrets,
			  unsigned int which,
			  const struct braid_handshake_want *want);

/*
 * braid_handshake_take_welcome() - is that the target, and whom did we reach?
 *
 * That the secret is refused cannot be told with a MAC: anybody in between can
 * say so, who could close the connection as well.
 * Context: may sleep. Return: 0 (@got is valid), -EKEYREJECTED (the target
 * refuses the secret, or does not know it), -EPROTO, or the target's refusal.
 */
int braid_handshake_take_welcome(struct braid_handshake *handshake,
				 const struct braid_secrets *secrets,
				 unsigned int which,
				 struct braid_handshake_got *got);

/* The target's side. */
/* Return: as of the challenge; -EPROTONOSUPPORT wants the challenge sent first. */
int braid_handshake_take_hello(struct braid_handshake *handshake);
void braid_handshake_challenge(struct braid_handshake *handshake);

/*
 * braid_handshake_take_proof() - does the writer know one of the secrets?
 * @which: the secret it knew
 *
 * Nothing of the message is looked at before it is known to be genuine.
 * Context: may sleep. Return: 0 (@want is valid), -EKEYREJECTED, -EPROTO.
 */
int braid_handshake_take_proof(struct braid_handshake *handshake,
			       const struct braid_secrets *secrets,
			       unsigned int *which,
			       struct braid_handshake_want *want);
int braid_handshake_welcome(struct braid_handshake *handshake,
			    const struct braid_secrets *secrets,
			    unsigned int which,
			    const struct braid_handshake_got *got);
/* Tells that the secret is wrong, and nothing else. */
void braid_handshake_reject(struct braid_handshake *handshake);

/* Nothing of it may stay on a stack. */
void braid_handshake_clear(struct braid_handshake *handshake);

#endif /* BRAID_BLK_HANDSHAKE_H */
