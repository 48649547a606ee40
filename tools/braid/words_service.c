// SPDX-License-Identifier: GPL-2.0-only
/* Services: service, backend. */
#include "object.h"

#include <linux/braid_net.h>

#include <netinet/in.h>

static const struct choice scopes[] = {
	{ .name = "cluster", .number = BRAID_NET_SCOPE_CLUSTER },
	{ 0 },
};

static const struct choice algorithms[] = {
	{ .name = "random", .number = BRAID_NET_ALGORITHM_RANDOM },
	{ 0 },
};

static const struct choice service_protocols[] = {
	{ .name = "tcp", .number = IPPROTO_TCP },
	{ .name = "udp", .number = IPPROTO_UDP },
	{ .name = "sctp", .number = IPPROTO_SCTP },
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
		.value = "tcp|udp|sctp",
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
		.has_standard = true,
		.standard = BRAID_NET_SCOPE_CLUSTER,
		.optional = true,
	},
	{
		.name = "algorithm",
		.value = "random",
		.help = "how a backend is picked; the default is random",
		.type = &type_choice32,
		.choices = algorithms,
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

const struct object object_service = {
	.name = "service",
	.help = "one address in front of many backends",
	.words = service_words,
	.kind = BRAID_NET_OBJECT_SERVICE,
	.attr = BRAID_NET_A_SERVICE,
	.examples = service_examples,
	.notes = "Its backends go with it.",
};

static const struct word backend_words[] = {
	{
		.name = "service",
		.value = "SERVICE",
		.help = "name of the service",
		.type = &type_string,
		.attr = BRAID_NET_A_BACKEND_SERVICE,
		.refers = "service",
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

static const char *const backend_examples[] = {
	"braid backend add web address 10.1.0.2 port 8080",
	"braid backend del web address 10.1.0.2 port 8080",
	"braid backend show web",
	NULL,
};

const struct object object_backend = {
	.name = "backend",
	.help = "the backends of a service",
	.words = backend_words,
	.kind = BRAID_NET_OBJECT_BACKEND,
	.attr = BRAID_NET_A_BACKEND,
	.examples = backend_examples,
};
