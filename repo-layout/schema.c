#include "repo-layout/schema.h"

#include "repo-layout/yaml_scalar.h"

#include <stdlib.h>
#include <string.h>

static const char *const modes[] = {"NULLABLE", "REQUIRED", "REPEATED", NULL};
static const char *const periods[] = {"HOUR", "DAY", "MONTH", "YEAR", NULL};
static const char *const drift_policies[] = {"report", "heal", NULL};

// clang-format off
static const KeyRow field_rows[] = {
	{"name", KEY_STRING, 0, NULL, NULL, NULL, "the column's name"},
	{"type", KEY_STRING, 0, NULL, NULL, NULL, "STRING(n), BYTES(n), INT64, FLOAT64, NUMERIC(p,s), BIGNUMERIC(p,s), BOOL, DATE, DATETIME, TIME, TIMESTAMP, JSON, GEOGRAPHY, INTERVAL, RECORD, and their aliases"},
	{"mode", KEY_CHOICE, 0, NULL, modes, NULL, "NULLABLE (the default), REQUIRED or REPEATED"},
	{"description", KEY_STRING, 0, NULL, NULL, NULL, "for people; kept in the database where it can"},
	{"default", KEY_STRING, 0, NULL, NULL, NULL, "SQL expression for rows that do not give the column"},
	{"defaultValueExpression", KEY_STRING, 0, "default", NULL, NULL, "bq's name of default"},
	{"previous_name", KEY_STRING, 0, NULL, NULL, NULL, "what the column was called before: it is renamed, not dropped"},
	{"fields", KEY_PLAIN, 0, NULL, NULL, NULL, "the fields of a RECORD"},
	{"maxLength", KEY_INTEGER, 0, NULL, NULL, NULL, "of STRING and BYTES"},
	{"precision", KEY_INTEGER, 0, NULL, NULL, NULL, "of NUMERIC and BIGNUMERIC"},
	{"scale", KEY_INTEGER, 0, NULL, NULL, NULL, "of NUMERIC and BIGNUMERIC"},
	{"collation", KEY_STRING, 0, NULL, NULL, NULL, "of STRING"},
	{"roundingMode", KEY_STRING, 0, NULL, NULL, NULL, "of NUMERIC and BIGNUMERIC"},
	{"policyTags", KEY_PLAIN, 0, NULL, NULL, NULL, "kept as written"},
	{"dataPolicies", KEY_PLAIN, 0, NULL, NULL, NULL, "kept as written"},
	{"rangeElementType", KEY_PLAIN, 0, NULL, NULL, NULL, "of RANGE"},
	{"timestampPrecision", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"categories", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"foreignTypeDefinition", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{.name = NULL},
};
const KeyTable keys_schema_field = {"schema field", "One column", field_rows, NULL};

static const KeyRow partition_rows[] = {
	{"type", KEY_CHOICE, 0, NULL, periods, NULL, "HOUR, DAY (the default), MONTH or YEAR"},
	{"field", KEY_STRING, 0, NULL, NULL, NULL, "the column"},
	{"expirationMs", KEY_INTEGER, 0, NULL, NULL, NULL, "milliseconds after which a partition goes"},
	{"requirePartitionFilter", KEY_BOOLEAN, 0, NULL, NULL, NULL, "refuse queries without a condition on the column"},
	{"range", KEY_PLAIN, 0, NULL, NULL, NULL, "{start, end, interval} of a range partition"},
	{.name = NULL},
};
static const KeyTable keys_partition = {"partitioning", "How a table is partitioned", partition_rows, NULL};

static const KeyRow cluster_rows[] = {
	{"fields", KEY_STRINGS, KEY_REQUIRED, NULL, NULL, NULL, "the columns"},
	{.name = NULL},
};
static const KeyTable keys_cluster = {"clustering", "How a table is clustered", cluster_rows, NULL};

static const KeyRow schema_rows[] = {
	{"fields", KEY_PLAIN, 0, NULL, NULL, NULL, "the columns: a list as in bq, or a mapping of name to type"},
	{"schema", KEY_PLAIN, 0, NULL, NULL, NULL, "bq's place of fields"},
	{"description", KEY_STRING, 0, NULL, NULL, NULL, "for people; kept in the database where it can"},
	{"friendlyName", KEY_STRING, 0, NULL, NULL, NULL, "for people"},
	{"labels", KEY_LABELS, 0, NULL, NULL, NULL, "free"},
	{"primary_key", KEY_STRINGS, 0, NULL, NULL, NULL, "columns that together are unique and not NULL"},
	{"partition", KEY_OBJECT, 0, NULL, NULL, &keys_partition, "time or range partitioning"},
	{"timePartitioning", KEY_OBJECT, 0, "partition", NULL, &keys_partition, "bq's name of partition"},
	{"rangePartitioning", KEY_OBJECT, 0, "partition", NULL, &keys_partition, "bq's name of partition by range"},
	{"cluster", KEY_STRINGS, 0, NULL, NULL, NULL, "columns to cluster by"},
	{"clustering", KEY_OBJECT, 0, NULL, NULL, &keys_cluster, "bq's name of cluster"},
	{"requirePartitionFilter", KEY_BOOLEAN, 0, NULL, NULL, NULL, "refuse queries without a condition on the partition's column"},
	{"tableConstraints", KEY_PLAIN, 0, NULL, NULL, NULL, "bq's primary and foreign keys"},
	{"expirationTime", KEY_STRING, 0, NULL, NULL, NULL, "milliseconds since the epoch at which the table goes"},
	{"view", KEY_PLAIN, 0, NULL, NULL, NULL, "bq's view: {query}"},
	{"materializedView", KEY_PLAIN, 0, NULL, NULL, NULL, "bq's materialized view"},
	{"defaultCollation", KEY_STRING, 0, NULL, NULL, NULL, "of STRING columns"},
	{"defaultRoundingMode", KEY_STRING, 0, NULL, NULL, NULL, "of NUMERIC columns"},
	{"maxStaleness", KEY_STRING, 0, NULL, NULL, NULL, "of a materialized view"},
	{"allow_breaking", KEY_BOOLEAN, 0, NULL, NULL, NULL, "let a change that breaks readers be applied"},
	{"drift", KEY_CHOICE, 0, NULL, drift_policies, NULL, "what is done about drift: report (the default); heal reports as well, so far"},
	// What only a server says.
	{"kind", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"etag", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"id", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"selfLink", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"tableReference", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used: the path says which table it is"},
	{"type", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"location", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"creationTime", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"lastModifiedTime", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"numBytes", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"numRows", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"numLongTermBytes", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"numPhysicalBytes", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"numActiveLogicalBytes", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"numActivePhysicalBytes", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"numLongTermLogicalBytes", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"numLongTermPhysicalBytes", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"numTimeTravelPhysicalBytes", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"numCurrentPhysicalBytes", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"numTotalLogicalBytes", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"numTotalPhysicalBytes", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"numPartitions", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"streamingBuffer", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"encryptionConfiguration", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"externalDataConfiguration", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"biglakeConfiguration", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"snapshotDefinition", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"cloneDefinition", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"resourceTags", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"replicas", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"tableReplicationInfo", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"materializedViewStatus", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"partitionDefinition", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"managedTableType", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"restrictions", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{"model", KEY_PLAIN, KEY_IGNORED, NULL, NULL, NULL, "not used"},
	{.name = NULL},
};
const KeyTable keys_schema = {"schema", "A declared schema", schema_rows, NULL};
// clang-format on

// Spellings of types, and the one that is kept.
typedef struct TypeName {
	const char *name, *canonical;
} TypeName;

static const TypeName type_names[] = {
	{"INT64", "INT64"},
	{"STRING", "STRING"},
	{"INTEGER", "INT64"},
	{"INT", "INT64"},
	{"SMALLINT", "INT64"},
	{"BIGINT", "INT64"},
	{"TINYINT", "INT64"},
	{"BYTEINT", "INT64"},
	{"FLOAT64", "FLOAT64"},
	{"FLOAT", "FLOAT64"},
	{"DOUBLE", "FLOAT64"},
	{"NUMERIC", "NUMERIC"},
	{"DECIMAL", "NUMERIC"},
	{"BIGNUMERIC", "BIGNUMERIC"},
	{"BIGDECIMAL", "BIGNUMERIC"},
	{"BOOL", "BOOL"},
	{"BOOLEAN", "BOOL"},
	{"TEXT", "STRING"},
	{"VARCHAR", "STRING"},
	{"BYTES", "BYTES"},
	{"DATE", "DATE"},
	{"DATETIME", "DATETIME"},
	{"TIME", "TIME"},
	{"TIMESTAMP", "TIMESTAMP"},
	{"JSON", "JSON"},
	{"GEOGRAPHY", "GEOGRAPHY"},
	{"INTERVAL", "INTERVAL"},
	{"RANGE", "RANGE"},
	{"RECORD", "RECORD"},
	{"STRUCT", "RECORD"},
	{NULL, NULL},
};

static const char *canonical_type(const char *name, size_t length)
{
	for (const TypeName *type = type_names; type->name != NULL; type++) {
		if (strlen(type->name) == length &&
			g_ascii_strncasecmp(type->name, name, length) == 0)
			return type->canonical;
	}
	return NULL;
}

static char *unknown_type_hint(const char *name)
{
	const char *names[G_N_ELEMENTS(type_names)];

	for (size_t i = 0; i < G_N_ELEMENTS(type_names); i++)
		names[i] = type_names[i].name;
	return nearest_word_hint(name, names);
}

// What a type's text says: its name, and the one or two numbers behind it.
typedef struct FieldType {
	const char *name;
	int64_t numbers[2];
	unsigned count;
} FieldType;

static bool parse_numbers(const char *text, FieldType *type)
{
	while (*text != ')') {
		char *end;

		text += strspn(text, " ");
		if (type->count == 2 || !g_ascii_isdigit(*text))
			return false;
		type->numbers[type->count++] = strtoll(text, &end, 10);
		text = end + strspn(end, " ");
		if (*text == ',')
			text++;
		else if (*text != ')')
			return false;
	}
	return text[1 + strspn(text + 1, " ")] == '\0';
}

static bool parse_type(const char *text, FieldType *type)
{
	size_t length =
		strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
	const char *rest = text + length + strspn(text + length, " ");

	memset(type, 0, sizeof(*type));
	type->name = canonical_type(text, length);
	if (type->name == NULL)
		return false;
	return *rest == '\0' || (*rest == '(' && parse_numbers(rest + 1, type) && type->count > 0);
}

// The numbers may stand in keys of their own (maxLength, precision, scale) instead of behind the name.
static void numbers_from_keys(const json_t *field, FieldType *type)
{
	const json_t *length = json_object_get(field, "maxLength");
	const json_t *precision = json_object_get(field, "precision");
	const json_t *scale = json_object_get(field, "scale");

	if (type->count > 0)
		return;
	if (length != NULL) {
		type->numbers[type->count++] = json_integer_value(length);
	} else if (precision != NULL) {
		type->numbers[type->count++] = json_integer_value(precision);
		if (scale != NULL)
			type->numbers[type->count++] = json_integer_value(scale);
	}
}

static bool takes_numbers(const FieldType *type, unsigned *ret_most)
{
	bool text = strcmp(type->name, "STRING") == 0 || strcmp(type->name, "BYTES") == 0;
	bool decimal = strstr(type->name, "NUMERIC") != NULL;

	*ret_most = text ? 1 : decimal ? 2 : 0;
	return text || decimal;
}

static json_t *type_text(const FieldType *type)
{
	if (type->count == 0)
		return json_string(type->name);
	if (type->count == 1)
		return json_sprintf("%s(%" G_GINT64_FORMAT ")", type->name, type->numbers[0]);
	return json_sprintf("%s(%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT ")", type->name,
		type->numbers[0], type->numbers[1]);
}

static json_t *check_type(
	const YamlNode *node, const char *text, json_t *field, KeyContext *context)
{
	FieldType type;
	unsigned most = 0;

	if (!parse_type(text, &type)) {
		g_autofree char *hint = unknown_type_hint(text);

		key_fault(context, node, "unknown-type", hint, "unknown column type '%s'", text);
		return NULL;
	}
	numbers_from_keys(field, &type);
	if (type.count > 0 && (!takes_numbers(&type, &most) || type.count > most)) {
		key_fault(context, node, "bad-type", NULL, "the column type '%s' takes %s",
			type.name, most == 0 ? "no length" : "one number, its length");
		return NULL;
	}
	if (type.count > 0 &&
		(type.numbers[0] < 1 || (type.count == 2 && type.numbers[1] > type.numbers[0]))) {
		key_fault(context, node, "bad-type", NULL,
			"the column type '%s' has impossible numbers", text);
		return NULL;
	}
	return type_text(&type);
}

static json_t *convert_fields(const YamlNode *node, KeyContext *context);

// "INT64 required": the short form's type and mode in one text.
static void split_short(const char *text, char **ret_type, const char **ret_mode)
{
	g_autofree char *copy = g_strstrip(g_strdup(text));
	char *blank = strrchr(copy, ' ');

	*ret_mode = NULL;
	for (const char *const *mode = modes; blank != NULL && *mode != NULL; mode++) {
		if (g_ascii_strcasecmp(blank + 1, *mode) == 0)
			*ret_mode = *mode;
	}
	if (*ret_mode != NULL)
		*blank = '\0';
	*ret_type = g_strdup(g_strstrip(copy));
}

static void put_type(const YamlNode *node, const char *written, const json_t *raw, json_t *field,
	KeyContext *context)
{
	g_autofree char *text = NULL;
	const char *mode = NULL;
	const char *given = json_string_value(json_object_get(raw, "mode"));
	json_t *type;

	split_short(written, &text, &mode);
	type = check_type(node, text, (json_t *)(uintptr_t)raw, context);
	if (type != NULL)
		json_object_set_new(field, "type", type);
	if (given != NULL)
		mode = given;
	if (mode != NULL && strcmp(mode, "NULLABLE") != 0)
		json_object_set_new(field, "mode", json_string(mode));
}

static void copy_keys(const json_t *from, json_t *to, const char *const *keys)
{
	for (; *keys != NULL; keys++) {
		json_t *value = json_object_get(from, *keys);

		if (value != NULL)
			json_object_set(to, *keys, value);
	}
}

static json_t *convert_field_mapping(const YamlNode *node, KeyContext *context, const YamlNode *key)
{
	static const char *const kept[] = {"default", "description", "previous_name", "collation",
		"roundingMode", "policyTags", "dataPolicies", "rangeElementType", NULL};
	json_auto_t *raw = key_table_convert(&keys_schema_field, node, context);
	json_t *field = json_object();
	const YamlNode *type = yaml_get(node, "type");
	const YamlNode *fields = yaml_get(node, "fields");
	const char *written = json_string_value(json_object_get(raw, "type"));
	const char *name =
		key != NULL ? key->text : json_string_value(json_object_get(raw, "name"));

	if (name == NULL)
		key_fault(context, node, "missing-key", NULL, "schema field needs the key 'name'");
	else
		json_object_set_new(field, "name", json_string(name));
	if (written != NULL)
		put_type(type, written, raw, field, context);
	else if (fields != NULL)
		put_type(fields, "RECORD", raw, field, context);
	else
		key_fault(context, node, "missing-key", NULL,
			"schema field '%s' needs the key 'type'", name == NULL ? "?" : name);
	copy_keys(raw, field, kept);
	if (fields != NULL)
		json_object_set_new(field, "fields", convert_fields(fields, context));
	else if (g_strcmp0(json_string_value(json_object_get(field, "type")), "RECORD") == 0)
		key_fault(context, node, "missing-key", NULL, "the RECORD '%s' needs 'fields'",
			name == NULL ? "?" : name);
	return field;
}

static json_t *convert_field(const YamlNode *node, KeyContext *context, const YamlNode *key)
{
	json_t *field;

	if (node->kind == YAML_MAPPING)
		return convert_field_mapping(node, context, key);
	if (key == NULL || node->kind != YAML_STRING) {
		key_fault(context, node, "wrong-type", NULL,
			"a schema field must be a mapping, not %s", yaml_kind_name(node->kind));
		return NULL;
	}
	field = json_object();
	json_object_set_new(field, "name", json_string(key->text));
	put_type(node, node->text, NULL, field, context);
	return field;
}

static void append_field(
	json_t *fields, json_t *field, GHashTable *seen, const YamlNode *node, KeyContext *context)
{
	const char *name = json_string_value(json_object_get(field, "name"));

	if (field == NULL)
		return;
	if (name != NULL && !g_hash_table_add(seen, g_ascii_strdown(name, -1)))
		key_fault(context, node, "duplicate-field",
			"column names compare without letter case",
			"the column '%s' is here a second time", name);
	json_array_append_new(fields, field);
}

static json_t *convert_fields(const YamlNode *node, KeyContext *context)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	json_t *fields = json_array();

	if (node->kind == YAML_LIST) {
		for (unsigned i = 0; i < node->length; i++)
			append_field(fields, convert_field(node->items[i], context, NULL), seen,
				node->items[i], context);
	} else if (node->kind == YAML_MAPPING) {
		for (unsigned i = 0; i < node->length; i++)
			append_field(fields,
				convert_field(node->pairs[i].value, context, node->pairs[i].key),
				seen, node->pairs[i].key, context);
	} else {
		key_fault(context, node, "wrong-type", NULL,
			"'fields' must be a list or a mapping, not %s", yaml_kind_name(node->kind));
	}
	return fields;
}

// bq's {"fields": […]} around cluster columns, and its constraints, in the short form's words.
static void simplify(json_t *schema)
{
	json_t *cluster = json_object_get(json_object_get(schema, "clustering"), "fields");
	json_t *constraints = json_object_get(schema, "tableConstraints");
	json_t *key = json_object_get(json_object_get(constraints, "primaryKey"), "columns");
	json_t *foreign = json_object_get(constraints, "foreignKeys");

	if (cluster != NULL && json_object_get(schema, "cluster") == NULL)
		json_object_set(schema, "cluster", cluster);
	if (key != NULL && json_object_get(schema, "primary_key") == NULL)
		json_object_set(schema, "primary_key", key);
	if (foreign != NULL)
		json_object_set(schema, "foreign_keys", foreign);
	json_object_del(schema, "clustering");
	json_object_del(schema, "tableConstraints");
}

static void check_columns(
	const json_t *schema, const char *key, const YamlNode *node, KeyContext *context)
{
	const json_t *fields = json_object_get(schema, "fields");
	size_t index, at;
	json_t *column, *field;

	json_array_foreach(json_object_get(schema, key), index, column)
	{
		bool found = false;

		json_array_foreach(fields, at, field) found =
			found || g_strcmp0(json_string_value(json_object_get(field, "name")),
					 json_string_value(column)) == 0;
		if (!found)
			key_fault(context, node, "unknown-column", NULL,
				"'%s' names the column '%s', which the schema does not have", key,
				json_string_value(column));
	}
}

static json_t *convert_object(const YamlNode *node, KeyContext *context)
{
	json_t *schema = key_table_convert(&keys_schema, node, context);
	const YamlNode *nested = yaml_get(node, "schema");
	const YamlNode *fields = yaml_get(node, "fields");
	json_t *converted;

	if (fields == NULL && nested != NULL)
		fields = nested->kind == YAML_MAPPING ? yaml_get(nested, "fields") : nested;
	if (fields == NULL) {
		if (yaml_get(node, "view") == NULL && yaml_get(node, "materializedView") == NULL)
			key_fault(context, node, "missing-key", NULL,
				"schema needs the key 'fields'");
		converted = json_array();
	} else {
		converted = convert_fields(fields, context);
	}
	json_object_del(schema, "schema");
	json_object_set_new(schema, "fields", converted);
	simplify(schema);
	check_columns(schema, "primary_key", node, context);
	check_columns(schema, "cluster", node, context);
	return schema;
}

json_t *schema_convert(const YamlNode *node, KeyContext *context)
{
	if (node->kind == YAML_MAPPING)
		return convert_object(node, context);
	if (node->kind == YAML_LIST)
		return json_pack("{s:o}", "fields", convert_fields(node, context));
	key_fault(context, node, "wrong-type",
		"write the output of 'bq show --format=prettyjson', or just its list of fields",
		"a schema must be a mapping or a list of fields, not %s",
		yaml_kind_name(node->kind));
	return NULL;
}
