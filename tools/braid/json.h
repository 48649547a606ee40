/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_JSON_H
#define BRAID_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A writer of JSON; the caller must nest and close correctly. */
struct json {
	FILE *out;
	bool pretty;
	unsigned int depth;
	bool follows; /* the next item needs a comma before it */
	bool keyed; /* the next value belongs to a key */
};

void json_open(struct json *json, char bracket);
void json_close(struct json *json, char bracket);
/* Write a key, with '_' for '-'. */
void json_key(struct json *json, const char *key);
void json_string(struct json *json, const char *text);
void json_number(struct json *json, uint64_t number);
void json_true(struct json *json);
/* End the document with a newline. */
void json_end(struct json *json);

#endif
