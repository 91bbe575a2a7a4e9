#include "cli/commands.h"

#include <stdio.h>

int cmd_version(const Command *command, char **arguments)
{
	(void)command;
	(void)arguments;
	puts("weir " WEIR_VERSION);
	return EXIT_OK;
}
