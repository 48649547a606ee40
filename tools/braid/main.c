// SPDX-License-Identifier: GPL-2.0-only
#include "cmd.h"
#include "colour.h"
#include "error.h"
#include "noun.h"
#include "verb.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The directory of iproute2's named namespaces. */
#define NETNS_DIR "/var/run/netns"

static int enter_netns(const char *name)
{
	char path[4096];
	int fd, result = EXIT_DONE;

	if (!*name || strchr(name, '/') || *name == '.') {
		error("-n %s: not the name of a network namespace", name);
		return EXIT_USAGE;
	}
	snprintf(path, sizeof(path), NETNS_DIR "/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		error("-n %s: %s", name, strerror(errno));
		return EXIT_USAGE;
	}
	if (setns(fd, CLONE_NEWNET)) {
		error("-n %s: %s", name, strerror(errno));
		result = EXIT_REFUSED;
	}
	close(fd);
	return result;
}

static int dispatch(const struct options *options, int argc, char **argv)
{
	const struct object *object;
	const struct noun *noun;
	size_t i;

	for (i = 0; i < verbs_count; i++) {
		if (!strcmp(argv[0], verbs[i].name))
			return verbs[i].run(options, argc - 1, argv + 1);
	}
	object = object_find(argv[0]);
	if (object)
		return cmd_object(options, object, argc - 1, argv + 1);
	noun = noun_find(argv[0]);
	if (noun)
		return cmd_noun(options, noun, argc - 1, argv + 1);
	error("%s: unknown object (braid help lists them)", argv[0]);
	return EXIT_USAGE;
}

/* iproute2 writes -c[olor][=WHEN]; getopt leaves what comes after the c. */
static bool parse_colour(const char *text)
{
	if (!text)
		return colour_choose("always");
	if (!strncmp(text, "olor", 4))
		text += 4;
	if (!*text)
		return colour_choose("always");
	return *text == '=' && colour_choose(text + 1);
}

enum long_option {
	OPTION_COLOUR = 256,
	OPTION_DRY_RUN,
};

/* Returns -1 to continue, or an exit status. */
static int parse_options(struct options *options, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "color", optional_argument, NULL, OPTION_COLOUR },
		{ "dry-run", no_argument, NULL, OPTION_DRY_RUN },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:jpsdc::b:n:h", longs,
				     NULL)) != -1) {
		switch (option) {
		case 'p':
			options->pretty = true;
			options->json = true;
			break;
		case 'j':
			options->json = true;
			break;
		case 's':
			options->statistics = true;
			break;
		case 'd':
			options->details = true;
			break;
		case 'c':
			if (parse_colour(optarg))
				break;
			error("-c%s: not one of: always, auto, never", optarg);
			return EXIT_USAGE;
		case OPTION_COLOUR:
			if (colour_choose(optarg ?: "always"))
				break;
			error("--color=%s: not one of: always, auto, never",
			      optarg);
			return EXIT_USAGE;
		case OPTION_DRY_RUN:
			options->dry_run = true;
			break;
		case 'b':
			options->batch = optarg;
			break;
		case 'n':
			options->netns = optarg;
			break;
		case 'h':
			return cmd_help(options, 0, NULL);
		case ':':
			error("-%c: value missing", optopt);
			return EXIT_USAGE;
		default:
			if (optopt)
				error("-%c: unknown option", optopt);
			else
				error("%s: unknown option", argv[optind - 1]);
			return EXIT_USAGE;
		}
	}
	return -1;
}

/* Fail if output was lost, as on a full disk. */
static int finish(int result)
{
	if (fflush(stdout) || ferror(stdout)) {
		if (errno != EPIPE)
			error("output: %s", strerror(errno));
		return result ? result : EXIT_REFUSED;
	}
	return result;
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	int result;

	colour_choose("auto");
	result = parse_options(&options, argc, argv);

	argc -= optind;
	argv += optind;
	if (result >= 0)
		return finish(result);
	if (options.batch && argc) {
		error("%s: -b takes its words from the file", argv[0]);
		return EXIT_USAGE;
	}
	if (!options.batch && !argc) {
		help_short();
		return EXIT_USAGE;
	}
	result = options.netns ? enter_netns(options.netns) : EXIT_DONE;
	if (!result)
		result = options.batch ? cmd_batch(&options)
				       : dispatch(&options, argc, argv);
	return finish(result);
}
