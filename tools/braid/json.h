/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRAID_JSON_H
#define BRAID_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A writer; the caller nests and closes correctly. */
struct json {
	FILE *out;
	bool pretty;
	unsigned int depth;
	bool follows; /* a comma is due before the next item */
	bool keyed; /* the next value belongs to a key */
};

void json_open(struct json *json, char bracket);
void json_close(struct json *json, char bracket);
/* With '_' for '-'. */
void json_key(struct json *json, const char *key);
void json_string(struct json *json, const char *text);
void json_number(struct json *json, uint64_t number);
void json_true(struct json *json);
/* The end of a document: a line end. */
void json_end(struct json *json);

#endif
