// Flow sets: one flow for each row, out of a template in which {{ row.… }} is the row's value.
#include "repo-layout/layout_private.h"
#include "repo-layout/rows.h"

#include <string.h>

enum {
	MOST_ROWS = 20000,
};

typedef struct SetReading {
	const DomainConfig *config;
	const UnitSource *source;
	const LayoutLimits *limits;
	const YamlNode *template_;
	const YamlNode *id;
	json_t *pattern; // the template as JSON
	const json_t *row;
	size_t number; // of the row, from 1
	uint64_t bytes; // of the definitions so far
	bool (*go_on)(void *data); // NULL: always
	void *go_on_data;
	DiagnosticList *diagnostics;
} SetReading;

static GRegex *row_pattern(void)
{
	static GRegex *regex;

	if (g_once_init_enter(&regex)) {
		GRegex *made = g_regex_new(
			"\\{\\{-?\\s*row\\.([A-Za-z0-9_]+)\\s*-?\\}\\}", G_REGEX_OPTIMIZE, 0, NULL);

		g_once_init_leave(&regex, made);
	}
	return regex;
}

static json_t *column(SetReading *reading, const char *name)
{
	json_t *value = json_object_get(reading->row, name);
	g_autoptr(GPtrArray) names = NULL;
	g_autofree char *hint = NULL;
	const char *key;
	json_t *ignored;

	if (value != NULL)
		return value;
	names = g_ptr_array_new();
	json_object_foreach((json_t *)(uintptr_t)reading->row, key, ignored)
		g_ptr_array_add(names, (char *)(uintptr_t)key);
	g_ptr_array_add(names, NULL);
	hint = nearest_word_hint(name, (const char *const *)names->pdata);
	diagnostic_add(reading->diagnostics, reading->source->path, reading->template_->line,
		reading->template_->column, DIAGNOSTIC_ERROR, "unknown-column", hint,
		"row %zu has no 'row.%s'", reading->number, name);
	return NULL;
}

static char *text_of(const json_t *value)
{
	char *dumped;
	char *copy;

	if (json_is_string(value))
		return g_strdup(json_string_value(value));
	if (value == NULL || json_is_null(value))
		return g_strdup("");
	dumped = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	copy = g_strdup(dumped);
	free(dumped);
	return copy;
}

static gboolean put_column(const GMatchInfo *match, GString *result, void *data)
{
	g_autofree char *name = g_match_info_fetch(match, 1);
	g_autofree char *text = text_of(column(data, name));

	g_string_append(result, text);
	return FALSE;
}

static char *fill_text(SetReading *reading, const char *text)
{
	return g_regex_replace_eval(row_pattern(), text, -1, 0, 0, put_column, reading, NULL);
}

static json_t *fill(SetReading *reading, const json_t *value);

// A text that is one {{ row.x }} and nothing else keeps the value's type.
static json_t *fill_string(SetReading *reading, const char *text)
{
	g_autoptr(GMatchInfo) match = NULL;
	g_autofree char *filled = NULL;
	int start, end;

	if (strstr(text, "row.") == NULL)
		return json_string(text);
	if (g_regex_match(row_pattern(), text, 0, &match) &&
		g_match_info_fetch_pos(match, 0, &start, &end) && start == 0 && text[end] == '\0') {
		g_autofree char *name = g_match_info_fetch(match, 1);
		json_t *value = column(reading, name);

		return value == NULL ? json_null() : json_incref(value);
	}
	filled = fill_text(reading, text);
	return json_string(filled);
}

static json_t *fill_object(SetReading *reading, const json_t *object)
{
	json_t *filled = json_object();
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		g_autofree char *name = fill_text(reading, key);

		json_object_set_new(filled, name, fill(reading, value));
	}
	return filled;
}

static json_t *fill(SetReading *reading, const json_t *value)
{
	json_t *filled;
	size_t index;
	json_t *item;

	if (json_is_string(value))
		return fill_string(reading, json_string_value(value));
	if (json_is_object(value))
		return fill_object(reading, value);
	if (!json_is_array(value))
		return json_incref((json_t *)(uintptr_t)value);
	filled = json_array();
	json_array_foreach((json_t *)(uintptr_t)value, index, item)
		json_array_append_new(filled, fill(reading, item));
	return filled;
}

// What is wrong with a row's flow is said at the template, with the row's number.
static void report_row(SetReading *reading, const DiagnosticList *faults)
{
	for (size_t i = 0; i < diagnostic_list_length(faults); i++) {
		const Diagnostic *fault = diagnostic_list_at(faults, i);

		diagnostic_add(reading->diagnostics, reading->source->path,
			reading->template_->line, reading->template_->column, fault->severity,
			fault->code, fault->hint, "row %zu: %s", reading->number, fault->message);
	}
}

static Unit *row_unit(SetReading *reading)
{
	g_autofree char *id = fill_text(reading, reading->id->text);
	json_auto_t *flow = fill(reading, reading->pattern);
	g_autofree char *path = g_strdup_printf("%s#%05zu", reading->source->path, reading->number);
	g_autofree char *text = NULL;
	char *dumped;
	UnitSource source = {.path = path};
	Unit *unit;

	json_object_set_new(flow, "id", json_string(id));
	dumped = json_dumps(flow, JSON_COMPACT);
	text = g_strdup(dumped);
	free(dumped);
	source.texts[0] = g_bytes_new_static(text, strlen(text));
	unit = unit_parse_flow(reading->config, &source, reading->limits);
	g_bytes_unref(source.texts[0]);
	report_row(reading, unit->diagnostics);
	g_clear_pointer(&unit->diagnostics, diagnostic_list_free);
	unit->kind = UNIT_SET;
	unit->flow.kind = LAYOUT_FLOW_SET;
	unit->flow.line = reading->template_->line;
	return unit;
}

// A small file may stand for much: a long template, many rows.
static bool add_row(SetReading *reading, GPtrArray *units)
{
	uint64_t limit = reading->limits->memory_bytes;
	Unit *unit = row_unit(reading);

	g_ptr_array_add(units, unit);
	reading->bytes += unit->definition == NULL ? 0 : strlen(unit->definition);
	if (reading->bytes > limit) {
		diagnostic_add(reading->diagnostics, reading->source->path,
			reading->template_->line, reading->template_->column, DIAGNOSTIC_ERROR,
			"limit-passed",
			"split it into several sets, or raise 'limits.memory_bytes' in the "
			"server's configuration",
			"the flows of the first %zu rows have %" G_GUINT64_FORMAT
			" bytes: the limit 'memory_bytes' of %" G_GUINT64_FORMAT
			" is passed by %" G_GUINT64_FORMAT,
			reading->number, reading->bytes, limit, reading->bytes - limit);
		return false;
	}
	return reading->go_on == NULL || reading->go_on(reading->go_on_data);
}

static json_t *rows_of(SetReading *reading, const YamlNode *node)
{
	YamlLimits limits = reading->limits->yaml;
	size_t length;
	const char *text;

	if (node != NULL && node->kind == YAML_LIST)
		return yaml_to_json(node);
	if (node == NULL || node->kind != YAML_STRING)
		return NULL;
	if (reading->source->texts[1] == NULL) {
		diagnostic_add(reading->diagnostics, reading->source->path, node->line,
			node->column, DIAGNOSTIC_ERROR, "missing-file", NULL,
			"there is no file '%s' beside this flow set", node->text);
		return NULL;
	}
	text = g_bytes_get_data(reading->source->texts[1], &length);
	limits.bytes = reading->limits->data_bytes;
	return rows_parse(reading->source->paths[1], text, length, &limits, reading->diagnostics);
}

static void expand(SetReading *reading, const YamlNode *root, GPtrArray *units)
{
	json_auto_t *rows = rows_of(reading, yaml_get(root, "rows"));
	size_t index;
	json_t *row;

	reading->template_ = yaml_get(root, "template");
	reading->id = yaml_get(root, "id");
	if (rows == NULL || reading->template_ == NULL ||
		reading->template_->kind != YAML_MAPPING || reading->id == NULL ||
		reading->id->kind >= YAML_LIST)
		return;
	if (json_array_size(rows) > MOST_ROWS) {
		diagnostic_add(reading->diagnostics, reading->source->path, root->line,
			root->column, DIAGNOSTIC_ERROR, "limit-passed",
			"split it into several sets",
			"the flow set has %zu rows: the limit of %d is passed",
			json_array_size(rows), MOST_ROWS);
		return;
	}
	reading->pattern = yaml_to_json(reading->template_);
	json_array_foreach(rows, index, row)
	{
		reading->row = row;
		reading->number = index + 1;
		if (!add_row(reading, units))
			break;
	}
	json_decref(reading->pattern);
}

char *set_rows_name(GBytes *text)
{
	size_t length;
	const char *bytes = g_bytes_get_data(text, &length);
	g_autoptr(YamlDocument) document = yaml_document_parse("", bytes, length, 1, 1, NULL, NULL);
	const YamlNode *rows =
		document == NULL ? NULL : yaml_get(yaml_document_root(document), "rows");

	return rows != NULL && rows->kind == YAML_STRING ? g_strdup(rows->text) : NULL;
}

void unit_parse_set(const DomainConfig *config, const UnitSource *source,
	const LayoutLimits *limits, bool (*go_on)(void *data), void *go_on_data, GPtrArray *units,
	DiagnosticList *diagnostics)
{
	SetReading reading = {
		.config = config,
		.source = source,
		.limits = limits,
		.diagnostics = diagnostics,
		.go_on = go_on,
		.go_on_data = go_on_data,
	};
	KeyContext context = {.file = source->path, .diagnostics = diagnostics};
	size_t length;
	const char *text = g_bytes_get_data(source->texts[0], &length);
	g_autoptr(YamlDocument) document =
		yaml_document_parse(source->path, text, length, 1, 1, &limits->yaml, diagnostics);

	if (document == NULL)
		return;
	json_decref(key_table_convert(&keys_flow_set, yaml_document_root(document), &context));
	expand(&reading, yaml_document_root(document), units);
}
