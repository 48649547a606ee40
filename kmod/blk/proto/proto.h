/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_PROTO_H
#define BRAID_BLK_PROTO_H

#include <linux/build_bug.h>
#include <linux/types.h>

/*
 * The wire protocol between writer and target, over TCP, little endian. A
 * connection begins with a handshake of four messages. After it the writer
 * sends requests as frames, and the target sends one answer to each request, in
 * any order.
 */

#define BRAID_WIRE_MAGIC	0x44495242u	/* "BRID" */
#define BRAID_WIRE_VERSION	1

/* Feature bits; both sides must know a required one. */
#define BRAID_FEATURE_DIGEST	0x00000001u	/* payload crc32c; required */
#define BRAID_FEATURES		BRAID_FEATURE_DIGEST

/* Purpose of a connection. */
#define BRAID_ROLE_CONTROL	1
#define BRAID_ROLE_DATA		2

/*
 * 1. writer -> target. Names neither volume nor voter: the target is not
 *    authenticated yet.
 */
struct braid_wire_hello {
	__le32 magic;
	__le16 version;
	__le16 length;		/* bytes of this message */
	__le32 features;
	__le32 reserved;
	__u8 nonce[32];
} __packed;

/* 2. target -> writer */
struct braid_wire_challenge {
	__le32 magic;
	__le16 version;
	__le16 length;
	__le32 features;	/* agreed: a subset of the hello's */
	__le32 reserved;
	__u8 nonce[32];
} __packed;

/*
 * 3. writer -> target. The mac covers hello, challenge and this message up to
 *    the mac.
 */
struct braid_wire_proof {
	__le32 magic;
	__le16 length;
	__u8 role;
	__u8 voter;		/* 0: any voter that the target has */
	__u8 volume[16];	/* nil: find the volume by name */
	char name[32];
	__le64 epoch_counter;	/* promised epoch on a data connection, else zero */
	__le64 epoch_node;
	__le64 session;		/* nonce of the writer's connection set */
	__u8 mac[32];		/* HMAC-SHA256(secret, "braid writer" | ...) */
} __packed;

/*
 * 4. target -> writer. The mac covers all messages before and this one up to
 *    the mac.
 */
struct braid_wire_welcome {
	__le32 magic;
	__le16 length;
	__le16 status;		/* 0 or an errno of the table in wire.c */
	__u8 volume[16];
	__le64 store;		/* id of the opening of the store */
	__le64 sequence;	/* of the voter's record */
	__le64 cookie;		/* copied into every frame of this connection */
	__u8 voter;
	__u8 reserved[7];
	__u8 mac[32];		/* HMAC-SHA256(secret, "braid target" | ...) */
} __packed;

/* Header of every frame. An answer has the seq and type of its request. */
struct braid_wire_frame {
	__le32 magic;
	__u8 type;		/* enum braid_op */
	__u8 answer;		/* 0 request, 1 answer */
	__le16 status;		/* answer: 0 or an errno of the table in wire.c */
	__le32 flags;		/* BRAID_REQ_* */
	__le32 payload;		/* bytes after this header */
	__le64 volume;		/* first 8 bytes of the volume's UUID */
	__le64 epoch_counter;
	__le64 epoch_node;
	__le64 session;
	__le64 cookie;
	__le64 seq;
	__le64 offset;
	__le64 length;
	__le64 n;
	__le64 value;		/* answer */
	__le32 generation;
	__le32 committed;
	__le32 reserved[3];
	__le32 payload_crc;	/* crc32c of the payload; 0 if there is none */
	__le32 reserved2;
	__le32 head_crc;	/* crc32c of all fields before */
} __packed;

static_assert(sizeof(struct braid_wire_hello) == 48);
static_assert(sizeof(struct braid_wire_challenge) == 48);
static_assert(sizeof(struct braid_wire_proof) == 112);
static_assert(sizeof(struct braid_wire_welcome) == 88);
static_assert(sizeof(struct braid_wire_frame) == 128);

#endif /* BRAID_BLK_PROTO_H */
