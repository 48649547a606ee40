// SPDX-License-Identifier: GPL-2.0-only
/* Policy: rule. */
#include "object.h"

#include <linux/braid_net.h>

#include <netinet/in.h>

static const struct choice actions[] = {
	{ .name = "allow",
	  .number = BRAID_NET_ACTION_ALLOW,
	  .colour = COLOUR_GOOD },
	{ .name = "deny",
	  .number = BRAID_NET_ACTION_DENY,
	  .colour = COLOUR_BAD },
	{ 0 },
};

static const struct choice rule_protocols[] = {
	{ .name = "any", .number = 0 },
	{ .name = "tcp", .number = IPPROTO_TCP },
	{ .name = "udp", .number = IPPROTO_UDP },
	{ .name = "sctp", .number = IPPROTO_SCTP },
	{ .name = "icmp", .number = IPPROTO_ICMP },
	{ .name = "icmpv6", .number = IPPROTO_ICMPV6 },
	{ 0 },
};

static const struct word peer_variants[] = {
	{
		.name = "identity",
		.value = "ID",
		.help = "one of these identities",
		.type = &type_identity,
		.attr = BRAID_NET_A_RULE_PEER_IDENTITY,
		.refers = "identity",
		.list = true,
	},
	{
		.name = "any",
		.help = "whoever it is",
		.type = &type_flag,
		.attr = BRAID_NET_A_RULE_PEER_ANY,
	},
	{
		.name = "cidr",
		.value = "C",
		.help = "an address in one of these, whoever has it",
		.type = &type_cidr,
		.attr = BRAID_NET_A_RULE_PEER_CIDR,
		.list = true,
	},
	{ 0 },
};

static const struct word rule_words[] = {
	{
		.name = "rule",
		.value = "NAME",
		.help = "the rule's name",
		.type = &type_string,
		.attr = BRAID_NET_A_RULE_NAME,
		.key = true,
		.bare = true,
	},
	{
		.name = "subject",
		.value = "ID",
		.help = "identity of the endpoints that the rule is for",
		.type = &type_identity,
		.attr = BRAID_NET_A_RULE_SUBJECT,
		.refers = "identity",
	},
	{
		.name = "direction",
		.value = "ingress|egress",
		.help = "traffic to or from the subject",
		.type = &type_choice32,
		.choices = directions,
		.attr = BRAID_NET_A_RULE_DIRECTION,
	},
	{
		.name = "peer",
		.help = "the other side",
		.variants = peer_variants,
	},
	{
		.name = "protocol",
		.value = "any|tcp|udp|sctp|icmp|icmpv6",
		.help = "protocol of the traffic",
		.type = &type_choice8,
		.choices = rule_protocols,
		.attr = BRAID_NET_A_RULE_PROTOCOL,
	},
	{
		.name = "port",
		.value = "A[-B]",
		.help = "destination port or range, tcp, udp and sctp only",
		.type = &type_u16,
		.attr = BRAID_NET_A_RULE_PORT_MIN,
		.attr_max = BRAID_NET_A_RULE_PORT_MAX,
		.optional = true,
	},
	{
		.name = "type",
		.value = "T",
		.help = "ICMP type, icmp and icmpv6 only",
		.type = &type_u8,
		.attr = BRAID_NET_A_RULE_TYPE,
		.optional = true,
	},
	{
		.name = "action",
		.value = "allow|deny",
		.help = "what is done with a match",
		.type = &type_choice32,
		.choices = actions,
		.attr = BRAID_NET_A_RULE_ACTION,
	},
	{
		.name = "priority",
		.value = "N",
		.help = "the larger wins, at the same priority deny does;\n"
			"the default is 1000",
		.type = &type_u32,
		.attr = BRAID_NET_A_RULE_PRIORITY,
		.has_standard = true,
		.standard = 1000,
		.optional = true,
	},
	{ 0 },
};

static const char *const rule_examples[] = {
	"braid rule add web-in subject 300 direction ingress \\\n"
	"      peer identity 301 protocol tcp port 80 action allow",
	"braid rule add no-ping subject 300 direction ingress peer any \\\n"
	"      protocol icmp type 8 action deny priority 2000",
	"braid rule set web-in peer identity 301,302",
	"braid rule del web-in",
	NULL,
};

const struct object object_rule = {
	.name = "rule",
	.help = "who may talk to whom",
	.words = rule_words,
	.kind = BRAID_NET_OBJECT_RULE,
	.attr = BRAID_NET_A_RULE,
	.examples = rule_examples,
	.notes = "A subject that no rule selects in a direction is "
		 "open in it; one that is\n"
		 "selected has only what a rule allows.",
};
