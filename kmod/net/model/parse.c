// SPDX-License-Identifier: GPL-2.0-only
#include "model/parse.h"

#include <linux/ctype.h>
#include <linux/netdevice.h>

#include "model/addr.h"

/* Refuses an attribute of the nest; its type in the nest is its number. */
static int parse_refuse(struct braid_err *err, int code,
			const struct nlattr *nla, const char *msg)
{
	err->nla = nla;
	return braid_refuse(err, code, nla_type(nla), msg);
}

/**
 * braid_net_parse_need() - refuses a message that lacks an attribute
 * @tb: parsed attributes
 * @attr: required attribute
 * @err: filled in on refusal
 * @msg: static text of the refusal
 *
 * Context: any.
 * Return: 0 or -EINVAL.
 */
int braid_net_parse_need(struct nlattr **tb, u16 attr, struct braid_err *err,
			 const char *msg)
{
	return tb[attr] ? 0 : braid_refuse(err, -EINVAL, attr, msg);
}

/**
 * braid_net_parse_name() - reads a name
 * @nla: terminated string; the policy checked that
 * @name: BRAID_NET_NAME_MAX + 1 bytes, filled in
 * @err: filled in on refusal
 *
 * A name must be one word in a batch file: printable, without space, comma and '#'.
 *
 * Context: any.
 * Return: 0, -EINVAL or -ERANGE.
 */
int braid_net_parse_name(const struct nlattr *nla, char *name,
			 struct braid_err *err)
{
	const char *c = nla_data(nla);
	size_t len = strlen(c);

	if (!len)
		return parse_refuse(err, -EINVAL, nla, "name is empty");
	if (len > BRAID_NET_NAME_MAX)
		return parse_refuse(err, -ERANGE, nla,
				    "name is longer than 63 bytes");
	for (; *c; c++)
		if (!isascii(*c) || !isgraph(*c) || *c == ',' || *c == '#')
			return parse_refuse(err, -EINVAL, nla,
				"name has a character that is not printable, a space, a comma or a #");
	strscpy(name, nla_data(nla), BRAID_NET_NAME_MAX + 1);
	return 0;
}

static int parse_read_addr(const struct nlattr *nla, struct in6_addr *addr,
			   const struct nlattr *blame, struct braid_err *err)
{
	if (nla_len(nla) == sizeof(__be32)) {
		*addr = braid_addr_v4(nla_get_in_addr(nla));
		return 0;
	}
	if (nla_len(nla) != sizeof(struct in6_addr))
		return parse_refuse(err, -EINVAL, blame,
				    "address is not 4 or 16 bytes long");
	*addr = nla_get_in6_addr(nla);
	/* Two forms of one address would be two keys. */
	if (braid_addr_is_v4(addr))
		return parse_refuse(err, -EINVAL, blame,
				    "an IPv4 address is 4 bytes long");
	return 0;
}

static bool parse_addr_is_host(const struct in6_addr *addr)
{
	__be32 v4 = braid_addr_to_v4(addr);

	if (braid_addr_is_v4(addr))
		return !ipv4_is_zeronet(v4) && !ipv4_is_multicast(v4) &&
		       !ipv4_is_loopback(v4) && !ipv4_is_lbcast(v4);
	return !ipv6_addr_any(addr) && !ipv6_addr_loopback(addr) &&
	       !ipv6_addr_is_multicast(addr);
}

/**
 * braid_net_parse_addr() - reads a unicast address
 * @nla: binary, 4 or 16 bytes
 * @addr: filled in
 * @err: filled in on refusal
 *
 * Context: any.
 * Return: 0 or -EINVAL.
 */
int braid_net_parse_addr(const struct nlattr *nla, struct in6_addr *addr,
			 struct braid_err *err)
{
	int ret;

	ret = parse_read_addr(nla, addr, nla, err);
	if (ret)
		return ret;
	if (!parse_addr_is_host(addr))
		return parse_refuse(err, -EINVAL, nla,
				    "address is not a unicast address");
	/* The same link-local address is another host on another link. */
	if (ipv6_addr_type(addr) & IPV6_ADDR_LINKLOCAL)
		return parse_refuse(err, -EINVAL, nla,
				    "address is a link-local address");
	return 0;
}

/**
 * braid_net_parse_cidr() - reads a network
 * @nla: nest of braid_net_cidr_nl_policy; the policy checked that
 * @cidr: filled in
 * @err: filled in on refusal
 *
 * Context: any.
 * Return: 0 or -EINVAL.
 */
int braid_net_parse_cidr(const struct nlattr *nla, struct braid_cidr *cidr,
			 struct braid_err *err)
{
	struct nlattr *tb[BRAID_NET_A_CIDR_LENGTH + 1];
	struct in6_addr masked;
	bool v4;
	int ret;

	ret = nla_parse_nested(tb, BRAID_NET_A_CIDR_LENGTH, nla,
			       braid_net_cidr_nl_policy, NULL);
	if (ret || !tb[BRAID_NET_A_CIDR_ADDRESS] || !tb[BRAID_NET_A_CIDR_LENGTH])
		return parse_refuse(err, -EINVAL, nla,
				    "prefix needs an address and a length");
	ret = parse_read_addr(tb[BRAID_NET_A_CIDR_ADDRESS], &cidr->addr, nla,
			      err);
	if (ret)
		return ret;
	v4 = braid_addr_is_v4(&cidr->addr);
	cidr->plen = nla_get_u8(tb[BRAID_NET_A_CIDR_LENGTH]);
	if (cidr->plen > (v4 ? 32 : 128))
		return parse_refuse(err, -EINVAL, nla, v4 ?
				    "prefix is longer than 32 bits" :
				    "prefix is longer than 128 bits");
	if (v4)
		cidr->plen += BRAID_V4_BITS;
	ipv6_addr_prefix(&masked, &cidr->addr, cidr->plen);
	if (!ipv6_addr_equal(&masked, &cidr->addr))
		return parse_refuse(err, -EINVAL, nla,
				    "prefix has host bits set");
	return 0;
}

/**
 * braid_net_parse_port() - reads a port
 * @nla: u16; the policy checked that
 * @port: filled in, host byte order
 * @err: filled in on refusal
 *
 * Context: any.
 * Return: 0 or -EINVAL.
 */
int braid_net_parse_port(const struct nlattr *nla, u16 *port,
			 struct braid_err *err)
{
	*port = nla_get_u16(nla);
	return *port ? 0 : parse_refuse(err, -EINVAL, nla, "port is 0");
}

/**
 * braid_net_parse_device() - reads the name of a device
 * @net: namespace of the device
 * @nla: terminated string; the policy checked that
 * @ifindex: filled in with the index of the device, which may be removed at any time
 * @err: filled in on refusal
 *
 * Context: process.
 * Return: 0, -EINVAL or -ENODEV.
 */
int braid_net_parse_device(struct net *net, const struct nlattr *nla, int *ifindex,
			   struct braid_err *err)
{
	struct net_device *dev;

	if (!dev_valid_name(nla_data(nla)))
		return parse_refuse(err, -EINVAL, nla,
				    "not a name of a device");
	rcu_read_lock();
	dev = dev_get_by_name_rcu(net, nla_data(nla));
	*ifindex = dev ? dev->ifindex : 0;
	rcu_read_unlock();
	return dev ? 0 : parse_refuse(err, -ENODEV, nla,
				      "device does not exist");
}

/**
 * braid_fill_addr() - adds an address to a message
 * @skb: message
 * @attr: attribute
 * @addr: address; an IPv4 address takes 4 bytes in the message
 *
 * Context: any.
 * Return: 0 or -EMSGSIZE.
 */
int braid_fill_addr(struct sk_buff *skb, int attr, const struct in6_addr *addr)
{
	if (braid_addr_is_v4(addr))
		return nla_put_in_addr(skb, attr, braid_addr_to_v4(addr));
	return nla_put_in6_addr(skb, attr, addr);
}

/**
 * braid_fill_cidr() - adds a network to a message
 * @skb: message
 * @attr: attribute
 * @cidr: network
 *
 * Context: any.
 * Return: 0 or -EMSGSIZE.
 */
int braid_fill_cidr(struct sk_buff *skb, int attr,
		    const struct braid_cidr *cidr)
{
	struct nlattr *nest = nla_nest_start(skb, attr);
	u8 plen = cidr->plen;

	if (braid_addr_is_v4(&cidr->addr))
		plen -= BRAID_V4_BITS;
	if (!nest || braid_fill_addr(skb, BRAID_NET_A_CIDR_ADDRESS, &cidr->addr) ||
	    nla_put_u8(skb, BRAID_NET_A_CIDR_LENGTH, plen))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* Fills in the key of an object that a number identifies. Context: any. */
void braid_key_id(struct braid_slot_key *key, u32 id)
{
	__be32 be = cpu_to_be32(id);

	key->len = sizeof(be);
	memcpy(key->bytes, &be, sizeof(be));
}

/* Fills in the key of an object with a name, at most BRAID_NET_NAME_MAX bytes. */
void braid_key_name(struct braid_slot_key *key, const char *name)
{
	key->len = strscpy_pad(key->bytes, name, BRAID_NET_NAME_MAX + 1);
}
