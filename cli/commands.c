#include "cli/commands.h"

// clang-format off
const Command commands[] = {
	{"help", "[COMMAND]", "Tell about weir or one command", NULL, NULL, 0, 1, cmd_help},
	{"lineage", "", "Tell which tables an SQL script reads and writes", lineage_details,
		lineage_options, 0, 0, cmd_lineage},
	{"cron", "next EXPRESSION", "Tell when a cron expression fires next", cron_details, cron_options, 2, 2, cmd_cron},
	{"run", "[FLOW]", "Run a flow: a file alone, or a live one", run_details, run_options, 0, 1, cmd_run},
	{"version", "", "Print the version", NULL, NULL, 0, 0, cmd_version},
	{"man", "", NULL, NULL, NULL, 0, 0, cmd_page},
	{"completion", "", NULL, NULL, NULL, 0, 0, cmd_page},
	{"reference", "", NULL, NULL, NULL, 0, 0, cmd_page},
	{.name = NULL},
};
// clang-format on
