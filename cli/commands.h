// The run functions of the commands, one file each.
#pragma once

#include "cli/command.h"

int cmd_version(const Command *command, char **arguments);
