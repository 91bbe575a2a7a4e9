// What must hold of the values that a flow has as they are: what no run would take is said before there is one.
#include "repo-layout/flow_reader.h"
#include "repo-layout/input_value.h"

#include <string.h>

// Whether something in a value is known in a run only.
static bool waits_for_run(const YamlNode *node)
{
	bool waits = node->kind < YAML_LIST &&
		     (has_expression(node->text) || strstr(node->text, "{#") != NULL);

	for (unsigned i = 0; node->kind == YAML_LIST && i < node->length && !waits; i++)
		waits = waits_for_run(node->items[i]);
	for (unsigned i = 0; node->kind == YAML_MAPPING && i < node->length && !waits; i++)
		waits = waits_for_run(node->pairs[i].value);
	return waits;
}

// The default must be what a run would take as given.
static void check_default(FlowReader *reader, const YamlNode *node, json_t *object)
{
	static const char *const read_along[] = {
		"defaults", "validator", "min", "max", "after", "before", "values", "options"};
	Input input = {
		.id = (char *)(uintptr_t)json_string_value(json_object_get(object, "id")),
		.type = json_string_value(json_object_get(object, "type")),
		.properties = object,
	};
	json_t *value = json_object_get(object, "defaults");
	g_autoptr(GError) error = NULL;
	json_t *read;

	if (reader->keys.diagnostics == NULL || input.id == NULL || input.type == NULL ||
		value == NULL || json_is_null(value))
		return;
	for (size_t i = 0; i < G_N_ELEMENTS(read_along); i++) {
		const YamlNode *part = yaml_get(node, read_along[i]);

		if (part != NULL && waits_for_run(part))
			return;
	}
	read = input_value_read(&input, value, &error);
	if (read == NULL)
		key_fault(&reader->keys, yaml_get(node, "defaults"), "bad-default", NULL,
			"the default of input '%s' %s", input.id, error->message);
	json_decref(read);
}

void flow_check_input(FlowReader *reader, const YamlNode *node, json_t *input)
{
	const char *type = json_string_value(json_object_get(input, "type"));
	bool choice = g_strcmp0(type, "SELECT") == 0 || g_strcmp0(type, "MULTISELECT") == 0;
	const YamlNode *validator = yaml_get(node, "validator");
	g_autoptr(GError) error = NULL;

	if (choice && json_object_get(input, "values") == NULL &&
		json_object_get(input, "expression") == NULL)
		key_fault(&reader->keys, node, "missing-key", NULL,
			"an input of type %s needs 'values' or 'expression'", type);
	if (g_strcmp0(type, "ARRAY") == 0 && json_object_get(input, "itemType") == NULL)
		key_fault(&reader->keys, node, "missing-key", "itemType: STRING",
			"an input of type ARRAY needs the key 'itemType'");
	if (validator != NULL && validator->kind == YAML_STRING) {
		g_autoptr(GRegex) regex = g_regex_new(validator->text, 0, 0, &error);

		if (regex == NULL)
			key_fault(&reader->keys, validator, "bad-pattern", NULL,
				"'validator' is not a regular expression: %s", error->message);
	}
	check_default(reader, node, input);
}

void retry_check(const YamlNode *node, KeyContext *context, const json_t *retry)
{
	static const struct {
		const char *type, *key, *hint;
	} needs[] = {
		{"constant", "interval", "interval: PT30S"},
		{"exponential", "interval", "interval: PT1S"},
		{"exponential", "maxInterval", "maxInterval: PT10M"},
		{"random", "minInterval", "minInterval: PT1S"},
		{"random", "maxInterval", "maxInterval: PT1M"},
	};
	const char *type = json_string_value(json_object_get(retry, "type"));
	const json_t *attempts = json_object_get(retry, "maxAttempts");
	const YamlNode *written = yaml_get(node, "maxAttempts");

	if (json_is_integer(attempts) && json_integer_value(attempts) < 1)
		key_fault(context, written != NULL ? written : yaml_get(node, "maxAttempt"),
			"bad-value", "1 is no retry; without the key there is no such limit",
			"'maxAttempts' is at least 1");
	if (type == NULL && yaml_get(node, "type") != NULL)
		return; // which has been said
	for (size_t i = 0; i < G_N_ELEMENTS(needs); i++) {
		if (strcmp(needs[i].type, type != NULL ? type : "constant") == 0 &&
			yaml_get(node, needs[i].key) == NULL)
			key_fault(context, node, "missing-key", needs[i].hint,
				"%s retry needs the key '%s'", needs[i].type, needs[i].key);
	}
}
