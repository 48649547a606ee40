/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_WIRE_H
#define BRAID_BLK_WIRE_H

#include <asm/byteorder.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/uuid.h>

#include "proto/epoch.h"
#include "proto/proto.h"

/* Encoding, decoding and checking of frames. Pure. */

/*
 * struct braid_frame - header of a frame in host byte order
 *
 * The fields are those of struct braid_wire_frame; @error is 0 or a negative
 * errno.
 */
struct braid_frame {
	u8 type;
	bool answer;
	int error;
	u32 flags;
	u32 payload;
	u64 volume;
	struct braid_epoch epoch;
	u64 session;
	u64 cookie;
	u64 seq;
	u64 offset;
	u64 length;
	u64 n;
	u64 value;
	u32 generation;
	u32 committed;
	u32 payload_crc;
};

void braid_wire_encode(const struct braid_frame *frame,
		       struct braid_wire_frame *wire);

const char *braid_wire_decode(struct braid_frame *frame,
			      const struct braid_wire_frame *wire,
			      bool answer, bool data);

/* Returns the volume field of a frame: the first 8 bytes of the UUID. */
static inline u64 braid_wire_volume(const uuid_t *volume)
{
	__le64 word;

	memcpy(&word, volume, sizeof(word));
	return le64_to_cpu(word);
}

const char *braid_wire_is_for(const struct braid_frame *frame, u64 volume,
			      u64 session, u64 cookie);

u16 braid_wire_status(int error);
int braid_wire_errno(u16 status);

#endif /* BRAID_BLK_WIRE_H */
