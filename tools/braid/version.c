// SPDX-License-Identifier: GPL-2.0-only
/* version: of the tool and of the modules that are loaded */
#include "cmd.h"
#include "error.h"
#include "json.h"
#include "kernel.h"
#include "status.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <linux/braid_net.h>

/* Of braid_blk, whose family has no operation for it; all users may read it. */
#define VOLUMES_VERSION "/sys/module/braid_blk/version"

static const char *volumes_version(char *buffer, int size)
{
	FILE *file = fopen(VOLUMES_VERSION, "re");
	char *line;

	if (!file)
		return NULL;
	line = fgets(buffer, size, file);
	fclose(file);
	if (line)
		line[strcspn(line, "\n")] = '\0';
	return line;
}

static void text(const struct status *status, const char *volumes)
{
	puts("braid " BRAID_VERSION);
	if (status) {
		fputs("braid_net ", stdout);
		text_put(stdout, status->version);
		printf(" generation %" PRIu64 "\n", status->generation);
	} else {
		puts("braid_net not loaded");
	}
	if (volumes) {
		fputs("braid_blk ", stdout);
		text_put(stdout, volumes);
		putchar('\n');
	}
}

static void json(const struct status *status, const char *volumes, bool pretty)
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
	if (volumes) {
		json_key(&out, "volumes");
		json_string(&out, volumes);
	}
	json_close(&out, '}');
	json_close(&out, ']');
	json_end(&out);
}

int cmd_version(const struct options *options, int argc, char **argv)
{
	struct status status, *loaded = NULL;
	const char *volumes;
	char buffer[64];
	struct kernel kernel;
	int result;

	if (argc && is_help(argv[0])) {
		puts("Usage: braid version\n"
		     "\n"
		     "Prints the versions of the tool and of the modules that are\n"
		     "loaded; braid_net also has the generation of this network\n"
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
	volumes = volumes_version(buffer, sizeof(buffer));
	if (options->json)
		json(loaded, volumes, options->pretty);
	else
		text(loaded, volumes);
	return EXIT_DONE;
}
