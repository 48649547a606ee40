// SPDX-License-Identifier: GPL-2.0-only
/* version: the tool's own and, if it is loaded, the module's */
#include "cmd.h"
#include "error.h"
#include "json.h"
#include "kernel.h"
#include "status.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include <linux/braid_net.h>

static void text(const struct status *status)
{
	puts("braid " BRAID_VERSION);
	if (!status) {
		puts("braid_net not loaded");
		return;
	}
	fputs("braid_net ", stdout);
	text_put(stdout, status->version);
	printf(" generation %" PRIu64 "\n", status->generation);
}

static void json(const struct status *status, bool pretty)
{
	struct json out = { .out = stdout, .pretty = pretty };

	json_open(&out, '[');
	json_open(&out, '{');
	json_key(&out, "tool");
	json_string(&out, BRAID_VERSION);
	if (status) {
		json_key(&out, "module");
		json_string(&out, status->version);
		json_key(&out, "generation");
		json_number(&out, status->generation);
	}
	json_close(&out, '}');
	json_close(&out, ']');
	json_end(&out);
}

int cmd_version(const struct options *options, int argc, char **argv)
{
	struct status status, *loaded = NULL;
	struct kernel kernel;
	int result;

	if (argc && is_help(argv[0])) {
		puts("Usage: braid version\n"
		     "\n"
		     "Prints the version of the tool and, if the module is\n"
		     "loaded, its version and the generation of this network\n"
		     "namespace's configuration.");
		return EXIT_DONE;
	}
	if (argc) {
		error("%s: unknown word for 'version'", argv[0]);
		return EXIT_USAGE;
	}
	result = kernel_try_open(&kernel, BRAID_NET_GENL_NAME);
	if (!result) {
		result = status_read(&kernel, &status);
		kernel_close(&kernel);
		loaded = &status;
	} else if (result == -ENOENT) {
		result = 0;
	}
	if (result)
		return result;
	if (options->json)
		json(loaded, options->pretty);
	else
		text(loaded);
	return EXIT_DONE;
}
