/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_BLK_PARSE_H
#define BRAID_BLK_PARSE_H

#include <linux/types.h>
#include <linux/uuid.h>

#include "transport/auth.h"
#include "proto/voter.h"

struct genl_info;
struct netlink_ext_ack;
struct nlattr;

/*
 * Reading values out of netlink attributes, with a text for every refusal. The
 * policies have seen to types and lengths of fixed size. Return: 0 or -EINVAL.
 */

/* @text: static. A top-level attribute that must be there. */
int braid_parse_need(struct genl_info *info, u16 attr, const char *text);

/* Names and paths stay in the message. */
int braid_parse_name(const struct nlattr *nla, const char **name,
		     struct netlink_ext_ack *extack);
int braid_parse_path(const struct nlattr *nla, const char **path,
		     struct netlink_ext_ack *extack);
int braid_parse_uuid(const struct nlattr *nla, uuid_t *uuid,
		     struct netlink_ext_ack *extack);
int braid_parse_size(const struct nlattr *nla, u64 *size,
		     struct netlink_ext_ack *extack);
int braid_parse_voter_id(const struct nlattr *nla, u8 *id,
			 struct netlink_ext_ack *extack);
int braid_parse_min_isr(const struct nlattr *nla, u32 *min_isr,
			struct netlink_ext_ack *extack);
/* Seconds in the message. */
int braid_parse_suspend_timeout(const struct nlattr *nla, u32 *ms,
				struct netlink_ext_ack *extack);
/* A nest of address and port. */
int braid_parse_address(const struct nlattr *nest,
			struct braid_address *address,
			struct netlink_ext_ack *extack);

/* All of one type in a message. */
int braid_parse_addresses(struct genl_info *info, u16 attr,
			  struct braid_address *list, unsigned int *count);
int braid_parse_voters(struct genl_info *info, u16 attr,
		       struct braid_voters *voters);
/* None is right, too. */
int braid_parse_secrets(struct genl_info *info, u16 attr,
			struct braid_secrets *secrets);

/* Overwrites the secrets in the message itself. */
void braid_parse_wipe(struct genl_info *info, u16 attr);

#endif /* BRAID_BLK_PARSE_H */
