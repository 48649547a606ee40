// SPDX-License-Identifier: GPL-2.0-only
/* Other nodes and the way there: uplink, overlay, node. */
#include "object.h"

#include <linux/braid_net.h>

static const struct choice encaps[] = {
	{ .name = "vxlan", .number = BRAID_NET_ENCAP_VXLAN },
	{ .name = "geneve", .number = BRAID_NET_ENCAP_GENEVE },
	{ 0 },
};

static const struct word uplink_words[] = {
	{
		.name = "uplink",
		.value = "DEV",
		.help = "a device that carries the overlay",
		.type = &type_string,
		.attr = BRAID_NET_A_UPLINK_DEVICE,
		.refers = "device",
		.colour = COLOUR_DEVICE,
		.key = true,
		.bare = true,
	},
	{
		.name = "ifindex",
		.type = &type_u32,
		.attr = BRAID_NET_A_UPLINK_IFINDEX,
		.told = true,
	},
	{ 0 },
};

static const char *const uplink_examples[] = {
	"braid uplink add eth0",
	"braid uplink del eth0",
	NULL,
};

const struct object object_uplink = {
	.name = "uplink",
	.help = "devices that carry the overlay",
	.words = uplink_words,
	.kind = BRAID_NET_OBJECT_UPLINK,
	.attr = BRAID_NET_A_UPLINK,
	.examples = uplink_examples,
	.notes = "Without one, the device that holds the overlay's "
		 "local address is taken.",
};

static const struct word overlay_words[] = {
	{
		.name = "overlay",
		.value = "NAME",
		.help = "name of the overlay and of its link",
		.type = &type_string,
		.attr = BRAID_NET_A_OVERLAY_NAME,
		.colour = COLOUR_DEVICE,
		.key = true,
		.bare = true,
	},
	{
		.name = "type",
		.value = "vxlan|geneve",
		.help = "the tunnel header",
		.type = &type_choice32,
		.choices = encaps,
		.attr = BRAID_NET_A_OVERLAY_TYPE,
	},
	{
		.name = "local",
		.value = "A",
		.help = "this node's underlay address",
		.type = &type_address,
		.attr = BRAID_NET_A_OVERLAY_LOCAL,
	},
	{
		.name = "port",
		.value = "P",
		.help = "UDP port; the default is 8472, with geneve 6081",
		.type = &type_u16,
		.attr = BRAID_NET_A_OVERLAY_PORT,
		.optional = true,
	},
	{
		.name = "mtu",
		.value = "N",
		.help = "MTU of the link; the default is what the underlay leaves",
		.type = &type_u32,
		.attr = BRAID_NET_A_OVERLAY_MTU,
		.optional = true,
	},
	{
		.name = "ifindex",
		.type = &type_u32,
		.attr = BRAID_NET_A_OVERLAY_IFINDEX,
		.told = true,
	},
	{ 0 },
};

static const char *const overlay_examples[] = {
	"braid overlay add braid0 type vxlan local 192.168.77.1",
	"braid overlay set braid0 mtu 1400",
	"braid overlay del braid0",
	NULL,
};

const struct object object_overlay = {
	.name = "overlay",
	.help = "the tunnel to the other nodes",
	.words = overlay_words,
	.kind = BRAID_NET_OBJECT_OVERLAY,
	.attr = BRAID_NET_A_OVERLAY,
	.examples = overlay_examples,
	.notes = "A namespace has one overlay; only its mtu can be set.",
};

static const struct word node_words[] = {
	{
		.name = "node",
		.value = "NAME",
		.help = "the node's name",
		.type = &type_string,
		.attr = BRAID_NET_A_NODE_NAME,
		.key = true,
		.bare = true,
	},
	{
		.name = "underlay",
		.value = "A",
		.help = "the addresses of its uplink",
		.type = &type_address,
		.attr = BRAID_NET_A_NODE_UNDERLAY,
		.list = true,
	},
	{
		.name = "cidr",
		.value = "C",
		.help = "the addresses of the workloads that live there",
		.type = &type_cidr,
		.attr = BRAID_NET_A_NODE_CIDR,
		.list = true,
	},
	{
		.name = "address",
		.value = "A",
		.help = "the addresses of the node inside the overlay",
		.type = &type_address,
		.attr = BRAID_NET_A_NODE_ADDRESS,
		.list = true,
		.optional = true,
	},
	{
		.name = "mac",
		.value = "M",
		.help = "hardware address of its overlay link; the default is\n"
			"derived from its first underlay address",
		.type = &type_mac,
		.attr = BRAID_NET_A_NODE_MAC,
		.derived = true,
		.optional = true,
	},
	{ 0 },
};

static const char *const node_examples[] = {
	"braid node add node2 underlay 192.168.77.2 cidr 10.2.0.0/16",
	"braid node set node2 cidr 10.2.0.0/16,10.3.0.0/16",
	"braid node del node2",
	NULL,
};

const struct object object_node = {
	.name = "node",
	.help = "the other nodes",
	.words = node_words,
	.kind = BRAID_NET_OBJECT_NODE,
	.attr = BRAID_NET_A_NODE,
	.examples = node_examples,
};
