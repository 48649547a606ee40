// SPDX-License-Identifier: GPL-2.0-only
/* Generated from the netlink specifications and words.yaml. */
/* To regenerate run: scripts/gen-netlink */
#include "ask.h"
#include "noun.h"
#include "tell.h"

#include <linux/braid_blk.h>
#include <linux/braid_net.h>

static const struct word identity_words[] = {
	{
		.name = "identity",
		.help = "the identity, decimal or 0x...; 0 to 255 are reserved",
		.value = "ID",
		.type = &type_identity,
		.attr = BRAID_NET_A_IDENTITY_ID,
		.key = true,
		.bare = true,
	},
	{
		.name = "label",
		.help = "a label, \"key=value\", of the workloads of this identity",
		.value = "K=V",
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

static const struct object object_identity = {
	.name = "identity",
	.help = "an identity, which workloads share",
	.words = identity_words,
	.kind = BRAID_NET_OBJECT_IDENTITY,
	.attr = BRAID_NET_A_IDENTITY,
	.examples = identity_examples,
};

static const struct word uplink_words[] = {
	{
		.name = "uplink",
		.help = "a device that carries the overlay",
		.value = "DEV",
		.type = &type_string,
		.attr = BRAID_NET_A_UPLINK_DEVICE,
		.refers = "device",
		.colour = COLOUR_DEVICE,
		.key = true,
		.bare = true,
	},
	{
		.name = "ifindex",
		.help = "index of that device; given in replies",
		.value = "N",
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

static const struct object object_uplink = {
	.name = "uplink",
	.notes = "Without an uplink, the device that holds the overlay's local address is\ntaken.",
	.help = "a device that carries the overlay",
	.words = uplink_words,
	.kind = BRAID_NET_OBJECT_UPLINK,
	.attr = BRAID_NET_A_UPLINK,
	.examples = uplink_examples,
};

static const struct choice encap_choices[] = {
	{ .name = "vxlan", .number = BRAID_NET_ENCAP_VXLAN },
	{ .name = "geneve", .number = BRAID_NET_ENCAP_GENEVE },
	{ 0 },
};

static const struct word overlay_words[] = {
	{
		.name = "overlay",
		.help = "name of the overlay and of its link",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_NET_A_OVERLAY_NAME,
		.colour = COLOUR_DEVICE,
		.key = true,
		.bare = true,
	},
	{
		.name = "type",
		.help = "the tunnel header",
		.choices = encap_choices,
		.value = "vxlan|geneve",
		.type = &type_choice32,
		.attr = BRAID_NET_A_OVERLAY_TYPE,
	},
	{
		.name = "local",
		.help = "this node's underlay address",
		.value = "A",
		.type = &type_address,
		.attr = BRAID_NET_A_OVERLAY_LOCAL,
	},
	{
		.name = "port",
		.help = "UDP port; the default is 8472, with geneve 6081",
		.value = "P",
		.type = &type_u16,
		.attr = BRAID_NET_A_OVERLAY_PORT,
		.optional = true,
	},
	{
		.name = "mtu",
		.help = "MTU of the link; the default is what the underlay leaves",
		.value = "N",
		.type = &type_u32,
		.attr = BRAID_NET_A_OVERLAY_MTU,
		.optional = true,
	},
	{
		.name = "ifindex",
		.help = "index of the link; given in replies",
		.value = "N",
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

static const struct object object_overlay = {
	.name = "overlay",
	.notes = "A namespace has one overlay; only its mtu can be set.",
	.help = "the tunnel to the other nodes",
	.words = overlay_words,
	.kind = BRAID_NET_OBJECT_OVERLAY,
	.attr = BRAID_NET_A_OVERLAY,
	.examples = overlay_examples,
};

static const struct word node_words[] = {
	{
		.name = "node",
		.help = "name of the node",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_NET_A_NODE_NAME,
		.key = true,
		.bare = true,
	},
	{
		.name = "underlay",
		.help = "an address of the node's uplink",
		.value = "A",
		.type = &type_address,
		.attr = BRAID_NET_A_NODE_UNDERLAY,
		.list = true,
	},
	{
		.name = "cidr",
		.help = "addresses of the workloads on the node",
		.value = "C",
		.type = &type_cidr,
		.attr = BRAID_NET_A_NODE_CIDR,
		.list = true,
	},
	{
		.name = "address",
		.help = "an address of the node inside the overlay",
		.value = "A",
		.type = &type_address,
		.attr = BRAID_NET_A_NODE_ADDRESS,
		.list = true,
		.optional = true,
	},
	{
		.name = "mac",
		.help = "hardware address of the node's overlay link; the default is derived from its first underlay address",
		.value = "M",
		.type = &type_mac,
		.attr = BRAID_NET_A_NODE_MAC,
		.optional = true,
		.derived = true,
	},
	{ 0 },
};

static const char *const node_examples[] = {
	"braid node add node2 underlay 192.168.77.2 cidr 10.2.0.0/16",
	"braid node set node2 cidr 10.2.0.0/16,10.3.0.0/16",
	"braid node del node2",
	NULL,
};

static const struct object object_node = {
	.name = "node",
	.help = "another node",
	.words = node_words,
	.kind = BRAID_NET_OBJECT_NODE,
	.attr = BRAID_NET_A_NODE,
	.examples = node_examples,
};

static const struct word prefix_words[] = {
	{
		.name = "prefix",
		.help = "the addresses; the longest prefix that has an address counts",
		.value = "CIDR",
		.type = &type_cidr,
		.attr = BRAID_NET_A_PREFIX_CIDR,
		.key = true,
		.bare = true,
	},
	{
		.name = "identity",
		.help = "identity of these addresses",
		.value = "ID",
		.type = &type_identity,
		.attr = BRAID_NET_A_PREFIX_IDENTITY,
		.refers = "identity",
	},
	{
		.name = "node",
		.help = "the node through which they are reached",
		.value = "NAME",
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

static const struct object object_prefix = {
	.name = "prefix",
	.help = "addresses, their identity and the node that has them",
	.words = prefix_words,
	.kind = BRAID_NET_OBJECT_PREFIX,
	.attr = BRAID_NET_A_PREFIX,
	.examples = prefix_examples,
};

static const struct word endpoint_words[] = {
	{
		.name = "endpoint",
		.help = "the workload's device, the end that is in this namespace",
		.value = "DEV",
		.type = &type_string,
		.attr = BRAID_NET_A_ENDPOINT_DEVICE,
		.refers = "device",
		.colour = COLOUR_DEVICE,
		.key = true,
		.bare = true,
	},
	{
		.name = "identity",
		.help = "identity of the workload",
		.value = "ID",
		.type = &type_identity,
		.attr = BRAID_NET_A_ENDPOINT_IDENTITY,
		.refers = "identity",
	},
	{
		.name = "address",
		.help = "an address of the workload, which may send from no other",
		.value = "A",
		.type = &type_address,
		.attr = BRAID_NET_A_ENDPOINT_ADDRESS,
		.list = true,
	},
	{
		.name = "ifindex",
		.help = "index of that device; given in replies",
		.value = "N",
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

static const struct object object_endpoint = {
	.name = "endpoint",
	.help = "a local workload's device",
	.words = endpoint_words,
	.kind = BRAID_NET_OBJECT_ENDPOINT,
	.attr = BRAID_NET_A_ENDPOINT,
	.examples = endpoint_examples,
};

static const struct word rule_peer_words[] = {
	{
		.name = "identity",
		.help = "identity of the other side",
		.value = "ID",
		.type = &type_identity,
		.attr = BRAID_NET_A_RULE_PEER_IDENTITY,
		.list = true,
		.refers = "identity",
	},
	{
		.name = "any",
		.help = "any other side",
		.type = &type_flag,
		.attr = BRAID_NET_A_RULE_PEER_ANY,
	},
	{
		.name = "cidr",
		.help = "address of the other side, whatever its identity",
		.value = "C",
		.type = &type_cidr,
		.attr = BRAID_NET_A_RULE_PEER_CIDR,
		.list = true,
	},
	{ 0 },
};

static const struct choice direction_choices[] = {
	{ .name = "ingress", .number = BRAID_NET_DIRECTION_INGRESS },
	{ .name = "egress", .number = BRAID_NET_DIRECTION_EGRESS },
	{ 0 },
};

static const struct choice rule_protocols[] = {
	{ .name = "any", .number = 0 },
	{ .name = "tcp", .number = 6 },
	{ .name = "udp", .number = 17 },
	{ .name = "sctp", .number = 132 },
	{ .name = "icmp", .number = 1 },
	{ .name = "icmpv6", .number = 58 },
	{ 0 },
};

static const struct choice action_choices[] = {
	{ "allow", BRAID_NET_ACTION_ALLOW, COLOUR_GOOD },
	{ "deny", BRAID_NET_ACTION_DENY, COLOUR_BAD },
	{ 0 },
};

static const struct word rule_words[] = {
	{
		.name = "rule",
		.help = "name of the rule",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_NET_A_RULE_NAME,
		.key = true,
		.bare = true,
	},
	{
		.name = "subject",
		.help = "identity of the endpoints that the rule is for",
		.value = "ID",
		.type = &type_identity,
		.attr = BRAID_NET_A_RULE_SUBJECT,
		.refers = "identity",
	},
	{
		.name = "direction",
		.help = "traffic to (ingress) or from (egress) the subject",
		.choices = direction_choices,
		.value = "ingress|egress",
		.type = &type_choice32,
		.attr = BRAID_NET_A_RULE_DIRECTION,
	},
	{
		.name = "peer",
		.help = "the other side",
		.variants = rule_peer_words,
	},
	{
		.name = "protocol",
		.help = "IP protocol of the traffic; any is 0",
		.choices = rule_protocols,
		.value = "any|tcp|udp|sctp|icmp|icmpv6",
		.type = &type_choice8,
		.attr = BRAID_NET_A_RULE_PROTOCOL,
	},
	{
		.name = "port",
		.help = "destination port or range; tcp, udp and sctp only",
		.value = "A[-B]",
		.type = &type_u16,
		.attr = BRAID_NET_A_RULE_PORT_MIN,
		.attr_max = BRAID_NET_A_RULE_PORT_MAX,
		.optional = true,
	},
	{
		.name = "type",
		.help = "ICMP type; icmp and icmpv6 only",
		.value = "T",
		.type = &type_u8,
		.attr = BRAID_NET_A_RULE_TYPE,
		.optional = true,
	},
	{
		.name = "action",
		.help = "what happens to matching traffic",
		.choices = action_choices,
		.value = "allow|deny",
		.type = &type_choice32,
		.attr = BRAID_NET_A_RULE_ACTION,
	},
	{
		.name = "priority",
		.help = "the larger wins, and deny at the same priority; the default is 1000",
		.value = "N",
		.type = &type_u32,
		.attr = BRAID_NET_A_RULE_PRIORITY,
		.has_standard = true,
		.standard = 1000,
		.optional = true,
	},
	{ 0 },
};

static const char *const rule_examples[] = {
	"braid rule add web-in subject 300 direction ingress \\\n      peer identity 301 protocol tcp port 80 action allow",
	"braid rule add no-ping subject 300 direction ingress peer any \\\n      protocol icmp type 8 action deny priority 2000",
	"braid rule set web-in peer identity 301,302",
	"braid rule del web-in",
	NULL,
};

static const struct object object_rule = {
	.name = "rule",
	.notes = "While no rule selects a subject in a direction, all traffic passes in that\ndirection; when a rule does, only traffic that a rule allows passes.",
	.help = "traffic of an identity that is allowed or denied",
	.words = rule_words,
	.kind = BRAID_NET_OBJECT_RULE,
	.attr = BRAID_NET_A_RULE,
	.examples = rule_examples,
};

static const struct choice service_protocols[] = {
	{ .name = "tcp", .number = 6 },
	{ .name = "udp", .number = 17 },
	{ .name = "sctp", .number = 132 },
	{ 0 },
};

static const struct choice scope_choices[] = {
	{ .name = "cluster", .number = BRAID_NET_SCOPE_CLUSTER },
	{ 0 },
};

static const struct choice algorithm_choices[] = {
	{ .name = "random", .number = BRAID_NET_ALGORITHM_RANDOM },
	{ 0 },
};

static const struct word service_words[] = {
	{
		.name = "service",
		.help = "name of the service",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_NET_A_SERVICE_NAME,
		.key = true,
		.bare = true,
	},
	{
		.name = "address",
		.help = "the address that clients use",
		.value = "A",
		.type = &type_address,
		.attr = BRAID_NET_A_SERVICE_ADDRESS,
	},
	{
		.name = "port",
		.help = "the port that clients use",
		.value = "P",
		.type = &type_u16,
		.attr = BRAID_NET_A_SERVICE_PORT,
	},
	{
		.name = "protocol",
		.help = "IP protocol: tcp, udp or sctp",
		.choices = service_protocols,
		.value = "tcp|udp|sctp",
		.type = &type_choice8,
		.attr = BRAID_NET_A_SERVICE_PROTOCOL,
	},
	{
		.name = "scope",
		.help = "from where it may be used; the default is cluster",
		.choices = scope_choices,
		.value = "cluster",
		.type = &type_choice32,
		.attr = BRAID_NET_A_SERVICE_SCOPE,
		.has_standard = true,
		.standard = BRAID_NET_SCOPE_CLUSTER,
		.optional = true,
	},
	{
		.name = "algorithm",
		.help = "how a backend is picked; the default is random",
		.choices = algorithm_choices,
		.value = "random",
		.type = &type_choice32,
		.attr = BRAID_NET_A_SERVICE_ALGORITHM,
		.has_standard = true,
		.standard = BRAID_NET_ALGORITHM_RANDOM,
		.optional = true,
	},
	{ 0 },
};

static const char *const service_examples[] = {
	"braid service add web address 10.96.0.10 port 80 protocol tcp",
	"braid service set web port 8080",
	"braid service del web",
	NULL,
};

static const struct object object_service = {
	.name = "service",
	.notes = "When a service is removed, so are its backends.",
	.help = "one address in front of many backends",
	.words = service_words,
	.kind = BRAID_NET_OBJECT_SERVICE,
	.attr = BRAID_NET_A_SERVICE,
	.examples = service_examples,
};

static const struct word backend_words[] = {
	{
		.name = "service",
		.help = "name of the service",
		.value = "SERVICE",
		.type = &type_string,
		.attr = BRAID_NET_A_BACKEND_SERVICE,
		.refers = "service",
		.key = true,
		.bare = true,
	},
	{
		.name = "address",
		.help = "address of the backend",
		.value = "A",
		.type = &type_address,
		.attr = BRAID_NET_A_BACKEND_ADDRESS,
		.key = true,
	},
	{
		.name = "port",
		.help = "port of the backend",
		.value = "P",
		.type = &type_u16,
		.attr = BRAID_NET_A_BACKEND_PORT,
		.key = true,
	},
	{ 0 },
};

static const char *const backend_examples[] = {
	"braid backend add web address 10.1.0.2 port 8080",
	"braid backend del web address 10.1.0.2 port 8080",
	"braid backend show web",
	NULL,
};

static const struct object object_backend = {
	.name = "backend",
	.help = "a backend of a service",
	.words = backend_words,
	.kind = BRAID_NET_OBJECT_BACKEND,
	.attr = BRAID_NET_A_BACKEND,
	.examples = backend_examples,
};

const struct object *const objects[] = {
	&object_identity,
	&object_uplink,
	&object_overlay,
	&object_node,
	&object_prefix,
	&object_endpoint,
	&object_rule,
	&object_service,
	&object_backend,
};

const size_t objects_count = 9;

static const struct word replica_create_words[] = {
	{
		.name = "replica",
		.help = "absolute path of a block device or a file",
		.value = "STORE",
		.type = &type_path,
		.attr = BRAID_BLK_A_REPLICA_PATH,
		.refers = "file",
		.colour = COLOUR_DEVICE,
		.key = true,
		.bare = true,
	},
	{
		.name = "volume",
		.help = "name of the volume",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_BLK_A_REPLICA_VOLUME,
	},
	{
		.name = "uuid",
		.help = "UUID of the volume, the same on all its voters",
		.value = "U",
		.type = &type_uuid,
		.attr = BRAID_BLK_A_REPLICA_UUID,
	},
	{
		.name = "voter",
		.help = "id among the voters of the volume, 1 to 63",
		.value = "ID",
		.type = &type_u8,
		.attr = BRAID_BLK_A_REPLICA_VOTER,
	},
	{
		.name = "size",
		.help = "bytes of the volume, or a number with K, M, G or T (powers of 1024): a store that is a file is made with it; the default is all that fits",
		.value = "S",
		.type = &type_size,
		.attr = BRAID_BLK_A_REPLICA_SIZE,
		.optional = true,
	},
	{
		.name = "witness",
		.help = "the store holds the record and no data",
		.type = &type_flag,
		.attr = BRAID_BLK_A_REPLICA_WITNESS,
		.optional = true,
	},
	{
		.name = "force",
		.help = "overwrite a store that seems to be in use",
		.type = &type_flag,
		.attr = BRAID_BLK_A_REPLICA_FORCE,
		.optional = true,
	},
	{ 0 },
};

static const struct word replica_open_words[] = {
	{
		.name = "replica",
		.help = "absolute path of a block device or a file",
		.value = "STORE",
		.type = &type_path,
		.attr = BRAID_BLK_A_REPLICA_PATH,
		.refers = "file",
		.colour = COLOUR_DEVICE,
		.key = true,
		.bare = true,
	},
	{ 0 },
};

static const struct word replica_close_words[] = {
	{
		.name = "replica",
		.help = "absolute path of a block device or a file",
		.value = "STORE",
		.type = &type_path,
		.attr = BRAID_BLK_A_REPLICA_PATH,
		.refers = "replica",
		.colour = COLOUR_DEVICE,
		.key = true,
		.bare = true,
	},
	{ 0 },
};

static const struct word replica_del_words[] = {
	{
		.name = "replica",
		.help = "absolute path of a block device or a file",
		.value = "STORE",
		.type = &type_path,
		.attr = BRAID_BLK_A_REPLICA_PATH,
		.refers = "file",
		.colour = COLOUR_DEVICE,
		.key = true,
		.bare = true,
	},
	{ 0 },
};

static const struct word replica_show_words[] = {
	{
		.name = "replica",
		.help = "absolute path of a block device or a file",
		.value = "STORE",
		.type = &type_path,
		.attr = BRAID_BLK_A_REPLICA_PATH,
		.refers = "replica",
		.colour = COLOUR_DEVICE,
		.key = true,
		.bare = true,
	},
	{ 0 },
};

static const struct word replica_check_words[] = {
	{
		.name = "replica",
		.help = "absolute path of a block device or a file",
		.value = "STORE",
		.type = &type_path,
		.attr = BRAID_BLK_A_REPLICA_PATH,
		.refers = "file",
		.colour = COLOUR_DEVICE,
		.key = true,
		.bare = true,
	},
	{ 0 },
};

static const struct deed replica_deeds[] = {
	{
		.name = "create",
		.help = "make a store a replica or witness of a volume that is not created yet",
		.words = replica_create_words,
		.cmd = BRAID_BLK_CMD_REPLICA_CREATE,
		.run = ask_send,
	},
	{
		.name = "open",
		.help = "open a replica or witness for the targets and volumes of this node",
		.words = replica_open_words,
		.cmd = BRAID_BLK_CMD_REPLICA_OPEN,
		.run = ask_send,
	},
	{
		.name = "close",
		.help = "close a replica or witness that no writer uses",
		.words = replica_close_words,
		.cmd = BRAID_BLK_CMD_REPLICA_CLOSE,
		.run = ask_send,
	},
	{
		.name = "del",
		.help = "make a store blank that is not open; its data is lost",
		.words = replica_del_words,
		.cmd = BRAID_BLK_CMD_REPLICA_DEL,
		.run = ask_send,
	},
	{
		.name = "show",
		.help = "show one open replica, or all of them",
		.words = replica_show_words,
		.cmd = BRAID_BLK_CMD_REPLICA_GET,
		.run = tell_show,
		.reads = true,
		.key_optional = true,
	},
	{
		.name = "check",
		.help = "check record, region map and ring of a store, and change nothing",
		.words = replica_check_words,
		.cmd = BRAID_BLK_CMD_REPLICA_CHECK,
		.run = tell_check,
		.reads = true,
	},
	{ 0 },
};

static const struct choice replica_state_choices[] = {
	{ "blank", BRAID_BLK_REPLICA_STATE_BLANK, COLOUR_BAD },
	{ .name = "joining", .number = BRAID_BLK_REPLICA_STATE_JOINING },
	{ "insync", BRAID_BLK_REPLICA_STATE_INSYNC, COLOUR_GOOD },
	{ 0 },
};

static const struct word replica_told[] = {
	{
		.name = "replica",
		.help = "absolute path of a block device or a file",
		.value = "STORE",
		.type = &type_path,
		.attr = BRAID_BLK_A_REPLICA_PATH,
		.refers = "file",
		.colour = COLOUR_DEVICE,
		.key = true,
		.bare = true,
	},
	{
		.name = "volume",
		.help = "name of the volume",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_BLK_A_REPLICA_VOLUME,
	},
	{
		.name = "uuid",
		.help = "UUID of the volume, the same on all its voters",
		.value = "U",
		.type = &type_uuid,
		.attr = BRAID_BLK_A_REPLICA_UUID,
	},
	{
		.name = "voter",
		.help = "id among the voters of the volume, 1 to 63",
		.value = "ID",
		.type = &type_u8,
		.attr = BRAID_BLK_A_REPLICA_VOTER,
	},
	{
		.name = "witness",
		.help = "the store holds the record and no data",
		.type = &type_flag,
		.attr = BRAID_BLK_A_REPLICA_WITNESS,
		.optional = true,
	},
	{
		.name = "size",
		.help = "bytes of the volume, or a number with K, M, G or T (powers of 1024): a store that is a file is made with it; the default is all that fits",
		.value = "S",
		.type = &type_size,
		.attr = BRAID_BLK_A_REPLICA_SIZE,
		.optional = true,
	},
	{
		.name = "state",
		.help = "state of its own data",
		.choices = replica_state_choices,
		.value = "blank|joining|insync",
		.type = &type_choice32,
		.attr = BRAID_BLK_A_REPLICA_STATE,
	},
	{
		.name = "failed",
		.help = "record or region map could not be written",
		.type = &type_flag,
		.attr = BRAID_BLK_A_REPLICA_FAILED,
	},
	{
		.name = "holder",
		.help = "host name of the writer that it promised to serve",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_BLK_A_REPLICA_HOLDER,
	},
	{
		.name = "epoch",
		.help = "counter of that writer",
		.value = "N",
		.type = &type_u64,
		.attr = BRAID_BLK_A_REPLICA_EPOCH,
	},
	{
		.name = "version",
		.help = "version of the membership that it recorded",
		.type = &type_version,
		.attr = BRAID_BLK_A_REPLICA_VERSION,
	},
	{
		.name = "clean",
		.help = "that writer detached in order",
		.type = &type_flag,
		.attr = BRAID_BLK_A_REPLICA_CLEAN,
	},
	{
		.name = "isr",
		.help = "a voter that holds every acknowledged write",
		.value = "N",
		.type = &type_u8,
		.attr = BRAID_BLK_A_REPLICA_ISR,
		.list = true,
	},
	{
		.name = "dirty",
		.help = "dirty regions",
		.value = "N",
		.type = &type_u32,
		.attr = BRAID_BLK_A_REPLICA_DIRTY,
	},
	{
		.name = "lease-left",
		.help = "milliseconds until that lease runs out",
		.value = "N",
		.type = &type_u64,
		.attr = BRAID_BLK_A_REPLICA_LEASE_LEFT,
	},
	{
		.name = "lease",
		.help = "lease that it grants a writer, milliseconds",
		.value = "N",
		.type = &type_u32,
		.attr = BRAID_BLK_A_REPLICA_LEASE,
		.derived = true,
	},
	{
		.name = "node",
		.help = "random number of that writer",
		.type = &type_hex64,
		.attr = BRAID_BLK_A_REPLICA_NODE,
		.derived = true,
	},
	{
		.name = "list-version",
		.help = "version of the list of voters, one up with each change",
		.value = "N",
		.type = &type_u32,
		.attr = BRAID_BLK_A_REPLICA_LIST_VERSION,
		.derived = true,
	},
	{
		.name = "generation",
		.help = "generation of the record",
		.value = "N",
		.type = &type_u32,
		.attr = BRAID_BLK_A_REPLICA_GENERATION,
		.derived = true,
	},
	{
		.name = "insync-generation",
		.help = "generation of the last committed record that names this replica",
		.value = "N",
		.type = &type_u32,
		.attr = BRAID_BLK_A_REPLICA_INSYNC_GENERATION,
		.derived = true,
	},
	{
		.name = "sequence",
		.help = "sequence number of the record, one up with each write of it",
		.value = "N",
		.type = &type_u64,
		.attr = BRAID_BLK_A_REPLICA_SEQUENCE,
		.derived = true,
	},
	{
		.name = "incarnation",
		.help = "random number, made with the store",
		.type = &type_hex64,
		.attr = BRAID_BLK_A_REPLICA_INCARNATION,
		.derived = true,
	},
	{
		.name = "store",
		.help = "random number, made when the store was opened",
		.type = &type_hex64,
		.attr = BRAID_BLK_A_REPLICA_STORE,
		.derived = true,
	},
	{
		.name = "region-size",
		.help = "bytes of a region",
		.value = "S",
		.type = &type_size,
		.attr = BRAID_BLK_A_REPLICA_REGION_SIZE,
		.derived = true,
	},
	{
		.name = "room",
		.help = "bytes that the store has room for",
		.value = "S",
		.type = &type_size,
		.attr = BRAID_BLK_A_REPLICA_ROOM,
		.derived = true,
	},
	{
		.name = "discard",
		.help = "every data replica zeroes by unmapping",
		.type = &type_flag,
		.attr = BRAID_BLK_A_REPLICA_DISCARD,
		.derived = true,
	},
	{ 0 },
};

static const char *const replica_examples[] = {
	"braid replica create /dev/vdb volume db voter 1 \\\n      uuid 3f1c7f5e-93a4-4c6e-8f0b-2d6f0d1b7a55",
	"braid replica create /var/lib/braid/db volume db voter 2 size 10G \\\n      uuid 3f1c7f5e-93a4-4c6e-8f0b-2d6f0d1b7a55",
	"braid replica create /var/lib/braid/db volume db voter 3 witness \\\n      uuid 3f1c7f5e-93a4-4c6e-8f0b-2d6f0d1b7a55",
	"braid replica open /dev/vdb",
	"braid replica close /dev/vdb",
	"braid replica del /dev/vdb",
	"braid replica show",
	"braid -j -p replica show /dev/vdb",
	"braid replica check /dev/vdb",
	NULL,
};

const struct noun noun_replica = {
	.name = "replica",
	.notes = "A store is a block device, or a file that has another file, STORE.braid,\nbeside it.",
	.help = "replicas and witnesses that this node keeps",
	.deeds = replica_deeds,
	.told = replica_told,
	.examples = replica_examples,
	.voters = BRAID_BLK_A_REPLICA_VOTERS,
};

static const struct word target_listen_words[] = {
	{
		.name = "target",
		.help = "address of this node and TCP port where it listens; IPv6 is [A]:PORT",
		.value = "A:PORT",
		.type = &type_end,
		.attr = BRAID_BLK_A_TARGET_ADDRESS,
		.key = true,
		.bare = true,
	},
	{
		.name = "secret-file",
		.help = "file of the secret that clients must have; - is standard input",
		.value = "PATH",
		.type = &type_secret,
		.attr = BRAID_BLK_A_TARGET_SECRET,
		.refers = "file",
	},
	{ 0 },
};

static const struct word target_show_words[] = {
	{
		.name = "target",
		.help = "address of this node and TCP port where it listens; IPv6 is [A]:PORT",
		.value = "A:PORT",
		.type = &type_end,
		.attr = BRAID_BLK_A_TARGET_ADDRESS,
		.refers = "target",
		.key = true,
		.bare = true,
	},
	{ 0 },
};

static const struct word target_close_words[] = {
	{
		.name = "target",
		.help = "address of this node and TCP port where it listens; IPv6 is [A]:PORT",
		.value = "A:PORT",
		.type = &type_end,
		.attr = BRAID_BLK_A_TARGET_ADDRESS,
		.refers = "target",
		.key = true,
		.bare = true,
	},
	{ 0 },
};

static const struct deed target_deeds[] = {
	{
		.name = "listen",
		.help = "serve the open replicas of this node at an address; if it listens there already, replace its secrets",
		.words = target_listen_words,
		.cmd = BRAID_BLK_CMD_TARGET_LISTEN,
		.run = ask_send,
	},
	{
		.name = "show",
		.help = "show one address where this node serves, or all of them",
		.words = target_show_words,
		.cmd = BRAID_BLK_CMD_TARGET_GET,
		.run = tell_show,
		.reads = true,
		.key_optional = true,
	},
	{
		.name = "close",
		.help = "stop serving at an address and close its connections",
		.words = target_close_words,
		.cmd = BRAID_BLK_CMD_TARGET_CLOSE,
		.run = ask_send,
	},
	{ 0 },
};

static const struct word target_told[] = {
	{
		.name = "target",
		.help = "address of this node and TCP port where it listens; IPv6 is [A]:PORT",
		.value = "A:PORT",
		.type = &type_end,
		.attr = BRAID_BLK_A_TARGET_ADDRESS,
		.key = true,
		.bare = true,
	},
	{
		.name = "connections",
		.help = "authenticated connections that are open",
		.value = "N",
		.type = &type_u32,
		.attr = BRAID_BLK_A_TARGET_CONNECTIONS,
	},
	{
		.name = "refused",
		.help = "handshakes refused since it began to listen",
		.value = "N",
		.type = &type_u64,
		.attr = BRAID_BLK_A_TARGET_REFUSED,
	},
	{
		.name = "broken",
		.help = "connections closed because of what was received",
		.value = "N",
		.type = &type_u64,
		.attr = BRAID_BLK_A_TARGET_BROKEN,
	},
	{ 0 },
};

static const char *const target_examples[] = {
	"braid target listen 192.0.2.1:7000 secret-file /etc/braid/secret",
	"braid target listen [2001:db8::1]:7000 secret-file -",
	"braid target close 192.0.2.1:7000",
	"braid target show",
	NULL,
};

const struct noun noun_target = {
	.name = "target",
	.notes = "A secret file has mode 0600 and one or two lines of 32 to 64 bytes: the\nsecret, and another that is accepted as well during an exchange.",
	.help = "addresses where this node serves its replicas",
	.deeds = target_deeds,
	.told = target_told,
	.examples = target_examples,
};

static const struct word volume_create_words[] = {
	{
		.name = "volume",
		.help = "name of the volume, at most 24 letters, digits, - _ and .; the device is /dev/braid/NAME",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_BLK_A_VOLUME_NAME,
		.colour = COLOUR_DEVICE,
		.key = true,
		.bare = true,
	},
	{
		.name = "size",
		.help = "bytes, or a number with K, M, G or T (powers of 1024)",
		.value = "S",
		.type = &type_size,
		.attr = BRAID_BLK_A_VOLUME_SIZE,
	},
	{
		.name = "voter",
		.help = "a voter and where its target listens; at most 7",
		.value = "ID=A:PORT[,witness]",
		.type = &type_voter,
		.attr = BRAID_BLK_A_VOLUME_VOTER,
		.many = true,
	},
	{
		.name = "secret-file",
		.help = "file of the targets' secret; - is standard input; the default is the secret of this node's own target",
		.value = "PATH",
		.type = &type_secret,
		.attr = BRAID_BLK_A_VOLUME_SECRET,
		.refers = "file",
		.optional = true,
	},
	{ 0 },
};

static const struct word volume_attach_words[] = {
	{
		.name = "volume",
		.help = "name of the volume, at most 24 letters, digits, - _ and .; the device is /dev/braid/NAME",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_BLK_A_VOLUME_NAME,
		.colour = COLOUR_DEVICE,
		.key = true,
		.bare = true,
	},
	{
		.name = "from",
		.help = "where to begin; a voter knows the other addresses",
		.value = "A:PORT",
		.type = &type_end,
		.attr = BRAID_BLK_A_VOLUME_FROM,
		.list = true,
	},
	{
		.name = "secret-file",
		.help = "file of the targets' secret; - is standard input",
		.value = "PATH",
		.type = &type_secret,
		.attr = BRAID_BLK_A_VOLUME_SECRET,
		.refers = "file",
	},
	{
		.name = "takeover",
		.help = "ask the present writer to close, else wait until its lease has run out",
		.type = &type_flag,
		.attr = BRAID_BLK_A_VOLUME_TAKEOVER,
		.optional = true,
	},
	{
		.name = "dead",
		.help = "do not wait: the administrator knows that the writer is powered off",
		.type = &type_flag,
		.attr = BRAID_BLK_A_VOLUME_DEAD,
		.behind = "takeover",
		.optional = true,
	},
	{
		.name = "force",
		.help = "without a majority; what is reached becomes another volume with a UUID of its own",
		.type = &type_flag,
		.attr = BRAID_BLK_A_VOLUME_FORCE,
		.optional = true,
	},
	{
		.name = "min-isr",
		.help = "hold writes while the ISR has fewer voters; the default is 1",
		.value = "N",
		.type = &type_u32,
		.attr = BRAID_BLK_A_VOLUME_MIN_ISR,
		.has_standard = true,
		.standard = 1,
		.optional = true,
	},
	{
		.name = "suspend-timeout",
		.help = "fail all I/O after it was held this many seconds; the default, 0, is never",
		.value = "SECONDS",
		.type = &type_u32,
		.attr = BRAID_BLK_A_VOLUME_SUSPEND_TIMEOUT,
		.has_standard = true,
		.standard = 0,
		.optional = true,
	},
	{ 0 },
};

static const struct word volume_detach_words[] = {
	{
		.name = "volume",
		.help = "name of the volume, at most 24 letters, digits, - _ and .; the device is /dev/braid/NAME",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_BLK_A_VOLUME_NAME,
		.refers = "volume",
		.colour = COLOUR_DEVICE,
		.key = true,
		.bare = true,
	},
	{
		.name = "force",
		.help = "fail I/O that waits instead of finishing it",
		.type = &type_flag,
		.attr = BRAID_BLK_A_VOLUME_FORCE,
		.optional = true,
	},
	{ 0 },
};

static const struct word volume_show_words[] = {
	{
		.name = "volume",
		.help = "name of the volume, at most 24 letters, digits, - _ and .; the device is /dev/braid/NAME",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_BLK_A_VOLUME_NAME,
		.refers = "volume",
		.colour = COLOUR_DEVICE,
		.key = true,
		.bare = true,
	},
	{ 0 },
};

static const struct word volume_why_words[] = {
	{
		.name = "volume",
		.help = "name of the volume, at most 24 letters, digits, - _ and .; the device is /dev/braid/NAME",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_BLK_A_VOLUME_NAME,
		.refers = "volume",
		.colour = COLOUR_DEVICE,
		.key = true,
		.bare = true,
	},
	{ 0 },
};

static const struct word volume_suspend_words[] = {
	{
		.name = "volume",
		.help = "name of the volume, at most 24 letters, digits, - _ and .; the device is /dev/braid/NAME",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_BLK_A_VOLUME_NAME,
		.refers = "volume",
		.colour = COLOUR_DEVICE,
		.key = true,
		.bare = true,
	},
	{ 0 },
};

static const struct word volume_resume_words[] = {
	{
		.name = "volume",
		.help = "name of the volume, at most 24 letters, digits, - _ and .; the device is /dev/braid/NAME",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_BLK_A_VOLUME_NAME,
		.refers = "volume",
		.colour = COLOUR_DEVICE,
		.key = true,
		.bare = true,
	},
	{ 0 },
};

static const struct deed volume_deeds[] = {
	{
		.name = "create",
		.help = "make a volume of open replicas and witnesses, all of which must be reached",
		.words = volume_create_words,
		.cmd = BRAID_BLK_CMD_VOLUME_CREATE,
		.run = ask_send,
		.warn = ask_warn_voters,
	},
	{
		.name = "attach",
		.help = "make this node the writer, with the device /dev/braid/NAME; outside the initial network namespace /dev/braid/NAME@NODE",
		.words = volume_attach_words,
		.cmd = BRAID_BLK_CMD_VOLUME_ATTACH,
		.run = ask_send,
	},
	{
		.name = "detach",
		.help = "remove the device, and tell the voters",
		.words = volume_detach_words,
		.cmd = BRAID_BLK_CMD_VOLUME_DETACH,
		.run = ask_send,
	},
	{
		.name = "show",
		.help = "show one attached volume, with why it waits, or all of them",
		.words = volume_show_words,
		.cmd = BRAID_BLK_CMD_VOLUME_GET,
		.run = tell_show,
		.reads = true,
		.key_optional = true,
	},
	{
		.name = "why",
		.help = "tell what a volume waits for, and what would free it",
		.words = volume_why_words,
		.cmd = BRAID_BLK_CMD_VOLUME_GET,
		.run = tell_why,
		.reads = true,
	},
	{
		.name = "suspend",
		.help = "hold all I/O of a volume",
		.words = volume_suspend_words,
		.cmd = BRAID_BLK_CMD_VOLUME_SUSPEND,
		.run = ask_send,
	},
	{
		.name = "resume",
		.help = "let I/O of a volume that was suspended go on",
		.words = volume_resume_words,
		.cmd = BRAID_BLK_CMD_VOLUME_RESUME,
		.run = ask_send,
	},
	{ 0 },
};

static const struct choice volume_state_choices[] = {
	{ .name = "attaching", .number = BRAID_BLK_VOLUME_STATE_ATTACHING },
	{ "active", BRAID_BLK_VOLUME_STATE_ACTIVE, COLOUR_GOOD },
	{ .name = "detaching", .number = BRAID_BLK_VOLUME_STATE_DETACHING },
	{ "dead", BRAID_BLK_VOLUME_STATE_DEAD, COLOUR_BAD },
	{ 0 },
};

static const struct choice held_choices[] = {
	{ .name = "lease", .number = BRAID_BLK_HELD_LEASE },
	{ .name = "record", .number = BRAID_BLK_HELD_RECORD },
	{ .name = "min-isr", .number = BRAID_BLK_HELD_MIN_ISR },
	{ .name = "user", .number = BRAID_BLK_HELD_USER },
	{ .name = "refused", .number = BRAID_BLK_HELD_REFUSED },
	{ 0 },
};

static const struct word volume_told[] = {
	{
		.name = "volume",
		.help = "name of the volume, at most 24 letters, digits, - _ and .; the device is /dev/braid/NAME",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_BLK_A_VOLUME_NAME,
		.colour = COLOUR_DEVICE,
		.key = true,
		.bare = true,
	},
	{
		.name = "uuid",
		.help = "UUID of the volume",
		.value = "U",
		.type = &type_uuid,
		.attr = BRAID_BLK_A_VOLUME_UUID,
	},
	{
		.name = "size",
		.help = "bytes, or a number with K, M, G or T (powers of 1024)",
		.value = "S",
		.type = &type_size,
		.attr = BRAID_BLK_A_VOLUME_SIZE,
	},
	{
		.name = "state",
		.help = "state of the volume",
		.choices = volume_state_choices,
		.value = "attaching|active|detaching|dead",
		.type = &type_choice32,
		.attr = BRAID_BLK_A_VOLUME_STATE,
	},
	{
		.name = "held",
		.help = "a reason why I/O is held",
		.choices = held_choices,
		.value = "lease|record|min-isr|user|refused",
		.type = &type_choice32,
		.attr = BRAID_BLK_A_VOLUME_HELD,
		.list = true,
		.colour = COLOUR_BAD,
	},
	{
		.name = "isr",
		.help = "a voter that holds every acknowledged write",
		.value = "N",
		.type = &type_u8,
		.attr = BRAID_BLK_A_VOLUME_ISR,
		.list = true,
	},
	{
		.name = "proposed",
		.help = "a voter of the proposed ISR",
		.value = "N",
		.type = &type_u8,
		.attr = BRAID_BLK_A_VOLUME_PROPOSED,
		.list = true,
	},
	{
		.name = "epoch",
		.help = "counter of this attachment",
		.value = "N",
		.type = &type_u64,
		.attr = BRAID_BLK_A_VOLUME_EPOCH,
	},
	{
		.name = "version",
		.help = "version of the membership",
		.type = &type_version,
		.attr = BRAID_BLK_A_VOLUME_VERSION,
	},
	{
		.name = "lease-left",
		.help = "milliseconds until the lease runs out",
		.value = "N",
		.type = &type_u64,
		.attr = BRAID_BLK_A_VOLUME_LEASE_LEFT,
	},
	{
		.name = "min-isr",
		.help = "hold writes while the ISR has fewer voters; the default is 1",
		.value = "N",
		.type = &type_u32,
		.attr = BRAID_BLK_A_VOLUME_MIN_ISR,
		.has_standard = true,
		.standard = 1,
		.optional = true,
	},
	{
		.name = "suspend-timeout",
		.help = "fail all I/O after it was held this many seconds; the default, 0, is never",
		.value = "SECONDS",
		.type = &type_u32,
		.attr = BRAID_BLK_A_VOLUME_SUSPEND_TIMEOUT,
		.has_standard = true,
		.standard = 0,
		.optional = true,
	},
	{
		.name = "openers",
		.help = "how often the device is open",
		.value = "N",
		.type = &type_u32,
		.attr = BRAID_BLK_A_VOLUME_OPENERS,
	},
	{
		.name = "dirty",
		.help = "dirty regions",
		.value = "N",
		.type = &type_u32,
		.attr = BRAID_BLK_A_VOLUME_DIRTY,
	},
	{
		.name = "unreconciled",
		.help = "regions that may differ between replicas and are not yet read",
		.value = "N",
		.type = &type_u32,
		.attr = BRAID_BLK_A_VOLUME_UNRECONCILED,
	},
	{
		.name = "writes",
		.help = "writes in flight",
		.value = "N",
		.type = &type_u32,
		.attr = BRAID_BLK_A_VOLUME_WRITES,
	},
	{
		.name = "reads",
		.help = "reads in flight",
		.value = "N",
		.type = &type_u32,
		.attr = BRAID_BLK_A_VOLUME_READS,
	},
	{
		.name = "waiting",
		.help = "requests that wait",
		.value = "N",
		.type = &type_u32,
		.attr = BRAID_BLK_A_VOLUME_WAITING,
	},
	{
		.name = "waits-for",
		.help = "a voter that the oldest write in flight waits for",
		.value = "N",
		.type = &type_u8,
		.attr = BRAID_BLK_A_VOLUME_WAITS_FOR,
		.list = true,
	},
	{
		.name = "oldest",
		.help = "age of the oldest write in flight, milliseconds",
		.value = "N",
		.type = &type_u64,
		.attr = BRAID_BLK_A_VOLUME_OLDEST,
	},
	{
		.name = "repaired",
		.help = "blocks repaired after a read error",
		.value = "N",
		.type = &type_u64,
		.attr = BRAID_BLK_A_VOLUME_REPAIRED,
	},
	{
		.name = "device",
		.help = "path of the device, outside the initial network namespace /dev/braid/NAME@NODE",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_BLK_A_VOLUME_DEVICE,
		.derived = true,
	},
	{
		.name = "node",
		.help = "random number of this attachment",
		.type = &type_hex64,
		.attr = BRAID_BLK_A_VOLUME_NODE,
		.derived = true,
	},
	{
		.name = "generation",
		.help = "generation of the record",
		.value = "N",
		.type = &type_u32,
		.attr = BRAID_BLK_A_VOLUME_GENERATION,
		.derived = true,
	},
	{
		.name = "lease",
		.help = "lease that the voters grant, milliseconds",
		.value = "N",
		.type = &type_u32,
		.attr = BRAID_BLK_A_VOLUME_LEASE,
		.derived = true,
	},
	{
		.name = "region-size",
		.help = "bytes of a region",
		.value = "S",
		.type = &type_size,
		.attr = BRAID_BLK_A_VOLUME_REGION_SIZE,
		.derived = true,
	},
	{
		.name = "discard",
		.help = "every data replica zeroes by unmapping",
		.type = &type_flag,
		.attr = BRAID_BLK_A_VOLUME_DISCARD,
		.derived = true,
	},
	{
		.name = "failure",
		.help = "reason why the volume is dead",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_BLK_A_VOLUME_FAILURE,
		.colour = COLOUR_BAD,
	},
	{ 0 },
};

static const char *const volume_examples[] = {
	"braid volume create db size 10G voter 1=192.0.2.1:7000 \\\n      2=192.0.2.2:7000 3=192.0.2.3:7000,witness",
	"braid volume attach db from 192.0.2.1:7000,192.0.2.2:7000 \\\n      secret-file /etc/braid/secret",
	"braid volume attach db from 192.0.2.2:7000 secret-file - takeover",
	"braid volume attach db from 192.0.2.1:7000 secret-file - min-isr 2 \\\n      suspend-timeout 60",
	"braid volume detach db",
	"braid -j -p volume show db",
	"braid volume show",
	"braid volume why db",
	"braid volume suspend db",
	"braid volume resume db",
	NULL,
};

const struct noun noun_volume = {
	.name = "volume",
	.notes = "A majority of the voters must be reached to attach a volume and to keep\nit attached: of three one may fail, of five two. Sizes are multiples of\n4096 bytes.",
	.help = "block devices whose data several nodes keep",
	.deeds = volume_deeds,
	.told = volume_told,
	.examples = volume_examples,
	.voters = BRAID_BLK_A_VOLUME_VOTERS,
};

const struct noun *const nouns[] = {
	&noun_replica,
	&noun_target,
	&noun_volume,
};

const size_t nouns_count = 3;

static const struct choice packet_protocols[] = {
	{ .name = "tcp", .number = 6 },
	{ .name = "udp", .number = 17 },
	{ .name = "icmp", .number = 1 },
	{ .name = "icmpv6", .number = 58 },
	{ .name = "sctp", .number = 132 },
	{ .name = "gre", .number = 47 },
	{ .name = "esp", .number = 50 },
	{ .name = "ah", .number = 51 },
	{ .name = "igmp", .number = 2 },
	{ .name = "ipip", .number = 4 },
	{ .name = "dccp", .number = 33 },
	{ .name = "udplite", .number = 136 },
	{ 0 },
};

const struct word event_words[] = {
	{
		.name = "time",
		.help = "nanoseconds since the epoch",
		.type = &type_time,
		.attr = BRAID_NET_A_EVENT_TIME,
	},
	{
		.name = "reason",
		.help = "reason of the drop",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_NET_A_EVENT_REASON,
		.colour = COLOUR_BAD,
	},
	{
		.name = "direction",
		.help = "seen from the endpoint",
		.choices = direction_choices,
		.value = "ingress|egress",
		.type = &type_choice32,
		.attr = BRAID_NET_A_EVENT_DIRECTION,
	},
	{
		.name = "protocol",
		.help = "IP protocol number",
		.choices = packet_protocols,
		.value = "tcp|udp|icmp|icmpv6|sctp|gre|esp|ah|igmp|ipip|dccp|udplite",
		.type = &type_choice8,
		.attr = BRAID_NET_A_EVENT_PROTOCOL,
	},
	{
		.name = "source",
		.help = "source address",
		.value = "A",
		.type = &type_address,
		.attr = BRAID_NET_A_EVENT_SOURCE,
	},
	{
		.name = "source-port",
		.help = "source port",
		.value = "P",
		.type = &type_u16,
		.attr = BRAID_NET_A_EVENT_SOURCE_PORT,
	},
	{
		.name = "source-identity",
		.help = "identity of the sender",
		.value = "ID",
		.type = &type_identity,
		.attr = BRAID_NET_A_EVENT_SOURCE_IDENTITY,
	},
	{
		.name = "source-label",
		.help = "a label of the source identity",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_NET_A_EVENT_SOURCE_LABEL,
		.list = true,
	},
	{
		.name = "destination",
		.help = "destination address, after translation where it was translated",
		.value = "A",
		.type = &type_address,
		.attr = BRAID_NET_A_EVENT_DESTINATION,
	},
	{
		.name = "destination-port",
		.help = "destination port; the type for ICMP",
		.value = "P",
		.type = &type_u16,
		.attr = BRAID_NET_A_EVENT_DESTINATION_PORT,
	},
	{
		.name = "destination-identity",
		.help = "identity of the receiver",
		.value = "ID",
		.type = &type_identity,
		.attr = BRAID_NET_A_EVENT_DESTINATION_IDENTITY,
	},
	{
		.name = "destination-label",
		.help = "a label of the destination identity",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_NET_A_EVENT_DESTINATION_LABEL,
		.list = true,
	},
	{
		.name = "device",
		.help = "device that the packet came in by; absent for packets of the node itself",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_NET_A_EVENT_DEVICE,
		.colour = COLOUR_DEVICE,
	},
	{ 0 },
};

const struct word flow_words[] = {
	{
		.name = "protocol",
		.help = "IP protocol number",
		.choices = packet_protocols,
		.value = "tcp|udp|icmp|icmpv6|sctp|gre|esp|ah|igmp|ipip|dccp|udplite",
		.type = &type_choice8,
		.attr = BRAID_NET_A_FLOW_PROTOCOL,
	},
	{
		.name = "source",
		.help = "address of the side that began the connection",
		.value = "A",
		.type = &type_address,
		.attr = BRAID_NET_A_FLOW_SOURCE,
	},
	{
		.name = "source-port",
		.help = "source port; the id for ICMP",
		.value = "P",
		.type = &type_u16,
		.attr = BRAID_NET_A_FLOW_SOURCE_PORT,
	},
	{
		.name = "source-identity",
		.help = "identity of the side that began the connection",
		.value = "ID",
		.type = &type_identity,
		.attr = BRAID_NET_A_FLOW_SOURCE_IDENTITY,
	},
	{
		.name = "destination",
		.help = "address of the other side, before translation",
		.value = "A",
		.type = &type_address,
		.attr = BRAID_NET_A_FLOW_DESTINATION,
	},
	{
		.name = "destination-port",
		.help = "destination port before translation; the type for ICMP",
		.value = "P",
		.type = &type_u16,
		.attr = BRAID_NET_A_FLOW_DESTINATION_PORT,
	},
	{
		.name = "destination-identity",
		.help = "identity of the side that it reaches",
		.value = "ID",
		.type = &type_identity,
		.attr = BRAID_NET_A_FLOW_DESTINATION_IDENTITY,
	},
	{
		.name = "service",
		.help = "the service that translated the connection",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_NET_A_FLOW_SERVICE,
	},
	{
		.name = "backend",
		.help = "address of the backend that the service chose",
		.value = "A",
		.type = &type_address,
		.attr = BRAID_NET_A_FLOW_BACKEND,
	},
	{
		.name = "backend-port",
		.help = "port of that backend",
		.value = "P",
		.type = &type_u16,
		.attr = BRAID_NET_A_FLOW_BACKEND_PORT,
	},
	{
		.name = "rule",
		.help = "a rule that decides about the connection now; that of egress first",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_NET_A_FLOW_RULE,
		.list = true,
	},
	{
		.name = "state",
		.help = "for TCP and SCTP the state of nf_conntrack, in lower case; else new, replied or assured",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_NET_A_FLOW_STATE,
	},
	{
		.name = "verdict",
		.help = "allow, or the reason that its next packet is dropped for",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_NET_A_FLOW_VERDICT,
	},
	{
		.name = "packets",
		.help = "packets of both directions; absent unless nf_conntrack counts",
		.value = "N",
		.type = &type_u64,
		.attr = BRAID_NET_A_FLOW_PACKETS,
		.statistic = true,
	},
	{
		.name = "bytes",
		.help = "bytes of both directions from the IP header on; absent as packets",
		.value = "N",
		.type = &type_u64,
		.attr = BRAID_NET_A_FLOW_BYTES,
		.statistic = true,
	},
	{ 0 },
};

const struct word flows_words[] = {
	{
		.name = "flows",
		.help = "how many flows there are, or were removed",
		.value = "N",
		.type = &type_u64,
		.attr = BRAID_NET_A_FLOWS,
		.key = true,
	},
	{ 0 },
};

const struct word status_words[] = {
	{
		.name = "version",
		.help = "version of the module",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_NET_A_VERSION,
		.key = true,
	},
	{
		.name = "generation",
		.help = "generation of the configuration, one up with every commit",
		.value = "N",
		.type = &type_u64,
		.attr = BRAID_NET_A_GENERATION,
		.key = true,
	},
	{ 0 },
};

const struct word total_words[] = {
	{
		.name = "forwarded",
		.help = "packets of endpoints that passed policy since the last reset",
		.value = "N",
		.type = &type_u64,
		.attr = BRAID_NET_A_FORWARDED,
	},
	{
		.name = "lost",
		.help = "events that could not be built or delivered since the last reset",
		.value = "N",
		.type = &type_u64,
		.attr = BRAID_NET_A_LOST,
	},
	{ 0 },
};

const struct word drop_words[] = {
	{
		.name = "reason",
		.help = "reason of the drops",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_NET_A_DROP_REASON,
		.key = true,
		.bare = true,
	},
	{
		.name = "direction",
		.help = "seen from the endpoint",
		.choices = direction_choices,
		.value = "ingress|egress",
		.type = &type_choice32,
		.attr = BRAID_NET_A_DROP_DIRECTION,
		.key = true,
	},
	{
		.name = "packets",
		.help = "dropped packets since the last reset",
		.value = "N",
		.type = &type_u64,
		.attr = BRAID_NET_A_DROP_PACKETS,
		.key = true,
	},
	{ 0 },
};

static const struct choice voter_state_choices[] = {
	{ "down", BRAID_BLK_VOTER_STATE_DOWN, COLOUR_BAD },
	{ .name = "asked", .number = BRAID_BLK_VOTER_STATE_ASKED },
	{ "up", BRAID_BLK_VOTER_STATE_UP, COLOUR_GOOD },
	{ "failed", BRAID_BLK_VOTER_STATE_FAILED, COLOUR_BAD },
	{ 0 },
};

const struct word voter_words[] = {
	{
		.name = "voter",
		.help = "1 to 63",
		.value = "N",
		.type = &type_u8,
		.attr = BRAID_BLK_A_VOTER_ID,
		.key = true,
		.bare = true,
	},
	{
		.name = "address",
		.help = "where its target listens",
		.value = "A:PORT",
		.type = &type_end,
		.attr = BRAID_BLK_A_VOTER_ADDRESS,
		.key = true,
	},
	{
		.name = "witness",
		.help = "the voter holds the record and no data",
		.type = &type_flag,
		.attr = BRAID_BLK_A_VOTER_WITNESS,
	},
	{
		.name = "local",
		.help = "the voter is in the writer's own kernel",
		.type = &type_flag,
		.attr = BRAID_BLK_A_VOTER_LOCAL,
	},
	{
		.name = "state",
		.help = "state as the writer sees it",
		.choices = voter_state_choices,
		.value = "down|asked|up|failed",
		.type = &type_choice32,
		.attr = BRAID_BLK_A_VOTER_STATE,
	},
	{
		.name = "answered",
		.help = "milliseconds since its last answer; absent before the first",
		.value = "N",
		.type = &type_u64,
		.attr = BRAID_BLK_A_VOTER_ANSWERED,
	},
	{
		.name = "why",
		.help = "reason of its last failure",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_BLK_A_VOTER_WHY,
	},
	{ 0 },
};

const struct word volume_event_words[] = {
	{
		.name = "time",
		.help = "nanoseconds since the epoch",
		.type = &type_time,
		.attr = BRAID_BLK_A_EVENT_TIME,
	},
	{
		.name = "volume",
		.help = "name of the volume",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_BLK_A_EVENT_VOLUME,
		.colour = COLOUR_DEVICE,
	},
	{
		.name = "what",
		.help = "what happened",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_BLK_A_EVENT_WHAT,
	},
	{
		.name = "voter",
		.help = "the voter of which it is told",
		.value = "N",
		.type = &type_u8,
		.attr = BRAID_BLK_A_EVENT_VOTER,
	},
	{
		.name = "why",
		.help = "reason",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_BLK_A_EVENT_WHY,
	},
	{ 0 },
};

const struct word check_words[] = {
	{
		.name = "faults",
		.help = "number of faults that a check found, named or not",
		.value = "N",
		.type = &type_u32,
		.attr = BRAID_BLK_A_REPLICA_FAULTS,
	},
	{
		.name = "fault",
		.help = "a fault that a check found",
		.value = "NAME",
		.type = &type_string,
		.attr = BRAID_BLK_A_REPLICA_FAULT,
		.list = true,
	},
	{ 0 },
};

