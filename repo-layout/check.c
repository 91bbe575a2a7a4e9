#include "repo-layout/check.h"

#include "sql/piece.h"

#include <string.h>

static const char *const severities[] = {"error", "warn", NULL};

// clang-format off
static const KeyRow common_rows[] = {
	{"name", KEY_STRING, 0, NULL, NULL, NULL, "what results are filed under; made of the type and columns when left out"},
	{"description", KEY_STRING, 0, NULL, NULL, NULL, "for people"},
	{"severity", KEY_CHOICE, 0, NULL, severities, NULL, "error (the default) stops the publish, warn makes the run WARNING"},
	{"error_if", KEY_STRING, 0, NULL, NULL, NULL, "number of failing rows from which it is an error: \">10\""},
	{"warn_if", KEY_STRING, 0, NULL, NULL, NULL, "number of failing rows from which it is a warning"},
	{"store_failures", KEY_BOOLEAN, 0, NULL, NULL, NULL, "keep the failing rows"},
	{"where", KEY_STRING, 0, NULL, NULL, NULL, "SQL condition: only these rows are checked"},
	{.name = NULL},
};
const KeyTable keys_check_common = {"check", "Keys that every check has", common_rows, NULL};

static const KeyRow columns_rows[] = {
	{"columns", KEY_STRINGS, KEY_REQUIRED, NULL, NULL, NULL, "the columns"},
	{"column", KEY_STRINGS, 0, "columns", NULL, NULL, "one column"},
	{.name = NULL},
};
static const KeyRow values_rows[] = {
	{"column", KEY_STRING, KEY_REQUIRED, NULL, NULL, NULL, "the column"},
	{"values", KEY_PLAIN, KEY_REQUIRED, NULL, NULL, NULL, "the list of values that may occur"},
	{.name = NULL},
};
static const KeyRow range_rows[] = {
	{"column", KEY_STRING, KEY_REQUIRED, NULL, NULL, NULL, "the column"},
	{"min", KEY_PLAIN, 0, NULL, NULL, NULL, "the least value allowed: a number, or text that compares (a date)"},
	{"max", KEY_PLAIN, 0, NULL, NULL, NULL, "the greatest value allowed"},
	{"inclusive", KEY_BOOLEAN, 0, NULL, NULL, NULL, "whether min and max themselves are allowed (default true)"},
	{.name = NULL},
};
static const KeyRow relationship_rows[] = {
	{"column", KEY_STRING, KEY_REQUIRED, NULL, NULL, NULL, "the column"},
	{"to", KEY_STRING, KEY_REQUIRED, NULL, NULL, NULL, "where its values must be found: dataset.table.column"},
	{.name = NULL},
};
static const KeyRow count_rows[] = {
	{"min", KEY_INTEGER, 0, NULL, NULL, NULL, "the least number of rows"},
	{"max", KEY_INTEGER, 0, NULL, NULL, NULL, "the greatest number of rows"},
	{"equals", KEY_INTEGER, 0, NULL, NULL, NULL, "the exact number of rows"},
	{.name = NULL},
};
static const KeyRow freshness_rows[] = {
	{"column", KEY_STRING, KEY_REQUIRED, NULL, NULL, NULL, "a date or time column"},
	{"within", KEY_DURATION, KEY_REQUIRED, NULL, NULL, NULL, "the newest value may be this old"},
	{.name = NULL},
};
static const KeyRow expression_rows[] = {
	{"expression", KEY_STRING, KEY_REQUIRED, NULL, NULL, NULL, "SQL condition that must hold for each row; unknown (NULL) counts as holding"},
	{.name = NULL},
};
static const KeyRow sql_rows[] = {
	{"sql", KEY_STRING, KEY_REQUIRED, NULL, NULL, NULL, "a query; each row it returns is a failure. {{ this }} is the table being checked"},
	{.name = NULL},
};

static const KeyTable keys_not_null = {"not_null", "No NULL in these columns", columns_rows, &keys_check_common};
static const KeyTable keys_unique = {"unique", "The columns together occur once; rows with a NULL among them do not count", columns_rows, &keys_check_common};
static const KeyTable keys_values = {"accepted_values", "Only these values, or NULL", values_rows, &keys_check_common};
static const KeyTable keys_range = {"accepted_range", "Values between min and max, or NULL", range_rows, &keys_check_common};
static const KeyTable keys_relationships = {"relationships", "Each value that is not NULL is found in another table", relationship_rows, &keys_check_common};
static const KeyTable keys_row_count = {"row_count", "How many rows there are", count_rows, &keys_check_common};
static const KeyTable keys_freshness = {"freshness", "The newest row is new enough", freshness_rows, &keys_check_common};
static const KeyTable keys_expression = {"expression", "A condition on each row", expression_rows, &keys_check_common};
static const KeyTable keys_sql = {"sql", "A query for failing rows", sql_rows, &keys_check_common};

const KeyTable *const check_tables[] = {
	&keys_not_null, &keys_unique, &keys_values, &keys_range, &keys_relationships, &keys_row_count,
	&keys_freshness, &keys_expression, &keys_sql, NULL,
};
// clang-format on

static const KeyTable *find_check(const char *name)
{
	for (const KeyTable *const *table = check_tables; *table != NULL; table++) {
		if (strcmp((*table)->name, name) == 0)
			return *table;
	}
	return NULL;
}

static void unknown_check(const YamlNode *key, KeyContext *context)
{
	const char *names[G_N_ELEMENTS(check_tables) + 8];
	size_t count = 0;
	g_autofree char *hint = NULL;

	for (const KeyTable *const *table = check_tables; *table != NULL; table++)
		names[count++] = (*table)->name;
	for (const KeyRow *row = common_rows; row->name != NULL; row++)
		names[count++] = row->name;
	names[count] = NULL;
	hint = nearest_word_hint(key->text, names);
	key_fault(context, key, "unknown-check", hint, "unknown check '%s'", key->text);
}

// `not_null: [a]`, `expression: "a > b"`: the short ways of giving the one key that matters.
static void convert_short(
	const KeyTable *table, const YamlNode *value, KeyContext *context, json_t *check)
{
	const KeyRow *row = &table->rows[0];
	json_t *converted;

	if (table->rows[1].name != NULL && row->kind != KEY_STRINGS) {
		key_fault(context, value, "wrong-type", NULL,
			"the check '%s' must be a mapping, not %s", table->name,
			yaml_kind_name(value->kind));
		return;
	}
	converted = key_value_convert(row, value, context);
	if (converted != NULL)
		json_object_set_new(check, row->name, converted);
}

static void check_threshold(const YamlNode *node, KeyContext *context, const char *key)
{
	static const char operators[] = "<>=!";
	const YamlNode *threshold = yaml_get(node, key);
	const char *text;

	if (threshold == NULL || threshold->kind >= YAML_LIST)
		return;
	text = threshold->text + strspn(threshold->text, operators);
	while (*text == ' ')
		text++;
	if (text == threshold->text || *text == '\0' || text[strspn(text, "0123456789")] != '\0')
		key_fault(context, threshold, "bad-value",
			"an operator and a number: \">10\", \"!=0\"", "'%s' cannot be '%s'", key,
			threshold->text);
}

// "dataset.table.column"
static bool is_column(const char *to)
{
	g_auto(GStrv) parts = g_strsplit(to, ".", -1);

	return g_strv_length(parts) == 3 && *parts[0] != '\0' && *parts[1] != '\0' &&
	       *parts[2] != '\0';
}

static void check_meaning(
	const KeyTable *table, const YamlNode *node, KeyContext *context, const json_t *check)
{
	const char *to = json_string_value(json_object_get(check, "to"));

	if (table == &keys_range && json_object_get(check, "min") == NULL &&
		json_object_get(check, "max") == NULL)
		key_fault(
			context, node, "missing-key", NULL, "accepted_range needs 'min' or 'max'");
	if (table == &keys_row_count && json_object_get(check, "min") == NULL &&
		json_object_get(check, "max") == NULL && json_object_get(check, "equals") == NULL)
		key_fault(context, node, "missing-key", NULL,
			"row_count needs 'min', 'max' or 'equals'");
	if (to != NULL && !is_column(to))
		key_fault(context, node, "bad-value", "write dataset.table.column",
			"'to' cannot be '%s'", to);
	if (table == &keys_values && !json_is_array(json_object_get(check, "values")) &&
		json_object_get(check, "values") != NULL)
		key_fault(context, node, "wrong-type", NULL, "'values' must be a list");
}

void check_sql_piece(const YamlNode *node, KeyContext *context, const char *key, bool condition)
{
	static const struct {
		const char *what, *hint;
	} faults[] = {
		[SQL_PIECE_EMPTY] = {"is empty", "write it, or leave the key out"},
		[SQL_PIECE_OPEN] = {"has no end of what begins with", "close it"},
		[SQL_PIECE_UNCLOSED] = {"never closes", "close the bracket, or remove it"},
		[SQL_PIECE_UNOPENED] = {"closes what it did not open:",
			"open the bracket, or remove this one"},
		[SQL_PIECE_LACKS_BEHIND] = {"lacks something behind",
			"finish it: both sides of an operator are needed"},
		[SQL_PIECE_LACKS_BEFORE] = {"lacks something before",
			"finish it: both sides of an operator are needed"},
		[SQL_PIECE_ENDED] = {"ends in the middle, with", "leave the ';' out"},
	};
	size_t offset, length;
	SqlPieceFault fault;
	g_autofree char *shown = NULL;

	if (context->diagnostics == NULL || node == NULL || node->kind >= YAML_LIST)
		return;
	fault = sql_piece_fault(node->text, node->length, condition, &offset, &length);
	if (fault == SQL_PIECE_WHOLE)
		return;
	shown = length == 0 ? g_strdup("")
			    : g_strdup_printf(" '%.*s'", (int)length, node->text + offset);
	key_fault(context, node, "bad-sql", faults[fault].hint, "the %s '%s' %s%s",
		condition ? "condition of" : "query of", key, faults[fault].what, shown);
}

// The SQL in a check, or in what its type has.
static void check_texts(const YamlNode *node, KeyContext *context)
{
	for (unsigned i = 0; i < node->length; i++) {
		const char *key = node->pairs[i].key->text;
		const YamlNode *value = node->pairs[i].value;

		if (value->kind == YAML_MAPPING)
			check_texts(value, context);
		else if (strcmp(key, "expression") == 0 || strcmp(key, "where") == 0)
			check_sql_piece(value, context, key, true);
		else if (strcmp(key, "sql") == 0)
			check_sql_piece(value, context, key, false);
	}
}

static void convert_type(
	const KeyTable *table, const YamlPair *pair, KeyContext *context, json_t *check)
{
	json_object_set_new(check, "type", json_string(table->name));
	if (pair->value->kind == YAML_MAPPING) {
		key_table_convert_into(table, pair->value, context, check);
		check_threshold(pair->value, context, "error_if");
		check_threshold(pair->value, context, "warn_if");
	} else {
		convert_short(table, pair->value, context, check);
	}
	check_meaning(table, pair->value, context, check);
}

// What says no more than its absence would makes no other check of it.
static void leave_out_defaults(json_t *check)
{
	enum { LEAST = 2 }; // its type, and what it is about

	if (json_object_size(check) <= LEAST)
		return;
	if (g_strcmp0(json_string_value(json_object_get(check, "severity")), "error") == 0)
		json_object_del(check, "severity");
	if (json_is_false(json_object_get(check, "store_failures")))
		json_object_del(check, "store_failures");
	if (json_is_true(json_object_get(check, "inclusive")))
		json_object_del(check, "inclusive");
}

static json_t *convert_check(const YamlNode *node, KeyContext *context)
{
	json_auto_t *check = json_object();
	const KeyTable *type = NULL;

	if (node->kind != YAML_MAPPING) {
		key_fault(context, node, "wrong-type", "write it as '- not_null: [column]'",
			"a check must be a mapping, not %s", yaml_kind_name(node->kind));
		return NULL;
	}
	for (unsigned i = 0; i < node->length; i++) {
		const YamlPair *pair = &node->pairs[i];
		const KeyTable *table = find_check(pair->key->text);
		const KeyRow *row = key_table_find(&keys_check_common, pair->key->text);

		if (table != NULL && type != NULL) {
			key_fault(context, pair->key, "two-checks", "begin another item with '- '",
				"'%s' is a second check in one item", pair->key->text);
		} else if (table != NULL) {
			type = table;
			convert_type(table, pair, context, check);
		} else if (row != NULL) {
			json_t *value = key_value_convert(row, pair->value, context);

			if (value != NULL)
				json_object_set_new(check, row->name, value);
		} else {
			unknown_check(pair->key, context);
		}
	}
	if (type == NULL && node->length == 0)
		key_fault(context, node, "missing-key", NULL, "a check needs a type");
	check_texts(node, context);
	leave_out_defaults(check);
	return type == NULL ? NULL : g_steal_pointer(&check);
}

json_t *checks_convert(const YamlNode *node, KeyContext *context)
{
	json_t *checks = json_array();

	if (node->kind != YAML_LIST) {
		key_fault(context, node, "wrong-type", "begin each check with '- '",
			"'checks' must be a list, not %s", yaml_kind_name(node->kind));
		return checks;
	}
	for (unsigned i = 0; i < node->length; i++) {
		json_t *check = convert_check(node->items[i], context);

		if (check != NULL)
			json_array_append_new(checks, check);
	}
	return checks;
}
