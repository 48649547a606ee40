// SPDX-License-Identifier: GPL-2.0-only
#include "object.h"

#include <string.h>

#include <linux/braid_net.h>

#include <netinet/in.h>

const struct choice directions[] = {
	{ "ingress", BRAID_NET_DIRECTION_INGRESS },
	{ "egress", BRAID_NET_DIRECTION_EGRESS },
	{ NULL, 0 },
};

static const struct choice actions[] = {
	{ "allow", BRAID_NET_ACTION_ALLOW },
	{ "deny", BRAID_NET_ACTION_DENY },
	{ NULL, 0 },
};

static const struct choice scopes[] = {
	{ "cluster", BRAID_NET_SCOPE_CLUSTER },
	{ NULL, 0 },
};

static const struct choice algorithms[] = {
	{ "random", BRAID_NET_ALGORITHM_RANDOM },
	{ NULL, 0 },
};

static const struct choice encaps[] = {
	{ "vxlan", BRAID_NET_ENCAP_VXLAN },
	{ NULL, 0 },
};

static const struct choice rule_protocols[] = {
	{ "any", 0 },
	{ "tcp", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP },
	{ "icmp", IPPROTO_ICMP },
	{ NULL, 0 },
};

static const struct choice service_protocols[] = {
	{ "tcp", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP },
	{ NULL, 0 },
};

/* A packet can be of any protocol; the others are shown as numbers. */
static const struct choice event_protocols[] = {
	{ "tcp", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP },
	{ "icmp", IPPROTO_ICMP },
	{ "icmpv6", IPPROTO_ICMPV6 },
	{ "sctp", IPPROTO_SCTP },
	{ "gre", IPPROTO_GRE },
	{ "esp", IPPROTO_ESP },
	{ "ah", IPPROTO_AH },
	{ "igmp", IPPROTO_IGMP },
	{ "ipip", IPPROTO_IPIP },
	{ "dccp", IPPROTO_DCCP },
	{ "udplite", IPPROTO_UDPLITE },
	{ NULL, 0 },
};

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

static const struct word endpoint_words[] = {
	{
		.name = "endpoint",
		.value = "DEV",
		.help = "the workload's device, the end that is in this namespace",
		.type = &type_string,
		.attr = BRAID_NET_A_ENDPOINT_DEVICE,
		.key = true,
		.bare = true,
	},
	{
		.name = "identity",
		.value = "ID",
		.help = "whose device it is",
		.type = &type_identity,
		.attr = BRAID_NET_A_ENDPOINT_IDENTITY,
	},
	{
		.name = "address",
		.value = "A",
		.help = "the workload's addresses; it may send from no other",
		.type = &type_address,
		.attr = BRAID_NET_A_ENDPOINT_ADDRESS,
		.list = true,
	},
	{ 0 },
};

static const struct word uplink_words[] = {
	{
		.name = "uplink",
		.value = "DEV",
		.help = "a device that carries the overlay",
		.type = &type_string,
		.attr = BRAID_NET_A_UPLINK_DEVICE,
		.key = true,
		.bare = true,
	},
	{ 0 },
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
		.name = "mac",
		.value = "M",
		.help = "hardware address of its overlay link; the default is\n"
			"derived from its first underlay address",
		.type = &type_mac,
		.attr = BRAID_NET_A_NODE_MAC,
		.optional = true,
	},
	{ 0 },
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
	},
	{
		.name = "node",
		.value = "NAME",
		.help = "the node that they are reached through",
		.type = &type_string,
		.attr = BRAID_NET_A_PREFIX_NODE,
		.optional = true,
	},
	{ 0 },
};

static const struct word peer_variants[] = {
	{
		.name = "identity",
		.value = "ID",
		.help = "one of these identities",
		.type = &type_identity,
		.attr = BRAID_NET_A_RULE_PEER_IDENTITY,
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
		.value = "any|tcp|udp|icmp",
		.help = "protocol of the traffic",
		.type = &type_choice8,
		.choices = rule_protocols,
		.attr = BRAID_NET_A_RULE_PROTOCOL,
	},
	{
		.name = "port",
		.value = "A[-B]",
		.help = "destination port or range, tcp and udp only",
		.type = &type_u16,
		.attr = BRAID_NET_A_RULE_PORT_MIN,
		.attr_max = BRAID_NET_A_RULE_PORT_MAX,
		.optional = true,
	},
	{
		.name = "type",
		.value = "T",
		.help = "ICMP type, icmp only",
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
		.optional = true,
	},
	{ 0 },
};

static const struct word service_words[] = {
	{
		.name = "service",
		.value = "NAME",
		.help = "the service's name",
		.type = &type_string,
		.attr = BRAID_NET_A_SERVICE_NAME,
		.key = true,
		.bare = true,
	},
	{
		.name = "address",
		.value = "A",
		.help = "the address that clients use",
		.type = &type_address,
		.attr = BRAID_NET_A_SERVICE_ADDRESS,
	},
	{
		.name = "port",
		.value = "P",
		.help = "the port that clients use",
		.type = &type_u16,
		.attr = BRAID_NET_A_SERVICE_PORT,
	},
	{
		.name = "protocol",
		.value = "tcp|udp",
		.help = "its protocol",
		.type = &type_choice8,
		.choices = service_protocols,
		.attr = BRAID_NET_A_SERVICE_PROTOCOL,
	},
	{
		.name = "scope",
		.value = "cluster",
		.help = "who may use it; the default is cluster",
		.type = &type_choice32,
		.choices = scopes,
		.attr = BRAID_NET_A_SERVICE_SCOPE,
		.optional = true,
	},
	{
		.name = "algorithm",
		.value = "random",
		.help = "how a backend is picked; the default is random",
		.type = &type_choice32,
		.choices = algorithms,
		.attr = BRAID_NET_A_SERVICE_ALGORITHM,
		.optional = true,
	},
	{ 0 },
};

static const struct word backend_words[] = {
	{
		.name = "service",
		.value = "SERVICE",
		.help = "name of the service",
		.type = &type_string,
		.attr = BRAID_NET_A_BACKEND_SERVICE,
		.key = true,
		.bare = true,
	},
	{
		.name = "address",
		.value = "A",
		.help = "the backend's address",
		.type = &type_address,
		.attr = BRAID_NET_A_BACKEND_ADDRESS,
		.key = true,
	},
	{
		.name = "port",
		.value = "P",
		.help = "the backend's port",
		.type = &type_u16,
		.attr = BRAID_NET_A_BACKEND_PORT,
		.key = true,
	},
	{ 0 },
};

static const struct word overlay_words[] = {
	{
		.name = "overlay",
		.value = "NAME",
		.help = "name of the overlay and of its link",
		.type = &type_string,
		.attr = BRAID_NET_A_OVERLAY_NAME,
		.key = true,
		.bare = true,
	},
	{
		.name = "type",
		.value = "vxlan",
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
		.help = "UDP port; the default is 8472",
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

static const char *const endpoint_examples[] = {
	"braid endpoint add veth-web identity 300 address 10.1.0.2",
	"braid endpoint set veth-web identity 301",
	"braid endpoint del veth-web",
	NULL,
};

static const char *const uplink_examples[] = {
	"braid uplink add eth0",
	"braid uplink del eth0",
	NULL,
};

static const char *const node_examples[] = {
	"braid node add node2 underlay 192.168.77.2 cidr 10.2.0.0/16",
	"braid node set node2 cidr 10.2.0.0/16,10.3.0.0/16",
	"braid node del node2",
	NULL,
};

static const char *const prefix_examples[] = {
	"braid prefix add 10.2.0.7/32 identity 300 node node2",
	"braid prefix add 198.51.100.0/24 identity 2",
	"braid prefix set 10.2.0.7/32 identity 301",
	"braid prefix del 10.2.0.7/32",
	NULL,
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

static const char *const service_examples[] = {
	"braid service add web address 10.96.0.10 port 80 protocol tcp",
	"braid service set web port 8080",
	"braid service del web",
	NULL,
};

static const char *const backend_examples[] = {
	"braid backend add web address 10.1.0.2 port 8080",
	"braid backend del web address 10.1.0.2 port 8080",
	"braid backend show web",
	NULL,
};

static const char *const overlay_examples[] = {
	"braid overlay add braid0 type vxlan local 192.168.77.1",
	"braid overlay set braid0 mtu 1400",
	"braid overlay del braid0",
	NULL,
};

const struct object objects[] = {
	{
		.name = "identity",
		.help = "who workloads are",
		.words = identity_words,
		.kind = BRAID_NET_OBJECT_IDENTITY,
		.attr = BRAID_NET_A_IDENTITY,
		.examples = identity_examples,
	},
	{
		.name = "uplink",
		.help = "devices that carry the overlay",
		.words = uplink_words,
		.kind = BRAID_NET_OBJECT_UPLINK,
		.attr = BRAID_NET_A_UPLINK,
		.examples = uplink_examples,
		.notes = "Without one, the device that holds the overlay's "
			 "local address is taken.",
	},
	{
		.name = "overlay",
		.help = "the tunnel to the other nodes",
		.words = overlay_words,
		.kind = BRAID_NET_OBJECT_OVERLAY,
		.attr = BRAID_NET_A_OVERLAY,
		.examples = overlay_examples,
		.notes =
			"A namespace has one overlay; only its mtu can be set.",
	},
	{
		.name = "node",
		.help = "the other nodes",
		.words = node_words,
		.kind = BRAID_NET_OBJECT_NODE,
		.attr = BRAID_NET_A_NODE,
		.examples = node_examples,
	},
	{
		.name = "prefix",
		.help = "addresses, whose they are and where",
		.words = prefix_words,
		.kind = BRAID_NET_OBJECT_PREFIX,
		.attr = BRAID_NET_A_PREFIX,
		.examples = prefix_examples,
	},
	{
		.name = "endpoint",
		.help = "local workloads",
		.words = endpoint_words,
		.kind = BRAID_NET_OBJECT_ENDPOINT,
		.attr = BRAID_NET_A_ENDPOINT,
		.examples = endpoint_examples,
	},
	{
		.name = "rule",
		.help = "who may talk to whom",
		.words = rule_words,
		.kind = BRAID_NET_OBJECT_RULE,
		.attr = BRAID_NET_A_RULE,
		.examples = rule_examples,
		.notes = "A subject that no rule selects in a direction is "
			 "open in it; one that is\n"
			 "selected has only what a rule allows.",
	},
	{
		.name = "service",
		.help = "one address in front of many backends",
		.words = service_words,
		.kind = BRAID_NET_OBJECT_SERVICE,
		.attr = BRAID_NET_A_SERVICE,
		.examples = service_examples,
		.notes = "Its backends go with it.",
	},
	{
		.name = "backend",
		.help = "the backends of a service",
		.words = backend_words,
		.kind = BRAID_NET_OBJECT_BACKEND,
		.attr = BRAID_NET_A_BACKEND,
		.examples = backend_examples,
	},
};

const size_t objects_count = sizeof(objects) / sizeof(objects[0]);

const struct object *object_find(const char *name)
{
	size_t i;

	for (i = 0; i < objects_count; i++) {
		if (!strcmp(objects[i].name, name))
			return &objects[i];
	}
	return NULL;
}

bool object_settable(const struct object *object)
{
	const struct word *word;

	for (word = object->words; word->name; word++) {
		if (!word->key)
			return true;
	}
	return false;
}

const struct word *word_find(const struct word *words, const char *name)
{
	for (; words->name; words++) {
		if (!strcmp(words->name, name))
			return words;
	}
	return NULL;
}
