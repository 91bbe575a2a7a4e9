// The command table as JSON.
#pragma once

#include "cli/command.h"

#include <jansson.h>

// {"name", "arguments", "summary", "details", "options": [{"name", "short", "value", "summary"}]}. A new reference.
json_t *command_json(const Command *command);
// All that are shown: {"commands": […], "exit_status": {…}}. A new reference.
json_t *commands_json(void);
