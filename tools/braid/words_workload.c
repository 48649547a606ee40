// SPDX-License-Identifier: GPL-2.0-only
/* Workloads: identity, endpoint, prefix. */
#include "object.h"

#include <linux/braid_net.h>

static const struct word identity_words[] = {
	{
		.name = "identity",
		.value = "ID",
		.help = "the identity, decimal or 0x...; 0 to 255 are reserved",
		.type = &type_identity,
		.attr = BRAID_NET_A_IDENTITY_ID,
		.key = true,
		.bare = true,
	},
	{
		.name = "label",
		.value = "K=V",
		.help = "what the workloads of this identity have in common",
		.type = &type_string,
		.attr = BRAID_NET_A_IDENTITY_LABEL,
		.list = true,
		.optional = true,
	},
	{ 0 },
};

static const char *const identity_examples[] = {
	"braid identity add 300 label app=web,tier=front",
	"braid identity set 0x12c label app=web",
	"braid identity del 300",
	"braid -j identity show 300",
	NULL,
};

const struct object object_identity = {
	.name = "identity",
	.help = "who workloads are",
	.words = identity_words,
	.kind = BRAID_NET_OBJECT_IDENTITY,
	.attr = BRAID_NET_A_IDENTITY,
	.examples = identity_examples,
};

static const struct word endpoint_words[] = {
	{
		.name = "endpoint",
		.value = "DEV",
		.help = "the workload's device, the end that is in this namespace",
		.type = &type_string,
		.attr = BRAID_NET_A_ENDPOINT_DEVICE,
		.refers = "device",
		.colour = COLOUR_DEVICE,
		.key = true,
		.bare = true,
	},
	{
		.name = "identity",
		.value = "ID",
		.help = "whose device it is",
		.type = &type_identity,
		.attr = BRAID_NET_A_ENDPOINT_IDENTITY,
		.refers = "identity",
	},
	{
		.name = "address",
		.value = "A",
		.help = "the workload's addresses; it may send from no other",
		.type = &type_address,
		.attr = BRAID_NET_A_ENDPOINT_ADDRESS,
		.list = true,
	},
	{
		.name = "ifindex",
		.type = &type_u32,
		.attr = BRAID_NET_A_ENDPOINT_IFINDEX,
		.told = true,
	},
	{ 0 },
};

static const char *const endpoint_examples[] = {
	"braid endpoint add veth-web identity 300 address 10.1.0.2",
	"braid endpoint set veth-web identity 301",
	"braid endpoint del veth-web",
	NULL,
};

const struct object object_endpoint = {
	.name = "endpoint",
	.help = "local workloads",
	.words = endpoint_words,
	.kind = BRAID_NET_OBJECT_ENDPOINT,
	.attr = BRAID_NET_A_ENDPOINT,
	.examples = endpoint_examples,
};

static const struct word prefix_words[] = {
	{
		.name = "prefix",
		.value = "CIDR",
		.help = "the addresses; of several prefixes the longest counts",
		.type = &type_cidr,
		.attr = BRAID_NET_A_PREFIX_CIDR,
		.key = true,
		.bare = true,
	},
	{
		.name = "identity",
		.value = "ID",
		.help = "whose addresses they are",
		.type = &type_identity,
		.attr = BRAID_NET_A_PREFIX_IDENTITY,
		.refers = "identity",
	},
	{
		.name = "node",
		.value = "NAME",
		.help = "the node that they are reached through",
		.type = &type_string,
		.attr = BRAID_NET_A_PREFIX_NODE,
		.refers = "node",
		.optional = true,
	},
	{ 0 },
};

static const char *const prefix_examples[] = {
	"braid prefix add 10.2.0.7/32 identity 300 node node2",
	"braid prefix add 198.51.100.0/24 identity 2",
	"braid prefix set 10.2.0.7/32 identity 301",
	"braid prefix del 10.2.0.7/32",
	NULL,
};

const struct object object_prefix = {
	.name = "prefix",
	.help = "addresses, whose they are and where",
	.words = prefix_words,
	.kind = BRAID_NET_OBJECT_PREFIX,
	.attr = BRAID_NET_A_PREFIX,
	.examples = prefix_examples,
};
