// SPDX-License-Identifier: GPL-2.0-only
/* Services and their backends, as they are configured. */
#include "model/kinds.h"

#include <linux/in.h>
#include <linux/slab.h>

#include "model/addr.h"
#include "model/net.h"

static struct braid_service *service_of(struct braid_obj *obj)
{
	return container_of(obj, struct braid_service, obj);
}

static struct braid_obj *service_create(void)
{
	struct braid_service *service = kzalloc(sizeof(*service),
						GFP_KERNEL_ACCOUNT);

	return service ? &service->obj : NULL;
}

static void service_destroy(struct braid_obj *obj)
{
	struct braid_service *service = service_of(obj);

	kvfree(service->targets);
	kfree(service);
}

static int service_key(struct net *net, struct nlattr **tb,
		       struct braid_slot_key *key, struct braid_err *err)
{
	char name[BRAID_NET_NAME_MAX + 1];
	int ret;

	ret = braid_net_parse_need(tb, BRAID_NET_A_SERVICE_NAME, err,
				   "name is required");
	if (!ret)
		ret = braid_net_parse_name(tb[BRAID_NET_A_SERVICE_NAME], name, err);
	if (!ret)
		braid_key_name(key, name);
	return ret;
}

static int service_parse(struct net *net, const struct nlattr *nest,
			 struct nlattr **tb, struct braid_obj *obj,
			 struct braid_err *err)
{
	struct braid_service *service = service_of(obj);
	u16 port;
	int ret;

	ret = braid_net_parse_name(tb[BRAID_NET_A_SERVICE_NAME], service->name, err);
	if (!ret && tb[BRAID_NET_A_SERVICE_ADDRESS])
		ret = braid_net_parse_addr(tb[BRAID_NET_A_SERVICE_ADDRESS],
					   &service->addr, err);
	if (!ret && tb[BRAID_NET_A_SERVICE_PORT]) {
		ret = braid_net_parse_port(tb[BRAID_NET_A_SERVICE_PORT], &port, err);
		service->port = htons(port);
	}
	if (ret)
		return ret;
	if (tb[BRAID_NET_A_SERVICE_PROTOCOL])
		service->proto = nla_get_u8(tb[BRAID_NET_A_SERVICE_PROTOCOL]);
	if (tb[BRAID_NET_A_SERVICE_SCOPE])
		service->scope = nla_get_u32(tb[BRAID_NET_A_SERVICE_SCOPE]);
	if (tb[BRAID_NET_A_SERVICE_ALGORITHM])
		service->algorithm = nla_get_u32(tb[BRAID_NET_A_SERVICE_ALGORITHM]);
	return 0;
}

static int service_inherit(struct braid_obj *obj,
			   const struct braid_obj *old)
{
	const struct braid_service *from =
		container_of(old, struct braid_service, obj);
	struct braid_service *service = service_of(obj);

	memcpy(service->name, from->name, sizeof(service->name));
	if (!braid_given(obj, BRAID_NET_A_SERVICE_ADDRESS))
		service->addr = from->addr;
	if (!braid_given(obj, BRAID_NET_A_SERVICE_PORT))
		service->port = from->port;
	if (!braid_given(obj, BRAID_NET_A_SERVICE_PROTOCOL))
		service->proto = from->proto;
	if (!braid_given(obj, BRAID_NET_A_SERVICE_SCOPE))
		service->scope = from->scope;
	if (!braid_given(obj, BRAID_NET_A_SERVICE_ALGORITHM))
		service->algorithm = from->algorithm;
	return 0;
}

static int service_check(const struct braid_obj *obj,
			 struct braid_err *err)
{
	const struct braid_service *service =
		container_of(obj, struct braid_service, obj);

	if (service->proto != IPPROTO_TCP && service->proto != IPPROTO_UDP &&
	    service->proto != IPPROTO_SCTP)
		return braid_refuse(err, -EINVAL, BRAID_NET_A_SERVICE_PROTOCOL,
				    "protocol is not tcp, udp or sctp");
	return 0;
}

/* Return: the next backend of a service; they follow each other in the order of keys. */
static struct braid_backend *service_backend(struct braid_slot **slot,
					     const char *name)
{
	struct braid_backend *backend;
	struct braid_obj *obj;

	for (; *slot; *slot = braid_slot_next(*slot)) {
		if (strcmp((*slot)->key.bytes, name))
			return NULL;
		obj = braid_slot_final(*slot);
		if (!obj)
			continue;
		backend = container_of(obj, struct braid_backend, obj);
		*slot = braid_slot_next(*slot);
		return backend;
	}
	return NULL;
}

/*
 * NAT does not translate between address families. A backend that the same commit
 * adds is checked by backend_check_family(), which reports the backend.
 */
static bool service_misfits(const struct braid_service *service,
			    const struct braid_backend *backend)
{
	return !backend->obj.slot->touched &&
	       braid_addr_is_v4(&backend->target.addr) !=
	       braid_addr_is_v4(&service->addr);
}

/* Fills in a key that is not above the key of any backend of a service. */
static void backend_first(struct braid_slot_key *key, const char *service)
{
	strscpy_pad(key->bytes, service, BRAID_NET_NAME_MAX + 1);
	key->len = BRAID_NET_NAME_MAX + 1;
}

static int service_collect(struct braid_net *bn,
			   struct braid_service *service,
			   struct braid_err *err)
{
	struct braid_slot_key from;
	struct braid_backend *backend;
	struct braid_slot *first, *slot;
	unsigned int n = 0;

	backend_first(&from, service->name);
	first = braid_slot_first(bn, BRAID_NET_OBJECT_BACKEND, &from);
	slot = first;
	while (service_backend(&slot, service->name))
		n++;
	if (!n)
		return 0;
	service->targets = kvcalloc(n, sizeof(*service->targets),
				    GFP_KERNEL_ACCOUNT);
	if (!service->targets)
		return -ENOMEM;
	slot = first;
	while ((backend = service_backend(&slot, service->name))) {
		if (service_misfits(service, backend))
			return braid_refuse(err, -EINVAL,
					    BRAID_NET_A_SERVICE_ADDRESS,
					    "backends have the other address family");
		service->targets[service->ntargets++] = backend->target;
	}
	return 0;
}

static int service_plan(struct braid_net *bn, struct braid_obj *obj,
			struct braid_err *err)
{
	struct braid_service *service = service_of(obj);
	struct braid_key *key;
	int ret;

	service->number = obj->slot->number;
	ret = braid_obj_plan(obj, 1, 0);
	if (ret)
		return ret;
	key = braid_obj_entry(obj, BRAID_KEY_FRONTEND);
	key->addr = service->addr;
	key->port = service->port;
	key->num = service->proto;
	return service_collect(bn, service, err);
}

/* The backends of a service are removed together with it. */
static void service_cascade(struct braid_slot_key *from,
			    const struct braid_slot *slot)
{
	char name[BRAID_NET_NAME_MAX + 1] = {};

	memcpy(name, slot->key.bytes, slot->key.len);
	backend_first(from, name);
}

static int service_fill(struct sk_buff *skb, struct net *net,
			const struct braid_obj *obj)
{
	const struct braid_service *service =
		container_of(obj, struct braid_service, obj);

	if (nla_put_string(skb, BRAID_NET_A_SERVICE_NAME, service->name) ||
	    braid_fill_addr(skb, BRAID_NET_A_SERVICE_ADDRESS, &service->addr) ||
	    nla_put_u16(skb, BRAID_NET_A_SERVICE_PORT, ntohs(service->port)) ||
	    nla_put_u8(skb, BRAID_NET_A_SERVICE_PROTOCOL, service->proto) ||
	    nla_put_u32(skb, BRAID_NET_A_SERVICE_SCOPE, service->scope) ||
	    nla_put_u32(skb, BRAID_NET_A_SERVICE_ALGORITHM, service->algorithm))
		return -EMSGSIZE;
	return 0;
}

static const struct braid_need service_needs[] = {
	{ BRAID_NET_A_SERVICE_ADDRESS, "address is required" },
	{ BRAID_NET_A_SERVICE_PORT, "port is required" },
	{ BRAID_NET_A_SERVICE_PROTOCOL, "protocol is required" },
	{}
};

static const struct braid_clash service_clashes[] = {
	{ BRAID_KEY_FRONTEND, BRAID_NET_A_SERVICE_ADDRESS,
	  "another service has this address, port and protocol" },
	{}
};

const struct braid_kind_ops braid_service_ops = {
	.attr = BRAID_NET_A_SERVICE,
	.key_attr = BRAID_NET_A_SERVICE_NAME,
	.maxattr = BRAID_NET_A_SERVICE_ALGORITHM,
	.policy = braid_net_service_nl_policy,
	.needs = service_needs,
	.clashes = service_clashes,
	.exists = "service exists",
	.absent = "service does not exist",
	.in_use = "service is in use",
	.create = service_create,
	.destroy = service_destroy,
	.cascade = service_cascade,
	.cascade_kind = BRAID_NET_OBJECT_BACKEND,
	.key = service_key,
	.parse = service_parse,
	.inherit = service_inherit,
	.check = service_check,
	.plan = service_plan,
	.fill = service_fill,
};

static struct braid_obj *backend_create(void)
{
	struct braid_backend *backend = kzalloc(sizeof(*backend),
						GFP_KERNEL_ACCOUNT);

	return backend ? &backend->obj : NULL;
}

static void backend_destroy(struct braid_obj *obj)
{
	kfree(container_of(obj, struct braid_backend, obj));
}

static int backend_read(struct nlattr **tb, struct braid_backend *backend,
			struct braid_err *err)
{
	u16 port;
	int ret;

	ret = braid_net_parse_need(tb, BRAID_NET_A_BACKEND_SERVICE, err,
				   "service is required");
	if (!ret)
		ret = braid_net_parse_need(tb, BRAID_NET_A_BACKEND_ADDRESS, err,
					   "address is required");
	if (!ret)
		ret = braid_net_parse_need(tb, BRAID_NET_A_BACKEND_PORT, err,
					   "port is required");
	if (!ret)
		ret = braid_net_parse_name(tb[BRAID_NET_A_BACKEND_SERVICE],
					   backend->service, err);
	if (!ret)
		ret = braid_net_parse_addr(tb[BRAID_NET_A_BACKEND_ADDRESS],
					   &backend->target.addr, err);
	if (!ret)
		ret = braid_net_parse_port(tb[BRAID_NET_A_BACKEND_PORT], &port, err);
	if (!ret)
		backend->target.port = htons(port);
	return ret;
}

static int backend_key(struct net *net, struct nlattr **tb,
		       struct braid_slot_key *key, struct braid_err *err)
{
	struct braid_backend backend;
	int ret;

	ret = backend_read(tb, &backend, err);
	if (ret)
		return ret;
	backend_first(key, backend.service);
	memcpy(key->bytes + key->len, &backend.target.addr,
	       sizeof(backend.target.addr));
	key->len += sizeof(backend.target.addr);
	memcpy(key->bytes + key->len, &backend.target.port,
	       sizeof(backend.target.port));
	key->len += sizeof(backend.target.port);
	return 0;
}

static int backend_parse(struct net *net, const struct nlattr *nest,
			 struct nlattr **tb, struct braid_obj *obj,
			 struct braid_err *err)
{
	return backend_read(tb, container_of(obj, struct braid_backend,
					     obj), err);
}

static int backend_check_family(const struct braid_backend *backend,
				const struct braid_slot *slot,
				struct braid_err *err)
{
	struct braid_obj *service = braid_slot_final(slot);

	if (!service || braid_addr_is_v4(&backend->target.addr) ==
			braid_addr_is_v4(&service_of(service)->addr))
		return 0;
	return braid_refuse(err, -EINVAL, BRAID_NET_A_BACKEND_ADDRESS,
			    "the service has the other address family");
}

static int backend_plan(struct braid_net *bn, struct braid_obj *obj,
			struct braid_err *err)
{
	struct braid_backend *backend =
		container_of(obj, struct braid_backend, obj);
	struct braid_slot_key service;
	struct braid_key *key;
	int ret;

	ret = braid_obj_plan(obj, 1, 1);
	if (ret)
		return ret;
	braid_key_name(&service, backend->service);
	ret = braid_obj_ref(bn, obj, &braid_service_ops, &service,
			    BRAID_NET_A_BACKEND_SERVICE, 0);
	if (ret)
		return ret;
	key = braid_obj_entry(obj, BRAID_KEY_BACKEND);
	key->num = obj->refs[0].slot->number;
	key->addr = backend->target.addr;
	key->port = backend->target.port;
	return backend_check_family(backend, obj->refs[0].slot, err);
}

static int backend_fill(struct sk_buff *skb, struct net *net,
			const struct braid_obj *obj)
{
	const struct braid_backend *backend =
		container_of(obj, struct braid_backend, obj);

	if (nla_put_string(skb, BRAID_NET_A_BACKEND_SERVICE, backend->service) ||
	    braid_fill_addr(skb, BRAID_NET_A_BACKEND_ADDRESS,
			    &backend->target.addr) ||
	    nla_put_u16(skb, BRAID_NET_A_BACKEND_PORT,
			ntohs(backend->target.port)))
		return -EMSGSIZE;
	return 0;
}

/* A service contains its backends. The key of a backend begins with its name. */
static void backend_carrier(struct braid_slot_key *key,
			    const struct braid_slot *slot)
{
	braid_key_name(key, slot->key.bytes);
}

const struct braid_kind_ops braid_backend_ops = {
	.attr = BRAID_NET_A_BACKEND,
	.key_attr = BRAID_NET_A_BACKEND_ADDRESS,
	.maxattr = BRAID_NET_A_BACKEND_PORT,
	.policy = braid_net_backend_nl_policy,
	.exists = "backend exists",
	.absent = "backend does not exist",
	.in_use = "backend is in use",
	.create = backend_create,
	.destroy = backend_destroy,
	.carrier = backend_carrier,
	.carrier_kind = BRAID_NET_OBJECT_SERVICE,
	.key = backend_key,
	.parse = backend_parse,
	.plan = backend_plan,
	.fill = backend_fill,
};
