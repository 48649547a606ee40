// SPDX-License-Identifier: GPL-2.0-only
#include "json.h"

#include "text.h"

#include <inttypes.h>

static void new_line(struct json *json)
{
	unsigned int i;

	if (!json->pretty || !json->depth)
		return;
	fputc('\n', json->out);
	for (i = 0; i < json->depth; i++)
		fputs("    ", json->out);
}

static void item(struct json *json)
{
	if (!json->keyed) {
		if (json->follows)
			fputc(',', json->out);
		new_line(json);
	}
	json->keyed = false;
	json->follows = true;
}

void json_open(struct json *json, char bracket)
{
	item(json);
	fputc(bracket, json->out);
	json->depth++;
	json->follows = false;
}

void json_close(struct json *json, char bracket)
{
	json->depth--;
	if (json->follows) {
		if (json->pretty && !json->depth)
			fputc('\n', json->out);
		new_line(json);
	}
	fputc(bracket, json->out);
	json->follows = true;
}

static void quoted(struct json *json, const char *text)
{
	size_t len;

	fputc('"', json->out);
	while (*text) {
		len = text_character(text);
		if (*text == '"' || *text == '\\')
			fprintf(json->out, "\\%c", *text);
		else if (len)
			fwrite(text, 1, len, json->out);
		else
			fprintf(json->out, "\\u%04x", (unsigned char)*text);
		text += len ?: 1;
	}
	fputc('"', json->out);
}

void json_key(struct json *json, const char *key)
{
	item(json);
	fputc('"', json->out);
	for (; *key; key++)
		fputc(*key == '-' ? '_' : *key, json->out);
	fputs(json->pretty ? "\": " : "\":", json->out);
	json->keyed = true;
}

void json_string(struct json *json, const char *text)
{
	item(json);
	quoted(json, text);
}

void json_number(struct json *json, uint64_t number)
{
	item(json);
	fprintf(json->out, "%" PRIu64, number);
}

void json_true(struct json *json)
{
	item(json);
	fputs("true", json->out);
}

void json_end(struct json *json)
{
	fputc('\n', json->out);
	json->follows = false;
}
