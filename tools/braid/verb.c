// SPDX-License-Identifier: GPL-2.0-only
#include "verb.h"

#include "cmd.h"

const struct verb verbs[] = {
	{
		"flow",
		"show, count or remove connections",
		"show count flush help",
		cmd_flow,
	},
	{
		"stats",
		"show or reset the counters",
		"show reset help",
		cmd_stats,
	},
	{
		"monitor",
		"watch dropped packets, or events of volumes",
		"drops volumes help",
		cmd_monitor,
	},
	{
		"save",
		"print the configuration as a batch",
		"help",
		cmd_save,
	},
	{
		"version",
		"print the versions of the tool and the modules",
		"help",
		cmd_version,
	},
	{
		"help",
		"this help",
		"",
		cmd_help,
	},
};

const size_t verbs_count = sizeof(verbs) / sizeof(verbs[0]);
