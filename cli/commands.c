#include "cli/commands.h"

// clang-format off
const Command commands[] = {
	{"version", "", "Print the version", NULL, NULL, 0, 0, cmd_version},
	{.name = NULL},
};
// clang-format on
