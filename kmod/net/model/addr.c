// SPDX-License-Identifier: GPL-2.0-only
#include "model/addr.h"

#include <linux/string.h>

/**
 * braid_addr_derive_mac() - the hardware address of an overlay link
 * @mac: ETH_ALEN bytes
 * @underlay: its node's underlay address
 *
 * Every node comes to the same address by itself: locally administered, and
 * the underlay address in the last four bytes.
 */
void braid_addr_derive_mac(u8 *mac, const struct in6_addr *underlay)
{
	mac[0] = 0x02;
	mac[1] = 0xb1;
	memcpy(mac + 2, &underlay->s6_addr32[3], 4);
}
