// SPDX-License-Identifier: GPL-2.0-only
/* NOUN DEED [KEY] [WORD VALUE]... */
#include "ask.h"
#include "cmd.h"
#include "error.h"

int cmd_noun(const struct options *options, const struct noun *noun, int argc,
	     char **argv)
{
	const struct deed *deed = deed_find(noun, "show");
	struct asked asked;

	if (argc && is_help(argv[0])) {
		help_noun(noun, NULL);
		return EXIT_DONE;
	}
	if (argc) {
		deed = deed_find(noun, argv[0]);
		if (!deed) {
			error("%s: unknown command of %s (braid %s help)",
			      argv[0], noun->name, noun->name);
			return EXIT_USAGE;
		}
		argc--;
		argv++;
	}
	if (argc == 1 && is_help(argv[0])) {
		help_noun(noun, deed->name);
		return EXIT_DONE;
	}
	if (options->dry_run && !deed->reads) {
		error("--dry-run: '%s %s' cannot be tried", noun->name,
		      deed->name);
		return EXIT_USAGE;
	}
	if (!ask_parse(&asked, noun, deed, argc, argv))
		return EXIT_USAGE;
	return deed->run(options, &asked);
}
