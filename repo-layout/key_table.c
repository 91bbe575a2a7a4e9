#include "repo-layout/key_table.h"

#include "repo-layout/check.h"
#include "repo-layout/flow.h"
#include "repo-layout/keys.h"
#include "repo-layout/schema.h"
#include "repo-layout/yaml_scalar.h"

#include <string.h>

static void add_fault(KeyContext *context, const YamlNode *node, DiagnosticSeverity severity,
	const char *code, const char *hint, const char *format, va_list arguments)
{
	if (diagnostic_list_is_full(context->diagnostics))
		return;
	g_autofree char *message = g_strdup_vprintf(format, arguments);

	diagnostic_add(context->diagnostics, context->file, node->line, node->column, severity,
		code, hint, "%s", message);
}

void key_fault(KeyContext *context, const YamlNode *node, const char *code, const char *hint,
	const char *format, ...)
{
	va_list arguments;

	if (context->diagnostics == NULL)
		return;
	va_start(arguments, format);
	add_fault(context, node, DIAGNOSTIC_ERROR, code, hint, format, arguments);
	va_end(arguments);
}

void key_warning(KeyContext *context, const YamlNode *node, const char *code, const char *hint,
	const char *format, ...)
{
	va_list arguments;

	if (context->diagnostics == NULL)
		return;
	va_start(arguments, format);
	add_fault(context, node, DIAGNOSTIC_WARNING, code, hint, format, arguments);
	va_end(arguments);
}

bool has_expression(const char *text)
{
	const char *brace = strchr(text, '{');

	while (brace != NULL && brace[1] != '{' && brace[1] != '%')
		brace = strchr(brace + 1, '{');
	return brace != NULL;
}

const KeyRow *key_table_find(const KeyTable *table, const char *name)
{
	for (; table != NULL; table = table->base) {
		for (const KeyRow *row = table->rows; row->name != NULL; row++) {
			if (strcmp(row->name, name) == 0)
				return row;
		}
	}
	return NULL;
}

static void unknown_key(const KeyTable *table, const YamlNode *key, KeyContext *context)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autofree char *hint = NULL;
	const char *place = table->name;

	if (diagnostic_list_is_full(context->diagnostics))
		return;

	for (const KeyTable *level = table; level != NULL; level = level->base) {
		for (const KeyRow *row = level->rows; row->name != NULL; row++) {
			if ((row->flags & (KEY_DEPRECATED | KEY_IGNORED)) == 0)
				g_ptr_array_add(names, (char *)(uintptr_t)row->name);
		}
	}
	g_ptr_array_add(names, NULL);
	hint = nearest_word_hint(key->text, (const char *const *)names->pdata);
	key_fault(context, key, "unknown-key", hint, "unknown key '%s' in %s", key->text, place);
}

static void wrong_type(
	const KeyRow *row, const YamlNode *node, KeyContext *context, const char *wanted)
{
	key_fault(context, node, "wrong-type", NULL, "'%s' must be %s, not %s", row->name, wanted,
		yaml_kind_name(node->kind));
}

// Hands every text inside a value to the expression check.
static void visit_texts(const YamlNode *node, KeyContext *context, KeyKind kind)
{
	if (context->expression == NULL)
		return;
	if (node->kind == YAML_STRING && has_expression(node->text)) {
		context->expression(context, node, kind);
	} else if (node->kind == YAML_LIST) {
		for (unsigned i = 0; i < node->length; i++)
			visit_texts(node->items[i], context, kind);
	} else if (node->kind == YAML_MAPPING) {
		for (unsigned i = 0; i < node->length; i++) {
			visit_texts(node->pairs[i].key, context, kind);
			visit_texts(node->pairs[i].value, context, kind);
		}
	}
}

static bool is_scalar(const YamlNode *node)
{
	return node->kind < YAML_LIST;
}

static json_t *text_of(const YamlNode *node)
{
	return json_stringn(node->text, node->length);
}

static json_t *convert_text(const KeyRow *row, const YamlNode *node, KeyContext *context)
{
	if (!is_scalar(node)) {
		wrong_type(row, node, context, "text");
		return NULL;
	}
	if (row->kind != KEY_STRING)
		visit_texts(node, context, row->kind);
	return text_of(node);
}

// A text that an expression fills in later; NULL when the row does not take one or it is none.
static json_t *convert_expression(const KeyRow *row, const YamlNode *node, KeyContext *context)
{
	if ((row->flags & KEY_EXPRESSION) == 0 || node->kind != YAML_STRING ||
		!has_expression(node->text))
		return NULL;
	visit_texts(node, context, KEY_TEXT);
	return text_of(node);
}

static json_t *convert_number(const KeyRow *row, const YamlNode *node, KeyContext *context)
{
	json_t *value = convert_expression(row, node, context);
	YamlKind kind = is_scalar(node) ? yaml_scalar_kind(node->text, node->length) : node->kind;

	if (value != NULL)
		return value;
	if (kind == YAML_INTEGER) {
		const int64_t number = yaml_scalar_integer(node->text);

		if ((row->flags & KEY_POSITIVE) != 0 && number < 1)
			key_fault(
				context, node, "bad-value", NULL, "'%s' is at least 1", row->name);
		return json_integer(number);
	}
	if (kind == YAML_REAL && row->kind == KEY_NUMBER)
		return json_real(g_ascii_strtod(node->text, NULL));
	wrong_type(row, node, context, row->kind == KEY_NUMBER ? "a number" : "a whole number");
	return NULL;
}

static json_t *convert_boolean(const KeyRow *row, const YamlNode *node, KeyContext *context)
{
	json_t *value = convert_expression(row, node, context);
	const char *hint = NULL;

	if (value != NULL)
		return value;
	if (is_scalar(node) && yaml_scalar_kind(node->text, node->length) == YAML_BOOLEAN)
		return json_boolean(yaml_scalar_boolean(node->text));
	if (node->kind == YAML_STRING && (g_ascii_strcasecmp(node->text, "yes") == 0 ||
						 g_ascii_strcasecmp(node->text, "on") == 0))
		hint = "write true";
	else if (node->kind == YAML_STRING && (g_ascii_strcasecmp(node->text, "no") == 0 ||
						      g_ascii_strcasecmp(node->text, "off") == 0))
		hint = "write false";
	key_fault(context, node, "wrong-type", hint, "'%s' must be true or false, not %s",
		row->name,
		is_scalar(node) && node->length > 0 && node->length < 40
			? node->text
			: yaml_kind_name(node->kind));
	return NULL;
}

static json_t *convert_duration(const KeyRow *row, const YamlNode *node, KeyContext *context)
{
	json_t *value = convert_expression(row, node, context);
	int64_t ignored;

	if (value != NULL)
		return value;
	if (node->kind == YAML_INTEGER || node->kind == YAML_REAL)
		return json_sprintf("PT%sS", node->text);
	if (node->kind == YAML_STRING && duration_parse(node->text, &ignored))
		return text_of(node);
	if (!is_scalar(node)) {
		wrong_type(row, node, context, "a duration");
		return NULL;
	}
	key_fault(context, node, "bad-duration",
		"durations are ISO 8601: PT30S, PT0.25S, PT1H30M, P1D",
		"'%s' is not a duration: '%s'", row->name, node->text);
	return NULL;
}

static json_t *convert_choice(const KeyRow *row, const YamlNode *node, KeyContext *context)
{
	json_t *value = convert_expression(row, node, context);
	g_autofree char *known = NULL;
	g_autofree char *hint = NULL;

	if (value != NULL)
		return value;
	if (!is_scalar(node)) {
		wrong_type(row, node, context, "text");
		return NULL;
	}
	for (const char *const *choice = row->values; *choice != NULL; choice++) {
		if (g_ascii_strcasecmp(*choice, node->text) == 0)
			return json_string(*choice);
	}
	hint = nearest_word_hint(node->text, row->values);
	known = g_strjoinv(", ", (char **)(uintptr_t)row->values);
	if (hint == NULL)
		hint = g_strdup_printf("one of: %s", known);
	key_fault(context, node, "bad-value", hint, "'%s' cannot be '%s'", row->name, node->text);
	return NULL;
}

static json_t *convert_strings(const KeyRow *row, const YamlNode *node, KeyContext *context)
{
	json_t *value = convert_expression(row, node, context);
	json_auto_t *list = NULL;

	if (value != NULL)
		return value;
	visit_texts(node, context, KEY_TEXT);
	list = json_array();
	if (is_scalar(node)) {
		json_array_append_new(list, text_of(node));
		return g_steal_pointer(&list);
	}
	if (node->kind != YAML_LIST) {
		wrong_type(row, node, context, "a list of text");
		return NULL;
	}
	for (unsigned i = 0; i < node->length; i++) {
		const YamlNode *item = node->items[i];

		if (!is_scalar(item))
			key_fault(context, item, "wrong-type", NULL,
				"an item of '%s' must be text, not %s", row->name,
				yaml_kind_name(item->kind));
		else
			json_array_append_new(list, text_of(item));
	}
	return g_steal_pointer(&list);
}

static json_t *convert_list(const KeyRow *row, const YamlNode *node, KeyContext *context)
{
	json_t *value = convert_expression(row, node, context);
	json_t *list;

	if (value != NULL)
		return value;
	if (node->kind != YAML_LIST) {
		wrong_type(row, node, context, "a list");
		return NULL;
	}
	if (row->table == NULL) {
		visit_texts(node, context, KEY_ANY);
		return yaml_to_json(node);
	}
	list = json_array();
	for (unsigned i = 0; i < node->length; i++)
		json_array_append_new(list, key_table_convert(row->table, node->items[i], context));
	return list;
}

static json_t *convert_map(const KeyRow *row, const YamlNode *node, KeyContext *context)
{
	json_t *value = convert_expression(row, node, context);
	json_t *map;

	if (value != NULL)
		return value;
	if (node->kind != YAML_MAPPING) {
		wrong_type(row, node, context, "a mapping");
		return NULL;
	}
	if (row->table == NULL) {
		visit_texts(node, context, KEY_ANY);
		return yaml_to_json(node);
	}
	map = json_object();
	for (unsigned i = 0; i < node->length; i++)
		json_object_set_new(map, node->pairs[i].key->text,
			key_table_convert(row->table, node->pairs[i].value, context));
	return map;
}

// Labels as a list of {key, value}: the older way of writing them.
static json_t *labels_from_list(const YamlNode *node, KeyContext *context)
{
	json_t *labels = json_object();

	for (unsigned i = 0; i < node->length; i++) {
		const YamlNode *key = yaml_get(node->items[i], "key");
		const YamlNode *value = yaml_get(node->items[i], "value");

		if (key == NULL || value == NULL || !is_scalar(key) || !is_scalar(value))
			key_fault(context, node->items[i], "wrong-type",
				"write {key: team, value: sales}",
				"a label must have a 'key' and a 'value', both text");
		else
			json_object_set_new(labels, key->text, text_of(value));
	}
	return labels;
}

static json_t *convert_labels(const KeyRow *row, const YamlNode *node, KeyContext *context)
{
	json_t *labels;

	visit_texts(node, context, KEY_TEXT);
	if (node->kind == YAML_STRING)
		return text_of(node);
	if (node->kind == YAML_LIST)
		return labels_from_list(node, context);
	if (node->kind != YAML_MAPPING) {
		wrong_type(
			row, node, context, "a mapping, a list of {key, value} or an expression");
		return NULL;
	}
	labels = json_object();
	for (unsigned i = 0; i < node->length; i++) {
		const YamlPair *pair = &node->pairs[i];

		if (is_scalar(pair->value))
			json_object_set_new(labels, pair->key->text, text_of(pair->value));
		else
			key_fault(context, pair->value, "wrong-type", NULL,
				"the label '%s' must be text, not %s", pair->key->text,
				yaml_kind_name(pair->value->kind));
	}
	return labels;
}

static json_t *convert_object(const KeyRow *row, const YamlNode *node, KeyContext *context)
{
	json_t *value = convert_expression(row, node, context);

	if (value != NULL)
		return value;
	if (node->kind != YAML_MAPPING) {
		wrong_type(row, node, context, "a mapping");
		return NULL;
	}
	value = key_table_convert(row->table, node, context);
	if (row->table == &keys_retry && context->diagnostics != NULL)
		retry_check(node, context, value);
	return value;
}

static json_t *convert_any(const KeyRow *row, const YamlNode *node, KeyContext *context)
{
	if (row->kind == KEY_ANY)
		visit_texts(node, context, KEY_ANY);
	return yaml_to_json(node);
}

static json_t *convert_elsewhere(const KeyRow *row, const YamlNode *node, KeyContext *context)
{
	return context->convert == NULL ? NULL : context->convert(context, row, node);
}

static json_t *convert_checks(const KeyRow *row, const YamlNode *node, KeyContext *context)
{
	(void)row;
	return checks_convert(node, context);
}

static json_t *convert_schema(const KeyRow *row, const YamlNode *node, KeyContext *context)
{
	(void)row;
	return schema_convert(node, context);
}

json_t *key_value_convert(const KeyRow *row, const YamlNode *node, KeyContext *context)
{
	static json_t *(*const converters[])(const KeyRow *, const YamlNode *, KeyContext *) = {
		[KEY_STRING] = convert_text,
		[KEY_TEXT] = convert_text,
		[KEY_SQL] = convert_text,
		[KEY_INTEGER] = convert_number,
		[KEY_NUMBER] = convert_number,
		[KEY_BOOLEAN] = convert_boolean,
		[KEY_DURATION] = convert_duration,
		[KEY_CHOICE] = convert_choice,
		[KEY_ANY] = convert_any,
		[KEY_PLAIN] = convert_any,
		[KEY_MAP] = convert_map,
		[KEY_OBJECT] = convert_object,
		[KEY_LIST] = convert_list,
		[KEY_STRINGS] = convert_strings,
		[KEY_TASKS] = convert_elsewhere,
		[KEY_CASES] = convert_elsewhere,
		[KEY_TASK] = convert_elsewhere,
		[KEY_INPUTS] = convert_elsewhere,
		[KEY_LABELS] = convert_labels,
		[KEY_CHECKS] = convert_checks,
		[KEY_SCHEMA] = convert_schema,
	};

	return converters[row->kind](row, node, context);
}

// Follows an alias to the key it stands for, with a warning when it is an old one.
static const KeyRow *follow_alias(
	const KeyTable *table, const KeyRow *row, const YamlNode *key, KeyContext *context)
{
	if (row->alias_of == NULL) {
		if ((row->flags & KEY_DEPRECATED) != 0)
			key_warning(context, key, "deprecated-key", row->summary,
				"'%s' is an old key", row->name);
		return row;
	}
	if ((row->flags & KEY_DEPRECATED) != 0) {
		g_autofree char *hint = g_strdup_printf("write '%s'", row->alias_of);

		key_warning(context, key, "deprecated-key", hint, "'%s' is an old name of '%s'",
			row->name, row->alias_of);
	}
	return key_table_find(table, row->alias_of);
}

static void convert_pair(
	const KeyTable *table, const YamlPair *pair, KeyContext *context, json_t *object)
{
	const KeyRow *row = key_table_find(table, pair->key->text);
	json_t *value;

	if (row == NULL) {
		unknown_key(table, pair->key, context);
		return;
	}
	row = follow_alias(table, row, pair->key, context);
	if (row == NULL || (row->flags & KEY_IGNORED) != 0)
		return;
	if (pair->value->kind == YAML_NULL && row->kind != KEY_ANY && row->kind != KEY_PLAIN)
		return;
	if (json_object_get(object, row->name) != NULL) {
		if (strcmp(row->name, pair->key->text) != 0)
			key_fault(context, pair->key, "duplicate-key", "keep one of the two",
				"'%s' and '%s' say the same", pair->key->text, row->name);
		return;
	}
	value = key_value_convert(row, pair->value, context);
	if (value != NULL)
		json_object_set_new(object, row->name, value);
}

static bool is_given(const KeyTable *table, const YamlNode *node, const KeyRow *wanted)
{
	for (unsigned i = 0; i < node->length; i++) {
		const YamlPair *pair = &node->pairs[i];
		const KeyRow *row;

		if (strcmp(pair->key->text, wanted->name) == 0)
			return pair->value->kind != YAML_NULL || wanted->kind == KEY_ANY;
		row = key_table_find(table, pair->key->text);
		if (row != NULL && row->alias_of != NULL &&
			strcmp(row->alias_of, wanted->name) == 0)
			return pair->value->kind != YAML_NULL;
	}
	return false;
}

static void find_missing(
	const KeyTable *table, const YamlNode *node, KeyContext *context, const json_t *object)
{
	for (const KeyTable *level = table; level != NULL; level = level->base) {
		for (const KeyRow *row = level->rows; row->name != NULL; row++) {
			if ((row->flags & KEY_REQUIRED) != 0 &&
				json_object_get(object, row->name) == NULL &&
				!is_given(table, node, row))
				key_fault(context, node, "missing-key", NULL,
					"%s needs the key '%s'", table->name, row->name);
		}
	}
}

void key_table_convert_into(
	const KeyTable *table, const YamlNode *node, KeyContext *context, json_t *object)
{
	if (node->kind != YAML_MAPPING) {
		key_fault(context, node, "wrong-type", NULL, "%s must be a mapping, not %s",
			table->name, yaml_kind_name(node->kind));
		return;
	}
	for (unsigned i = 0; i < node->length; i++)
		convert_pair(table, &node->pairs[i], context, object);
	if (context->diagnostics != NULL)
		find_missing(table, node, context, object);
}

json_t *key_table_convert(const KeyTable *table, const YamlNode *node, KeyContext *context)
{
	json_t *object = json_object();

	key_table_convert_into(table, node, context, object);
	return object;
}
