/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The Geneve header (RFC 8926, 3.4 and 3.5) with the source identity as its VNI
 * and, in sent headers, also as an option of 32 bits.
 *
 * Pure: the header knows no packet.
 */
#ifndef BRAID_GENEVE_H
#define BRAID_GENEVE_H

#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/if_ether.h>
#include <linux/types.h>
#include <asm/byteorder.h>

#define BRAID_GENEVE_PORT 6081

#define BRAID_GENEVE_VERSION 0xc0	/* in the first byte */
#define BRAID_GENEVE_OPT_WORDS 0x3f	/* in the first byte, 4 bytes each */
#define BRAID_GENEVE_OAM 0x80		/* in the second byte */

#define BRAID_GENEVE_CRITICAL 0x80	/* in the type of an option */
#define BRAID_GENEVE_OPT_LENGTH 0x1f	/* words behind an option's head */

/* The identity as an option: a class for experiments (RFC 8926, 7). */
#define BRAID_GENEVE_CLASS 0xffb1
#define BRAID_GENEVE_IDENTITY 0x01

struct braid_geneve {
	u8 ver_optlen;
	u8 flags;
	__be16 protocol;
	__be32 vni;	/* upper 24 bits; the rest is reserved */
};

struct braid_geneve_opt {
	__be16 class;
	u8 type;
	u8 length;
};

/* The header that braid sends. */
struct braid_geneve_sent {
	struct braid_geneve base;
	struct braid_geneve_opt opt;
	__be32 identity;
};

static_assert(sizeof(struct braid_geneve) == 8);
static_assert(sizeof(struct braid_geneve_opt) == 4);
static_assert(sizeof(struct braid_geneve_sent) == 16);

/**
 * braid_geneve_encode() - writes a header
 * @hdr: filled in
 * @identity: at most 24 bits
 *
 * Context: any.
 */
static inline void braid_geneve_encode(struct braid_geneve_sent *hdr,
				       u32 identity)
{
	hdr->base.ver_optlen = (sizeof(*hdr) - sizeof(hdr->base)) / 4;
	hdr->base.flags = 0;
	hdr->base.protocol = cpu_to_be16(ETH_P_TEB);
	hdr->base.vni = cpu_to_be32(identity << 8);
	hdr->opt.class = cpu_to_be16(BRAID_GENEVE_CLASS);
	hdr->opt.type = BRAID_GENEVE_IDENTITY;
	hdr->opt.length = sizeof(hdr->identity) / 4;
	hdr->identity = cpu_to_be32(identity);
}

/**
 * braid_geneve_length() - computes the length of a header with its options
 * @hdr: 8 untrusted bytes
 *
 * Context: any.
 * Return: the length in bytes, 8 to 260.
 */
static inline unsigned int braid_geneve_length(const struct braid_geneve *hdr)
{
	return sizeof(*hdr) + (hdr->ver_optlen & BRAID_GENEVE_OPT_WORDS) * 4;
}

/*
 * An identity with a scope byte never leaves its node, so the option and the VNI have
 * the same value. If they differ, the sender uses the option for something else.
 */
static inline int braid_geneve_check_opt(const struct braid_geneve_opt *opt,
					 u32 vni)
{
	if (opt->class != cpu_to_be16(BRAID_GENEVE_CLASS) ||
	    opt->type != BRAID_GENEVE_IDENTITY)
		return opt->type & BRAID_GENEVE_CRITICAL ? -EPROTONOSUPPORT : 0;
	if ((opt->length & BRAID_GENEVE_OPT_LENGTH) != 1 ||
	    *(const __be32 *)(opt + 1) != cpu_to_be32(vni))
		return -EINVAL;
	return 0;
}

/**
 * braid_geneve_decode() - reads a header
 * @hdr: braid_geneve_length() untrusted bytes
 * @identity: filled in with the VNI
 *
 * An unknown critical option is refused whether or not the header has the flag for
 * critical options. Reserved bits are ignored, as RFC 8926 requires.
 *
 * Context: any.
 * Return: 0; -EINVAL if the header is malformed; -EPROTONOSUPPORT if it has another
 * version, is a control packet, or has an unknown payload or critical option.
 */
static inline int braid_geneve_decode(const struct braid_geneve *hdr,
				      u32 *identity)
{
	unsigned int left = braid_geneve_length(hdr) - sizeof(*hdr);
	const void *at = hdr + 1;
	u32 vni = be32_to_cpu(hdr->vni) >> 8;
	unsigned int len;
	int ret;

	if (hdr->ver_optlen & BRAID_GENEVE_VERSION ||
	    hdr->flags & BRAID_GENEVE_OAM ||
	    hdr->protocol != cpu_to_be16(ETH_P_TEB))
		return -EPROTONOSUPPORT;
	/* Lengths are in words and the head of an option is one word, so it fits. */
	for (; left; at += len, left -= len) {
		const struct braid_geneve_opt *opt = at;

		len = sizeof(*opt) + (opt->length & BRAID_GENEVE_OPT_LENGTH) * 4;
		if (len > left)
			return -EINVAL;
		ret = braid_geneve_check_opt(opt, vni);
		if (ret)
			return ret;
	}
	*identity = vni;
	return 0;
}

#endif
