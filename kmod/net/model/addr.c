// SPDX-License-Identifier: GPL-2.0-only
#include "model/addr.h"

#include <linux/string.h>

/**
 * braid_addr_derive_mac() - computes the hardware address of an overlay link
 * @mac: ETH_ALEN bytes, filled in
 * @underlay: underlay address of the link's node
 *
 * Every node computes the same address: a locally administered prefix, then the
 * last four bytes of the underlay address.
 *
 * Context: any.
 */
void braid_addr_derive_mac(u8 *mac, const struct in6_addr *underlay)
{
	mac[0] = 0x02;
	mac[1] = 0xb1;
	memcpy(mac + 2, &underlay->s6_addr32[3], 4);
}
