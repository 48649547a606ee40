// SPDX-License-Identifier: GPL-2.0-only
#include "overlay/encap.h"

#include <uapi/linux/braid_net.h>
#include <linux/errno.h>

#include "overlay/geneve.h"
#include "overlay/vxlan.h"

static void encap_vxlan_encode(void *to, u32 identity)
{
	braid_vxlan_encode(to, identity);
}

static unsigned int encap_vxlan_length(const void *header)
{
	return sizeof(struct braid_vxlan);
}

static int encap_vxlan_decode(const void *header, u32 *identity)
{
	return braid_vxlan_decode(header, identity) ? 0 : -EINVAL;
}

static void encap_geneve_encode(void *to, u32 identity)
{
	braid_geneve_encode(to, identity);
}

static unsigned int encap_geneve_length(const void *header)
{
	return braid_geneve_length(header);
}

static int encap_geneve_decode(const void *header, u32 *identity)
{
	return braid_geneve_decode(header, identity);
}

static const struct braid_encap encap_table[] = {
	[BRAID_NET_ENCAP_VXLAN] = {
		.name = "vxlan",
		.port = BRAID_VXLAN_PORT,
		.len = sizeof(struct braid_vxlan),
		.base = sizeof(struct braid_vxlan),
		.encode = encap_vxlan_encode,
		.length = encap_vxlan_length,
		.decode = encap_vxlan_decode,
	},
	[BRAID_NET_ENCAP_GENEVE] = {
		.name = "geneve",
		.port = BRAID_GENEVE_PORT,
		.len = sizeof(struct braid_geneve_sent),
		.base = sizeof(struct braid_geneve),
		.encode = encap_geneve_encode,
		.length = encap_geneve_length,
		.decode = encap_geneve_decode,
	},
};

/**
 * braid_encap_of() - finds an encapsulation
 * @type: enum braid_net_encap; the policy checked it
 *
 * Context: any.
 * Return: the encapsulation, never NULL.
 */
const struct braid_encap *braid_encap_of(u32 type)
{
	return &encap_table[type];
}
