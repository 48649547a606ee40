/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between encapsulations: the header between UDP and the inner
 * Ethernet frame. Nothing else in the datapath knows which one an overlay has.
 *
 * Pure: knows no packet.
 */
#ifndef BRAID_ENCAP_H
#define BRAID_ENCAP_H

#include <linux/types.h>

/**
 * struct braid_encap - one kind of tunnel header
 * @name: as the tool calls it
 * @port: UDP port unless another is given
 * @len: bytes of a header that we send
 * @base: bytes that every header has; enough to know its length
 * @encode: write @len bytes; an identity has 24 bits
 * @length: bytes of a header of which @base are there; never less than @base
 * @decode: check a header of which all @length bytes are there, and read the
 *	identity: 0, -EINVAL if it is malformed, -EPROTONOSUPPORT if it asks
 *	for what we do not do
 */
struct braid_encap {
	const char *name;
	u16 port;
	u8 len;
	u8 base;
	void (*encode)(void *to, u32 identity);
	unsigned int (*length)(const void *header);
	int (*decode)(const void *header, u32 *identity);
};

const struct braid_encap *braid_encap_of(u32 type);

#endif
