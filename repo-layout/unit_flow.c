// A hand-written flow: its definition, and the tables that its SQL reads and writes.
#include "repo-layout/layout_private.h"
#include "repo-layout/layout_reference.h"
#include "repo-layout/variable_use.h"

#include <string.h>

typedef struct Collector {
	const DomainConfig *config;
	GPtrArray *reads, *writes; // char *, sorted
	GArray *lines; // unsigned, of reads
	GArray *starts; // bool, of reads
	GArray *references; // LayoutReference
	bool opaque, files;
} Collector;

static guint place_for(const GPtrArray *names, const char *name, bool *ret_there)
{
	guint at = 0;

	while (at < names->len && g_ascii_strcasecmp(g_ptr_array_index(names, at), name) < 0)
		at++;
	*ret_there = at < names->len && g_ascii_strcasecmp(g_ptr_array_index(names, at), name) == 0;
	return at;
}

static char *qualified(const Collector *collector, const char *name)
{
	return strchr(name, '.') != NULL
		       ? g_strdup(name)
		       : g_strdup_printf("%s.%s", collector->config->dataset, name);
}

static void add_write(Collector *collector, const char *table)
{
	g_autofree char *name = qualified(collector, table);
	bool there;
	guint at = place_for(collector->writes, name, &there);

	if (!there)
		g_ptr_array_insert(collector->writes, (gint)at, g_steal_pointer(&name));
}

static void add_read(Collector *collector, const char *table, unsigned line, bool starts)
{
	g_autofree char *name = qualified(collector, table);
	bool there;
	guint at = place_for(collector->reads, name, &there);

	if (there) {
		bool *known = &g_array_index(collector->starts, bool, at);

		*known = *known || starts;
		return;
	}
	g_ptr_array_insert(collector->reads, (gint)at, g_steal_pointer(&name));
	g_array_insert_val(collector->lines, at, line);
	g_array_insert_val(collector->starts, at, starts);
}

// How the SQL of a task or trigger is read: as it says itself, or as its database does.
static const SqlDialect *dialect_of(const json_t *task, const void *data)
{
	static const char *const keys[] = {"dialect", "driver"};
	const DomainConfig *config = data;
	const char *connection = json_string_value(json_object_get(task, "connection"));
	const char *url = json_string_value(json_object_get(task, "url"));

	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		const char *name = json_string_value(json_object_get(task, keys[i]));

		if (name != NULL && sql_dialect_find(name) != NULL)
			return sql_dialect_find(name);
	}
	if (url != NULL) {
		g_autofree char *scheme = NULL;

		url += g_str_has_prefix(url, "jdbc:") ? strlen("jdbc:") : 0;
		scheme = g_strndup(url, strcspn(url, ":-+"));
		return sql_dialect_find(scheme) != NULL ? sql_dialect_find(scheme)
							: sql_dialect_find("ansi");
	}
	if (connection != NULL && has_expression(connection))
		return sql_dialect_find("ansi");
	return connection_dialect(project_connection(
		config->project, connection != NULL ? connection : config->connection));
}

static void add_sql(Collector *collector, const Task *task, const char *key)
{
	const json_t *sql = json_object_get(task->properties, key);
	g_autoptr(SqlScript) script = NULL;

	if (!json_is_string(sql))
		return;
	script = sql_script_scan(dialect_of(task->properties, collector->config),
		json_string_value(sql), json_string_length(sql));
	for (size_t i = 0; i < script->writes.count; i++)
		add_write(collector, script->writes.tables[i].name);
	for (size_t i = 0; i < script->reads.count; i++)
		add_read(collector, script->reads.tables[i].name, task->line, false);
	collector->opaque = collector->opaque || script->opaque != NULL;
}

static void add_references(Collector *collector, const Task *task)
{
	const char *connection = json_string_value(json_object_get(task->properties, "connection"));
	guint first = collector->references->len;

	if (connection != NULL && has_expression(connection))
		return;
	references_of_checks(json_object_get(task->properties, "checks"),
		connection != NULL ? connection : collector->config->connection,
		collector->references);
	for (guint i = first; i < collector->references->len; i++) {
		LayoutReference *reference =
			&g_array_index(collector->references, LayoutReference, i);

		reference->line = task->line;
		reference->column = task->column;
	}
}

static void collect_task(const Task *task, void *data)
{
	Collector *collector = data;
	const char *table = json_string_value(json_object_get(task->properties, "table"));

	if ((task->kind->flags & TASK_FILES) != 0)
		collector->files = true;
	if ((task->kind->flags & TASK_SQL) == 0 || task->disabled)
		return;
	add_sql(collector, task, "sql");
	add_sql(collector, task, "afterSQL");
	add_references(collector, task);
	if (table != NULL && !has_expression(table))
		add_write(collector, table);
}

static void collect_list(Collector *collector, const Trigger *trigger, const char *key)
{
	size_t index;
	json_t *name;

	json_array_foreach(json_object_get(trigger->properties, key), index, name)
	{
		if (json_is_string(name))
			add_read(collector, json_string_value(name), trigger->line, true);
	}
}

static void collect_triggers(Collector *collector, const Flow *flow)
{
	for (guint i = 0; i < flow->triggers->len; i++) {
		const Trigger *trigger = g_ptr_array_index(flow->triggers, i);

		if (strcmp(trigger->kind->name, "tables") == 0 && !trigger->disabled) {
			collect_list(collector, trigger, "all");
			collect_list(collector, trigger, "any");
		}
	}
}

// What a flow writes itself is no read of it, unless it is started by it.
static void leave_out_own(Collector *collector)
{
	for (guint i = collector->reads->len; i-- > 0;) {
		bool there;

		place_for(collector->writes, g_ptr_array_index(collector->reads, i), &there);
		if (!there || g_array_index(collector->starts, bool, i))
			continue;
		g_ptr_array_remove_index(collector->reads, i);
		g_array_remove_index(collector->lines, i);
		g_array_remove_index(collector->starts, i);
	}
}

// Where there is no scripts/ yet, an id that no tree has: zero would say that the flow sees no files.
SourceId unit_scripts_seen(const DomainConfig *config)
{
	SourceId none;

	memset(&none, 0xff, sizeof(none));
	return source_id_is_zero(&config->scripts_id) ? none : config->scripts_id;
}

// The values of the variables of project and domain that the flow uses, below its own.
static void put_variables(const DomainConfig *config, const Flow *flow)
{
	g_auto(VariableUse) used = {0};
	json_t *own = json_object_get(flow->definition, "variables");
	const char *name;
	json_t *value;

	variable_use_value(config, flow->definition, &used);
	json_object_foreach(own, name, value) json_object_del(used.values, name);
	if (!variable_use_fits(&used))
		return;
	if (own != NULL)
		json_object_update_missing(own, used.values);
	else
		json_object_set(flow->definition, "variables", used.values);
}

static Unit *make_unit(const DomainConfig *config, const UnitSource *source, const Flow *flow)
{
	Collector collector = {
		.config = config,
		.reads = g_ptr_array_new_with_free_func(g_free),
		.writes = g_ptr_array_new_with_free_func(g_free),
		.lines = g_array_new(FALSE, FALSE, sizeof(unsigned)),
		.starts = g_array_new(FALSE, FALSE, sizeof(bool)),
		.references = g_array_new(FALSE, FALSE, sizeof(LayoutReference)),
	};
	const char *tree = *config->scripts_tree != '\0' ? config->scripts_tree : NULL;
	UnitParts parts = {.kind = UNIT_FLOW, .path = source->path};
	g_autofree char *digest = NULL;
	Unit *unit;

	if (flow != NULL) {
		put_variables(config, flow);
		digest = flow_meaning_digest(flow, tree);
		flow_tasks_visit(flow, collect_task, &collector);
		collect_triggers(&collector, flow);
		leave_out_own(&collector);
		parts.id = flow->id;
		parts.namespace =
			strcmp(flow->namespace, config->name) == 0 ? NULL : flow->namespace;
		parts.reads = collector.reads;
		parts.read_lines = collector.lines;
		parts.read_starts = collector.starts;
		parts.writes = collector.writes;
		parts.references = collector.references;
	}
	unit = unit_new(config, &parts);
	if (flow != NULL) {
		unit->flow.kind = LAYOUT_FLOW_WRITTEN;
		unit->flow.line = flow->line;
		unit->flow.opaque = collector.opaque;
		unit->flow.disabled = flow->disabled;
		g_strlcpy(unit->flow.digest, digest, sizeof(unit->flow.digest));
		unit->definition = flow_definition_json(flow);
		if (collector.files)
			unit->ids[1] = unit_scripts_seen(config);
	}
	g_ptr_array_unref(collector.reads);
	g_ptr_array_unref(collector.writes);
	g_array_unref(collector.lines);
	g_array_unref(collector.starts);
	references_clear(collector.references);
	g_array_unref(collector.references);
	return unit;
}

static void check_connections(const DomainConfig *config, const char *path, const Flow *flow,
	DiagnosticList *diagnostics);

Unit *unit_parse_flow(
	const DomainConfig *config, const UnitSource *source, const LayoutLimits *limits)
{
	FlowSurroundings surroundings = {
		.default_namespace = config->name,
		.variables = config->variables,
		.limits = &limits->yaml,
		.allow_raw = config->allow_raw,
		.sql_dialect = dialect_of,
		.sql_dialect_data = config,
	};
	DiagnosticList *diagnostics = diagnostic_list_new();
	size_t length;
	const char *text = g_bytes_get_data(source->texts[0], &length);
	g_autoptr(Flow) flow =
		flow_parse_with(source->path, text, length, &surroundings, diagnostics);
	Unit *unit;

	if (flow != NULL)
		check_connections(config, source->path, flow, diagnostics);
	unit = make_unit(config, source, flow);
	if (diagnostic_list_length(diagnostics) > 0)
		unit->diagnostics = diagnostics;
	else
		diagnostic_list_free(diagnostics);
	return unit;
}

typedef struct ConnectionCheck {
	const DomainConfig *config;
	const char *path;
	DiagnosticList *diagnostics;
} ConnectionCheck;

static void check_connection(const Task *task, void *data)
{
	const ConnectionCheck *check = data;
	const char *name = json_string_value(json_object_get(task->properties, "connection"));
	g_autofree char *hint = NULL;

	if ((task->kind->flags & TASK_SQL) == 0 || name == NULL || strcmp(name, "default") == 0 ||
		has_expression(name) || project_connection(check->config->project, name) != NULL)
		return;
	hint = project_connection_hint(check->config->project, name);
	diagnostic_add(check->diagnostics, check->path, task->line, task->column, DIAGNOSTIC_ERROR,
		"unknown-connection", hint, "task '%s' names the unknown connection '%s'", task->id,
		name);
}

static void check_connections(
	const DomainConfig *config, const char *path, const Flow *flow, DiagnosticList *diagnostics)
{
	ConnectionCheck check = {config, path, diagnostics};

	flow_tasks_visit(flow, check_connection, &check);
}
