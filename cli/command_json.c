#include "cli/command_json.h"

static json_t *text_or_null(const char *text)
{
	return text == NULL || *text == '\0' ? json_null() : json_string(text);
}

static json_t *option_json(const GOptionEntry *option)
{
	char letter[2] = {(char)option->short_name, '\0'};

	return json_pack("{s:s, s:o, s:o, s:o}", "name", option->long_name, "short",
		text_or_null(letter), "value", text_or_null(option->arg_description), "summary",
		text_or_null(option->description));
}

json_t *command_json(const Command *command)
{
	json_t *options = json_array();

	for (const GOptionEntry *option = command->options;
		option != NULL && option->long_name != NULL; option++)
		json_array_append_new(options, option_json(option));
	return json_pack("{s:s, s:o, s:o, s:o, s:o}", "name", command->name, "arguments",
		text_or_null(command->arguments), "summary", text_or_null(command->summary),
		"details", text_or_null(command->details), "options", options);
}

json_t *commands_json(void)
{
	json_t *list = json_array();

	for (const Command *command = commands; command->name != NULL; command++) {
		if (command->summary != NULL)
			json_array_append_new(list, command_json(command));
	}
	return json_pack("{s:o, s:{s:s, s:s, s:s, s:s}}", "commands", list, "exit_status", "0",
		"done", "1", "failed", "2", "as documented (changes, drift)", "64", "wrong usage");
}
