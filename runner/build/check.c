#include "runner/build/check.h"

#include <stdio.h>
#include <string.h>

#include "runner/build/check_kinds.h"
#include "runner/task_type.h"

// Keys that every kind takes, beside the kind's own key or inside its value.
static const char *const COMMON_KEYS[] = {
	"name", "description", "severity", "where", "error_if", "warn_if", "store_failures", NULL};

static void check_free_void(void *check)
{
	check_free(check);
}

void check_free(Check *check)
{
	if (check == NULL)
		return;
	g_free(check->label);
	g_free(check->name);
	g_ptr_array_unref(check->columns);
	json_decref(check->arguments);
	g_free(check->where);
	json_decref(check->samples);
	g_free(check);
}

// A common key's value, wherever it stands.
static const json_t *common_value(const json_t *item, const json_t *arguments, const char *key)
{
	const json_t *value = json_object_get(item, key);

	if (value == NULL && json_is_object(arguments))
		value = json_object_get(arguments, key);
	return json_is_null(value) ? NULL : value;
}

static bool refuse(size_t number, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);

static bool refuse(size_t number, GError **error, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error(error, TASK_ERROR, TASK_ERROR_PROPERTY, "check %zu: %s", number, text);
	return false;
}

static bool threshold_parse(const json_t *json, CheckThreshold *threshold)
{
	static const char *const OPERATIONS[] = {">=", "<=", "!=", "==", ">", "<", "="};
	const char *text = json_string_value(json);
	char *end = NULL;

	*threshold = (CheckThreshold){.operation = ">"};
	if (json_is_number(json)) {
		threshold->value = json_number_value(json);
		return threshold->value >= 0;
	}
	if (text == NULL)
		return false;
	text += strspn(text, " ");
	for (size_t i = 0; i < G_N_ELEMENTS(OPERATIONS); i++) {
		if (!g_str_has_prefix(text, OPERATIONS[i]))
			continue;
		g_strlcpy(threshold->operation, OPERATIONS[i], sizeof(threshold->operation));
		text += strlen(OPERATIONS[i]);
		break;
	}
	threshold->value = g_ascii_strtod(text, &end);
	if (end == text || threshold->value < 0)
		return false;
	end += strspn(end, " ");
	threshold->percent = *end == '%';
	return end[threshold->percent ? 1 : 0] == '\0';
}

static bool read_thresholds(
	Check *check, const json_t *item, const json_t *arguments, size_t number, GError **error)
{
	const json_t *error_if = common_value(item, arguments, "error_if");
	const json_t *warn_if = common_value(item, arguments, "warn_if");
	const char *severity = json_string_value(common_value(item, arguments, "severity"));
	bool warn = severity != NULL && g_ascii_strcasecmp(severity, "warn") == 0;
	static const CheckThreshold ANY = {">", 0, false};

	if (severity != NULL && !warn && g_ascii_strcasecmp(severity, "error") != 0)
		return refuse(number, error, "severity '%s' is neither error nor warn", severity);
	if (error_if != NULL && !threshold_parse(error_if, &check->error_if))
		return refuse(number, error, "error_if must be like \">10\" or \"5%%\"");
	if (warn_if != NULL && !threshold_parse(warn_if, &check->warn_if))
		return refuse(number, error, "warn_if must be like \">10\" or \"5%%\"");
	if (warn) {
		check->error_if = (CheckThreshold){0};
		if (warn_if == NULL)
			check->warn_if = ANY;
	} else if (error_if == NULL) {
		check->error_if = ANY;
	}
	return true;
}

static bool add_columns(Check *check, const json_t *json)
{
	size_t i;
	json_t *value;

	if (json_is_string(json)) {
		g_ptr_array_add(check->columns, g_strdup(json_string_value(json)));
		return true;
	}
	if (!json_is_array(json))
		return false;
	json_array_foreach(json, i, value)
	{
		if (!json_is_string(value))
			return false;
		g_ptr_array_add(check->columns, g_strdup(json_string_value(value)));
	}
	return true;
}

// What the check says of itself when it names no columns: its condition or query, on one line.
static void append_text(GString *label, const Check *check)
{
	enum { SHOWN = 120 };
	const char *text = json_string_value(json_object_get(check->arguments, check->kind->name));
	g_autofree char *line = g_strdup(text);

	if (line == NULL)
		return;
	g_strdelimit(line, "\t\r\n", ' ');
	g_strstrip(line);
	bool cut = g_utf8_strlen(line, -1) > SHOWN;
	if (cut)
		*g_utf8_offset_to_pointer(line, SHOWN) = '\0';
	g_string_append_printf(label, "(%s%s)", line, cut ? "…" : "");
}

static void set_label(Check *check)
{
	GString *label = g_string_new(check->kind->name);

	for (guint i = 0; i < check->columns->len; i++)
		g_string_append_printf(
			label, "%s%s", i == 0 ? "(" : ", ", (const char *)check->columns->pdata[i]);
	if (check->columns->len > 0)
		g_string_append_c(label, ')');
	else
		append_text(label, check);
	g_free(check->label);
	check->label = g_string_free(label, FALSE);
}

// The key of an item that is not a common one; NULL when there is not exactly one.
static const char *kind_key(const json_t *item)
{
	const char *found = NULL;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)item, key, value)
	{
		if (g_strv_contains(COMMON_KEYS, key))
			continue;
		if (found != NULL)
			return NULL;
		found = key;
	}
	return found;
}

static Check *check_new(const CheckKind *kind, json_t *arguments)
{
	Check *check = g_new0(Check, 1);

	check->kind = kind;
	check->arguments = json_incref(arguments);
	check->columns = g_ptr_array_new_with_free_func(g_free);
	return check;
}

static bool read_columns(Check *check, size_t number, GError **error)
{
	const json_t *arguments = check->arguments;
	const json_t *columns = arguments;

	if (!check->kind->needs_columns)
		return true;
	if (json_is_object(arguments)) {
		columns = json_object_get(arguments, "columns");
		if (columns == NULL)
			columns = json_object_get(arguments, "column");
	}
	if (columns == NULL || !add_columns(check, columns) || check->columns->len == 0)
		return refuse(
			number, error, "%s needs a column or a list of columns", check->kind->name);
	return true;
}

// One check per column of a kind that looks at each by itself.
static void split_columns(Check *check, GPtrArray *checks)
{
	while (check->kind->each_column && check->columns->len > 1) {
		Check *other = check_new(check->kind, check->arguments);

		g_ptr_array_add(other->columns, g_ptr_array_steal_index(check->columns, 0));
		other->name = g_strdup(check->name);
		other->where = g_strdup(check->where);
		other->error_if = check->error_if;
		other->warn_if = check->warn_if;
		other->store_failures = check->store_failures;
		set_label(other);
		g_ptr_array_add(checks, other);
	}
	set_label(check);
	g_ptr_array_add(checks, check);
}

static bool parse_item(GPtrArray *checks, const json_t *item, size_t number, GError **error)
{
	const char *type = json_string_value(json_object_get(item, "type"));
	const char *key = type != NULL ? type : json_is_object(item) ? kind_key(item) : NULL;
	const CheckKind *kind = key == NULL ? NULL : check_kind_find(key);
	g_autofree char *hint = key == NULL || kind != NULL ? NULL : check_kind_hint(key);
	const json_t *store;
	json_t *arguments;
	Check *check;

	if (key == NULL)
		return refuse(number, error,
			"a check is one key (not_null, unique, …) with what it takes");
	if (kind == NULL)
		return refuse(number, error, "unknown check '%s'%s%s", key,
			hint == NULL ? "" : "; ", hint == NULL ? "" : hint);
	// {"type": "not_null", "columns": […]} is what repo-layout makes of {"not_null": […]}.
	arguments = type != NULL ? (json_t *)(uintptr_t)item : json_object_get(item, key);
	check = check_new(kind, arguments);
	check->name = g_strdup(json_string_value(common_value(item, arguments, "name")));
	check->where = g_strdup(json_string_value(common_value(item, arguments, "where")));
	store = common_value(item, arguments, "store_failures");
	check->store_failures = store == NULL || json_is_true(store);
	set_label(check);
	if (!read_columns(check, number, error) ||
		!read_thresholds(check, item, arguments, number, error) ||
		(kind->verify != NULL && !kind->verify(check, error))) {
		check_free(check);
		return false;
	}
	split_columns(check, checks);
	return true;
}

GPtrArray *check_list_parse(const json_t *list, GError **error)
{
	g_autoptr(GPtrArray) checks = g_ptr_array_new_with_free_func(check_free_void);
	size_t i;
	json_t *item;

	if (list != NULL && !json_is_null(list) && !json_is_array(list)) {
		g_set_error_literal(
			error, TASK_ERROR, TASK_ERROR_PROPERTY, "'checks' must be a list");
		return NULL;
	}
	json_array_foreach(list, i, item) if (!parse_item(checks, item, i + 1, error)) return NULL;
	return g_steal_pointer(&checks);
}

static void add_implied(GPtrArray *checks, const CheckKind *kind, const char *column)
{
	json_t *arguments = json_string(column);
	Check *check = check_new(kind, arguments);

	json_decref(arguments);
	g_ptr_array_add(check->columns, g_strdup(column));
	check->error_if = (CheckThreshold){">", 0, false};
	check->store_failures = true;
	set_label(check);
	g_ptr_array_add(checks, check);
}

void check_list_add_schema(GPtrArray *checks, const DbTable *declared)
{
	for (unsigned i = 0; i < declared->columns->len; i++) {
		const DbColumn *column = declared->columns->pdata[i];

		if (column->mode == DB_MODE_REQUIRED)
			add_implied(checks, &check_kind_required, column->name);
		if (column->type.kind != DB_FIELD_UNKNOWN)
			add_implied(checks, &check_kind_typed, column->name);
	}
}

bool check_is_silent(const Check *check)
{
	return check->status == CHECK_PASS &&
	       (check->kind == &check_kind_required || check->kind == &check_kind_typed);
}

const char *check_status_name(CheckStatus status)
{
	static const char *const NAMES[] = {
		[CHECK_PASS] = "pass", [CHECK_WARN] = "warn", [CHECK_ERROR] = "error"};

	return NAMES[status];
}

char *check_message(const Check *check)
{
	const char *name = check->name != NULL ? check->name : check->label;

	if (check->status == CHECK_PASS)
		return g_strdup_printf(
			"%s: passed over %" G_GINT64_FORMAT " rows", name, check->rows);
	if (check->kind->failing == NULL && check->kind->measure != NULL)
		return g_strdup_printf(
			"%s: not so, with %" G_GINT64_FORMAT " rows", name, check->rows);
	return g_strdup_printf("%s: %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " rows fail", name,
		check->failures, check->rows);
}

json_t *check_json(const Check *check)
{
	g_autofree char *message = check_message(check);

	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:s}", "name",
		check->name != NULL ? check->name : check->label, "check", check->label, "status",
		check_status_name(check->status), "failures", (json_int_t)check->failures, "rows",
		(json_int_t)check->rows, "message", message);
}
