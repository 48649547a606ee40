// SPDX-License-Identifier: GPL-2.0-only
/* Types of values that only volumes have. */
#include "type.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <linux/braid_blk.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

/* ---- a size: bytes, or a number with K, M, G or T ---- */

static const char units[] = "KMGT";

static bool size_parse(const struct type *type, const struct choice *choices,
		       const char *text, struct value *value)
{
	size_t len = strlen(text), digits = strspn(text, "0123456789");
	unsigned int shift = 0;
	char number[24] = "";
	const char *unit;

	if (!digits || digits >= sizeof(number) || len > digits + 1)
		return false;
	if (len > digits) {
		unit = strchr(units, text[digits]);
		if (!unit)
			return false;
		shift = 10 * (unsigned int)(unit - units + 1);
	}
	memcpy(number, text, digits);
	if (!digits_parse(number, 10, type->max >> shift, &value->number))
		return false;
	value->number <<= shift;
	return true;
}

/* Sizes of regions have 32 bits. */
static bool size_get(const struct nlattr *attr, struct value *value)
{
	if (nla_len(attr) != sizeof(uint32_t))
		return type_u64_get(attr, value);
	value->number = nla_get_u32(attr);
	return true;
}

/* In the form that can be typed, in the largest unit without a fraction. */
static const char *size_format(const struct choice *choices,
			       const struct value *value,
			       char buffer[TYPE_BUFFER])
{
	uint64_t number = value->number;
	unsigned int unit = 0;

	while (number && !(number % 1024) && units[unit]) {
		number /= 1024;
		unit++;
	}
	if (unit)
		snprintf(buffer, TYPE_BUFFER, "%" PRIu64 "%c", number,
			 units[unit - 1]);
	else
		snprintf(buffer, TYPE_BUFFER, "%" PRIu64, number);
	return buffer;
}

const struct type type_size = {
	.max = UINT64_MAX,
	.number = true,
	.expects = "a size (bytes, or a number with K, M, G or T)",
	.parse = size_parse,
	.put = type_u64_put,
	.get = size_get,
	.format = size_format,
};

/* ---- a UUID ---- */

#define UUID_TEXT 36

static bool uuid_parse(const struct type *type, const struct choice *choices,
		       const char *text, struct value *value)
{
	char octet[3] = "";
	uint64_t number;
	size_t i;

	if (strlen(text) != UUID_TEXT)
		return false;
	for (i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10) {
			if (*text++ != '-')
				return false;
		}
		memcpy(octet, text, 2);
		if (!isxdigit((unsigned char)octet[1]) ||
		    !digits_parse(octet, 16, UINT8_MAX, &number))
			return false;
		value->bytes[i] = (uint8_t)number;
		text += 2;
	}
	value->len = 16;
	return true;
}

static bool uuid_get(const struct nlattr *attr, struct value *value)
{
	if (nla_len(attr) != 16)
		return false;
	value->len = 16;
	memcpy(value->bytes, nla_data(attr), 16);
	return true;
}

static const char *uuid_format(const struct choice *choices,
			       const struct value *value,
			       char buffer[TYPE_BUFFER])
{
	char *to = buffer;
	size_t i;

	for (i = 0; i < 16; i++)
		to += sprintf(to, "%s%02x",
			      i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			      value->bytes[i]);
	return buffer;
}

const struct type type_uuid = {
	.expects = "a UUID (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx)",
	.parse = uuid_parse,
	.put = type_bytes_put,
	.get = uuid_get,
	.format = uuid_format,
};

/* ---- values that are only printed ---- */

static bool never_parse(const struct type *type, const struct choice *choices,
			const char *text, struct value *value)
{
	return false;
}

/* A random number; text in JSON, whose numbers have 53 bits. */
static const char *hex64_format(const struct choice *choices,
				const struct value *value,
				char buffer[TYPE_BUFFER])
{
	snprintf(buffer, TYPE_BUFFER, "%016" PRIx64, value->number);
	return buffer;
}

const struct type type_hex64 = {
	.expects = "a number that is told",
	.parse = never_parse,
	.put = type_u64_put,
	.get = type_u64_get,
	.format = hex64_format,
};

/* The version of a membership: EPOCH.RECORD. */
static bool version_get(const struct nlattr *attr, struct value *value)
{
	bool epoch = false, record = false;
	struct nlattr *child;
	int rest;

	nla_for_each_nested(child, attr, rest) {
		if (nla_type(child) == BRAID_BLK_A_VERSION_EPOCH) {
			epoch = type_u64_get(child, value);
		} else if (nla_type(child) == BRAID_BLK_A_VERSION_RECORD) {
			record = nla_len(child) == 4;
			if (record)
				memcpy(value->bytes, nla_data(child), 4);
		}
	}
	return epoch && record;
}

static const char *version_format(const struct choice *choices,
				  const struct value *value,
				  char buffer[TYPE_BUFFER])
{
	uint32_t record;

	memcpy(&record, value->bytes, sizeof(record));
	snprintf(buffer, TYPE_BUFFER, "%" PRIu64 ".%" PRIu32, value->number,
		 record);
	return buffer;
}

const struct type type_version = {
	.expects = "a version that is told",
	.parse = never_parse,
	.put = type_u64_put,
	.get = version_get,
	.format = version_format,
};

/* ---- ADDRESS:PORT ---- */

static bool port_read(const char *text, struct value *value)
{
	uint64_t port;

	if (!digits_parse(text, 10, UINT16_MAX, &port) || !port)
		return false;
	value->port = (uint16_t)port;
	return true;
}

/* An IPv6 address is in brackets. */
static bool end_read(const char *text, struct value *value)
{
	const char *close = strchr(text, ']'), *colon = strrchr(text, ':');
	bool v6 = *text == '[';
	char address[INET6_ADDRSTRLEN];
	size_t len;

	if (!colon || (v6 && (!close || close + 1 != colon)))
		return false;
	text += v6;
	len = (size_t)((v6 ? close : colon) - text);
	if (len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	value->len = v6 ? 16 : 4;
	return inet_pton(v6 ? AF_INET6 : AF_INET, address, value->bytes) == 1 &&
	       port_read(colon + 1, value);
}

static bool end_parse(const struct type *type, const struct choice *choices,
		      const char *text, struct value *value)
{
	return end_read(text, value);
}

static int end_put(struct nl_msg *msg, int attr, const struct value *value)
{
	struct nlattr *nest = nla_nest_start(msg, attr | NLA_F_NESTED);

	if (!nest ||
	    nla_put(msg, BRAID_BLK_A_ADDRESS_IP, value->len, value->bytes) ||
	    nla_put_u16(msg, BRAID_BLK_A_ADDRESS_PORT, value->port))
		return -1;
	nla_nest_end(msg, nest);
	return 0;
}

static bool end_get(const struct nlattr *attr, struct value *value)
{
	bool address = false, port = false;
	struct nlattr *child;
	int rest;

	nla_for_each_nested(child, attr, rest) {
		if (nla_type(child) == BRAID_BLK_A_ADDRESS_IP) {
			address = type_address.get(child, value);
		} else if (nla_type(child) == BRAID_BLK_A_ADDRESS_PORT) {
			port = nla_len(child) == sizeof(uint16_t);
			if (port)
				value->port = nla_get_u16(child);
		}
	}
	return address && port;
}

static const char *end_format(const struct choice *choices,
			      const struct value *value,
			      char buffer[TYPE_BUFFER])
{
	char address[TYPE_BUFFER];

	type_address.format(choices, value, address);
	snprintf(buffer, TYPE_BUFFER,
		 value->len == 16 ? "[%.46s]:%u" : "%.46s:%u", address,
		 value->port);
	return buffer;
}

const struct type type_end = {
	.expects = "an address with a port (A:PORT or [A]:PORT)",
	.parse = end_parse,
	.put = end_put,
	.get = end_get,
	.format = end_format,
};

/* ---- ID=A:PORT[,witness] ---- */

#define VOTER_TEXT 128

static bool voter_parse(const struct type *type, const struct choice *choices,
			const char *text, struct value *value)
{
	char copy[VOTER_TEXT], *end, *comma;

	if (strlen(text) >= sizeof(copy))
		return false;
	strcpy(copy, text);
	end = strchr(copy, '=');
	if (!end)
		return false;
	*end++ = '\0';
	comma = strchr(end, ',');
	if (comma) {
		*comma = '\0';
		value->flag = !strcmp(comma + 1, "witness");
		if (!value->flag)
			return false;
	}
	return digits_parse(copy, 10, type->max, &value->number) &&
	       value->number && end_read(end, value);
}

static int voter_put(struct nl_msg *msg, int attr, const struct value *value)
{
	struct nlattr *nest = nla_nest_start(msg, attr | NLA_F_NESTED);

	if (!nest ||
	    nla_put_u8(msg, BRAID_BLK_A_VOTER_ID, (uint8_t)value->number) ||
	    (value->flag && nla_put_flag(msg, BRAID_BLK_A_VOTER_WITNESS)) ||
	    end_put(msg, BRAID_BLK_A_VOTER_ADDRESS, value))
		return -1;
	nla_nest_end(msg, nest);
	return 0;
}

static bool never_get(const struct nlattr *attr, struct value *value)
{
	return false;
}

static const char *voter_format(const struct choice *choices,
				const struct value *value,
				char buffer[TYPE_BUFFER])
{
	char end[TYPE_BUFFER];

	end_format(choices, value, end);
	snprintf(buffer, TYPE_BUFFER, "%u=%.50s%s", (unsigned int)value->number,
		 end, value->flag ? ",witness" : "");
	return buffer;
}

const struct type type_voter = {
	.max = BRAID_BLK_VOTER_ID_MAX,
	.expects = "a voter (ID=A:PORT or ID=A:PORT,witness, ID from 1 to 63)",
	.parse = voter_parse,
	.put = voter_put,
	.get = never_get,
	.format = voter_format,
};

/* ---- files ---- */

static bool path_parse(const struct type *type, const struct choice *choices,
		       const char *text, struct value *value)
{
	value->text = text;
	return *text == '/';
}

const struct type type_path = {
	.expects = "an absolute path",
	.parse = path_parse,
	.put = type_string_put,
	.get = type_string_get,
	.format = type_string_format,
};

/* The name of a file whose content is sent, see secret.h. */
static bool secret_parse(const struct type *type, const struct choice *choices,
			 const char *text, struct value *value)
{
	value->text = text;
	return *text;
}

static int secret_put(struct nl_msg *msg, int attr, const struct value *value)
{
	return -1;
}

const struct type type_secret = {
	.expects = "a file",
	.parse = secret_parse,
	.put = secret_put,
	.get = never_get,
	.format = type_string_format,
};
