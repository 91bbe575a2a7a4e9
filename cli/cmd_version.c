#include "cli/commands.h"
#include "cli/output.h"

#include <stdio.h>

const GOptionEntry version_options[] = {OUTPUT_OPTION, {NULL}};

int cmd_version(const Command *command, char **arguments)
{
	(void)command;
	(void)arguments;
	if (output_is_json()) {
		json_t *version = json_pack("{s:s}", "version", WEIR_VERSION);

		output_json(version);
		json_decref(version);
	} else {
		puts("weir " WEIR_VERSION);
	}
	return EXIT_OK;
}
