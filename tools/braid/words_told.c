// SPDX-License-Identifier: GPL-2.0-only
/* What is told and never typed: the words of events and flows. */
#include "object.h"

#include <linux/braid_net.h>

#include <netinet/in.h>

/* A packet can be of any protocol; the others are shown as numbers. */
static const struct choice event_protocols[] = {
	{ .name = "tcp", .number = IPPROTO_TCP },
	{ .name = "udp", .number = IPPROTO_UDP },
	{ .name = "icmp", .number = IPPROTO_ICMP },
	{ .name = "icmpv6", .number = IPPROTO_ICMPV6 },
	{ .name = "sctp", .number = IPPROTO_SCTP },
	{ .name = "gre", .number = IPPROTO_GRE },
	{ .name = "esp", .number = IPPROTO_ESP },
	{ .name = "ah", .number = IPPROTO_AH },
	{ .name = "igmp", .number = IPPROTO_IGMP },
	{ .name = "ipip", .number = IPPROTO_IPIP },
	{ .name = "dccp", .number = IPPROTO_DCCP },
	{ .name = "udplite", .number = IPPROTO_UDPLITE },
	{ 0 },
};

const struct word event_words[] = {
	{
		.name = "time",
		.type = &type_time,
		.attr = BRAID_NET_A_EVENT_TIME,
	},
	{
		.name = "reason",
		.type = &type_string,
		.attr = BRAID_NET_A_EVENT_REASON,
		.colour = COLOUR_BAD,
	},
	{
		.name = "direction",
		.type = &type_choice32,
		.choices = directions,
		.attr = BRAID_NET_A_EVENT_DIRECTION,
	},
	{
		.name = "protocol",
		.type = &type_choice8,
		.choices = event_protocols,
		.attr = BRAID_NET_A_EVENT_PROTOCOL,
	},
	{
		.name = "source",
		.type = &type_address,
		.attr = BRAID_NET_A_EVENT_SOURCE,
	},
	{
		.name = "source-port",
		.type = &type_u16,
		.attr = BRAID_NET_A_EVENT_SOURCE_PORT,
	},
	{
		.name = "source-identity",
		.type = &type_identity,
		.attr = BRAID_NET_A_EVENT_SOURCE_IDENTITY,
	},
	{
		.name = "source-label",
		.type = &type_string,
		.attr = BRAID_NET_A_EVENT_SOURCE_LABEL,
		.list = true,
	},
	{
		.name = "destination",
		.type = &type_address,
		.attr = BRAID_NET_A_EVENT_DESTINATION,
	},
	{
		.name = "destination-port",
		.type = &type_u16,
		.attr = BRAID_NET_A_EVENT_DESTINATION_PORT,
	},
	{
		.name = "destination-identity",
		.type = &type_identity,
		.attr = BRAID_NET_A_EVENT_DESTINATION_IDENTITY,
	},
	{
		.name = "destination-label",
		.type = &type_string,
		.attr = BRAID_NET_A_EVENT_DESTINATION_LABEL,
		.list = true,
	},
	{
		.name = "device",
		.type = &type_string,
		.attr = BRAID_NET_A_EVENT_DEVICE,
		.colour = COLOUR_DEVICE,
	},
	{ 0 },
};

const struct word flow_words[] = {
	{
		.name = "protocol",
		.type = &type_choice8,
		.choices = event_protocols,
		.attr = BRAID_NET_A_FLOW_PROTOCOL,
	},
	{
		.name = "source",
		.type = &type_address,
		.attr = BRAID_NET_A_FLOW_SOURCE,
	},
	{
		.name = "source-port",
		.type = &type_u16,
		.attr = BRAID_NET_A_FLOW_SOURCE_PORT,
	},
	{
		.name = "source-identity",
		.type = &type_identity,
		.attr = BRAID_NET_A_FLOW_SOURCE_IDENTITY,
	},
	{
		.name = "destination",
		.type = &type_address,
		.attr = BRAID_NET_A_FLOW_DESTINATION,
	},
	{
		.name = "destination-port",
		.type = &type_u16,
		.attr = BRAID_NET_A_FLOW_DESTINATION_PORT,
	},
	{
		.name = "destination-identity",
		.type = &type_identity,
		.attr = BRAID_NET_A_FLOW_DESTINATION_IDENTITY,
	},
	{
		.name = "service",
		.type = &type_string,
		.attr = BRAID_NET_A_FLOW_SERVICE,
	},
	{
		.name = "backend",
		.type = &type_address,
		.attr = BRAID_NET_A_FLOW_BACKEND,
	},
	{
		.name = "backend-port",
		.type = &type_u16,
		.attr = BRAID_NET_A_FLOW_BACKEND_PORT,
	},
	{
		.name = "rule",
		.type = &type_string,
		.attr = BRAID_NET_A_FLOW_RULE,
		.list = true,
	},
	{
		.name = "state",
		.type = &type_string,
		.attr = BRAID_NET_A_FLOW_STATE,
	},
	{
		.name = "verdict",
		.type = &type_string,
		.attr = BRAID_NET_A_FLOW_VERDICT,
	},
	{
		.name = "packets",
		.type = &type_u64,
		.attr = BRAID_NET_A_FLOW_PACKETS,
		.statistic = true,
	},
	{
		.name = "bytes",
		.type = &type_u64,
		.attr = BRAID_NET_A_FLOW_BYTES,
		.statistic = true,
	},
	{ 0 },
};
