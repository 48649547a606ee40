/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_TYPE_H
#define BRAID_TYPE_H

#include "colour.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nl_msg;
struct nlattr;

/* A name for a number on the wire; a list of choices ends with no name. */
struct choice {
	const char *name;
	uint32_t number;
	enum colour colour;
};

/* A value between its forms as text and as attribute. */
struct value {
	uint64_t number;
	const char *text; /* points into the words or the message */
	uint8_t bytes[16];
	uint8_t len; /* of bytes: 4, 16, and 6 for a hardware address */
	uint8_t prefix; /* CIDR only: length in bits */
	uint16_t port; /* of type_end and type_voter only */
	bool flag; /* of type_voter only: it is a witness */
};

#define TYPE_BUFFER 64

/*
 * A kind of value, with its forms as text and as attribute. Only the type knows
 * both forms, so values are printed as they are parsed.
 */
struct type {
	uint64_t max; /* numbers only */
	bool number; /* a bare number in JSON */
	const char *expects; /* completes "not ..." in a message */
	bool (*parse)(const struct type *type, const struct choice *choices,
		      const char *text, struct value *value);
	int (*put)(struct nl_msg *msg, int attr, const struct value *value);
	bool (*get)(const struct nlattr *attr, struct value *value);
	/* returns a text in the value or in the buffer */
	const char *(*format)(const struct choice *choices,
			      const struct value *value,
			      char buffer[TYPE_BUFFER]);
};

/* A number on the wire, and the two ways between that and a value. */
#define NUMBER_TYPE(bits)                                    \
	extern const struct type type_u##bits;               \
	int type_u##bits##_put(struct nl_msg *msg, int attr, \
			       const struct value *value);   \
	bool type_u##bits##_get(const struct nlattr *attr, struct value *value)

NUMBER_TYPE(8);
NUMBER_TYPE(16);
NUMBER_TYPE(32);
NUMBER_TYPE(64);

/* Parts of several types. */
int type_bytes_put(struct nl_msg *msg, int attr, const struct value *value);
int type_string_put(struct nl_msg *msg, int attr, const struct value *value);
bool type_string_get(const struct nlattr *attr, struct value *value);
const char *type_string_format(const struct choice *choices,
			       const struct value *value,
			       char buffer[TYPE_BUFFER]);

extern const struct type type_identity;
extern const struct type type_choice8, type_choice32;
extern const struct type type_flag;
extern const struct type type_string;
extern const struct type type_address, type_cidr, type_mac;
extern const struct type type_time;
/* of volumes, in type_volume.c */
extern const struct type type_size, type_uuid, type_hex64, type_version;
extern const struct type type_end, type_voter, type_path, type_secret;

/* Parse digits without a sign or blanks; false if larger than max. */
bool digits_parse(const char *text, int base, uint64_t max, uint64_t *number);

/* Order of two values of one type, for sorting and for keys. */
int value_compare(const struct value *a, const struct value *b);

#endif
