// SPDX-License-Identifier: GPL-2.0-only
#include "model/net.h"

#include <net/netns/generic.h>

unsigned int braid_net_id __read_mostly;

/**
 * braid_net_of() - finds the state of a namespace
 * @net: the namespace
 *
 * Context: any.
 * Return: the state, valid as long as @net is.
 */
struct braid_net *braid_net_of(const struct net *net)
{
	return net_generic(net, braid_net_id);
}
