// SPDX-License-Identifier: GPL-2.0-only
#include "tell.h"

#include "ask.h"
#include "cmd.h"
#include "error.h"
#include "json.h"
#include "kernel.h"
#include "row.h"
#include "show.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/braid_blk.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

/* Tries to read a list that changes meanwhile. */
#define TRIES 20

struct rows {
	const struct noun *noun;
	struct row *rows;
	size_t count, room;
};

/* ---- from the kernel ---- */

static bool voters_valid(const struct row *row, uint16_t attr)
{
	struct nlattr *nest;
	struct row voter;
	int rest;

	nla_for_each_attr(nest, row->attrs, row->len, rest) {
		if (nla_type(nest) != attr)
			continue;
		voter = (struct row){ nla_data(nest), nla_len(nest) };
		if (!row_valid(&voter, voter_words))
			return false;
	}
	return true;
}

static int rows_add(struct nlmsghdr *header, void *arg)
{
	struct rows *rows = arg;
	struct row row = {
		.attrs = nlmsg_attrdata(header, GENL_HDRLEN),
		.len = nlmsg_attrlen(header, GENL_HDRLEN),
	};
	void *copy;

	if (!row_valid(&row, rows->noun->told) ||
	    (rows->noun == &noun_replica && !row_valid(&row, check_words)) ||
	    !voters_valid(&row, rows->noun->voters))
		return -EBADMSG;
	copy = must(malloc((size_t)row.len));
	memcpy(copy, row.attrs, (size_t)row.len);
	row.attrs = copy;
	if (rows->count == rows->room) {
		rows->room = rows->room ? 2 * rows->room : 64;
		rows->rows = must(reallocarray(rows->rows, rows->room,
					       sizeof(*rows->rows)));
	}
	rows->rows[rows->count++] = row;
	return 0;
}

static void rows_free(struct rows *rows)
{
	size_t i;

	for (i = 0; i < rows->count; i++)
		row_free(&rows->rows[i]);
	free(rows->rows);
	rows->rows = NULL;
	rows->count = 0;
	rows->room = 0;
}

static int compare(const void *a, const void *b, void *arg)
{
	return row_compare(a, b, arg);
}

static int rows_list(struct rows *rows, const struct asked *asked,
		     struct kernel *kernel)
{
	struct fault fault;
	struct nl_msg *msg;
	int result, tries;

	for (tries = 0; tries < TRIES; tries++) {
		msg = kernel_message(asked->deed->cmd, 64);
		result = kernel_dump(kernel, msg, rows_add, rows, &fault);
		nlmsg_free(msg);
		if (!result) {
			if (rows->count)
				qsort_r(rows->rows, rows->count,
					sizeof(*rows->rows), compare,
					(void *)(uintptr_t)rows->noun->told);
			return EXIT_DONE;
		}
		rows_free(rows);
		if (result != -EINTR)
			return kernel_failed(result, &fault);
	}
	error("the list changes faster than it can be read");
	return EXIT_REFUSED;
}

static int rows_ask(struct rows *rows, const struct asked *asked,
		    struct kernel *kernel)
{
	struct asked sent = *asked;
	struct fault fault;
	struct nl_msg *msg;
	int result;

	msg = ask_encode(&sent);
	if (!msg)
		return EXIT_USAGE;
	result = kernel_request(kernel, msg, rows_add, rows, &fault);
	if (!result && rows->count != 1)
		result = -EBADMSG;
	if (fault.error)
		ask_refused(&sent, &fault);
	else if (result)
		kernel_failed(result, NULL);
	ask_done(msg);
	return result ? EXIT_REFUSED : EXIT_DONE;
}

/* All, or the one with the key; call rows_free() even after an error. */
static int rows_read(struct rows *rows, const struct asked *asked)
{
	struct kernel kernel;
	int result;

	memset(rows, 0, sizeof(*rows));
	rows->noun = asked->noun;
	result = kernel_open(&kernel, BRAID_BLK_GENL_NAME);
	if (result)
		return result;
	result = asked->count ? rows_ask(rows, asked, &kernel)
			      : rows_list(rows, asked, &kernel);
	kernel_close(&kernel);
	return result;
}

/* ---- printing ---- */

/* A line for each voter, after the line of its replica or volume. */
static void voters_text(const struct row *row, const struct noun *noun,
			unsigned int shown)
{
	struct nlattr *nest;
	struct row voter;
	int rest;

	nla_for_each_attr(nest, row->attrs, row->len, rest) {
		if (!noun->voters || nla_type(nest) != noun->voters)
			continue;
		voter = (struct row){ nla_data(nest), nla_len(nest) };
		fputs("    voter ", stdout);
		row_text(&voter, voter_words, shown, stdout);
		putchar('\n');
	}
}

static void voters_json(const struct row *row, const struct noun *noun,
			unsigned int shown, struct json *json)
{
	struct nlattr *nest;
	struct row voter;
	int rest;

	if (!noun->voters)
		return;
	json_key(json, "voters");
	json_open(json, '[');
	nla_for_each_attr(nest, row->attrs, row->len, rest) {
		if (nla_type(nest) != noun->voters)
			continue;
		voter = (struct row){ nla_data(nest), nla_len(nest) };
		json_open(json, '{');
		row_json(&voter, voter_words, shown, json);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void print_text(const struct rows *rows, unsigned int shown)
{
	size_t i;

	for (i = 0; i < rows->count; i++) {
		row_text(&rows->rows[i], rows->noun->told, shown, stdout);
		putchar('\n');
		voters_text(&rows->rows[i], rows->noun, shown);
	}
}

static void print_json(const struct rows *rows, unsigned int shown,
		       struct json *json)
{
	size_t i;

	json_open(json, '[');
	for (i = 0; i < rows->count; i++) {
		json_open(json, '{');
		row_json(&rows->rows[i], rows->noun->told, shown, json);
		if (rows->noun == &noun_replica)
			row_json(&rows->rows[i], check_words, shown, json);
		voters_json(&rows->rows[i], rows->noun, shown, json);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_end(json);
}

static void print(const struct options *options, const struct rows *rows)
{
	struct json json = { .out = stdout, .pretty = options->pretty };
	unsigned int shown = show_flags(options);

	if (options->json)
		print_json(rows, shown | SHOW_DEFAULTS, &json);
	else
		print_text(rows, shown);
}

int tell_show(const struct options *options, const struct asked *asked)
{
	struct rows rows;
	int result = rows_read(&rows, asked);

	if (!result)
		print(options, &rows);
	rows_free(&rows);
	return result;
}

/* ---- a check ---- */

/* The kernel names the first faults and counts the others. */
static void faults_text(const struct row *row, uint64_t faults)
{
	struct nlattr *attr;
	struct value value;
	int rest;

	nla_for_each_attr(attr, row->attrs, row->len, rest) {
		if (nla_type(attr) != BRAID_BLK_A_REPLICA_FAULT)
			continue;
		fputs("    fault ", stdout);
		if (type_string.get(attr, &value))
			text_put(stdout, value.text);
		putchar('\n');
		faults -= !!faults;
	}
	if (faults)
		printf("    fault and %" PRIu64 " more\n", faults);
}

int tell_check(const struct options *options, const struct asked *asked)
{
	struct value faults = { .number = 0 };
	struct rows rows;
	int result = rows_read(&rows, asked);

	if (!result) {
		row_get(&rows.rows[0], word_find(check_words, "faults"),
			&faults);
		print(options, &rows);
		if (!options->json)
			faults_text(&rows.rows[0], faults.number);
	}
	rows_free(&rows);
	return faults.number ? EXIT_REFUSED : result;
}

/* ---- why ---- */

int tell_why(const struct options *options, const struct asked *asked)
{
	struct json json = { .out = stdout, .pretty = options->pretty };
	struct value why = { .text = NULL };
	struct nlattr *attr;
	struct rows rows;
	int result = rows_read(&rows, asked);

	if (result) {
		rows_free(&rows);
		return result;
	}
	attr = nla_find(rows.rows[0].attrs, rows.rows[0].len,
			BRAID_BLK_A_VOLUME_WHY);
	if (!attr || !type_string.get(attr, &why)) {
		result = kernel_failed(-EBADMSG, NULL);
	} else if (options->json) {
		json_open(&json, '[');
		json_open(&json, '{');
		json_key(&json, "volume");
		json_string(&json, ask_key(asked));
		json_key(&json, "why");
		json_string(&json, why.text);
		json_close(&json, '}');
		json_close(&json, ']');
		json_end(&json);
	} else {
		text_put(stdout, why.text);
		putchar('\n');
	}
	rows_free(&rows);
	return result;
}
