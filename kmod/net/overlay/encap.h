/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The properties of an encapsulation: the header between UDP and the inner
 * Ethernet frame. Nothing else in the datapath depends on the encapsulation.
 *
 * Pure: an encapsulation knows no packet.
 */
#ifndef BRAID_ENCAP_H
#define BRAID_ENCAP_H

#include <linux/types.h>

/**
 * struct braid_encap - a kind of tunnel header
 * @name: name in the tool
 * @port: default UDP port
 * @len: length of a sent header in bytes
 * @base: minimum length of a header in bytes, enough to tell its length
 * @encode: writes a header of @len bytes; the identity has at most 24 bits
 * @length: returns the length in bytes of a header, at least @base, from its first
 *	@base bytes
 * @decode: checks a header of @length bytes and reads the identity. Returns 0,
 *	-EINVAL if it is malformed, -EPROTONOSUPPORT if it needs an unknown feature
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
