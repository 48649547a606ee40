// SPDX-License-Identifier: GPL-2.0-only
#include "netlink/parse.h"

#include <linux/build_bug.h>
#include <linux/ctype.h>
#include <linux/in.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <net/genetlink.h>
#include <net/ipv6.h>

#include "netlink/netlink-policy-gen.h"
#include "proto/record.h"

static_assert(BRAID_BLK_NAME_MAX == BRAID_NAME_MAX);
static_assert(BRAID_BLK_SECRET_MIN == BRAID_SECRET_MIN);
static_assert(BRAID_BLK_SECRET_MAX == BRAID_SECRET_MAX);
static_assert(BRAID_BLK_VOTERS_MAX == BRAID_VOTERS_MAX);
static_assert(BRAID_BLK_VOTER_ID_MAX == BRAID_VOTER_ID_MAX);
static_assert((u64)BRAID_BLK_SUSPEND_TIMEOUT_MAX * MSEC_PER_SEC <= U32_MAX);

/* @text: static; NL_SET_ERR_MSG() takes literals only. */
static int refuse(struct netlink_ext_ack *extack, const struct nlattr *nla,
		  const char *text)
{
	if (extack)
		extack->_msg = text;
	NL_SET_BAD_ATTR(extack, nla);
	return -EINVAL;
}

int braid_parse_need(struct genl_info *info, u16 attr, const char *text)
{
	if (info->attrs[attr])
		return 0;
	if (info->extack)
		info->extack->_msg = text;
	NL_SET_ERR_ATTR_MISS(info->extack, NULL, attr);
	return -EINVAL;
}

/* It names a file in /dev/braid, is a word of the tool and part of lines of logs. */
static bool is_name_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

int braid_parse_name(const struct nlattr *nla, const char **name,
		     struct netlink_ext_ack *extack)
{
	const char *text = nla_data(nla);
	size_t len = strlen(text), i;

	if (!len || len > BRAID_NAME_MAX)
		return refuse(extack, nla, "a name has 1 to 24 characters");
	if (nla_len(nla) != len + 1)
		return refuse(extack, nla, "something follows the end of the name");
	for (i = 0; i < len; i++) {
		if (!is_name_character(text[i]))
			return refuse(extack, nla,
				      "a name has letters, digits, '-', '_' and '.'");
	}
	if (text[0] == '.' || text[0] == '-')
		return refuse(extack, nla,
			      "a name begins with a letter, a digit or '_'");
	*name = text;
	return 0;
}

int braid_parse_path(const struct nlattr *nla, const char **path,
		     struct netlink_ext_ack *extack)
{
	const char *text = nla_data(nla);
	size_t len = strlen(text), i;

	if (text[0] != '/')
		return refuse(extack, nla, "not an absolute path");
	if (len > BRAID_BLK_PATH_MAX)
		return refuse(extack, nla, "a path has at most 255 characters");
	if (nla_len(nla) != len + 1)
		return refuse(extack, nla, "something follows the end of the path");
	for (i = 0; i < len; i++) {
		if (iscntrl(text[i]) && isascii(text[i]))
			return refuse(extack, nla,
				      "a path has no control characters");
	}
	*path = text;
	return 0;
}

int braid_parse_uuid(const struct nlattr *nla, uuid_t *uuid,
		     struct netlink_ext_ack *extack)
{
	if (nla_len(nla) != UUID_SIZE)
		return refuse(extack, nla, "a UUID has 16 bytes");
	import_uuid(uuid, nla_data(nla));
	if (uuid_is_null(uuid))
		return refuse(extack, nla, "the nil UUID is not a volume's");
	return 0;
}

int braid_parse_size(const struct nlattr *nla, u64 *size,
		     struct netlink_ext_ack *extack)
{
	*size = nla_get_u64(nla);
	if (!*size || *size % BRAID_BLOCK)
		return refuse(extack, nla,
			      "a size is a multiple of 4096 bytes, and not 0");
	if (*size > BRAID_SIZE_MAX)
		return refuse(extack, nla, "size is larger than 16 TiB");
	return 0;
}

int braid_parse_voter_id(const struct nlattr *nla, u8 *id,
			 struct netlink_ext_ack *extack)
{
	*id = nla_get_u8(nla);
	if (!*id || *id > BRAID_VOTER_ID_MAX)
		return refuse(extack, nla, "the id of a voter is 1 to 63");
	return 0;
}

int braid_parse_min_isr(const struct nlattr *nla, u32 *min_isr,
			struct netlink_ext_ack *extack)
{
	*min_isr = nla_get_u32(nla);
	if (!*min_isr || *min_isr > BRAID_VOTERS_MAX)
		return refuse(extack, nla, "min-isr is 1 to 7");
	return 0;
}

int braid_parse_suspend_timeout(const struct nlattr *nla, u32 *ms,
				struct netlink_ext_ack *extack)
{
	u32 seconds = nla_get_u32(nla);

	if (seconds > BRAID_BLK_SUSPEND_TIMEOUT_MAX)
		return refuse(extack, nla,
			      "suspend-timeout is at most 604800 seconds, a week");
	*ms = seconds * MSEC_PER_SEC;
	return 0;
}

static const char *check_ip(const struct braid_address *address)
{
	struct in6_addr v6;
	__be32 v4;

	if (address->family == AF_INET) {
		memcpy(&v4, address->ip, sizeof(v4));
		if (ipv4_is_multicast(v4) || ipv4_is_lbcast(v4))
			return "not the address of one node";
		return NULL;
	}
	memcpy(&v6, address->ip, sizeof(v6));
	if (ipv6_addr_is_multicast(&v6))
		return "not the address of one node";
	if (ipv6_addr_type(&v6) & IPV6_ADDR_LINKLOCAL)
		return "a link-local address needs a device, which cannot be given";
	if (ipv6_addr_v4mapped(&v6))
		return "an IPv4 address in the clothes of an IPv6 one";
	return NULL;
}

static bool is_unspecified(const struct braid_address *address)
{
	return !memchr_inv(address->ip, 0, sizeof(address->ip));
}

int braid_parse_address(const struct nlattr *nest,
			struct braid_address *address,
			struct netlink_ext_ack *extack)
{
	struct nlattr *tb[BRAID_BLK_A_ADDRESS_PORT + 1];
	const struct nlattr *ip;
	const char *wrong;
	int ret;

	ret = nla_parse_nested(tb, BRAID_BLK_A_ADDRESS_PORT, nest,
			       braid_blk_address_nl_policy, extack);
	if (ret)
		return ret;
	ip = tb[BRAID_BLK_A_ADDRESS_IP];
	if (!ip || (nla_len(ip) != 4 && nla_len(ip) != 16))
		return refuse(extack, ip ?: nest,
			      "an address has 4 or 16 bytes");
	memset(address, 0, sizeof(*address));
	address->family = nla_len(ip) == 4 ? AF_INET : AF_INET6;
	memcpy(address->ip, nla_data(ip), nla_len(ip));
	wrong = check_ip(address);
	if (wrong)
		return refuse(extack, ip, wrong);
	if (tb[BRAID_BLK_A_ADDRESS_PORT])
		address->port = nla_get_u16(tb[BRAID_BLK_A_ADDRESS_PORT]);
	if (!address->port)
		return refuse(extack, tb[BRAID_BLK_A_ADDRESS_PORT] ?: nest,
			      "a port is 1 to 65535");
	return 0;
}

/* An address that somebody is to be reached at. */
static int parse_peer(const struct nlattr *nest, struct braid_address *address,
		      struct netlink_ext_ack *extack)
{
	int ret = braid_parse_address(nest, address, extack);

	if (!ret && is_unspecified(address))
		return refuse(extack, nest, "nobody is reached at this address");
	return ret;
}

int braid_parse_addresses(struct genl_info *info, u16 attr,
			  struct braid_address *list, unsigned int *count)
{
	const struct nlattr *nla;
	int rem, ret;

	*count = 0;
	nlmsg_for_each_attr(nla, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(nla) != attr)
			continue;
		if (*count == BRAID_VOTERS_MAX)
			return refuse(info->extack, nla,
				      "a volume has at most 7 voters");
		ret = parse_peer(nla, &list[*count], info->extack);
		if (ret)
			return ret;
		(*count)++;
	}
	return 0;
}

static int parse_voter(const struct nlattr *nest, struct braid_voter *voter,
		       struct netlink_ext_ack *extack)
{
	struct nlattr *tb[BRAID_BLK_A_VOTER_ADDRESS + 1];
	int ret;

	ret = nla_parse_nested(tb, BRAID_BLK_A_VOTER_ADDRESS, nest,
			       braid_blk_voter_input_nl_policy, extack);
	if (ret)
		return ret;
	if (!tb[BRAID_BLK_A_VOTER_ID])
		return refuse(extack, nest, "a voter needs an id");
	if (!tb[BRAID_BLK_A_VOTER_ADDRESS])
		return refuse(extack, nest, "a voter needs an address");
	voter->witness = tb[BRAID_BLK_A_VOTER_WITNESS];
	return braid_parse_voter_id(tb[BRAID_BLK_A_VOTER_ID], &voter->id,
				    extack) ?:
	       parse_peer(tb[BRAID_BLK_A_VOTER_ADDRESS], &voter->address,
			  extack);
}

int braid_parse_voters(struct genl_info *info, u16 attr,
		       struct braid_voters *voters)
{
	struct braid_voter *voter;
	const struct nlattr *nla;
	int rem, ret;

	memset(voters, 0, sizeof(*voters));
	nlmsg_for_each_attr(nla, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(nla) != attr)
			continue;
		if (voters->count == BRAID_VOTERS_MAX)
			return refuse(info->extack, nla,
				      "a volume has at most 7 voters");
		voter = &voters->voter[voters->count];
		ret = parse_voter(nla, voter, info->extack);
		if (ret)
			return ret;
		if (braid_voters_find(voters, voter->id))
			return refuse(info->extack, nla,
				      "another voter has this id");
		voters->count++;
	}
	if (!braid_voters_data(voters))
		return refuse(info->extack, info->attrs[attr],
			      "a volume needs a voter that holds data");
	return 0;
}

int braid_parse_secrets(struct genl_info *info, u16 attr,
			struct braid_secrets *secrets)
{
	const struct nlattr *nla;
	int rem;

	memset(secrets, 0, sizeof(*secrets));
	nlmsg_for_each_attr(nla, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(nla) != attr)
			continue;
		if (secrets->count == ARRAY_SIZE(secrets->secret))
			return refuse(info->extack, nla,
				      "at most two secrets are accepted at once");
		if (nla_len(nla) < BRAID_SECRET_MIN ||
		    nla_len(nla) > BRAID_SECRET_MAX)
			return refuse(info->extack, nla,
				      "a secret has 32 to 64 bytes");
		secrets->length[secrets->count] = nla_len(nla);
		memcpy(secrets->secret[secrets->count], nla_data(nla),
		       nla_len(nla));
		secrets->count++;
	}
	return 0;
}

void braid_parse_wipe(struct genl_info *info, u16 attr)
{
	const struct nlattr *nla;
	int rem;

	nlmsg_for_each_attr(nla, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(nla) == attr)
			memzero_explicit(nla_data(nla), nla_len(nla));
	}
}
