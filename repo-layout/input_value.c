#include "repo-layout/input_value.h"

#include "expr/value.h"
#include "repo-layout/input_read.h"
#include "repo-layout/yaml_document.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static GQuark input_value_error_quark(void)
{
	return g_quark_from_static_string("weir-input-value-error");
}

json_t *input_refuse(GError **error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *message = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error_literal(error, input_value_error_quark(), 0, message);
	return NULL;
}

// ---- Checks that several types share

const char *input_property(const Input *input, const char *key)
{
	return json_string_value(json_object_get(input->properties, key));
}

static bool check_bounds(const Input *input, double number, GError **error)
{
	static const struct {
		const char *key;
		int sign;
		const char *words;
	} bounds[] = {{"min", 1, "less than the least allowed"},
		{"max", -1, "more than the most allowed"}};

	for (size_t i = 0; i < G_N_ELEMENTS(bounds); i++) {
		json_t *bound = json_object_get(input->properties, bounds[i].key);
		double limit = json_is_string(bound)
				       ? g_ascii_strtod(json_string_value(bound), NULL)
				       : json_number_value(bound);

		if (bound == NULL || json_is_null(bound) || (number - limit) * bounds[i].sign >= 0)
			continue;
		g_autofree char *text = expr_value_text(bound);
		input_refuse(error, "is %s, %s", bounds[i].words, text);
		return false;
	}
	return true;
}

static bool check_validator(const Input *input, const char *text, GError **error)
{
	const char *pattern = input_property(input, "validator");
	g_autoptr(GError) bad = NULL;

	if (pattern == NULL)
		return true;
	g_autofree char *whole = g_strdup_printf("^(?:%s)$", pattern);
	g_autoptr(GRegex) regex = g_regex_new(whole, G_REGEX_DOLLAR_ENDONLY, 0, &bad);
	if (regex == NULL) {
		input_refuse(
			error, "has a validator that is no regular expression: %s", bad->message);
		return false;
	}
	if (g_regex_match(regex, text, 0, NULL))
		return true;
	input_refuse(error, "does not match '%s'", pattern);
	return false;
}

// ---- The types

static json_t *read_string(const Input *input, json_t *value, GError **error)
{
	g_autofree char *text = expr_value_text(value);

	if (!g_utf8_validate(text, -1, NULL))
		return input_refuse(error, "is not valid UTF-8");
	return check_validator(input, text, error) ? json_string(text) : NULL;
}

static json_t *read_int(const Input *input, json_t *value, GError **error)
{
	g_autofree char *text = expr_value_text(value);
	char *end;
	gint64 number;

	g_strstrip(text);
	errno = 0;
	number = g_ascii_strtoll(text, &end, 10);
	if (*text == '\0' || *end != '\0' || errno != 0)
		return input_refuse(error, "is no whole number: '%s'", text);
	return check_bounds(input, (double)number, error) ? json_integer(number) : NULL;
}

static json_t *read_float(const Input *input, json_t *value, GError **error)
{
	g_autofree char *text = expr_value_text(value);
	char *end;
	double number;

	g_strstrip(text);
	number = g_ascii_strtod(text, &end);
	if (*text == '\0' || *end != '\0' || !isfinite(number))
		return input_refuse(error, "is no number: '%s'", text);
	return check_bounds(input, number, error) ? json_real(number) : NULL;
}

static json_t *read_boolean(const Input *input, json_t *value, GError **error)
{
	g_autofree char *text = expr_value_text(value);

	(void)input;
	if (g_ascii_strcasecmp(text, "true") == 0)
		return json_true();
	if (g_ascii_strcasecmp(text, "false") == 0)
		return json_false();
	return input_refuse(error, "is neither true nor false: '%s'", text);
}

static json_t *read_json(const Input *input, json_t *value, GError **error)
{
	json_error_t where;
	json_t *parsed;

	(void)input;
	if (!json_is_string(value))
		return json_incref(value);
	parsed = json_loads(
		json_string_value(value), JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &where);
	if (parsed == NULL)
		return input_refuse(
			error, "is no JSON: %s at %d:%d", where.text, where.line, where.column);
	return parsed;
}

static json_t *read_yaml(const Input *input, json_t *value, GError **error)
{
	g_autoptr(YamlDocument) document = NULL;

	(void)input;
	if (!json_is_string(value))
		return json_incref(value);
	document = yaml_document_parse("input", json_string_value(value), json_string_length(value),
		1, 1, &yaml_limits_default, NULL);
	if (document == NULL)
		return input_refuse(error, "is no YAML");
	return yaml_to_json(yaml_document_root(document));
}

static InputRead type_find(const char *name);

static json_t *read_array(const Input *input, json_t *value, GError **error)
{
	const char *item_type = input_property(input, "itemType");
	g_autofree char *type = g_ascii_strup(item_type != NULL ? item_type : "STRING", -1);
	Input item_input = {.id = input->id, .type = type, .properties = NULL};
	InputRead read = type_find(type);
	json_t *list = read_json(input, value, error);
	json_t *typed, *item;
	size_t i;

	if (list == NULL)
		return NULL;
	if (!json_is_array(list) || read == NULL) {
		json_decref(list);
		return input_refuse(error, read == NULL ? "has an unknown itemType" : "is no list");
	}
	item_input.properties = json_object();
	typed = json_array();
	json_array_foreach(list, i, item)
	{
		g_autoptr(GError) bad = NULL;
		json_t *converted = read(&item_input, item, &bad);

		if (converted == NULL) {
			input_refuse(error, "item %zu %s", i + 1, bad->message);
			json_decref(typed);
			typed = NULL;
			break;
		}
		json_array_append_new(typed, converted);
	}
	json_decref(item_input.properties);
	json_decref(list);
	return typed;
}

static bool allows(const Input *input, const char *text)
{
	json_t *values = json_object_get(input->properties, "values");
	json_t *value;
	size_t i;

	if (json_is_true(json_object_get(input->properties, "allowCustomValue")))
		return true;
	json_array_foreach(values, i, value)
	{
		g_autofree char *allowed = expr_value_text(value);

		if (strcmp(allowed, text) == 0)
			return true;
	}
	return values == NULL;
}

static json_t *refuse_choice(const Input *input, const char *text, GError **error)
{
	json_t *values = json_object_get(input->properties, "values");
	g_autofree char *list = json_dumps(values, JSON_COMPACT);

	return input_refuse(error, "is none of %s: '%s'", list != NULL ? list : "[]", text);
}

static json_t *read_select(const Input *input, json_t *value, GError **error)
{
	g_autofree char *text = expr_value_text(value);

	return allows(input, text) ? json_string(text) : refuse_choice(input, text, error);
}

static json_t *read_multiselect(const Input *input, json_t *value, GError **error)
{
	json_t *list = read_json(input, value, error);
	json_t *item;
	size_t i;

	if (list == NULL)
		return NULL;
	if (!json_is_array(list)) {
		json_decref(list);
		return input_refuse(error, "is no list");
	}
	json_array_foreach(list, i, item)
	{
		g_autofree char *text = expr_value_text(item);

		if (!allows(input, text)) {
			json_decref(list);
			return refuse_choice(input, text, error);
		}
	}
	return list;
}

static json_t *read_uri(const Input *input, json_t *value, GError **error)
{
	const char *text = json_string_value(value);
	g_autoptr(GError) bad = NULL;

	(void)input;
	if (text == NULL || !g_uri_is_valid(text, G_URI_FLAGS_NONE, &bad))
		return input_refuse(
			error, "is no URI: %s", bad != NULL ? bad->message : "not a text");
	return json_string(text);
}

static json_t *read_email(const Input *input, json_t *value, GError **error)
{
	const char *text = json_string_value(value);

	(void)input;
	if (text == NULL || !g_regex_match_simple("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", text, 0, 0)) {
		g_autofree char *shown = expr_value_text(value);
		return input_refuse(error, "is no e-mail address: '%s'", shown);
	}
	return json_string(text);
}

static const struct {
	const char *type;
	InputRead read;
} types[] = {
	{"STRING", read_string},
	{"SECRET", read_string},
	{"INT", read_int},
	{"FLOAT", read_float},
	{"BOOLEAN", read_boolean},
	{"BOOL", read_boolean},
	{"DATE", input_read_date},
	{"DATETIME", input_read_datetime},
	{"TIME", input_read_time},
	{"DURATION", input_read_duration},
	{"JSON", read_json},
	{"YAML", read_yaml},
	{"ARRAY", read_array},
	{"SELECT", read_select},
	{"ENUM", read_select},
	{"MULTISELECT", read_multiselect},
	{"FILE", read_string},
	{"URI", read_uri},
	{"EMAIL", read_email},
};

static InputRead type_find(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		if (g_ascii_strcasecmp(types[i].type, name) == 0)
			return types[i].read;
	}
	return NULL;
}

json_t *input_value_read(const Input *input, json_t *value, GError **error)
{
	InputRead read = type_find(input->type);

	if (read == NULL)
		return input_refuse(error, "has the unknown type '%s'", input->type);
	return read(input, value, error);
}
