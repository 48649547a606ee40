// SPDX-License-Identifier: GPL-2.0-only
#include "type.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/braid_net.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#define NSEC_PER_SEC 1000000000ULL

/* ---- numbers ---- */

bool digits_parse(const char *text, int base, uint64_t max, uint64_t *number)
{
	char *end;

	/* strtoull() would take a sign, blanks and, in base 16, "0x0x1" */
	if (!strspn(text, base == 16 ? "0123456789abcdefABCDEF" : "0123456789"))
		return false;
	if (base == 16 && text[1] && strchr("xX", text[1]))
		return false;
	errno = 0;
	*number = strtoull(text, &end, base);
	return !errno && !*end && *number <= max;
}

static bool number_parse(const struct type *type, const struct choice *choices,
			 const char *text, struct value *value)
{
	return digits_parse(text, 10, type->max, &value->number);
}

static bool identity_parse(const struct type *type,
			   const struct choice *choices, const char *text,
			   struct value *value)
{
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		return digits_parse(text + 2, 16, type->max, &value->number);
	return digits_parse(text, 10, type->max, &value->number);
}

static const char *number_format(const struct choice *choices,
				 const struct value *value,
				 char buffer[TYPE_BUFFER])
{
	snprintf(buffer, TYPE_BUFFER, "%" PRIu64, value->number);
	return buffer;
}

/* The type of a number with this many bits. */
#define NUMBER(bits, what)                                             \
	int type_u##bits##_put(struct nl_msg *msg, int attr,           \
			       const struct value *value)              \
	{                                                              \
		return nla_put_u##bits(msg, attr,                      \
				       (uint##bits##_t)value->number); \
	}                                                              \
	bool type_u##bits##_get(const struct nlattr *attr,             \
				struct value *value)                   \
	{                                                              \
		if (nla_len(attr) != sizeof(uint##bits##_t))           \
			return false;                                  \
		value->number = nla_get_u##bits(attr);                 \
		return true;                                           \
	}                                                              \
	const struct type type_u##bits = {                             \
		.max = UINT##bits##_MAX,                               \
		.number = true,                                        \
		.expects = what,                                       \
		.parse = number_parse,                                 \
		.put = type_u##bits##_put,                             \
		.get = type_u##bits##_get,                             \
		.format = number_format,                               \
	}

NUMBER(8, "a number from 0 to 255");
NUMBER(16, "a number from 0 to 65535");
NUMBER(32, "a number from 0 to 4294967295");
NUMBER(64, "a number");

const struct type type_identity = {
	.max = UINT32_MAX,
	.number = true,
	.expects = "an identity (a number of 32 bits, decimal or 0x...)",
	.parse = identity_parse,
	.put = type_u32_put,
	.get = type_u32_get,
	.format = number_format,
};

/* ---- names of numbers ---- */

static bool choice_parse(const struct type *type, const struct choice *choices,
			 const char *text, struct value *value)
{
	const struct choice *choice;

	for (choice = choices; choice->name; choice++) {
		if (strcmp(choice->name, text))
			continue;
		value->number = choice->number;
		return true;
	}
	return false;
}

/* A newer kernel can send a number that has no name here; print the number. */
static const char *choice_format(const struct choice *choices,
				 const struct value *value,
				 char buffer[TYPE_BUFFER])
{
	const struct choice *choice;

	for (choice = choices; choice->name; choice++) {
		if (choice->number == value->number)
			return choice->name;
	}
	return number_format(choices, value, buffer);
}

const struct type type_choice8 = {
	.expects = "one of the words that are known here",
	.parse = choice_parse,
	.put = type_u8_put,
	.get = type_u8_get,
	.format = choice_format,
};

const struct type type_choice32 = {
	.expects = "one of the words that are known here",
	.parse = choice_parse,
	.put = type_u32_put,
	.get = type_u32_get,
	.format = choice_format,
};

/* ---- flags ---- */

static bool flag_parse(const struct type *type, const struct choice *choices,
		       const char *text, struct value *value)
{
	return true;
}

static int flag_put(struct nl_msg *msg, int attr, const struct value *value)
{
	return nla_put_flag(msg, attr);
}

static bool flag_get(const struct nlattr *attr, struct value *value)
{
	value->number = 1;
	return nla_len(attr) == 0;
}

const struct type type_flag = {
	.expects = "a flag",
	.parse = flag_parse,
	.put = flag_put,
	.get = flag_get,
	.format = number_format,
};

/* ---- text ---- */

/* The kernel checks length and characters, and refuses with a text. */
static bool string_parse(const struct type *type, const struct choice *choices,
			 const char *text, struct value *value)
{
	value->text = text;
	return *text;
}

int type_string_put(struct nl_msg *msg, int attr, const struct value *value)
{
	return nla_put_string(msg, attr, value->text);
}

bool type_string_get(const struct nlattr *attr, struct value *value)
{
	const char *text = nla_data(attr);
	int len = nla_len(attr);

	if (len < 1 || memchr(text, '\0', (size_t)len) != text + len - 1)
		return false;
	value->text = text;
	return true;
}

const char *type_string_format(const struct choice *choices,
			       const struct value *value,
			       char buffer[TYPE_BUFFER])
{
	return value->text;
}

const struct type type_string = {
	.expects = "a name",
	.parse = string_parse,
	.put = type_string_put,
	.get = type_string_get,
	.format = type_string_format,
};

/* ---- addresses ---- */

static bool address_read(const char *text, struct value *value)
{
	if (inet_pton(AF_INET, text, value->bytes) == 1)
		value->len = 4;
	else if (inet_pton(AF_INET6, text, value->bytes) == 1)
		value->len = 16;
	else
		return false;
	return true;
}

static bool address_parse(const struct type *type, const struct choice *choices,
			  const char *text, struct value *value)
{
	return address_read(text, value);
}

int type_bytes_put(struct nl_msg *msg, int attr, const struct value *value)
{
	return nla_put(msg, attr, value->len, value->bytes);
}

static bool address_get(const struct nlattr *attr, struct value *value)
{
	if (nla_len(attr) != 4 && nla_len(attr) != 16)
		return false;
	value->len = (uint8_t)nla_len(attr);
	memcpy(value->bytes, nla_data(attr), value->len);
	return true;
}

static const char *address_format(const struct choice *choices,
				  const struct value *value,
				  char buffer[TYPE_BUFFER])
{
	const uint8_t *b = value->bytes;

	inet_ntop(value->len == 4 ? AF_INET : AF_INET6, b, buffer, TYPE_BUFFER);
	/* unlike libc, RFC 5952 has no dotted numbers in ::/96 */
	if (value->len == 16 && !strncmp(buffer, "::", 2) &&
	    strchr(buffer, '.') && strncmp(buffer, "::ffff:", 7))
		snprintf(buffer, TYPE_BUFFER, "::%x:%x", b[12] << 8 | b[13],
			 b[14] << 8 | b[15]);
	return buffer;
}

const struct type type_address = {
	.expects = "an address",
	.parse = address_parse,
	.put = type_bytes_put,
	.get = address_get,
	.format = address_format,
};

static bool cidr_parse(const struct type *type, const struct choice *choices,
		       const char *text, struct value *value)
{
	const char *slash = strchr(text, '/');
	char address[INET6_ADDRSTRLEN];
	uint64_t bits;
	size_t len;

	len = slash ? (size_t)(slash - text) : strlen(text);
	if (len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	if (!address_read(address, value))
		return false;
	bits = value->len * 8U;
	if (slash && !digits_parse(slash + 1, 10, bits, &bits))
		return false;
	value->prefix = (uint8_t)bits;
	return true;
}

static int cidr_put(struct nl_msg *msg, int attr, const struct value *value)
{
	struct nlattr *nest = nla_nest_start(msg, attr | NLA_F_NESTED);

	if (!nest ||
	    nla_put(msg, BRAID_NET_A_CIDR_ADDRESS, value->len, value->bytes) ||
	    nla_put_u8(msg, BRAID_NET_A_CIDR_LENGTH, value->prefix))
		return -1;
	nla_nest_end(msg, nest);
	return 0;
}

static bool cidr_get(const struct nlattr *attr, struct value *value)
{
	bool address = false, length = false;
	struct nlattr *child;
	struct value bits;
	int rest;

	nla_for_each_nested(child, attr, rest) {
		if (nla_type(child) == BRAID_NET_A_CIDR_ADDRESS) {
			address = address_get(child, value);
		} else if (nla_type(child) == BRAID_NET_A_CIDR_LENGTH) {
			length = type_u8_get(child, &bits);
			if (length)
				value->prefix = (uint8_t)bits.number;
		}
	}
	return address && length && value->prefix <= value->len * 8;
}

static const char *cidr_format(const struct choice *choices,
			       const struct value *value,
			       char buffer[TYPE_BUFFER])
{
	size_t len;

	address_format(choices, value, buffer);
	len = strlen(buffer);
	snprintf(buffer + len, TYPE_BUFFER - len, "/%u", value->prefix);
	return buffer;
}

const struct type type_cidr = {
	.expects = "a CIDR (ADDRESS/LENGTH)",
	.parse = cidr_parse,
	.put = cidr_put,
	.get = cidr_get,
	.format = cidr_format,
};

static bool mac_parse(const struct type *type, const struct choice *choices,
		      const char *text, struct value *value)
{
	size_t i;

	for (i = 0; i < 6; i++) {
		char octet[3] = { 0 };
		uint64_t number;

		memcpy(octet, text, strnlen(text, 2));
		if (strlen(octet) != 2 ||
		    !digits_parse(octet, 16, UINT8_MAX, &number))
			return false;
		value->bytes[i] = (uint8_t)number;
		text += 2;
		if (*text != (i < 5 ? ':' : '\0'))
			return false;
		text++;
	}
	value->len = 6;
	return true;
}

static bool mac_get(const struct nlattr *attr, struct value *value)
{
	if (nla_len(attr) != 6)
		return false;
	value->len = 6;
	memcpy(value->bytes, nla_data(attr), 6);
	return true;
}

static const char *mac_format(const struct choice *choices,
			      const struct value *value,
			      char buffer[TYPE_BUFFER])
{
	const uint8_t *b = value->bytes;

	snprintf(buffer, TYPE_BUFFER, "%02x:%02x:%02x:%02x:%02x:%02x", b[0],
		 b[1], b[2], b[3], b[4], b[5]);
	return buffer;
}

const struct type type_mac = {
	.expects = "a hardware address (XX:XX:XX:XX:XX:XX)",
	.parse = mac_parse,
	.put = type_bytes_put,
	.get = mac_get,
	.format = mac_format,
};

/* ---- times: nanoseconds since 1970, shown in UTC ---- */

static const char *time_format(const struct choice *choices,
			       const struct value *value,
			       char buffer[TYPE_BUFFER])
{
	time_t seconds = (time_t)(value->number / NSEC_PER_SEC);
	unsigned int micros =
		(unsigned int)(value->number % NSEC_PER_SEC) / 1000;
	struct tm tm;
	size_t len;

	gmtime_r(&seconds, &tm);
	len = strftime(buffer, TYPE_BUFFER, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buffer + len, TYPE_BUFFER - len, ".%06uZ", micros);
	return buffer;
}

const struct type type_time = {
	.max = UINT64_MAX,
	.expects = "nanoseconds",
	.parse = number_parse,
	.put = type_u64_put,
	.get = type_u64_get,
	.format = time_format,
};

int value_compare(const struct value *a, const struct value *b)
{
	int order;

	if (a->text && b->text)
		return strcmp(a->text, b->text);
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	order = memcmp(a->bytes, b->bytes, a->len);
	if (order)
		return order;
	if (a->prefix != b->prefix)
		return a->prefix < b->prefix ? -1 : 1;
	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	return 0;
}
