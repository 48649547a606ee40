// SPDX-License-Identifier: GPL-2.0-only
#include <linux/hrtimer.h>
#include <linux/if_arp.h>
#include <linux/ip.h>
#include <linux/netdevice.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/netdev_lock.h>
#include <net/rtnetlink.h>

#include "sim.h"

/*
 * The network of the cluster: a device of kind "simport" called portN is node N's
 * end. A packet goes to the node that the last byte of its address names, after a
 * random time, so that packets overtake one another, or it is lost.
 */

#define LINK_NODES	16

/**
 * struct sim_link - one direction from a node to another
 * @cut: nothing passes
 * @loss: percent of packets that are lost
 * @shortest: time of a packet, microseconds
 * @longest: the same
 */
struct sim_link {
	bool cut;
	u32 loss;
	u32 shortest;
	u32 longest;
};

struct sim_packet {
	struct hrtimer timer;
	struct sk_buff *skb;
	u32 from;
	u32 to;
};

static DEFINE_SPINLOCK(lock);	/* protects all below */
static struct sim_link links[LINK_NODES][LINK_NODES];
static struct net_device *ports[LINK_NODES];
static struct rnd_state chance;
static unsigned int travelling;

static u32 port_number(const struct net_device *dev)
{
	unsigned int number;

	return sscanf(dev->name, "port%u", &number) == 1 && number < LINK_NODES ? number : 0;
}

static enum hrtimer_restart packet_arrives(struct hrtimer *timer)
{
	struct sim_packet *packet = container_of(timer, struct sim_packet, timer);
	struct sk_buff *skb = packet->skb;
	struct net_device *port;
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	port = links[packet->from][packet->to].cut ? NULL : ports[packet->to];
	if (port) {
		skb_scrub_packet(skb, true);
		skb->dev = port;
		skb->pkt_type = PACKET_HOST;
		skb_reset_mac_header(skb);
		skb_reset_network_header(skb);
		netif_rx(skb);
	}
	travelling--;
	spin_unlock_irqrestore(&lock, flags);
	if (!port)
		kfree_skb(skb);
	kfree(packet);
	return HRTIMER_NORESTART;
}

/* Sends it on its way. Return: false if it is lost. */
static bool packet_leaves(struct sk_buff *skb, u32 from, u32 to)
{
	const struct sim_link *link = &links[from][to];
	struct sim_packet *packet;
	u64 time;

	if (link->cut || (link->loss && prandom_u32_state(&chance) % 100 < link->loss))
		return false;
	packet = kzalloc(sizeof(*packet), GFP_ATOMIC);
	if (!packet)
		return false;
	packet->skb = skb;
	packet->from = from;
	packet->to = to;
	hrtimer_setup(&packet->timer, packet_arrives, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_SOFT);
	time = link->shortest;
	if (link->longest > link->shortest)
		time += prandom_u32_state(&chance) % (link->longest - link->shortest);
	travelling++;
	hrtimer_start(&packet->timer, us_to_ktime(time), HRTIMER_MODE_REL_SOFT);
	return true;
}

static netdev_tx_t port_xmit(struct sk_buff *skb, struct net_device *dev)
{
	u32 from = port_number(dev), to = LINK_NODES;
	unsigned long flags;
	bool left = false;

	/* Whoever sent it is not to wait until it arrives. */
	skb_orphan(skb);
	if (skb->protocol == htons(ETH_P_IP) && pskb_may_pull(skb, sizeof(struct iphdr)))
		to = ntohl(ip_hdr(skb)->daddr) & 0xff;
	spin_lock_irqsave(&lock, flags);
	if (to < LINK_NODES)
		left = packet_leaves(skb, from, to);
	spin_unlock_irqrestore(&lock, flags);
	if (!left)
		kfree_skb(skb);
	return NETDEV_TX_OK;
}

static int port_init(struct net_device *dev)
{
	u32 number = port_number(dev);
	int error = 0;

	netdev_lockdep_set_classes(dev);
	spin_lock_irq(&lock);
	if (!number || ports[number])
		error = -EEXIST;
	else
		ports[number] = dev;
	spin_unlock_irq(&lock);
	return error;
}

static void port_uninit(struct net_device *dev)
{
	spin_lock_irq(&lock);
	ports[port_number(dev)] = NULL;
	spin_unlock_irq(&lock);
}

static const struct net_device_ops port_operations = {
	.ndo_init = port_init,
	.ndo_uninit = port_uninit,
	.ndo_start_xmit = port_xmit,
};

static void port_setup(struct net_device *dev)
{
	dev->netdev_ops = &port_operations;
	dev->needs_free_netdev = true;
	dev->type = ARPHRD_NONE;
	dev->flags = IFF_NOARP | IFF_POINTOPOINT;
	dev->priv_flags |= IFF_NO_QUEUE;
	dev->lltx = true;
	dev->mtu = ETH_DATA_LEN;
	dev->max_mtu = 65535;
	dev->features |= NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_HIGHDMA |
			 NETIF_F_GSO_SOFTWARE;
}

static struct rtnl_link_ops port_kind = {
	.kind = "simport",
	.setup = port_setup,
};

static void reset(u64 seed)
{
	u32 from, to;

	prandom_seed_state(&chance, seed);
	memset(links, 0, sizeof(links));
	for (from = 0; from < LINK_NODES; from++) {
		for (to = 0; to < LINK_NODES; to++) {
			links[from][to].shortest = 50;
			links[from][to].longest = 150;
		}
	}
}

static int set(struct sim_link *link, const struct sim_words *words)
{
	const char *what = words->words[3];
	const u64 *number = &words->number[4];
	unsigned int count = words->count - 4;

	if (!strcmp(what, "cut") && count == 1) {
		link->cut = number[0];
	} else if (!strcmp(what, "loss") && count == 1) {
		link->loss = number[0];
	} else if (!strcmp(what, "slow") && count == 2 && number[0] <= number[1]) {
		link->shortest = number[0];
		link->longest = number[1];
	} else {
		return -EINVAL;
	}
	return 0;
}

/*
 * link reset SEED: all links are well
 * link FROM TO cut 0|1 | link FROM TO loss PERCENT
 * link FROM TO slow FROM TO (microseconds)
 */
int sim_link_command(const struct sim_words *words)
{
	int error;

	if (words->count < 3)
		return -EINVAL;
	spin_lock_irq(&lock);
	error = -EINVAL;
	if (words->count == 3 && !strcmp(words->words[1], "reset")) {
		reset(words->number[2]);
		error = 0;
	} else if (words->count > 4 && words->number[1] < LINK_NODES &&
		   words->number[2] < LINK_NODES) {
		error = set(&links[words->number[1]][words->number[2]], words);
	}
	spin_unlock_irq(&lock);
	return error;
}

int sim_links_init(void)
{
	reset(0);
	return rtnl_link_register(&port_kind);
}

void sim_links_end(void)
{
	rtnl_link_unregister(&port_kind);
	while (READ_ONCE(travelling))
		fsleep(1000);
}
