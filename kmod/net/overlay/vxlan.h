/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VXLAN header (RFC 7348, 5) with the source identity as its VNI.
 *
 * Pure: the header knows no packet.
 */
#ifndef BRAID_VXLAN_H
#define BRAID_VXLAN_H

#include <linux/build_bug.h>
#include <linux/types.h>
#include <asm/byteorder.h>

#define BRAID_VXLAN_PORT 8472	/* also the default of Linux, not the 4789 of the RFC */
#define BRAID_VNI_MAX 0xffffffu

#define BRAID_VXLAN_HAS_VNI cpu_to_be32(0x08000000)

struct braid_vxlan {
	__be32 flags;
	__be32 vni;	/* upper 24 bits; the rest is reserved */
};

static_assert(sizeof(struct braid_vxlan) == 8);

/**
 * braid_vxlan_encode() - writes a header
 * @hdr: filled in
 * @identity: at most BRAID_VNI_MAX
 *
 * Context: any.
 */
static inline void braid_vxlan_encode(struct braid_vxlan *hdr, u32 identity)
{
	hdr->flags = BRAID_VXLAN_HAS_VNI;
	hdr->vni = cpu_to_be32(identity << 8);
}

/**
 * braid_vxlan_decode() - reads a header
 * @hdr: 8 untrusted bytes
 * @identity: filled in with the VNI
 *
 * Reserved bits are ignored, as RFC 7348 requires.
 *
 * Context: any.
 * Return: false if the header has no VNI.
 */
static inline bool braid_vxlan_decode(const struct braid_vxlan *hdr,
				      u32 *identity)
{
	if (!(hdr->flags & BRAID_VXLAN_HAS_VNI))
		return false;
	*identity = be32_to_cpu(hdr->vni) >> 8;
	return true;
}

#endif
