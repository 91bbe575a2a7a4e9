// The flow that is generated of a script. Its keys are written in sorted order, so that its meaning is the same text with the
// fingerprint in place of the SQL.
#include "repo-layout/json_text.h"
#include "repo-layout/script_private.h"
#include "repo-layout/variable_use.h"
#include "sql/sha256.h"

#include <string.h>

// A key of the build task, in sorted order, and where its value comes from.
typedef enum {
	FROM_HEADER, // of the header, or of the domain's defaults when these have it
	FROM_POLICY_BREAKING,
	FROM_POLICY_RAW,
	THE_CONNECTION,
	THE_DIALECT,
	THE_FEED,
	THE_ID,
	THE_SCHEMA,
	THE_SQL,
	THE_TABLE,
	THE_TYPE,
} FieldSource;

typedef struct Field {
	const char *key;
	FieldSource source;
	bool may_be_default; // see `defaults`
} Field;

static const Field build_fields[] = {
	{"allow_breaking", FROM_POLICY_BREAKING, false},
	{"allow_raw", FROM_POLICY_RAW, false},
	{"checks", FROM_HEADER, false},
	{"connection", THE_CONNECTION, false},
	{"delete_when", FROM_HEADER, false},
	{"dialect", THE_DIALECT, false},
	{"feed", THE_FEED, false},
	{"id", THE_ID, false},
	{"key", FROM_HEADER, false},
	{"order_by", FROM_HEADER, false},
	{"partition", FROM_HEADER, true},
	{"pool", FROM_HEADER, false},
	{"priority", FROM_HEADER, true},
	{"retry", FROM_HEADER, true},
	{"schema", THE_SCHEMA, false},
	{"sql", THE_SQL, false},
	{"table", THE_TABLE, false},
	{"technical_columns", FROM_HEADER, true},
	{"timeout", FROM_HEADER, false},
	{"type", THE_TYPE, false},
};

static void append_text(GString *text, const char *value)
{
	json_text_append_string(text, value, strlen(value));
}

static void append_key(GString *text, const char *key)
{
	char last = text->str[text->len - 1];

	if (last != '{' && last != '[')
		g_string_append_c(text, ',');
	g_string_append_c(text, '"');
	json_text_put(text, key, strlen(key));
	json_text_put(text, "\":", 2);
}

const json_t *script_setting(const ScriptReading *reading, const char *key)
{
	const json_t *value = json_object_get(reading->header, key);

	return value != NULL ? value : json_object_get(reading->defaults, key);
}

static bool allows_breaking(const ScriptReading *reading)
{
	const json_t *given = json_object_get(reading->header, "allow_breaking");

	if (given == NULL)
		given = json_object_get(reading->schema, "allow_breaking");
	return given != NULL ? json_is_true(given) : reading->config->allow_breaking;
}

enum {
	BUILD_FIELDS = G_N_ELEMENTS(build_fields),
};

// The values of the fields that the object has: it has few keys, and there are many fields.
static void find_values(const json_t *object, const json_t *values[BUILD_FIELDS])
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		for (size_t i = 0; i < BUILD_FIELDS; i++) {
			if (build_fields[i].source == FROM_HEADER && *key == *build_fields[i].key &&
				strcmp(key, build_fields[i].key) == 0)
				values[i] = value;
		}
	}
}

// What a key, or a key of its object, says when it is left out.
static const struct {
	const char *key, *inner; // inner NULL: the key itself
	const char *value; // compact JSON
} defaults[] = {
	{"partition", "granularity", "\"DAY\""},
	{"partition", "lookback", "0"},
	{"priority", NULL, "0"},
	{"retry", "behavior", "\"RETRY_FAILED_TASK\""},
	{"retry", "type", "\"constant\""},
	{"retry", "warningOnRetry", "false"},
	{"technical_columns", NULL, "false"},
};

static bool is_default(const json_t *value, const char *text)
{
	if (json_is_object(value) || json_is_array(value))
		return false;
	g_autoptr(GString) own = g_string_new(NULL);

	json_text_append(own, value);
	return strcmp(own->str, text) == 0;
}

// A value without what says no more than its absence would: such a change of the header changes nothing. A new reference;
// NULL when nothing is left.
static json_t *without_defaults(const char *key, const json_t *value)
{
	json_t *rest = json_incref((json_t *)(uintptr_t)value);

	for (size_t i = 0; i < G_N_ELEMENTS(defaults); i++) {
		const json_t *inner =
			defaults[i].inner == NULL ? NULL : json_object_get(rest, defaults[i].inner);

		if (strcmp(defaults[i].key, key) != 0)
			continue;
		if (defaults[i].inner == NULL && is_default(rest, defaults[i].value)) {
			json_decref(rest);
			return NULL;
		}
		if (inner == NULL || !is_default(inner, defaults[i].value))
			continue;
		if (rest == value) {
			json_decref(rest);
			rest = json_copy((json_t *)(uintptr_t)value);
		}
		json_object_del(rest, defaults[i].inner);
	}
	return rest;
}

// One field; the place of the SQL's value is noted and left out.
static void append_field(GString *text, const ScriptReading *reading, const UnitParts *parts,
	const Field *field, const json_t *value, size_t *ret_sql)
{
	json_auto_t *own = NULL;

	if (field->may_be_default && value != NULL)
		value = own = without_defaults(field->key, value);
	if ((field->source == FROM_HEADER && value == NULL) ||
		(field->source == FROM_POLICY_BREAKING && !allows_breaking(reading)) ||
		(field->source == FROM_POLICY_RAW && !reading->config->allow_raw) ||
		(field->source == THE_SCHEMA && reading->schema_text == NULL))
		return;
	append_key(text, field->key);
	switch (field->source) {
	case FROM_HEADER: json_text_append(text, value); break;
	case FROM_POLICY_BREAKING:
	case FROM_POLICY_RAW: g_string_append(text, "true"); break;
	case THE_CONNECTION: append_text(text, reading->connection); break;
	case THE_DIALECT: append_text(text, sql_dialect_name(reading->dialect)); break;
	case THE_FEED: append_text(text, layout_feed_name(reading->feed)); break;
	case THE_ID: append_text(text, "build"); break;
	case THE_SCHEMA: g_string_append(text, reading->schema_text); break;
	case THE_SQL: *ret_sql = text->len; break;
	case THE_TABLE: append_text(text, parts->target); break;
	case THE_TYPE: append_text(text, "sql.build"); break;
	default: break;
	}
}

static void append_schedule(GString *text, const ScriptReading *reading)
{
	const json_t *cron = json_object_get(reading->header, "schedule");
	const json_t *timezone = script_setting(reading, "timezone");

	g_string_append(text, "{\"cron\":");
	json_text_append(text, cron);
	g_string_append(text, ",\"id\":\"schedule\"");
	if (timezone != NULL) {
		g_string_append(text, ",\"timezone\":");
		json_text_append(text, timezone);
	}
	g_string_append(text, ",\"type\":\"schedule\"}");
}

static void append_triggers(GString *text, const ScriptReading *reading, const UnitParts *parts)
{
	const char *refresh = json_string_value(json_object_get(reading->header, "refresh"));

	if (json_object_get(reading->header, "schedule") != NULL) {
		g_string_append(text, ",\"triggers\":[");
		append_schedule(text, reading);
		g_string_append_c(text, ']');
		return;
	}
	if (parts->reads->len == 0 || g_strcmp0(refresh, "manual") == 0)
		return;
	g_string_append(text, ",\"triggers\":[{");
	if (g_strcmp0(refresh, "any") == 0)
		g_string_append(text, "\"any\":[");
	else
		g_string_append(text, "\"all\":[");
	for (guint i = 0; i < parts->reads->len; i++) {
		if (i > 0)
			g_string_append_c(text, ',');
		append_text(text, g_ptr_array_index(parts->reads, i));
	}
	g_string_append(text, "],\"id\":\"tables\",\"type\":\"tables\"}]");
}

static void append_labels(GString *text, const ScriptReading *reading)
{
	json_t *labels = json_object_get(reading->header, "labels");
	json_auto_t *all = NULL;

	if (!json_is_object(labels)) {
		g_string_append(text, ",\"labels\":{\"system.generated\":\"true\"}");
		return;
	}
	all = json_copy(labels);
	json_object_set_new(all, "system.generated", json_string("true"));
	g_string_append(text, ",\"labels\":");
	json_text_append(text, all);
}

static void append_head(GString *text, const ScriptReading *reading, const UnitParts *parts)
{
	const json_t *description = json_object_get(reading->header, "description");

	g_string_append(text, "{\"concurrency\":{\"behavior\":\"QUEUE\",\"limit\":1}");
	if (description != NULL) {
		append_key(text, "description");
		json_text_append(text, description);
	}
	if (json_is_true(json_object_get(reading->header, "disabled")))
		g_string_append(text, ",\"disabled\":true");
	append_key(text, "id");
	append_text(text, parts->id);
	append_labels(text, reading);
	append_key(text, "namespace");
	append_text(text, reading->config->name);
}

// The values of the variables that the SQL and the header's texts use.
static void append_variables(
	GString *text, ScriptReading *reading, const json_t *const values[BUILD_FIELDS])
{
	for (size_t i = 0; i < BUILD_FIELDS; i++) {
		if (values[i] != NULL)
			variable_use_value(reading->config, values[i], &reading->variables);
	}
	if (!variable_use_fits(&reading->variables))
		return;
	append_key(text, "variables");
	json_text_append(text, reading->variables.values);
}

// The digest of the text with the fingerprint where the SQL belongs.
static void digest_meaning(
	const GString *text, size_t sql, const char *fingerprint, char digest[65])
{
	Sha256 sha;
	char quoted[70];
	int length = g_snprintf(quoted, sizeof(quoted), "\"%s\"", fingerprint);

	sha256_begin(&sha);
	sha256_add(&sha, text->str, sql);
	sha256_add(&sha, quoted, (size_t)length);
	sha256_add(&sha, text->str + sql, text->len - sql);
	sha256_end(&sha, digest);
}

char *script_define(ScriptReading *reading, const UnitParts *parts, char digest[65])
{
	size_t length = reading->sql_length;
	g_autoptr(GString) text = g_string_sized_new(512);
	GString *whole;
	size_t sql = 0;
	const json_t *values[BUILD_FIELDS] = {NULL};

	append_head(text, reading, parts);
	g_string_append(text, ",\"tasks\":[{");
	find_values(reading->defaults, values);
	find_values(reading->header, values);
	for (size_t i = 0; i < BUILD_FIELDS; i++)
		append_field(text, reading, parts, &build_fields[i], values[i], &sql);
	g_string_append(text, "}]");
	append_triggers(text, reading, parts);
	append_variables(text, reading, values);
	g_string_append_c(text, '}');
	digest_meaning(text, sql, reading->script->fingerprint, digest);
	whole = g_string_sized_new(text->len + length + length / 16 + 8);
	g_string_append_len(whole, text->str, (gssize)sql);
	json_text_append_string(whole, reading->sql, length);
	g_string_append_len(whole, text->str + sql, (gssize)(text->len - sql));
	return g_string_free(whole, FALSE);
}
