// The run functions of the commands, one file each.
#pragma once

#include "cli/command.h"

int cmd_help(const Command *command, char **arguments);
int cmd_page(const Command *command, char **arguments); // man, completion, reference
int cmd_version(const Command *command, char **arguments);
