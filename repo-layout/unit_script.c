// One script: its header or sidecar, what its SQL reads and writes, and the flow that is generated.
#include "repo-layout/json_text.h"
#include "repo-layout/layout_private.h"
#include "repo-layout/layout_reference.h"
#include "repo-layout/script_private.h"
#include "repo-layout/variable_use.h"
#include "sql/sha256.h"

#include <string.h>

const char *layout_feed_name(LayoutFeed feed)
{
	static const char *const names[] = {
		[FEED_NONE] = "",
		[FEED_WRITE_TRUNCATE] = "WRITE_TRUNCATE",
		[FEED_WRITE_APPEND] = "WRITE_APPEND",
		[FEED_WRITE_EMPTY] = "WRITE_EMPTY",
		[FEED_MODE_DELTA] = "MODE_DELTA",
		[FEED_WRITE_PARTITION] = "WRITE_PARTITION",
		[FEED_SNAPSHOT] = "SNAPSHOT",
		[FEED_VIEW] = "VIEW",
		[FEED_SCRIPT] = "SCRIPT",
	};

	return names[feed];
}

DiagnosticList *script_faults(ScriptReading *reading)
{
	if (reading->diagnostics == NULL)
		reading->diagnostics = diagnostic_list_new();
	return reading->diagnostics;
}

static const char *text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

// Names from SQL: one part is in the script's own dataset; with a project in the layout's pattern two are in its project.
char *script_table_name(const ScriptReading *reading, const SqlTable *table)
{
	const UnitSource *source = reading->source;

	if (table->part_count == 1)
		return source->project == NULL
			       ? g_strdup_printf("%s.%s", source->dataset, table->name)
			       : g_strdup_printf(
					 "%s.%s.%s", source->project, source->dataset, table->name);
	if (table->part_count == 2 && source->project != NULL)
		return g_strdup_printf("%s.%s", source->project, table->name);
	return g_strdup(table->name);
}

// Where a name is in a sorted list, or belongs: true when it is there.
static bool find_name(const GPtrArray *names, const char *name, guint *ret_at)
{
	guint from = 0, to = names->len;

	while (from < to) {
		guint middle = from + (to - from) / 2;
		int order = name_order(g_ptr_array_index(names, middle), name);

		if (order == 0) {
			*ret_at = middle;
			return true;
		}
		if (order < 0)
			from = middle + 1;
		else
			to = middle;
	}
	*ret_at = from;
	return false;
}

// Keeps names sorted and each once; lines (may be NULL) go along.
static void insert_name(GPtrArray *names, GArray *lines, char *name, unsigned line)
{
	guint at;

	if (find_name(names, name, &at)) {
		g_free(name);
		return;
	}
	g_ptr_array_insert(names, (gint)at, name);
	if (lines != NULL)
		g_array_insert_val(lines, at, line);
}

static bool holds(const GPtrArray *names, const char *name)
{
	guint at;

	return find_name(names, name, &at);
}

static void insert_declared(
	GPtrArray *names, GArray *lines, const ScriptReading *reading, const char *key)
{
	const json_t *list = json_object_get(reading->header, key);
	size_t index;
	json_t *name;

	json_array_foreach((json_t *)(uintptr_t)list, index, name)
	{
		const char *text = json_string_value(name);

		insert_name(names, lines,
			strchr(text, '.') != NULL
				? g_strdup(text)
				: g_strdup_printf("%s.%s", reading->source->dataset, text),
			reading->header_line);
	}
}

// What the script reads, without what it writes itself.
static void collect_tables(const ScriptReading *reading, UnitParts *parts)
{
	const SqlScript *script = reading->script;

	parts->writes = g_ptr_array_new_with_free_func(g_free);
	parts->reads = g_ptr_array_new_with_free_func(g_free);
	parts->read_lines = g_array_new(FALSE, FALSE, sizeof(unsigned));
	g_ptr_array_add(parts->writes, g_strdup(parts->target));
	if (reading->feed == FEED_SCRIPT) {
		for (size_t i = 0; i < script->writes.count; i++)
			insert_name(parts->writes, NULL,
				script_table_name(reading, &script->writes.tables[i]), 0);
		insert_declared(parts->writes, NULL, reading, "writes");
	}
	for (size_t i = 0; i < script->reads.count; i++) {
		char *name = script_table_name(reading, &script->reads.tables[i]);

		if (holds(parts->writes, name))
			g_free(name);
		else
			insert_name(parts->reads, parts->read_lines, name,
				script_line(reading, script->reads.tables[i].line));
	}
	insert_declared(parts->reads, parts->read_lines, reading, "reads");
}

// The id of the flow: the table's name, with the dataset where that is not the domain's own.
static char *flow_id(const DomainConfig *config, const UnitSource *source)
{
	if (source->project != NULL)
		return g_strjoin(".", source->project, source->dataset, source->table, NULL);
	if (name_order(source->dataset, config->dataset) == 0)
		return g_strdup(source->table);
	return g_strdup_printf("%s.%s", source->dataset, source->table);
}

static LayoutFeed feed_of(const json_t *header, LayoutFeed fallback)
{
	const char *name = text_at(header, "feed");

	if (name == NULL)
		return fallback;
	for (LayoutFeed feed = FEED_WRITE_TRUNCATE; feed <= FEED_SCRIPT; feed++) {
		if (strcmp(layout_feed_name(feed), name) == 0)
			return feed;
	}
	return fallback;
}

static void read_schema(ScriptReading *reading, const LayoutLimits *limits)
{
	const UnitSource *source = reading->source;
	json_t *inline_schema = json_object_get(reading->header, "schema");

	if (source->texts[2] != NULL) {
		g_autoptr(DiagnosticList) faults = diagnostic_list_new();

		reading->schema_text =
			schema_parse(source->paths[2], source->texts[2], limits, faults);
		if (diagnostic_list_length(faults) > 0)
			diagnostic_list_append(script_faults(reading), faults);
		if (inline_schema != NULL)
			diagnostic_add(script_faults(reading), source->path, reading->header_line,
				1, DIAGNOSTIC_ERROR, "two-schemas", "keep one of the two",
				"the header has a schema, and so has '%s'", source->paths[2]);
	} else if (inline_schema != NULL) {
		GString *text = g_string_new(NULL);

		json_text_append(text, inline_schema);
		reading->schema_text = g_string_free(text, FALSE);
	}
	if (reading->schema_text != NULL)
		reading->schema = json_loads(reading->schema_text, 0, NULL);
}

static void read_connection(ScriptReading *reading)
{
	const DomainConfig *config = reading->config;
	const char *name = text_at(reading->header, "connection");
	const json_t *settings;

	reading->connection = name != NULL ? name : config->connection;
	settings = project_connection(config->project, reading->connection);
	reading->dialect = connection_dialect(settings);
	reading->embedded = strcmp(sql_dialect_name(reading->dialect), "sqlite") == 0;
	if (settings == NULL && name != NULL && strcmp(name, "default") != 0) {
		g_autofree char *hint = project_connection_hint(config->project, name);

		diagnostic_add(script_faults(reading), reading->source->path, reading->header_line,
			1, DIAGNOSTIC_ERROR, "unknown-connection", hint, "unknown connection '%s'",
			name);
	}
}

static void put_table(ScriptReading *reading, Unit *unit)
{
	const json_t *schema = reading->schema;

	unit->table.kind = reading->feed == FEED_VIEW ? LAYOUT_VIEW : LAYOUT_TABLE;
	if (json_is_true(json_object_get(reading->header, "allow_breaking")) ||
		json_is_true(json_object_get(schema, "allow_breaking")))
		unit->table.allow_breaking = true;
	if (g_strcmp0(text_at(schema, "drift"), "heal") == 0)
		unit->table.drift_policy = "heal";
	if (unit->table.schema != NULL) {
		sha256_text(
			unit->table.schema, strlen(unit->table.schema), unit->table.schema_digest);
	}
}

// The node of a check's type, for its place; NULL when the checks are not the header's own.
static const YamlNode *check_node(const ScriptReading *reading, guint number)
{
	const YamlNode *checks = yaml_get(reading->header_node, "checks");

	if (checks == NULL || checks->kind != YAML_LIST)
		return NULL;
	for (unsigned i = 0; i < checks->length; i++) {
		const YamlNode *item = checks->items[i];

		for (unsigned j = 0; item->kind == YAML_MAPPING && j < item->length; j++) {
			if (strcmp(item->pairs[j].key->text, "relationships") == 0 && number-- == 0)
				return item->pairs[j].key;
		}
	}
	return NULL;
}

// Tables that its checks look into, but for the one that it makes.
static void collect_references(const ScriptReading *reading, UnitParts *parts)
{
	const json_t *checks = script_setting(reading, "checks");

	if (json_array_size(checks) == 0)
		return;
	parts->references = g_array_new(FALSE, FALSE, sizeof(LayoutReference));
	parts->references_path = reading->header_file;
	references_of_checks(checks, reading->connection, parts->references);
	for (guint i = 0; i < parts->references->len; i++) {
		LayoutReference *reference = &g_array_index(parts->references, LayoutReference, i);
		const YamlNode *node = check_node(reading, i);

		reference->line = node == NULL ? 0 : node->line;
		reference->column = node == NULL ? 0 : node->column;
	}
}

static void clear_parts(UnitParts *parts)
{
	if (parts->references != NULL) {
		references_clear(parts->references);
		g_array_unref(parts->references);
	}
	g_ptr_array_unref(parts->reads);
	g_ptr_array_unref(parts->writes);
	g_array_unref(parts->read_lines);
}

static Unit *make_unit(ScriptReading *reading)
{
	const DomainConfig *config = reading->config;
	const UnitSource *source = reading->source;
	g_autofree char *id = flow_id(config, source);
	g_autofree char *dataset =
		source->project == NULL
			? NULL
			: g_strdup_printf("%s.%s", source->project, source->dataset);
	const char *where = dataset != NULL ? dataset : source->dataset;
	g_autofree char *target = g_strconcat(where, ".", source->table, NULL);
	UnitParts parts = {
		.kind = UNIT_SCRIPT,
		.path = source->path,
		.id = id,
		.target = target,
		.dataset = where,
		.table = source->table,
		.schema = reading->schema_text,
		.schema_path = source->texts[2] != NULL ? source->paths[2] : NULL,
		.connection = strcmp(reading->connection, config->connection) == 0
				      ? NULL
				      : reading->connection,
	};
	Unit *unit;

	collect_tables(reading, &parts);
	collect_references(reading, &parts);
	script_check(reading, &parts);
	unit = unit_new(config, &parts);
	unit->definition = script_define(reading, &parts, unit->flow.digest);
	clear_parts(&parts);
	unit->flow.kind = LAYOUT_FLOW_GENERATED;
	unit->flow.feed = reading->feed;
	unit->flow.opaque = reading->script->opaque != NULL;
	unit->flow.disabled = json_is_true(json_object_get(reading->header, "disabled"));
	unit->flow.manual =
		g_strcmp0(json_string_value(json_object_get(reading->header, "refresh")),
			"manual") == 0;
	put_table(reading, unit);
	unit->diagnostics = reading->diagnostics;
	return unit;
}

Unit *unit_parse_script(
	const DomainConfig *config, const UnitSource *source, const LayoutLimits *limits)
{
	ScriptReading reading = {.config = config, .source = source, .header_line = 1};
	Unit *unit;

	reading.text = g_bytes_get_data(source->texts[0], &reading.length);
	if (reading.text == NULL)
		reading.text = "";
	// What is scanned here must be what is kept, to the last byte: a quote may be open at the end.
	while (reading.length > 0 && g_ascii_isspace(reading.text[reading.length - 1]))
		reading.length--;
	script_read_header(&reading, limits);
	reading.defaults = json_object_get(config->settings, "defaults");
	reading.feed = feed_of(reading.header, config->feed);
	read_connection(&reading);
	read_schema(&reading, limits);
	reading.script = sql_script_scan(reading.dialect, reading.sql, reading.sql_length);
	unit = make_unit(&reading);
	sql_script_free(reading.script);
	json_decref(reading.header);
	json_decref(reading.schema);
	variable_use_clear(&reading.variables);
	g_free(reading.schema_text);
	yaml_document_free(reading.document);
	g_free(reading.header_copy);
	return unit;
}
